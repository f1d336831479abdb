/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact evidence: calls with the same seed on the virtual clock. Nothing but a change of
 * the program, the stack or the scenario makes two of them differ.
 *
 * Of each group the most telling change is told, once for all its calls, with the first
 * of them by its key: what it came to before how long it took, that before how many
 * packets it took; the lesser mostly follow from the greater.
 *
 * Where the network has chance, a packet more moves all later losses to other packets.
 * So what a call came to is exact there too, but a longer set-up needs repeats
 * (baseline_repeats.c), and a packet more is told and no regression.
 */
#include "reports/baseline_groups.h"

#include <string.h>

/* A change found in some of the pairs. */
struct tally {
    enum baseline_kind kind;
    bool is_regression;
    unsigned n;
    const struct baseline_pair *first;
    char *text; /* of the first */
    json_t *before, *after;
};

/* Takes a finding, `found` consumed, into a tally: a regression outdoes a mere change. */
static void tally_add(struct tally *tally, const struct tally *found)
{
    bool is_greater = tally->n == 0 || (found->is_regression && !tally->is_regression);
    if (!is_greater) {
        if (tally->is_regression == found->is_regression)
            tally->n++;
        g_free(found->text);
        json_decref(found->before);
        json_decref(found->after);
        return;
    }
    g_free(tally->text);
    json_decref(tally->before);
    json_decref(tally->after);
    *tally = *found;
    tally->n = 1;
}

/* ---- what a call came to ---- */

/* "connected, relay~prflx": the types of both peers' own candidates, RFC 8445 section 4
 */
static char *describe_outcome(const json_t *call)
{
    const json_t *selected = json_object_get(call, "selected");
    const json_t *offerer = json_object_get(selected, "offerer");
    const json_t *answerer = json_object_get(selected, "answerer");
    const char *outcome = baseline_text(call, "outcome");
    if (strcmp(outcome, "connected") != 0 || !offerer || !answerer)
        return g_strdup(outcome);
    return g_strdup_printf("%s, %s~%s %s", outcome, baseline_text(offerer, "local"),
                           baseline_text(answerer, "local"),
                           baseline_text(offerer, "protocol"));
}

static bool is_relayed(const json_t *call)
{
    static const char *const roles[] = { "offerer", "answerer" };
    static const char *const sides[] = { "local", "remote" };
    for (size_t role = 0; role < G_N_ELEMENTS(roles); role++) {
        const json_t *pair =
            json_object_get(json_object_get(call, "selected"), roles[role]);
        for (size_t side = 0; side < G_N_ELEMENTS(sides); side++)
            if (strcmp(baseline_text(pair, sides[side]), "relay") == 0)
                return true;
    }
    return false;
}

static bool compare_outcome(const struct baseline_group *group,
                            const struct baseline_pair *pair, struct tally *ret)
{
    g_autofree char *before = describe_outcome(pair->before);
    g_autofree char *after = describe_outcome(pair->after);
    bool was_good = baseline_is_good(pair->before),
         is_good = baseline_is_good(pair->after);
    bool was_made = !baseline_has_outcome(pair->before, "unsupported");
    bool is_made = !baseline_has_outcome(pair->after, "unsupported");
    const char *why = baseline_text(pair->after, "why");
    *ret = (struct tally){ .kind = BASELINE_OUTCOME, .first = pair };
    if (was_made && is_made && was_good != is_good) {
        ret->kind = BASELINE_EXPECTATION;
        ret->is_regression = was_good;
        ret->text =
            g_strdup_printf("%s: %s, was %s%s%s",
                            is_good ? "now as expected" : "not as expected any more",
                            after, before, *why ? "; " : "", why);
    } else if (strcmp(before, after) != 0) {
        /* Of two failures neither is worse; a call that is not made any more is. */
        bool has_relay = is_good && is_relayed(pair->after) &&
                         !is_relayed(pair->before) &&
                         baseline_has_outcome(pair->before, "connected");
        ret->is_regression =
            (was_made && was_good && !is_made) || (has_relay && !group->has_chance);
        ret->text = g_strdup_printf("%s, was %s%s%s", after, before,
                                    *why && !is_good ? "; " : "", is_good ? "" : why);
    } else {
        return false;
    }
    ret->before = json_string(before);
    ret->after = json_string(after);
    return true;
}

/* ---- how long it took ---- */

/* What a user waits for. */
static const struct metric {
    const char *role; /* of a phase; NULL: it is the call's own */
    const char *key, *words;
} metrics[] = {
    { NULL, "setup_ms", "set-up" },
    { NULL, "ice_restart_ms", "ICE restart" },
    { "offerer", "channel_open", "the offerer's channel is open after" },
    { "answerer", "channel_open", "the answerer's channel is open after" },
    { "offerer", "first_media", "the offerer's first media comes after" },
    { "answerer", "first_media", "the answerer's first media comes after" },
};

static const json_t *value_of(const json_t *call, const struct metric *metric)
{
    const json_t *from = call;
    if (metric->role)
        from = json_object_get(json_object_get(call, "phases_ms"), metric->role);
    return json_object_get(from, metric->key);
}

