/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats, where chance has a part. Two questions a group: are fewer calls as they should
 * be, and is the set-up longer. Each is a trial with a p-value; all p-values together are
 * corrected, so that the chance of a false alarm is that of the whole comparison and does
 * not grow with the number of scenarios.
 *
 * Success: an alarm wants Newcombe's interval of the difference below 0 and its lower end
 * beyond the margin (statistics_judge_rate()), and Fisher's exact test. All groups
 * together are one more trial, and must show that no more than the margin was lost, or
 * there are too few calls to tell.
 *
 * Set-up: an alarm wants a shift (Hodges and Lehmann) above the least effect and a test
 * that agrees: signed ranks if pairs share their seeds, else rank sums. A call that
 * failed is censored: longer than all that were seen. With fewer repeats than the test
 * needs to be able to agree, nothing is claimed; that is a result too, "inconclusive",
 * except where neither the machine nor the network has chance and there is no effect to
 * explain.
 */
#include "reports/baseline_groups.h"

#include <math.h>
#include <string.h>

#include "reports/statistics_unpaired.h"

enum { MOST_REPEATS = 100 }; /* more are advised to nobody */

struct trial {
    const struct baseline_group *group; /* NULL: all groups */
    enum baseline_kind kind;
    double p_value;  /* NAN: too few repeats for one */
    unsigned needed; /* then: so many */
    double shift_ms; /* set-up: NAN if not known */
    bool is_large;   /* the effect is above the least one */
    bool is_settled; /* without a p-value: there is nothing to explain */
    bool is_paired;
    unsigned n;                /* repeats: of the smaller side */
    double median_ms[2];       /* before, after */
    unsigned good[2], made[2]; /* success */
};

struct family {
    GArray *trials; /* struct trial */
    double alpha;   /* for one of them, if it were the first of Holm's */
    const struct baseline_options *options;
};

/* ---- success ---- */

static void count_good(const GPtrArray *calls, unsigned *good, unsigned *made)
{
    for (guint i = 0; i < calls->len; i++) {
        if (baseline_has_outcome(calls->pdata[i], "unsupported"))
            continue;
        *made += 1;
        *good += baseline_is_good(calls->pdata[i]);
    }
}

static void add_success(struct family *family, const struct baseline_group *group,
                        struct trial *all)
{
    struct trial trial = { .group = group, .kind = BASELINE_SUCCESS, .shift_ms = NAN };
    count_good(group->before, &trial.good[0], &trial.made[0]);
    count_good(group->after, &trial.good[1], &trial.made[1]);
    if (trial.made[0] == 0 || trial.made[1] == 0)
        return;
    for (size_t side = 0; side < 2; side++) {
        all->good[side] += trial.good[side];
        all->made[side] += trial.made[side];
    }
    g_array_append_val(family->trials, trial);
}

static enum statistics_inferiority judge_success(const struct trial *trial,
                                                 unsigned times, double margin)
{
    return statistics_judge_rate(trial->good[0] * times, trial->made[0] * times,
                                 trial->good[1] * times, trial->made[1] * times, margin);
}

static void test_success(struct trial *trial, double margin)
{
    trial->p_value = statistics_fisher_loss(trial->good[0], trial->made[0],
                                            trial->good[1], trial->made[1]);
    trial->is_large = judge_success(trial, 1, margin) == STATISTICS_INFERIOR;
}

/* A peer that is not there any more fails no call: it makes none. */
static void tell_unsupported(const struct baseline_group *group, json_t *changes)
{
    unsigned good = 0, made = 0, good_now = 0, made_now = 0;
    count_good(group->before, &good, &made);
    count_good(group->after, &good_now, &made_now);
    if (made == 0 || made_now > 0)
        return;
    const json_t *call = group->after->pdata[0];
    json_array_append_new(
        changes,
        baseline_make_change(group, BASELINE_OUTCOME, good > 0,
                             baseline_text(call, "key"), NULL, json_string("unsupported"),
                             g_strdup_printf("unsupported, was made before; %s",
                                             baseline_text(call, "why"))));
}

/* ---- set-up ---- */

