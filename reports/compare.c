/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes of a scenario compared, as a paired experiment: the calls of one repeat share
 * their seed, hence their network's chance, so the difference between two modes is taken
 * within a repeat and its middle over the repeats. That is not the difference of the
 * medians, which would put the network's chance back in.
 *
 * What counts. A call that connected is a sample of its set-up time. One that timed out
 * or failed is a censored sample: it had not connected at its time-out. "error" and
 * "unsupported" say nothing of the network and count nowhere but in "connected", which
 * has all calls. In a pair of which one side did not connect, who was faster is known,
 * and how much is bounded by the time-out; if neither did, nothing is known, and it is no
 * pair. No sample is dropped, and none is made up: see statistics.h.
 *
 * Nothing here judges: p-values and intervals are given, what is done with them is the
 * reader's (headline.c, and the gates of a baseline).
 */
#include "reports/compare.h"

#include <math.h>
#include <string.h>

#include "reports/statistics.h"

static const struct {
    const char *key;
    enum compare_mode mode;
} savings[] = {
    { "trickle_saves_ms", COMPARE_TRICKLE },
    { "half_saves_ms", COMPARE_HALF },
};

static const struct {
    const char *key;
    double share;
} quantiles[] = { { "p50_ms", 0.5 }, { "p90_ms", 0.9 }, { "p99_ms", 0.99 } };

/* ---- numbers ---- */

/* To a microsecond, so that no digit is the computer's; null for what is unknown. */
static json_t *milliseconds(double ms)
{
    return isfinite(ms) ? json_real(round(ms * 1000) / 1000 + 0.0) : json_null();
}

/* To six significant digits, beyond which mathematical libraries differ. */
static json_t *chance(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value))
        return json_null();
    g_ascii_formatd(text, sizeof text, "%.6g", value);
    return json_real(g_ascii_strtod(text, NULL));
}

static json_t *interval_of(struct statistics_interval interval,
                           json_t *(*make)(double value))
{
    if (isnan(interval.low))
        return json_null();
    return json_pack("[o, o]", make(interval.low), make(interval.high));
}

/* ---- samples ---- */

static gboolean has_outcome(const json_t *call, const char *outcome)
{
    return g_strcmp0(json_string_value(json_object_get(call, "outcome")), outcome) == 0;
}

static gboolean is_connected(const json_t *call)
{
    return has_outcome(call, "connected");
}

static gboolean did_not_connect(const json_t *call)
{
    return has_outcome(call, "failed") || has_outcome(call, "timeout");
}

/* Whether the call connected and its set-up time is known. */
static gboolean get_setup_ms(const json_t *call, double *ret_ms)
{
    const json_t *value = json_object_get(call, "setup_ms");
    if (!is_connected(call) || !json_is_number(value))
        return FALSE;
    *ret_ms = json_number_value(value);
    return TRUE;
}

/* FALSE: the call says nothing of the set-up. `horizon_ms` is what a call lasted at least
 * that does not say its time-out, as older records do not. */
static gboolean get_sample(const json_t *call, double horizon_ms,
                           struct statistics_sample *ret)
{
    double setup_ms;
    const json_t *timeout = json_object_get(call, "timeout_ms");
    if (get_setup_ms(call, &setup_ms))
        *ret = (struct statistics_sample){ setup_ms, false };
    else if (did_not_connect(call))
        *ret = (struct statistics_sample){
            json_is_number(timeout) ? json_number_value(timeout) : horizon_ms, true
        };
    else
        return FALSE;
    return TRUE;
}

/* The latest set-up of the group: a call that did not connect was waited for that long.
 */
static double horizon_of(const struct call_group *group)
{
    double latest_ms = 0;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        for (guint i = 0; i < group->calls[mode]->len; i++) {
            double setup_ms;
            if (get_setup_ms(group->calls[mode]->pdata[i], &setup_ms))
                latest_ms = fmax(latest_ms, setup_ms);
        }
    return latest_ms;
}

