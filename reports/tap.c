/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are null are left out of a diagnostic, as is what does not apply. */
#include "reports/tap.h"

#include "base/tap.h"
#include "reports/call_words.h"
#include "reports/rerun.h"

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && *text)
        json_object_set_new(object, key, json_string(text));
}

static json_t *describe_attempts(const json_t *call)
{
    json_t *list = json_array();
    size_t i;
    json_t *attempt;
    json_array_foreach(json_object_get(call, "failed_attempts"), i, attempt)
    {
        json_t *object = json_object();
        set_text(object, "outcome", call_text(attempt, "outcome", "?"));
        set_text(object, "why", call_text(attempt, "why", NULL));
        set_text(object, "record", call_text(attempt, "folder", NULL));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *describe(const json_t *results, const json_t *call)
{
    json_t *object = json_object();
    const json_t *setup = json_object_get(call, "setup_ms");
    const char *events = call_text(json_object_get(call, "artifacts"), "events", NULL);
    g_autofree char *record = events ? g_path_get_dirname(events) : NULL;
    g_autofree char *pair = call_pair(call);
    g_autofree char *cause = call_cause(call);
    g_autofree char *again = rerun_format(results, call);
    set_text(object, "outcome", call_text(call, "outcome", "?"));
    set_text(object, "why", call_text(call, "why", NULL));
    set_text(object, "cause", cause);
    if (json_is_number(setup)) {
        set_text(object, "selected", pair);
        json_object_set(object, "setup_ms", (json_t *)setup);
    }
    if (json_array_size(json_object_get(call, "failed_attempts")) > 0)
        json_object_set_new(object, "failed_attempts", describe_attempts(call));
    set_text(object, "record", record);
    set_text(object, "again", again);
    return object;
}

static void append_directive(GString *out, const json_t *call)
{
    const json_t *known = json_object_get(call, "known_failure");
    switch (call_verdict_of(call)) {
    case CALL_UNSUPPORTED:
        g_string_append(out, " # SKIP unsupported: ");
        tap_append_description(out, call_why(call));
        break;
    case CALL_KNOWN_FAILURE:
        g_string_append(out, " # TODO known failure: ");
        tap_append_description(out, call_text(known, "reason", "no reason is given"));
        break;
    case CALL_AS_EXPECTED:
    case CALL_FLAKY:
    case CALL_NOT_AS_EXPECTED:
    case CALL_N_VERDICTS:
        break;
    }
}

static void append_call(GString *out, const json_t *results, const json_t *call,
                        unsigned number)
{
    enum call_verdict verdict = call_verdict_of(call);
    bool is_ok = verdict != CALL_NOT_AS_EXPECTED && verdict != CALL_KNOWN_FAILURE;
    g_string_append_printf(out, "%sok %u - ", is_ok ? "" : "not ", number);
    tap_append_description(out, call_text(call, "key", "?"));
    append_directive(out, call);
    g_string_append_c(out, '\n');
    json_t *diagnostic = describe(results, call);
    tap_append_yaml(out, diagnostic);
    json_decref(diagnostic);
}

/* @return how many tests there are now */
static unsigned append_baseline(GString *out, const json_t *results, unsigned number)
{
    size_t i;
    json_t *change;
    const json_t *baseline = json_object_get(results, "baseline");
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
    {
        if (!json_is_true(json_object_get(change, "is_regression")))
            continue;
        g_autofree char *name = call_name_change(change);
        g_string_append_printf(out, "not ok %u - baseline: ", ++number);
        tap_append_description(out, name);
        json_t *diagnostic = json_object();
        set_text(diagnostic, "text", call_text(change, "text", "?"));
        g_string_append_c(out, '\n');
        tap_append_yaml(out, diagnostic);
        json_decref(diagnostic);
    }
    return number;
}

char *tap_format(const json_t *results)
{
    const json_t *run = json_object_get(results, "run");
    GString *out = g_string_new("TAP version 13\n# rtclab ");
    tap_append_description(out, call_text(run, "version", "?"));
    g_string_append(out, ", seed ");
    tap_append_description(out, call_text(run, "seed", "?"));
    g_string_append_c(out, '\n');
    unsigned number = 0;
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
        append_call(out, results, call, ++number);
    number = append_baseline(out, results, number);
    if (json_is_true(json_object_get(run, "interrupted")))
        g_string_append(out, "Bail out! interrupted\n");
    else if (json_is_false(json_object_get(run, "complete")))
        g_string_append(out, "Bail out! not all calls were made\n");
    else
        g_string_append_printf(out, "1..%u\n", number);
    return g_string_free(out, FALSE);
}
