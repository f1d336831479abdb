/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence is made of clauses: the calls, the baseline, the saving. The last is
 * chosen among the comparisons: the greatest that is sure; else, since there may be too
 * few pairs to be sure of anything, the greatest of those that point one way in every
 * pair.
 *
 * Scenarios are named by their ids, which are what a user types; the title's part before
 * the colon says in words what the scenario is about. Peers are named only where there
 * are several pairs of them. Nothing is computed here: see compare.h.
 */
#include "reports/headline.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "reports/call_words.h"
#include "reports/statistics.h"

enum { MOST_NAMED = 2 };

static const double ALPHA = 1 - STATISTICS_CONFIDENCE;

/* ---- the calls ---- */

/* "stun/dead, nat/hairpin and 3 more scenarios", without what is twice. */
static void append_names(GString *out, const GPtrArray *names)
{
    for (guint i = 0; i < MIN(names->len, MOST_NAMED); i++) {
        bool is_last = i + 1 == names->len && i > 0;
        g_autofree char *name = text_escape(names->pdata[i]);
        g_string_append_printf(out, "%s%s", i == 0 ? "" : is_last ? " and " : ", ", name);
    }
    if (names->len > MOST_NAMED)
        g_string_append_printf(out, " and %u more", names->len - MOST_NAMED);
}

static void add_name(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, (gpointer)name);
}

static void append_calls(GString *out, const json_t *results)
{
    const json_t *calls = json_object_get(results, "calls");
    size_t n_calls = json_array_size(calls);
    size_t counts[CALL_N_VERDICTS] = { 0 };
    g_autoptr(GPtrArray) scenarios = g_ptr_array_new();
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        enum call_verdict verdict = call_verdict_of(call);
        counts[verdict]++;
        if (verdict == CALL_NOT_AS_EXPECTED)
            add_name(scenarios, call_text(call, "scenario", ""));
    }
    size_t n_expected = counts[CALL_AS_EXPECTED] + counts[CALL_FLAKY];
    const json_t *complete = json_object_get(json_object_get(results, "run"), "complete");
    if (json_is_false(complete))
        g_string_append(out, "Incomplete: ");
    if (n_calls == 0) {
        g_string_append(out, "no call was made");
    } else if (counts[CALL_NOT_AS_EXPECTED] > 0) {
        g_string_append_printf(out, "%zu of %zu calls not as expected, in ",
                               counts[CALL_NOT_AS_EXPECTED], n_calls);
        append_names(out, scenarios);
    } else if (n_expected == n_calls) {
        g_string_append_printf(
            out, n_calls == 1 ? "the call was as expected" : "all %zu calls as expected",
            n_calls);
    } else {
        g_string_append_printf(out, "%zu of %zu calls as expected", n_expected, n_calls);
    }
    if (counts[CALL_FLAKY] > 0)
        g_string_append_printf(out, ", %zu flaky", counts[CALL_FLAKY]);
    if (counts[CALL_KNOWN_FAILURE] > 0)
        g_string_append_printf(out, ", %zu known to fail", counts[CALL_KNOWN_FAILURE]);
    if (counts[CALL_UNSUPPORTED] > 0)
        g_string_append_printf(out, ", %zu unsupported", counts[CALL_UNSUPPORTED]);
}

/* ---- the baseline ---- */

static void append_baseline(GString *out, const json_t *baseline)
{
    if (!json_is_object(baseline))
        return;
    g_autoptr(GPtrArray) scenarios = g_ptr_array_new();
    size_t i, n_regressions = 0;
    json_t *change;
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
    {
        if (!json_is_true(json_object_get(change, "is_regression")))
            continue;
        n_regressions++;
        if (*call_text(change, "scenario", "")) /* else it is one of all calls together */
            add_name(scenarios, call_text(change, "scenario", ""));
    }
    if (n_regressions > 0) {
        g_string_append_printf(out, "; %zu regression%s against the baseline%s",
                               n_regressions, n_regressions == 1 ? "" : "s",
                               scenarios->len > 0 ? ", in " : "");
        append_names(out, scenarios);
    } else if (strcmp(call_text(baseline, "verdict", ""), "pass") == 0) {
        g_string_append(out, "; no regression against the baseline");
    } else if (strcmp(call_text(baseline, "verdict", ""), "inconclusive") == 0) {
        bool is_idle = json_integer_value(json_object_get(baseline, "compared")) == 0;
        g_string_append(out, is_idle ? "; no call of it is in the baseline"
                                     : "; too few repeats to hold against the baseline");
    }
}