/* ---- a mode by itself ---- */

static json_t *median_setup(const GPtrArray *calls)
{
    g_autofree double *values = g_new(double, calls->len + 1);
    size_t count = 0;
    for (guint i = 0; i < calls->len; i++)
        if (get_setup_ms(calls->pdata[i], &values[count]))
            count++;
    return milliseconds(count ? statistics_median(values, count) : NAN);
}

static json_t *count_connected(const GPtrArray *calls)
{
    int connected = 0;
    for (guint i = 0; i < calls->len; i++)
        connected += is_connected(calls->pdata[i]);
    return json_pack("[i, i]", connected, (int)calls->len);
}

static json_t *describe_mode(const GPtrArray *calls, double horizon_ms)
{
    g_autofree struct statistics_sample *samples =
        g_new(struct statistics_sample, calls->len + 1);
    size_t n_samples = 0, n_censored = 0;
    unsigned n_calls = 0, n_connected = 0;
    for (guint i = 0; i < calls->len; i++) {
        n_connected += is_connected(calls->pdata[i]) ? 1 : 0;
        if (is_connected(calls->pdata[i]) || did_not_connect(calls->pdata[i]))
            n_calls++;
        if (!get_sample(calls->pdata[i], horizon_ms, &samples[n_samples]))
            continue;
        n_censored += samples[n_samples].is_censored;
        n_samples++;
    }
    json_t *mode = json_pack(
        "{s:i, s:i, s:o}", "calls", (int)n_calls, "connected", (int)n_connected,
        "success", interval_of(statistics_rate_interval(n_connected, n_calls), chance));
    for (size_t q = 0; q < G_N_ELEMENTS(quantiles); q++)
        json_object_set_new(
            mode, quantiles[q].key,
            milliseconds(statistics_quantile(samples, n_samples, quantiles[q].share)));
    json_object_set_new(mode, "censored", json_integer((json_int_t)n_censored));
    return mode;
}

/* ---- two modes of each repeat ---- */

static json_int_t repeat_of(const json_t *call)
{
    return json_integer_value(json_object_get(call, "repeat"));
}

/* What `mode` saves over full gathering, of each repeat of which something is known: both
 * lists are ordered by repeat. Caller owns. */
static GArray *pair_repeats(const GPtrArray *full, const GPtrArray *mode,
                            double horizon_ms)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct statistics_difference));
    for (guint f = 0, m = 0; f < full->len && m < mode->len;) {
        json_int_t full_repeat = repeat_of(full->pdata[f]);
        json_int_t mode_repeat = repeat_of(mode->pdata[m]);
        if (full_repeat == mode_repeat) {
            struct statistics_sample slow, fast;
            struct statistics_difference saving;
            if (get_sample(full->pdata[f], horizon_ms, &slow) &&
                get_sample(mode->pdata[m], horizon_ms, &fast) &&
                statistics_subtract(slow, fast, &saving))
                g_array_append_val(pairs, saving);
        }
        f += full_repeat <= mode_repeat;
        m += mode_repeat <= full_repeat;
    }
    return pairs;
}

static json_t *describe_saving(const struct call_group *group, enum compare_mode mode,
                               double horizon_ms)
{
    g_autoptr(GArray) pairs =
        pair_repeats(group->calls[COMPARE_FULL], group->calls[mode], horizon_ms);
    if (pairs->len == 0)
        return json_null();
    const struct statistics_difference *differences =
        &g_array_index(pairs, struct statistics_difference, 0);
    json_t *samples = json_array();
    for (guint i = 0; i < pairs->len; i++)
        if (differences[i].bound == STATISTICS_EXACT)
            json_array_append_new(samples, milliseconds(differences[i].value));
    struct statistics_paired paired;
    statistics_compare_pairs(differences, pairs->len, &paired);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:n, s:i}", "median", milliseconds(paired.median),
        "samples", samples, "shift", milliseconds(paired.shift), "interval",
        interval_of(paired.interval, milliseconds), "p_faster", chance(paired.p_positive),
        "p_value", chance(paired.p_value), "p_holm", "censored", (int)paired.n_censored);
}

