/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in words. Only those that are not as expected, or flaky, are listed call by call,
 * and only the first few: when everything fails it fails for one reason, and the rest
 * stands in results.json. Of the others the reasons are listed, each once.
 */
#include "reports/table_calls.h"

#include <string.h>

#include "base/text.h"
#include "reports/rerun.h"

#define MAX_LISTED  20
#define MAX_REASONS 12

static const json_t *known_of(const json_t *call)
{
    return json_object_get(call, "known_failure");
}

static bool has_status(const json_t *call, const char *status)
{
    return strcmp(call_text(known_of(call), "status", ""), status) == 0;
}

/* Words counted in the order in which they first came. */
struct tally {
    GPtrArray *words; /* char * */
    GArray *counts;   /* guint */
};

static void tally_init(struct tally *tally)
{
    tally->words = g_ptr_array_new_with_free_func(g_free);
    tally->counts = g_array_new(FALSE, FALSE, sizeof(guint));
}

static void tally_clear(struct tally *tally)
{
    g_ptr_array_unref(tally->words);
    g_array_unref(tally->counts);
}

static void tally_add(struct tally *tally, char *word_consumed)
{
    guint at = 0;
    if (g_ptr_array_find_with_equal_func(tally->words, word_consumed, g_str_equal, &at)) {
        g_array_index(tally->counts, guint, at)++;
        g_free(word_consumed);
        return;
    }
    guint one = 1;
    g_ptr_array_add(tally->words, word_consumed);
    g_array_append_val(tally->counts, one);
}

/* The most frequent word, borrowed, or NULL; the earlier one of equals. */
static const char *tally_top(const struct tally *tally, guint *ret_count)
{
    const char *top = NULL;
    for (guint i = 0; i < tally->words->len; i++) {
        guint count = g_array_index(tally->counts, guint, i);
        if (top && count <= *ret_count)
            continue;
        top = tally->words->pdata[i];
        *ret_count = count;
    }
    return top;
}

/* The tone and what stands behind the outcome. */
static const char *judge(const guint verdicts[CALL_N_VERDICTS], gboolean connected,
                         enum table_tone *ret_tone)
{
    if (verdicts[CALL_NOT_AS_EXPECTED] > 0) {
        *ret_tone = TABLE_BAD;
        return "!";
    }
    if (verdicts[CALL_KNOWN_FAILURE] > 0) {
        *ret_tone = TABLE_ODD;
        return " (known)";
    }
    if (verdicts[CALL_FLAKY] > 0) {
        *ret_tone = TABLE_ODD;
        return " (flaky)";
    }
    if (verdicts[CALL_AS_EXPECTED] == 0) {
        *ret_tone = TABLE_ODD;
        return "";
    }
    *ret_tone = TABLE_GOOD;
    return connected ? "" : " (expected)";
}

char *table_describe_calls(const GPtrArray *calls, enum table_tone *ret_tone,
                           gboolean *ret_has_other_pairs)
{
    *ret_tone = TABLE_PLAIN;
    *ret_has_other_pairs = FALSE;
    if (calls->len == 0)
        return g_strdup("-");
    struct tally pairs, others;
    tally_init(&pairs);
    tally_init(&others);
    guint verdicts[CALL_N_VERDICTS] = { 0 };
    guint n_connected = 0;
    for (guint i = 0; i < calls->len; i++) {
        const json_t *call = calls->pdata[i];
        const char *outcome = call_text(call, "outcome", "?");
        verdicts[call_verdict_of(call)]++;
        if (strcmp(outcome, "connected") == 0) {
            n_connected++;
            tally_add(&pairs, call_pair(call));
        } else {
            tally_add(&others, text_escape(outcome));
        }
    }
    guint count = 0;
    const char *what = tally_top(n_connected ? &pairs : &others, &count);
    GString *out = g_string_new(NULL);
    if (calls->len > 1)
        g_string_append_printf(out, "%u/%u ", n_connected ? n_connected : count,
                               calls->len);
    g_string_append(out, what);
    *ret_has_other_pairs = n_connected > count;
    if (*ret_has_other_pairs)
        g_string_append_printf(out, "+%u", n_connected - count);
    g_string_append(out, judge(verdicts, n_connected > 0, ret_tone));
    tally_clear(&pairs);
    tally_clear(&others);
    return g_string_free(out, FALSE);
}

/* It is known to fail, and did so in another way. */
static void append_other_known(GString *out, const json_t *call)
{
    g_autofree char *outcome = text_escape(call_text(known_of(call), "outcome", "?"));
    g_autofree char *reason = text_escape(call_text(known_of(call), "reason", ""));
    g_string_append_printf(out, "\n    known   %s: %s", outcome, reason);
}

