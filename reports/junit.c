/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suites are made as text, then counted into the head: the counts must stand before what
 * they count. Jenkins makes packages of a class name's dots, and so folders of an id's
 * slashes.
 *
 * A known failure is skipped, as pytest has it for what is expected to fail: readers
 * count it apart, and do not fail of it. Deliberately no `file` and no `properties` of a
 * case: the schema has none.
 */
#include "reports/junit.h"

#include <string.h>

#include "base/xml.h"
#include "reports/call_words.h"
#include "reports/rerun.h"

struct counts {
    unsigned tests, failures, errors, skipped;
    double seconds;
};

struct suite {
    GString *cases;
    struct counts counts;
};

static void add_counts(struct counts *all, const struct counts *counts)
{
    all->tests += counts->tests;
    all->failures += counts->failures;
    all->errors += counts->errors;
    all->skipped += counts->skipped;
    all->seconds += counts->seconds;
}

/* "rtclab.nat.symmetric~symmetric" */
static char *class_of(const char *scenario)
{
    char *name = g_strconcat("rtclab.", scenario, NULL);
    return g_strdelimit(name, "/", '.');
}

static void append_line(GString *out, const char *name, const char *text)
{
    if (text && *text)
        g_string_append_printf(out, "%s: %s\n", name, text);
}

/* An attribute that readers want words in: "?" where nothing is left of the text. */
static void append_words(GString *out, const char *name, const char *text)
{
    gsize before = out->len;
    xml_append_attribute(out, name, text);
    if (g_str_has_suffix(out->str + before, "=\"\""))
        g_string_insert_c(out, (gssize)out->len - 1, '?');
}

/* <failure message="…" type="…">text</failure> */
static void append_element(GString *out, const char *element, const char *type,
                           const char *message, const char *text)
{
    g_string_append_printf(out, "      <%s", element);
    append_words(out, "message", message);
    append_words(out, "type", type);
    if (!*text) {
        g_string_append(out, "/>\n");
        return;
    }
    g_string_append_c(out, '>');
    xml_append_text(out, text);
    g_string_append_printf(out, "</%s>\n", element);
}

/* The folder of the record, which has the call's other files too; NULL: it has none. */
static char *folder_of(const json_t *call)
{
    const char *events = call_text(json_object_get(call, "artifacts"), "events", NULL);
    return events ? g_path_get_dirname(events) : NULL;
}

static void append_output(GString *out, const json_t *results, const json_t *call)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const json_t *setup = json_object_get(call, "setup_ms");
    g_autofree char *pair = call_pair(call);
    g_autofree char *cause = call_cause(call);
    g_autofree char *record = folder_of(call);
    g_autofree char *again = rerun_format(results, call);
    const json_t *known = json_object_get(call, "known_failure");
    append_line(text, "outcome", call_text(call, "outcome", "?"));
    if (json_is_number(setup))
        g_string_append_printf(text, "set-up: %.1f ms, %s\n", json_number_value(setup),
                               pair);
    append_line(text, "cause", cause);
    if (known) {
        g_string_append_printf(text, "known: %s %s\n", call_text(known, "entry", "?"),
                               call_text(known, "status", "?"));
        append_line(text, "reason", call_text(known, "reason", ""));
    }
    append_line(text, "record", record);
    append_line(text, "again", again);
    g_string_append(out, "      <system-out>");
    xml_append_text(out, text->str);
    g_string_append(out, "</system-out>\n");
}

static void append_attempts(GString *out, const json_t *call, const char *prefix)
{
    size_t i;
    json_t *attempt;
    json_array_foreach(json_object_get(call, "failed_attempts"), i, attempt)
    {
        g_autofree char *element =
            g_strconcat(prefix, call_is_error(attempt) ? "Error" : "Failure", NULL);
        g_autofree char *record =
            g_strdup_printf("record: %s", call_text(attempt, "folder", "?"));
        append_element(out, element, call_text(attempt, "outcome", "?"),
                       call_why(attempt), record);
    }
}

