/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong comes first, since what does not fit is cut at the end (GitHub takes 1
 * MiB of a job's step). Lists name the first few; when everything fails it fails for one
 * reason. The matrix and its words are summary_matrix.c's.
 *
 * Everything that is not a word of ours stands in a code span (reports/markdown.h).
 */
#include "reports/summary.h"

#include <string.h>

#include "reports/call_words.h"
#include "reports/headline.h"
#include "reports/markdown.h"
#include "reports/rerun.h"
#include "reports/summary_matrix.h"
#include "reports/unpaired.h"

enum { MAX_LISTED = 20 };

static const char cut_note[] = "\n*Cut here: the rest is in summary.md and in "
                               "report/index.html of the run's folder.*\n";

/* "\n### Title\n\n" once, before the first of a list. */
static void append_title(GString *out, size_t found, const char *title)
{
    if (found == 1)
        g_string_append_printf(out, "\n### %s\n\n", title);
}

static void append_rest(GString *out, size_t found)
{
    if (found > MAX_LISTED)
        g_string_append_printf(out, "- and %zu more: see results.json\n",
                               found - MAX_LISTED);
}

/* "  - cause: `…`"; nothing without a text. */
static void append_point(GString *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    g_string_append_printf(out, "  - %s: ", name);
    markdown_append_code(out, text);
    g_string_append_c(out, '\n');
}

static void append_attempts(GString *out, const json_t *call)
{
    size_t i;
    json_t *attempt;
    json_array_foreach(json_object_get(call, "failed_attempts"), i, attempt)
    {
        g_autofree char *name = g_strdup_printf("attempt %zu", i + 1);
        append_point(out, name, call_why(attempt));
    }
}

static void append_call(GString *out, const json_t *results, const json_t *call)
{
    const char *events = call_text(json_object_get(call, "artifacts"), "events", NULL);
    g_autofree char *record = events ? g_path_get_dirname(events) : NULL;
    g_autofree char *cause = call_cause(call);
    g_autofree char *again = rerun_format(results, call);
    g_string_append(out, "- ");
    markdown_append_code(out, call_text(call, "key", "?"));
    g_string_append(out, ": ");
    markdown_append_code(out, call_why(call));
    g_string_append_c(out, '\n');
    append_point(out, "cause", cause);
    append_attempts(out, call);
    append_point(out, "record", record);
    g_string_append_c(out, '\n');
    markdown_append_command(out, "  ", again);
}

static void append_unexpected(GString *out, const json_t *results)
{
    size_t i, found = 0;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) != CALL_NOT_AS_EXPECTED)
            continue;
        append_title(out, ++found, "Not as expected");
        if (found > MAX_LISTED)
            continue;
        if (found > 1)
            g_string_append_c(out, '\n');
        append_call(out, results, call);
    }
    append_rest(out, found);
}

static void append_flaky(GString *out, const json_t *results)
{
    size_t i, found = 0;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) != CALL_FLAKY)
            continue;
        append_title(out, ++found, "Flaky: as expected after a retry");
        if (found > MAX_LISTED)
            continue;
        g_string_append(out, "- ");
        markdown_append_code(out, call_text(call, "key", "?"));
        g_string_append_c(out, '\n');
        append_attempts(out, call);
    }
    append_rest(out, found);
}

/* Known failures and passes, call by call: the reason says which belong together. */
static void append_known(GString *out, const json_t *results, bool passes,
                         const char *title)
{
    size_t i, found = 0;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const json_t *known = json_object_get(call, "known_failure");
        if (passes ? !call_passes_unexpectedly(call)
                   : call_verdict_of(call) != CALL_KNOWN_FAILURE)
            continue;
        append_title(out, ++found, title);
        if (found > MAX_LISTED)
            continue;
        g_string_append(out, "- ");
        markdown_append_code(out, call_text(call, "key", "?"));
        g_string_append(out, passes ? ": entry " : ": ");
        markdown_append_code(out, passes ? call_text(known, "entry", "?")
                                         : call_text(known, "reason", "?"));
        g_string_append_c(out, '\n');
    }
    append_rest(out, found);
}

static void append_unsupported(GString *out, const json_t *results)
{
    size_t i, n = 0;
    const char *why = NULL;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        if (call_verdict_of(call) != CALL_UNSUPPORTED)
            continue;
        n++;
        why = why ? why : call_why(call);
    }
    if (n == 0)
        return;
    g_string_append_printf(out, "\n%zu call%s unsupported, the first because: ", n,
                           n == 1 ? "" : "s");
    markdown_append_code(out, why);
    g_string_append_c(out, '\n');
}

/* ---- the baseline ---- */

static void append_change(GString *out, const json_t *change)
{
    bool is_regression = json_is_true(json_object_get(change, "is_regression"));
    const json_t *divergence = json_object_get(change, "divergence");
    g_autofree char *name = call_name_change(change);
    g_string_append_printf(out, "- %s ", is_regression ? SUMMARY_BAD : SUMMARY_NOTE);
    markdown_append_code(out, name);
    g_string_append(out, ": ");
    markdown_append_code(out, call_text(change, "text", "?"));
    g_string_append_c(out, '\n');
    append_point(out, "first divergence", call_text(divergence, "text", NULL));
}