static void append_call(GString *out, const json_t *results, const json_t *call,
                        const struct table_style *style)
{
    const char *key = call_text(call, "key", "?");
    g_autofree char *shown_key = text_escape(key);
    g_autofree char *shown_why = text_escape(call_why(call));
    g_autofree char *cause = call_cause(call);
    g_autofree char *shown_cause = text_escape(cause);
    g_autofree char *record = g_build_filename(style->folder, "calls", key, NULL);
    g_autofree char *shown_record = text_escape(record);
    g_autofree char *again = rerun_format(results, call);

    g_string_append(out, "  ");
    table_append_toned(out, shown_key, TABLE_BAD, style);
    g_string_append_printf(out, "\n    why     %s", shown_why);
    if (cause)
        g_string_append_printf(out, "\n    cause   %s", shown_cause);
    if (known_of(call))
        append_other_known(out, call);
    g_string_append_printf(out, "\n    record  %s\n    again   %s\n", shown_record,
                           again);
}

void table_append_unexpected(GString *out, const json_t *results,
                             const struct table_style *style)
{
    guint found = 0;
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) != CALL_NOT_AS_EXPECTED)
            continue;
        if (found++ == 0)
            g_string_append(out, "\nNot as expected:\n");
        if (found <= MAX_LISTED)
            append_call(out, results, call, style);
    }
    if (found > MAX_LISTED)
        g_string_append_printf(out, "  and %u more: see results.json\n",
                               found - MAX_LISTED);
}

/* What the attempts before the last one came to. */
static void append_attempts(GString *out, const json_t *call)
{
    size_t i;
    json_t *attempt;
    json_array_foreach(json_object_get(call, "failed_attempts"), i, attempt)
    {
        g_autofree char *why = text_escape(call_why(attempt));
        g_string_append_printf(out, "\n    attempt %zu  %s", i + 1, why);
    }
    g_string_append_c(out, '\n');
}

void table_append_flaky(GString *out, const json_t *results,
                        const struct table_style *style)
{
    guint found = 0;
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) != CALL_FLAKY)
            continue;
        if (found++ == 0)
            table_append_toned(out, "\nFlaky: as expected after a retry:\n", TABLE_ODD,
                               style);
        if (found > MAX_LISTED)
            continue;
        g_autofree char *key = text_escape(call_text(call, "key", "?"));
        g_string_append_printf(out, "  %s", key);
        append_attempts(out, call);
    }
    if (found > MAX_LISTED)
        g_string_append_printf(out, "  and %u more: see results.json\n",
                               found - MAX_LISTED);
}

/* Calls by the entry of the file that is about them, in the order in which they came. */
struct entry {
    const json_t *known; /* of the first of them */
    unsigned n_failed, n_passed, n_calls;
};

static GArray *list_entries(const json_t *calls)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const json_t *known = known_of(call);
        if (!known)
            continue;
        const char *which = call_text(known, "entry", "?");
        guint at = 0;
        while (at < entries->len &&
               strcmp(call_text(g_array_index(entries, struct entry, at).known, "entry",
                                "?"),
                      which) != 0)
            at++;
        if (at == entries->len)
            g_array_append_val(entries, (struct entry){ .known = known });
        struct entry *entry = &g_array_index(entries, struct entry, at);
        entry->n_calls++;
        entry->n_failed += has_status(call, "fails");
        entry->n_passed += call_passes_unexpectedly(call);
    }
    return entries;
}

static void append_failed(GString *out, const struct entry *entry)
{
    g_autofree char *calls = text_escape(call_text(entry->known, "calls", "?"));
    g_autofree char *outcome = text_escape(call_text(entry->known, "outcome", "?"));
    g_autofree char *reason = text_escape(call_text(entry->known, "reason", ""));
    g_string_append_printf(out, "  %s: %s (%u call%s)\n    %s\n", calls, outcome,
                           entry->n_failed, entry->n_failed == 1 ? "" : "s", reason);
}

static void append_passed(GString *out, const struct entry *entry)
{
    g_autofree char *calls = text_escape(call_text(entry->known, "calls", "?"));
    g_autofree char *which = text_escape(call_text(entry->known, "entry", "?"));
    g_string_append_printf(out, "  %s: ", calls);
    if (entry->n_passed == entry->n_calls)
        g_string_append_printf(out, "%u call%s; remove %s\n", entry->n_calls,
                               entry->n_calls == 1 ? "" : "s, all of it", which);
    else
        g_string_append_printf(out, "%u of %u calls; make %s narrower, if that lasts\n",
                               entry->n_passed, entry->n_calls, which);
}