static void append_known(GString *out, const json_t *call)
{
    const char *reason =
        call_text(json_object_get(call, "known_failure"), "reason", "no reason is given");
    g_autofree char *message = g_strdup_printf("known failure: %s", reason);
    append_element(out, "skipped", "known", message, call_why(call));
}

static void append_bad(GString *out, const json_t *call)
{
    const char *why = call_why(call);
    g_autofree char *cause = call_cause(call);
    g_autofree char *text = g_strjoin("\n", why, cause, NULL);
    append_element(out, call_is_error(call) ? "error" : "failure",
                   call_text(call, "outcome", "?"), why, text);
    append_attempts(out, call, "rerun");
}

static void append_verdict(struct suite *suite, const json_t *call)
{
    switch (call_verdict_of(call)) {
    case CALL_AS_EXPECTED:
        break;
    case CALL_FLAKY:
        append_attempts(suite->cases, call, "flaky");
        break;
    case CALL_UNSUPPORTED:
        suite->counts.skipped++;
        append_element(suite->cases, "skipped", "unsupported", call_why(call), "");
        break;
    case CALL_KNOWN_FAILURE:
        suite->counts.skipped++;
        append_known(suite->cases, call);
        break;
    case CALL_NOT_AS_EXPECTED:
        if (call_is_error(call))
            suite->counts.errors++;
        else
            suite->counts.failures++;
        append_bad(suite->cases, call);
        break;
    case CALL_N_VERDICTS:
        break;
    }
}

static void begin_case(struct suite *suite, const char *name, const char *class_name)
{
    suite->counts.tests++;
    g_string_append(suite->cases, "    <testcase");
    append_words(suite->cases, "name", name);
    append_words(suite->cases, "classname", class_name);
}

static void append_call(struct suite *suite, const json_t *results, const json_t *call)
{
    g_autofree char *class_name = class_of(call_text(call, "scenario", "?"));
    begin_case(suite, call_text(call, "key", "?"), class_name);
    const json_t *setup = json_object_get(call, "setup_ms");
    if (json_is_number(setup)) {
        suite->counts.seconds += json_number_value(setup) / 1e3;
        g_string_append_printf(suite->cases, " time=\"%.6f\"",
                               json_number_value(setup) / 1e3);
    }
    g_string_append(suite->cases, ">\n");
    append_verdict(suite, call);
    append_output(suite->cases, results, call);
    g_string_append(suite->cases, "    </testcase>\n");
}

static void append_property(GString *out, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append(out, "      <property");
    xml_append_attribute(out, "name", name);
    xml_append_attribute(out, "value", value);
    g_string_append(out, "/>\n");
}

static void append_properties(GString *out, const json_t *results, const char *title)
{
    static const char *const keys[] = { "id",    "version", "seed",
                                        "clock", "shard",   "command" };
    const json_t *run = json_object_get(results, "run");
    g_string_append(out, "    <properties>\n");
    append_property(out, "title", title);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        append_property(out, keys[i], call_text(run, keys[i], NULL));
    g_string_append(out, "    </properties>\n");
}

/* Of both elements; `skipped` and the rest are the suite's alone. */
static void append_counts(GString *out, const struct counts *counts)
{
    g_string_append_printf(
        out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"%.3f\"", counts->tests,
        counts->failures, counts->errors, counts->seconds);
}

/* Ends a suite: its head, its cases, and it is gone. */
static void append_suite(GString *out, const json_t *results, const char *name,
                         const char *title, struct suite *suite_consumed,
                         struct counts *all)
{
    const json_t *run = json_object_get(results, "run");
    g_autoptr(GDateTime) started =
        g_date_time_new_from_iso8601(call_text(run, "started", ""), NULL);
    g_string_append(out, "  <testsuite");
    append_words(out, "name", name);
    append_counts(out, &suite_consumed->counts);
    g_string_append_printf(out, " skipped=\"%u\"", suite_consumed->counts.skipped);
    if (started) {
        g_autofree char *text = g_date_time_format(started, "%Y-%m-%dT%H:%M:%S");
        xml_append_attribute(out, "timestamp", text);
    }
    g_string_append(out, ">\n");
    append_properties(out, results, title);
    g_string_append_printf(out, "%s  </testsuite>\n", suite_consumed->cases->str);
    add_counts(all, &suite_consumed->counts);
    g_string_free(suite_consumed->cases, TRUE);
    g_free(suite_consumed);
}