static bool has_setup(const json_t *call)
{
    return baseline_has_outcome(call, "connected") &&
           json_is_number(json_object_get(call, "setup_ms"));
}

/* Whether a call says something about its set-up: not if the harness failed. */
static bool is_sample(const json_t *call)
{
    return has_setup(call) || baseline_has_outcome(call, "failed") ||
           baseline_has_outcome(call, "timeout");
}

static double greatest_ms(const GPtrArray *calls)
{
    double greatest = 0;
    for (guint i = 0; i < calls->len; i++)
        if (has_setup(calls->pdata[i]))
            greatest =
                fmax(greatest,
                     json_number_value(json_object_get(calls->pdata[i], "setup_ms")));
    return greatest;
}

static struct statistics_sample sample_of(const json_t *call, double beyond_ms)
{
    if (!has_setup(call))
        return (struct statistics_sample){ .value = beyond_ms, .is_censored = true };
    return (struct statistics_sample){ .value = json_number_value(
                                           json_object_get(call, "setup_ms")) };
}

static size_t take_samples(const GPtrArray *calls, double beyond_ms,
                           struct statistics_sample *samples)
{
    size_t count = 0;
    for (guint i = 0; i < calls->len; i++)
        if (is_sample(calls->pdata[i]))
            samples[count++] = sample_of(calls->pdata[i], beyond_ms);
    return count;
}

/* Signed ranks. Returns false where no pair differs: there is nothing to test. */
static bool test_pairs(struct trial *trial, double beyond_ms)
{
    const GArray *pairs = trial->group->pairs;
    g_autofree struct statistics_difference *differences =
        g_new(struct statistics_difference, pairs->len + 1);
    size_t count = 0;
    bool is_any = false;
    for (guint i = 0; i < pairs->len; i++) {
        const struct baseline_pair *pair = &g_array_index(pairs, struct baseline_pair, i);
        if (is_sample(pair->before) && is_sample(pair->after) &&
            statistics_subtract(sample_of(pair->after, beyond_ms),
                                sample_of(pair->before, beyond_ms), &differences[count]))
            is_any |= !(fabs(differences[count++].value) <= 0);
    }
    struct statistics_paired paired;
    statistics_compare_pairs(differences, count, &paired);
    trial->n = (unsigned)count;
    trial->shift_ms = paired.shift;
    trial->p_value = paired.p_value;
    return is_any || !trial->group->is_exact;
}

static void test_samples(struct trial *trial, const struct statistics_sample *before,
                         size_t n_before, const struct statistics_sample *after,
                         size_t n_after)
{
    struct statistics_unpaired unpaired;
    statistics_compare_samples(before, n_before, after, n_after, &unpaired);
    trial->n = (unsigned)MIN(n_before, n_after);
    trial->shift_ms = unpaired.shift;
    trial->p_value = unpaired.p_value;
}

static void add_setup(struct family *family, const struct baseline_group *group)
{
    double beyond_ms = fmax(greatest_ms(group->before), greatest_ms(group->after));
    if (greatest_ms(group->before) <= 0 || greatest_ms(group->after) <= 0)
        return; /* success says it */
    struct trial trial = { .group = group, .kind = BASELINE_LATENCY };
    g_autofree struct statistics_sample *before =
        g_new(struct statistics_sample, group->before->len + 1);
    g_autofree struct statistics_sample *after =
        g_new(struct statistics_sample, group->after->len + 1);
    size_t n_before = take_samples(group->before, beyond_ms, before);
    size_t n_after = take_samples(group->after, beyond_ms, after);
    trial.median_ms[0] = statistics_quantile(before, n_before, 0.5);
    trial.median_ms[1] = statistics_quantile(after, n_after, 0.5);
    trial.is_paired = group->has_same_seeds;
    if (!trial.is_paired)
        test_samples(&trial, before, n_before, after, n_after);
    else if (!test_pairs(&trial, beyond_ms))
        return;
    double least_ms = baseline_least_ms(
        family->options, isnan(trial.median_ms[0]) ? beyond_ms : trial.median_ms[0]);
    trial.is_large = fabs(trial.shift_ms) > least_ms;
    trial.is_settled = !group->has_chance && !group->is_wall && !trial.is_large;
    g_array_append_val(family->trials, trial);
}