void table_append_known(GString *out, const json_t *results,
                        const struct table_style *style)
{
    g_autoptr(GArray) entries = list_entries(json_object_get(results, "calls"));
    const json_t *run = json_object_get(results, "run");
    g_autofree char *path = text_escape(call_text(run, "known_failures", "?"));
    unsigned n_failed = 0, n_passed = 0;
    for (guint i = 0; i < entries->len; i++) {
        const struct entry *entry = &g_array_index(entries, struct entry, i);
        if (entry->n_failed > 0 && n_failed++ == 0)
            table_append_toned(out, "\nKnown failures:\n", TABLE_ODD, style);
        if (entry->n_failed > 0)
            append_failed(out, entry);
    }
    for (guint i = 0; i < entries->len; i++) {
        const struct entry *entry = &g_array_index(entries, struct entry, i);
        if (entry->n_passed > 0 && n_passed++ == 0)
            g_string_append_printf(out, "\nNow as expected, though %s says otherwise:\n",
                                   path);
        if (entry->n_passed > 0)
            append_passed(out, entry);
    }
}

/* Reasons, each once, and how many calls have it. */
void table_append_unsupported(GString *out, const json_t *results,
                              const struct table_style *style)
{
    struct tally reasons;
    tally_init(&reasons);
    size_t i;
    json_t *call, *entry;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) == CALL_UNSUPPORTED)
            tally_add(&reasons, text_escape(call_text(call, "why", "")));
    }
    if (reasons.words->len > 0)
        table_append_toned(out, "\nUnsupported:\n", TABLE_ODD, style);
    for (guint r = 0; r < MIN(reasons.words->len, MAX_REASONS); r++) {
        guint count = g_array_index(reasons.counts, guint, r);
        const char *why = reasons.words->pdata[r];
        g_string_append_printf(out, "  %u call%s: %s\n", count, count == 1 ? "" : "s",
                               *why ? why : "no reason is recorded");
    }
    if (reasons.words->len > MAX_REASONS)
        g_string_append_printf(out, "  and for %u more reasons: see results.json\n",
                               reasons.words->len - MAX_REASONS);
    tally_clear(&reasons);
    const json_t *run = json_object_get(results, "run");
    json_array_foreach(json_object_get(run, "left_out"), i, entry)
    {
        g_autofree char *why = text_escape(call_text(entry, "why", "?"));
        g_string_append_printf(out, "%s  %s\n", i == 0 ? "\nLeft out:\n" : "", why);
    }
}

/* "1 not (1 timeout)" and "2 unsupported", as far as there are any. */
static void append_verdicts(GString *out, const guint verdicts[CALL_N_VERDICTS],
                            const struct tally *unexpected)
{
    if (verdicts[CALL_AS_EXPECTED] > 0 && verdicts[CALL_NOT_AS_EXPECTED] == 0 &&
        verdicts[CALL_UNSUPPORTED] == 0 && verdicts[CALL_KNOWN_FAILURE] == 0 &&
        verdicts[CALL_FLAKY] == 0)
        g_string_append(out, "all as expected");
    else
        g_string_append_printf(out, "%u as expected", verdicts[CALL_AS_EXPECTED]);
    for (guint i = 0; i < unexpected->words->len; i++) {
        if (i == 0)
            g_string_append_printf(out, ", %u not (", verdicts[CALL_NOT_AS_EXPECTED]);
        g_string_append_printf(out, "%s%u %s", i ? ", " : "",
                               g_array_index(unexpected->counts, guint, i),
                               (const char *)unexpected->words->pdata[i]);
    }
    if (unexpected->words->len > 0)
        g_string_append_c(out, ')');
    if (verdicts[CALL_FLAKY] > 0)
        g_string_append_printf(out, ", %u flaky", verdicts[CALL_FLAKY]);
    if (verdicts[CALL_KNOWN_FAILURE] > 0)
        g_string_append_printf(out, ", %u known failure%s", verdicts[CALL_KNOWN_FAILURE],
                               verdicts[CALL_KNOWN_FAILURE] == 1 ? "" : "s");
    if (verdicts[CALL_UNSUPPORTED] > 0)
        g_string_append_printf(out, ", %u unsupported", verdicts[CALL_UNSUPPORTED]);
}

/* The worst of the calls whose packets were too late for their latencies to be the
   network's alone. */