/* ---- all groups ---- */

static json_t *compare_group(const struct call_group *group)
{
    json_t *medians = json_object(), *connected = json_object(), *modes = json_object();
    double horizon_ms = horizon_of(group);
    for (int mode = 0; mode < COMPARE_N_MODES; mode++) {
        const char *name = compare_mode_names[mode];
        const GPtrArray *calls = group->calls[mode];
        json_object_set_new(medians, name, median_setup(calls));
        json_object_set_new(connected, name, count_connected(calls));
        json_object_set_new(modes, name, describe_mode(calls, horizon_ms));
    }
    json_t *comparison =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "scenario", group->scenario,
                  "offerer", group->offerer, "answerer", group->answerer,
                  "median_setup_ms", medians, "connected", connected, "modes", modes);
    for (size_t i = 0; i < G_N_ELEMENTS(savings); i++)
        json_object_set_new(comparison, savings[i].key,
                            describe_saving(group, savings[i].mode, horizon_ms));
    compare_set_prediction(comparison, NAN);
    return comparison;
}

/* Each saving is one question, and the scenarios are how often it was asked. */
static void correct_p_values(json_t *comparisons, const char *key)
{
    size_t count = json_array_size(comparisons);
    g_autofree double *p_values = g_new(double, count + 1);
    for (size_t i = 0; i < count; i++) {
        const json_t *saving = json_object_get(json_array_get(comparisons, i), key);
        const json_t *p_value = json_object_get(saving, "p_value");
        p_values[i] = json_is_number(p_value) ? json_number_value(p_value) : NAN;
    }
    statistics_correct_holm(p_values, count);
    for (size_t i = 0; i < count; i++) {
        json_t *saving = json_object_get(json_array_get(comparisons, i), key);
        if (json_is_object(saving))
            json_object_set_new(saving, "p_holm", chance(p_values[i]));
    }
}

json_t *compare_modes(const json_t *calls)
{
    json_t *comparisons = json_array();
    g_autoptr(GPtrArray) groups = compare_group_calls(calls);
    for (guint g = 0; g < groups->len; g++)
        json_array_append_new(comparisons, compare_group(groups->pdata[g]));
    for (size_t i = 0; i < G_N_ELEMENTS(savings); i++)
        correct_p_values(comparisons, savings[i].key);
    return comparisons;
}

void compare_set_prediction(json_t *comparison, double predicted_ms)
{
    const json_t *median =
        json_object_get(json_object_get(comparison, "trickle_saves_ms"), "median");
    double residual_ms =
        json_is_number(median) ? json_number_value(median) - predicted_ms : NAN;
    json_object_set_new(comparison, "predicted_saving_ms", milliseconds(predicted_ms));
    json_object_set_new(comparison, "residual_ms", milliseconds(residual_ms));
}

static gboolean is_of_group(const json_t *comparison, const struct call_group *group)
{
    const char *const wanted[] = { group->scenario, group->offerer, group->answerer };
    static const char *const keys[] = { "scenario", "offerer", "answerer" };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_strcmp0(json_string_value(json_object_get(comparison, keys[i])),
                      wanted[i]) != 0)
            return FALSE;
    return TRUE;
}

const json_t *compare_find(const json_t *comparisons, const struct call_group *group,
                           size_t likely)
{
    const json_t *guess = json_array_get(comparisons, likely);
    if (guess && is_of_group(guess, group))
        return guess;
    size_t i;
    json_t *comparison;
    json_array_foreach(comparisons, i, comparison)
    {
        if (is_of_group(comparison, group))
            return comparison;
    }
    return NULL;
}