/* ---- what they show ---- */

static void drop_too_few(struct family *family)
{
    for (guint i = 0; i < family->trials->len; i++) {
        struct trial *trial = &g_array_index(family->trials, struct trial, i);
        if (trial->kind != BASELINE_LATENCY)
            continue;
        trial->needed = trial->is_paired ? statistics_least_pairs_for(family->alpha)
                                         : statistics_least_samples_for(family->alpha);
        if (trial->n >= trial->needed) {
            trial->needed = 0;
            continue;
        }
        /* Calls that say nothing, as those that failed in both runs, will come again. */
        unsigned made = MIN(trial->group->before->len, trial->group->after->len);
        if (trial->n > 0 && made > trial->n)
            trial->needed = (trial->needed * made + trial->n - 1) / trial->n;
        trial->p_value = NAN;
    }
}

static void correct(struct family *family)
{
    guint count = family->trials->len;
    g_autofree double *p_values = g_new(double, count + 1);
    for (guint i = 0; i < count; i++)
        p_values[i] = g_array_index(family->trials, struct trial, i).p_value;
    statistics_correct_holm(p_values, count);
    for (guint i = 0; i < count; i++)
        g_array_index(family->trials, struct trial, i).p_value = p_values[i];
}

static const char *key_of(const struct baseline_group *group)
{
    const json_t *call = group->pairs->len > 0
                             ? g_array_index(group->pairs, struct baseline_pair, 0).after
                             : group->after->pdata[0];
    return baseline_text(call, "key");
}

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void tell_setup(const struct trial *trial, json_t *changes)
{
    bool is_worse = trial->shift_ms > 0;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "set-up shifted by %+.0f ms", trial->shift_ms);
    if (isfinite(trial->median_ms[0]) && isfinite(trial->median_ms[1]))
        g_string_append_printf(text, " (median %.0f ms, was %.0f ms)",
                               trial->median_ms[1], trial->median_ms[0]);
    g_string_append_printf(text, " over %u %s", trial->n,
                           trial->is_paired ? "pairs" : "calls with other seeds");
    if (trial->needed > 0)
        g_string_append_printf(text, "; too few to tell: repeat %u", trial->needed);
    else
        g_string_append_printf(text, ", p %.2g", trial->p_value);
    json_t *change = baseline_make_change(
        trial->group, BASELINE_LATENCY, is_worse && trial->needed == 0,
        key_of(trial->group), real_or_null(trial->median_ms[0]),
        real_or_null(trial->median_ms[1]), g_string_free(text, FALSE));
    json_object_set_new(change, "shift_ms", json_real(trial->shift_ms));
    if (trial->needed > 0)
        json_object_set_new(change, "repeats_needed", json_integer(trial->needed));
    else
        json_object_set_new(change, "p_value", json_real(trial->p_value));
    /* The same calls made once more would be the same: there is nothing to confirm. */
    bool can_confirm =
        !trial->group->is_exact && (trial->needed == 0 || !trial->group->is_wall);
    if (is_worse && can_confirm)
        json_object_set_new(change, "is_suspicion", json_true());
    json_array_append_new(changes, change);
}

static json_t *count_of(const struct trial *trial, size_t side)
{
    return json_pack("[i, i]", (int)trial->good[side], (int)trial->made[side]);
}

static void tell_success(const struct trial *trial, double margin, json_t *changes)
{
    struct statistics_interval interval = statistics_rate_difference(
        trial->good[1], trial->made[1], trial->good[0], trial->made[0]);
    char *text = g_strdup_printf(
        "%u of %u calls as expected, were %u of %u: %+.0f points [%.0f, %.0f], margin "
        "%.0f; p %.2g",
        trial->good[1], trial->made[1], trial->good[0], trial->made[0],
        100.0 * trial->good[1] / trial->made[1] - 100.0 * trial->good[0] / trial->made[0],
        100 * interval.low, 100 * interval.high, 100 * margin, trial->p_value);
    json_t *change = baseline_make_change(trial->group, BASELINE_SUCCESS, true,
                                          trial->group ? key_of(trial->group) : NULL,
                                          count_of(trial, 0), count_of(trial, 1), text);
    json_object_set_new(change, "p_value", json_real(trial->p_value));
    if (trial->group && !trial->group->is_exact)
        json_object_set_new(change, "is_suspicion", json_true());
    json_array_append_new(changes, change);
}