static void append_lateness(GString *out, const json_t *calls)
{
    unsigned n_late = 0;
    double worst_us = 0;
    const char *worst = NULL;
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const json_t *lateness = json_object_get(call, "lateness");
        if (!json_is_false(json_object_get(lateness, "within_budget")))
            continue;
        n_late++;
        double p99_us = json_number_value(json_object_get(lateness, "p99_us"));
        if (!worst || p99_us > worst_us) {
            worst_us = p99_us;
            worst = call_text(call, "key", "?");
        }
    }
    if (n_late == 0)
        return;
    g_autofree char *key = text_escape(worst);
    g_string_append_printf(out,
                           "\nThe machine was busy: packets of %u call%s were late, "
                           "p99 up to %.1f ms\n  (%s); fewer --jobs help\n",
                           n_late, n_late == 1 ? "" : "s", worst_us / 1000, key);
}

/* What ran on the wall clock although the virtual one was asked for, by its reasons. */
static void append_wall_clock(GString *out, const json_t *calls)
{
    struct tally reasons;
    tally_init(&reasons);
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const char *why = call_text(call, "clock_why", NULL);
        if (why)
            tally_add(&reasons, text_escape(why));
    }
    for (guint r = 0; r < reasons.words->len; r++) {
        guint count = g_array_index(reasons.counts, guint, r);
        g_string_append_printf(out, "\nOn the wall clock: %u call%s; %s\n", count,
                               count == 1 ? "" : "s", (char *)reasons.words->pdata[r]);
    }
    tally_clear(&reasons);
}

/* What ran on the virtual clock, and another time may give another record. */
static void append_unrepeatable(GString *out, const json_t *calls)
{
    unsigned n = 0;
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call) n +=
        json_is_false(json_object_get(call, "repeatable"));
    if (n > 0)
        g_string_append_printf(
            out,
            "\nRecords of %u call%s may differ from run to run: the hosts' kernels "
            "would\n"
            "  not take all settings (is /proc/sys read-only?); see rtclab doctor\n",
            n, n == 1 ? "" : "s");
}

/* What the audit of the virtual clock found, if there was one. */
static void append_audit(GString *out, const json_t *calls)
{
    json_int_t n_bypasses = 0;
    unsigned n_calls = 0, n_audited = 0;
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const json_t *count = json_object_get(call, "clock_bypasses");
        n_audited += json_is_integer(count);
        n_calls += json_integer_value(count) > 0;
        n_bypasses += json_integer_value(count);
    }
    if (n_audited > 0 && n_bypasses == 0)
        g_string_append_printf(out,
                               "\nClock audit: nothing bypassed the virtual clock in %u "
                               "call%s\n",
                               n_audited, n_audited == 1 ? "" : "s");
    else if (n_audited > 0)
        g_string_append_printf(
            out,
            "\nClock audit: %" JSON_INTEGER_FORMAT
            " timed system call%s bypassed the virtual clock, in %u of "
            "%u call%s;\n  see clock-audit.txt in their records\n",
            n_bypasses, n_bypasses == 1 ? "" : "s", n_calls, n_audited,
            n_audited == 1 ? "" : "s");
}

void table_append_summary(GString *out, const json_t *results,
                          const struct table_style *style)
{
    const json_t *calls = json_object_get(results, "calls");
    guint verdicts[CALL_N_VERDICTS] = { 0 };
    struct tally unexpected;
    tally_init(&unexpected);
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        enum call_verdict verdict = call_verdict_of(call);
        verdicts[verdict]++;
        if (verdict == CALL_NOT_AS_EXPECTED)
            tally_add(&unexpected, text_escape(call_text(call, "outcome", "?")));
    }
    append_wall_clock(out, calls);
    append_unrepeatable(out, calls);
    append_audit(out, calls);
    append_lateness(out, calls);
    size_t total = json_array_size(calls);
    if (total > 0)
        g_string_append_c(out, '\n');
    const json_t *run = json_object_get(results, "run");
    if (json_is_true(json_object_get(run, "interrupted")))
        g_string_append(out, "Interrupted. ");
    else if (json_is_false(json_object_get(run, "complete")))
        g_string_append(out, "The run is not complete. ");
    if (total == 0) {
        g_string_append(out, "No call ran");
    } else {
        g_string_append_printf(out, "%zu call%s: ", total, total == 1 ? "" : "s");
        append_verdicts(out, verdicts, &unexpected);
    }
    const json_t *elapsed = json_object_get(run, "elapsed_s");
    if (json_is_number(elapsed))
        g_string_append_printf(out, "; %.1f s", json_number_value(elapsed));
    g_autofree char *folder = text_escape(style->folder);
    g_string_append_printf(out, "; records in %s\n", folder);
    tally_clear(&unexpected);
}