/* Regressions first. */
static void append_baseline(GString *out, const json_t *results)
{
    const json_t *baseline = json_object_get(results, "baseline");
    const json_t *changes = json_object_get(baseline, "changes");
    if (!baseline)
        return;
    g_string_append(out, "\n### Against the baseline: ");
    markdown_append_text(out, call_text(baseline, "verdict", "?"));
    g_string_append(out, "\n\nThe baseline is ");
    markdown_append_code(out, call_text(baseline, "id", "?"));
    g_string_append(out, " by version ");
    markdown_append_code(out, call_text(baseline, "version", "?"));
    g_string_append_printf(out, ".%s\n\n",
                           json_array_size(changes) > 0 ? "" : " Nothing changed.");
    size_t found = 0;
    for (int is_regression = 1; is_regression >= 0; is_regression--) {
        size_t i;
        json_t *change;
        json_array_foreach(changes, i, change)
        {
            if (!unpaired_is(change) &&
                json_is_true(json_object_get(change, "is_regression")) == is_regression &&
                ++found <= MAX_LISTED)
                append_change(out, change);
        }
    }
    append_rest(out, found);
    for (int is_new = 0; is_new <= 1; is_new++) {
        g_autofree char *words = unpaired_format(baseline, is_new);
        if (!words)
            continue;
        g_string_append(out, "- " SUMMARY_NOTE " ");
        markdown_append_text(out, words);
        g_string_append_c(out, '\n');
    }
    size_t i;
    json_t *note;
    json_array_foreach(json_object_get(baseline, "notes"), i, note)
    {
        g_string_append(out, "- " SUMMARY_NOTE " ");
        markdown_append_text(out,
                             json_string_value(note) ? json_string_value(note) : "?");
        g_string_append_c(out, '\n');
    }
}

/* ---- the whole ---- */

static void append_run(GString *out, const json_t *results)
{
    const json_t *run = json_object_get(results, "run");
    const json_t *elapsed = json_object_get(run, "elapsed_s");
    const char *shard = call_text(run, "shard", NULL);
    g_string_append(out, "\nRun ");
    markdown_append_code(out, call_text(run, "id", "?"));
    g_string_append(out, ", seed ");
    markdown_append_code(out, call_text(run, "seed", "?"));
    if (shard) {
        g_string_append(out, ", shard ");
        markdown_append_code(out, shard);
    }
    if (json_is_number(elapsed))
        g_string_append_printf(out, ", %.1f s", json_number_value(elapsed));
    g_string_append(out, ". Charts and packets: report/index.html in its folder.\n");
}

/* What the first line begins with. */
static const char *mark_of(const json_t *results)
{
    const json_t *baseline = json_object_get(results, "baseline");
    const char *verdict = call_text(baseline, "verdict", "");
    bool is_bad =
        strcmp(verdict, "failed") == 0 || strcmp(verdict, "regressed") == 0 ||
        json_is_false(json_object_get(json_object_get(results, "run"), "complete"));
    bool is_odd = strcmp(verdict, "inconclusive") == 0;
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        enum call_verdict is = call_verdict_of(call);
        is_bad |= is == CALL_NOT_AS_EXPECTED;
        is_odd |= is == CALL_FLAKY;
    }
    return is_bad ? SUMMARY_BAD : is_odd ? SUMMARY_ODD : SUMMARY_GOOD;
}

char *summary_format(const json_t *results)
{
    g_autofree char *headline = headline_format(results);
    GString *out = g_string_new("## rtclab\n\n");
    g_string_append_printf(out, "%s ", mark_of(results));
    markdown_append_text(out, headline);
    g_string_append(out, ".\n");
    append_unexpected(out, results);
    append_baseline(out, results);
    append_flaky(out, results);
    append_known(out, results, false, "Known failures");
    append_known(out, results, true, "Now as expected, though known to fail");
    append_unsupported(out, results);
    summary_append_matrix(out, results);
    append_run(out, results);
    return g_string_free(out, FALSE);
}

/* Appends what ends a fence or a <details> that the cut left open. Lines that begin with
   either are ours: strings of others stand further to the right. */
static void close_blocks(GString *out)
{
    g_autofree char *fence = NULL;
    bool is_folded = false;
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        size_t n_blanks = strspn(*line, " ");
        size_t n_ticks = strspn(*line + n_blanks, "`");
        if (n_ticks >= 3 && strcmp(*line + n_blanks + n_ticks, "sh") == 0)
            fence = g_strndup(*line, n_blanks + n_ticks);
        else if (g_strcmp0(*line, fence) == 0)
            g_clear_pointer(&fence, g_free);
        else if (g_str_has_prefix(*line, "<details>"))
            is_folded = true;
        else if (strcmp(*line, "</details>") == 0)
            is_folded = false;
    }
    if (fence)
        g_string_append_printf(out, "%s\n", fence);
    if (is_folded)
        g_string_append(out, "\n</details>\n");
}

char *summary_cut(const char *summary, size_t most_bytes)
{
    if (strlen(summary) <= most_bytes)
        return g_strdup(summary);
    GString *out = g_string_new(NULL);
    size_t size = most_bytes;
    /* Whole lines, and room for what closes them. */
    while (size > 0) {
        g_string_truncate(out, 0);
        const char *end = g_strrstr_len(summary, (gssize)size, "\n");
        size = end ? (size_t)(end - summary) : 0;
        if (size == 0)
            break;
        g_string_append_len(out, summary, (gssize)size + 1);
        close_blocks(out);
        g_string_append(out, cut_note);
        if (out->len <= most_bytes)
            return g_string_free(out, FALSE);
    }
    g_string_truncate(out, 0);
    return g_string_free(out, FALSE);
}