static struct suite *suite_new(void)
{
    struct suite *suite = g_new0(struct suite, 1);
    suite->cases = g_string_new(NULL);
    return suite;
}

static void append_change(struct suite *suite, const json_t *change)
{
    g_autofree char *name = call_name_change(change);
    const char *text = call_text(change, "text", "?");
    begin_case(suite, name, "rtclab-baseline");
    g_string_append(suite->cases, ">\n");
    if (json_is_true(json_object_get(change, "is_regression"))) {
        suite->counts.failures++;
        append_element(suite->cases, "failure", call_text(change, "kind", "?"), text, "");
    } else {
        g_string_append(suite->cases, "      <system-out>");
        xml_append_text(suite->cases, text);
        g_string_append(suite->cases, "</system-out>\n");
    }
    g_string_append(suite->cases, "    </testcase>\n");
}

static void append_baseline(GString *out, const json_t *results, struct counts *all)
{
    const json_t *baseline = json_object_get(results, "baseline");
    if (!baseline)
        return;
    struct suite *suite = suite_new();
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
        append_change(suite, change);
    const char *verdict = call_text(baseline, "verdict", "?");
    g_autofree char *title =
        g_strdup_printf("%s against %s", verdict, call_text(baseline, "id", "?"));
    bool is_idle = json_integer_value(json_object_get(baseline, "compared")) == 0;
    if (strcmp(verdict, "inconclusive") == 0) {
        begin_case(suite, "verdict", "rtclab-baseline");
        g_string_append(suite->cases, ">\n");
        suite->counts.errors++;
        append_element(suite->cases, "error", verdict,
                       is_idle ? "no call of this run is in the baseline"
                               : "too little was measured to tell; make more repeats",
                       "");
        g_string_append(suite->cases, "    </testcase>\n");
    }
    append_suite(out, results, "baseline", title, suite, all);
}

static void append_incomplete(GString *out, const json_t *results, struct counts *all)
{
    const json_t *run = json_object_get(results, "run");
    if (!json_is_false(json_object_get(run, "complete")))
        return;
    struct suite *suite = suite_new();
    bool is_interrupted = json_is_true(json_object_get(run, "interrupted"));
    suite->counts.errors++;
    begin_case(suite, "all calls were made", "rtclab-run");
    g_string_append(suite->cases, ">\n");
    append_element(suite->cases, "error", "incomplete",
                   is_interrupted ? "the run was interrupted" : "the run is not complete",
                   "");
    g_string_append(suite->cases, "    </testcase>\n");
    append_suite(out, results, "run", NULL, suite, all);
}

/* Suites by scenario, in the order in which each first comes. */
static void append_scenarios(GString *out, const json_t *results, struct counts *all)
{
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const char *name = call_text(call, "scenario", "?");
        struct suite *suite = g_hash_table_lookup(by_name, name);
        if (!suite) {
            suite = suite_new();
            g_hash_table_insert(by_name, (void *)name, suite);
            g_ptr_array_add(names, (void *)name);
        }
        append_call(suite, results, call);
    }
    const json_t *scenarios = json_object_get(results, "scenarios");
    for (guint n = 0; n < names->len; n++) {
        const char *name = names->pdata[n];
        append_suite(out, results, name,
                     call_text(json_object_get(scenarios, name), "title", NULL),
                     g_hash_table_lookup(by_name, name), all);
    }
}

char *junit_format(const json_t *results)
{
    struct counts all = { 0 };
    g_autoptr(GString) suites = g_string_new(NULL);
    append_scenarios(suites, results, &all);
    append_baseline(suites, results, &all);
    append_incomplete(suites, results, &all);
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<testsuites name=\"rtclab\"");
    append_counts(out, &all);
    g_string_append_printf(out, ">\n%s</testsuites>\n", suites->str);
    return g_string_free(out, FALSE);
}