/* ---- the saving ---- */

/* How much may be said of a saving, in the order of what is said rather. */
enum certainty { NOTHING, SEEN, SURE };

struct saving {
    const json_t *comparison;
    enum certainty certainty;
    double ms;                           /* NAN: only an end of the interval is known */
    struct statistics_interval interval; /* NAN: none */
    size_t n_pairs;
};

static double number_or(const json_t *value, double otherwise)
{
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Whether in all pairs the same side was faster, and by how much is known. */
static bool points_one_way(const json_t *entry, const json_t *samples)
{
    size_t i, n_positive = 0, n_negative = 0;
    json_t *sample;
    json_array_foreach(samples, i, sample)
    {
        n_positive += json_number_value(sample) > 0;
        n_negative += json_number_value(sample) < 0;
    }
    double p_faster = number_or(json_object_get(entry, "p_faster"), n_positive > 0);
    return i > 0 &&
           ((n_positive == i && p_faster == 1) || (n_negative == i && p_faster == 0));
}

static struct saving read_saving(const json_t *comparison)
{
    const json_t *entry = json_object_get(comparison, "trickle_saves_ms");
    const json_t *samples = json_object_get(entry, "samples");
    const json_t *interval = json_object_get(entry, "interval");
    double median = number_or(json_object_get(entry, "median"), NAN);
    struct saving saving = { .comparison = comparison,
                             .ms = median,
                             .interval = { NAN, NAN },
                             .n_pairs = json_array_size(samples) +
                                        (size_t)json_integer_value(
                                            json_object_get(entry, "censored")) };
    if (json_is_true(json_object_get(comparison, "deterministic"))) {
        saving.certainty = isnan(median) || median == 0 ? NOTHING : SURE;
    } else if (number_or(json_object_get(entry, "p_holm"), 1) < ALPHA) {
        saving.certainty = SURE;
        saving.ms = number_or(json_object_get(entry, "shift"), NAN);
        saving.interval.low = number_or(json_array_get(interval, 0), -INFINITY);
        saving.interval.high = number_or(json_array_get(interval, 1), INFINITY);
        /* What the test is sure of must show in the figures, too. */
        if (saving.interval.low <= 0 && saving.interval.high >= 0)
            saving.certainty = NOTHING;
    } else if (!isnan(median) && points_one_way(entry, samples)) {
        saving.certainty = SEEN;
    }
    return saving;
}

/* What a saving is at least worth saying: its figure, or the end that is known. */
static double weight_of(const struct saving *saving)
{
    if (!isnan(saving->ms))
        return saving->ms;
    return isinf(saving->interval.low) ? saving->interval.high : saving->interval.low;
}

/* The greatest of what is most certain. */
static struct saving choose(const json_t *comparisons)
{
    struct saving chosen = { .certainty = NOTHING };
    size_t i;
    json_t *comparison;
    json_array_foreach(comparisons, i, comparison)
    {
        struct saving saving = read_saving(comparison);
        if (saving.certainty > chosen.certainty ||
            (saving.certainty == chosen.certainty && saving.certainty != NOTHING &&
             weight_of(&saving) > weight_of(&chosen)))
            chosen = saving;
    }
    return chosen;
}

/* "1.98 s [1.95, 2.02]", "180 ms", "at least 27.9 s": of a cost without its sign. */
static char *format_amount(const struct saving *saving)
{
    double sign = weight_of(saving) < 0 ? -1 : 1;
    double low = sign * saving->interval.low, high = sign * saving->interval.high;
    if (sign < 0) {
        double other = low;
        low = high;
        high = other;
    }
    bool is_bound = isnan(saving->ms);
    double amount = is_bound ? low : sign * saving->ms;
    bool in_seconds = fabs(amount) >= 999.5;
    double unit = in_seconds ? 1000 : 1;
    int digits = in_seconds ? 2 : 0;
    g_autoptr(GString) out = g_string_new(is_bound ? "at least " : "");
    g_string_append_printf(out, "%.*f %s", digits, amount / unit,
                           in_seconds ? "s" : "ms");
    if (!is_bound && isfinite(low) && isfinite(high))
        g_string_append_printf(out, " [%.*f, %.*f]", digits, low / unit, digits,
                               high / unit);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool differ(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(call_text(a, key, ""), call_text(b, key, "")) != 0;
}

static bool has_several_pairs(const json_t *comparisons)
{
    const json_t *first = json_array_get(comparisons, 0);
    size_t i;
    json_t *other;
    json_array_foreach(comparisons, i, other)
    {
        if (differ(first, other, "offerer") || differ(first, other, "answerer"))
            return true;
    }
    return false;
}

/* "stun/dead (STUN server dead)" */
static char *format_place(const json_t *results, const json_t *comparison)
{
    const char *id = call_text(comparison, "scenario", "");
    const json_t *scenario = json_object_get(json_object_get(results, "scenarios"), id);
    const char *title = call_text(scenario, "title", "");
    g_autofree char *subject = g_strndup(title, strcspn(title, ":"));
    g_autofree char *shown_subject = text_escape(subject);
    g_autofree char *peers =
        has_several_pairs(json_object_get(results, "comparisons"))
            ? g_strdup_printf("%s~%s/", call_text(comparison, "offerer", ""),
                              call_text(comparison, "answerer", ""))
            : g_strdup("");
    g_autofree char *full = g_strconcat(peers, id, NULL);
    g_autofree char *shown = text_escape(full);
    return *shown_subject ? g_strdup_printf("%s (%s)", shown, shown_subject)
                          : g_strdup(shown);
}

/* Whether some scenario had pairs enough to tell a saving. */
static bool could_tell(const json_t *comparisons)
{
    size_t i;
    json_t *comparison;
    json_array_foreach(comparisons, i, comparison)
    {
        const json_t *entry = json_object_get(comparison, "trickle_saves_ms");
        if (json_is_number(json_object_get(entry, "p_holm")))
            return true;
    }
    return false;
}

char *headline_format_saving(const json_t *results)
{
    const json_t *comparisons = json_object_get(results, "comparisons");
    struct saving saving = choose(comparisons);
    if (saving.certainty == NOTHING)
        return could_tell(comparisons) ? g_strdup("trickle saves nothing significant")
                                       : NULL;
    g_autofree char *amount = format_amount(&saving);
    g_autofree char *place = format_place(results, saving.comparison);
    bool is_saving = weight_of(&saving) > 0;
    if (saving.certainty == SURE)
        return g_strdup_printf("trickle %s in %s: %s",
                               is_saving ? "saves most" : "takes longer", place, amount);
    if (saving.n_pairs == 1)
        return g_strdup_printf("in one pair of calls trickle took %s %s in %s", amount,
                               is_saving ? "less" : "longer", place);
    return g_strdup_printf(
        "in all %zu pairs of calls trickle took %s in %s, the median %s", saving.n_pairs,
        is_saving ? "less" : "longer", place, amount);
}

char *headline_format(const json_t *results)
{
    GString *out = g_string_new(NULL);
    append_calls(out, results);
    append_baseline(out, json_object_get(results, "baseline"));
    g_autofree char *saving = headline_format_saving(results);
    if (saving)
        g_string_append_printf(out, "; %s", saving);
    out->str[0] = g_ascii_toupper(out->str[0]);
    return g_string_free(out, FALSE);
}