static bool compare_latency(const struct baseline_pair *pair, const struct metric *metric,
                            const struct baseline_options *options, struct tally *ret)
{
    const json_t *before = value_of(pair->before, metric);
    const json_t *after = value_of(pair->after, metric);
    if (!json_is_number(before) || (!json_is_number(after) && !json_is_null(after)))
        return false;
    double was_ms = json_number_value(before), is_ms = json_number_value(after);
    double shift_ms = is_ms - was_ms;
    *ret = (struct tally){ .kind = BASELINE_LATENCY, .first = pair };
    if (!json_is_number(after)) {
        ret->kind = BASELINE_OUTCOME;
        ret->is_regression = true;
        ret->text = g_strdup_printf("%s %.0f ms in the baseline, and now never",
                                    metric->words, was_ms);
    } else if (ABS(shift_ms) > baseline_least_ms(options, was_ms)) {
        g_autofree char *shift = baseline_describe_shift(was_ms, is_ms);
        g_autofree char *part = metric == metrics
                                    ? baseline_describe_part(pair->before, pair->after)
                                    : g_strdup("");
        ret->is_regression = shift_ms > 0;
        ret->text = g_strdup_printf("%s %s%s", metric->words, shift, part);
    } else {
        return false;
    }
    ret->before = json_deep_copy(before);
    ret->after = json_deep_copy(after);
    return true;
}

/* ---- how many packets ---- */

static bool compare_counts(const struct baseline_group *group,
                           const struct baseline_pair *pair, struct tally *ret)
{
    const json_t *was = json_object_get(pair->before, "counts");
    json_t *is = json_object_get(pair->after, "counts");
    if (!json_is_object(was) || !json_is_object(is) || json_equal(was, is))
        return false;
    GString *text = g_string_new(NULL);
    /* What packets cost they may be worth. */
    bool is_faster = json_number_value(json_object_get(pair->after, "setup_ms")) <
                     json_number_value(json_object_get(pair->before, "setup_ms"));
    bool is_more = false;
    const char *key;
    json_t *value;
    json_object_foreach(is, key, value)
    {
        json_int_t before = json_integer_value(json_object_get(was, key));
        json_int_t after = json_integer_value(value);
        if (before == after)
            continue;
        is_more |= after > before;
        g_string_append_printf(text,
                               "%s%s %" JSON_INTEGER_FORMAT ", was %" JSON_INTEGER_FORMAT,
                               text->len ? "; " : "", key, after, before);
    }
    *ret = (struct tally){
        .kind = BASELINE_COUNTS,
        .first = pair,
        .is_regression = is_more && !is_faster && !group->has_chance,
        .text = g_string_free(text, FALSE),
        .before = json_deep_copy(was),
        .after = json_deep_copy(is),
    };
    return true;
}

static void add_change(const struct baseline_group *group, const struct tally *tally,
                       json_t *changes)
{
    char *text = tally->text;
    if (group->pairs->len > 1) {
        text =
            g_strdup_printf("%s (in %u of %u calls)", text, tally->n, group->pairs->len);
        g_free(tally->text);
    }
    json_array_append_new(changes,
                          baseline_make_change(group, tally->kind, tally->is_regression,
                                               baseline_text(tally->first->after, "key"),
                                               tally->before, tally->after, text));
}

static void tally_clear(struct tally *tally)
{
    g_free(tally->text);
    json_decref(tally->before);
    json_decref(tally->after);
    *tally = (struct tally){ 0 };
}

static void tally_tell(const struct baseline_group *group, struct tally *tally,
                       json_t *changes)
{
    add_change(group, tally, changes);
    *tally = (struct tally){ 0 };
}

/* The first regression among the latencies, else the first of them; NULL: there is none.
 */
static struct tally *choose_latency(struct tally *latencies)
{
    struct tally *first = NULL;
    for (size_t m = 0; m < G_N_ELEMENTS(metrics); m++) {
        if (latencies[m].n > 0 && latencies[m].is_regression)
            return &latencies[m];
        if (latencies[m].n > 0 && !first)
            first = &latencies[m];
    }
    return first;
}

void baseline_compare_calls(const struct baseline_group *group,
                            const struct baseline_options *options, json_t *changes)
{
    struct tally outcomes = { 0 }, counts = { 0 }, found;
    struct tally latencies[G_N_ELEMENTS(metrics)] = { 0 };
    for (guint i = 0; i < group->pairs->len; i++) {
        const struct baseline_pair *pair =
            &g_array_index(group->pairs, struct baseline_pair, i);
        if (compare_outcome(group, pair, &found))
            tally_add(&outcomes, &found);
        if (!baseline_is_good(pair->before) || !baseline_is_good(pair->after))
            continue;
        for (size_t m = 0; !group->has_chance && m < G_N_ELEMENTS(metrics); m++)
            if (compare_latency(pair, &metrics[m], options, &found))
                tally_add(&latencies[m], &found);
        if (compare_counts(group, pair, &found))
            tally_add(&counts, &found);
    }
    bool is_outcome = outcomes.n > 0, is_failed = outcomes.is_regression;
    if (is_outcome)
        tally_tell(group, &outcomes, changes);
    struct tally *latency = choose_latency(latencies);
    bool is_latency = latency && (!is_outcome || (!is_failed && latency->is_regression));
    if (is_latency)
        tally_tell(group, latency, changes);
    if (counts.n > 0 && !is_outcome && !latency)
        tally_tell(group, &counts, changes);
    for (size_t m = 0; m < G_N_ELEMENTS(metrics); m++)
        tally_clear(&latencies[m]);
    tally_clear(&counts);
}