/* All calls together must show that not more than the margin is lost. */
static void tell_undecided(const struct trial *all, double margin, json_t *changes)
{
    if (all->made[0] == 0 || judge_success(all, 1, margin) != STATISTICS_UNDECIDED)
        return;
    unsigned times = 2;
    while (times < MOST_REPEATS &&
           judge_success(all, times, margin) == STATISTICS_UNDECIDED)
        times++;
    struct statistics_interval interval = statistics_rate_difference(
        all->good[1], all->made[1], all->good[0], all->made[0]);
    char *text = g_strdup_printf(
        "%u of %u calls as expected, were %u of %u: up to %.0f points may be lost, "
        "margin "
        "%.0f; too few to tell: repeat %u times as many, or give a greater --margin",
        all->good[1], all->made[1], all->good[0], all->made[0], -100 * interval.low,
        100 * margin, times);
    json_t *change = baseline_make_change(NULL, BASELINE_SUCCESS, false, NULL,
                                          count_of(all, 0), count_of(all, 1), text);
    json_object_set_new(change, "repeats_needed", json_integer(times));
    json_array_append_new(changes, change);
}

/* One line for all groups that show nothing, because of too few repeats. */
static void tell_too_few(const struct family *family, json_t *changes)
{
    unsigned n_groups = 0, needed = 0, least = MOST_REPEATS;
    for (guint i = 0; i < family->trials->len; i++) {
        const struct trial *trial = &g_array_index(family->trials, struct trial, i);
        if (trial->needed == 0 || trial->is_large || trial->is_settled)
            continue;
        n_groups++;
        needed = MAX(needed, trial->needed);
        least = MIN(least, trial->n);
    }
    if (n_groups == 0)
        return;
    char *text = g_strdup_printf(
        "set-up of %u %s not compared: %u %s too few to tell: repeat %u, in the baseline "
        "too",
        n_groups, n_groups == 1 ? "scenario and mode" : "scenarios and modes", least,
        least == 1 ? "call is" : "calls are", needed);
    json_t *change =
        baseline_make_change(NULL, BASELINE_LATENCY, false, NULL, NULL, NULL, text);
    json_object_set_new(change, "repeats_needed", json_integer(needed));
    json_array_append_new(changes, change);
}

void baseline_compare_repeats(const GPtrArray *groups,
                              const struct baseline_options *options, json_t *changes)
{
    struct family family = {
        .trials = g_array_new(FALSE, TRUE, sizeof(struct trial)),
        .options = options,
    };
    struct trial all = { .kind = BASELINE_SUCCESS, .shift_ms = NAN };
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        if (group->before->len == 0 || group->after->len == 0 ||
            (group->is_exact && !group->has_chance))
            continue;
        if (!group->is_exact) {
            tell_unsupported(group, changes);
            add_success(&family, group, &all);
        }
        add_setup(&family, group);
    }
    if (all.made[0] > 0)
        g_array_append_val(family.trials, all);
    for (guint i = 0; i < family.trials->len; i++) {
        struct trial *trial = &g_array_index(family.trials, struct trial, i);
        if (trial->kind == BASELINE_SUCCESS)
            test_success(trial, options->margin);
    }
    family.alpha = BASELINE_ALPHA / MAX(1, family.trials->len);
    drop_too_few(&family);
    correct(&family);
    for (guint i = 0; i < family.trials->len; i++) {
        const struct trial *trial = &g_array_index(family.trials, struct trial, i);
        bool is_sure = trial->p_value <= BASELINE_ALPHA;
        if (trial->kind == BASELINE_SUCCESS && is_sure && trial->is_large)
            tell_success(trial, options->margin, changes);
        else if (trial->kind == BASELINE_LATENCY && trial->is_large &&
                 (is_sure || trial->needed > 0))
            tell_setup(trial, changes);
    }
    tell_undecided(&all, options->margin, changes);
    tell_too_few(&family, changes);
    g_array_unref(family.trials);
}
