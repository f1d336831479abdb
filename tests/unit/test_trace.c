/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces against a golden file (golden.h), and each event against the rules of the Trace
 * Event Format: the fields that its phase needs, threads that are named, slices that
 * nest, flows that begin, end, and are tied to slices.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "golden.h"
#include "hostile_results.h"
#include "reports/trace.h"

static json_t *load_timeline(void)
{
    json_t *timeline = json_load_file(TEST_DATA "/report/call.timeline.json", 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(timeline);
    return timeline;
}

static json_t *trace_of(const json_t *timeline)
{
    g_autofree char *text = trace_format(timeline);
    json_t *trace = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
    return trace;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- the rules ---- */

static unsigned n_broken;
static bool is_quiet;

static void must(bool holds, const char *what, const json_t *event)
{
    if (holds)
        return;
    if (n_broken++ < 5 && !is_quiet) {
        char *text = json_dumps(event, JSON_COMPACT);
        printf("\n  %s: %s", what, text);
        free(text);
    }
}

static bool is_whole(const json_t *event, const char *key)
{
    return json_is_integer(json_object_get(event, key)) && number_of(event, key) >= 0;
}

static char *thread_of(const json_t *event)
{
    return g_strdup_printf("%d %d", (int)number_of(event, "pid"),
                           (int)number_of(event, "tid"));
}

static void check_fields(const json_t *event)
{
    const char *phase = text_of(event, "ph");
    must(strlen(phase) == 1 && strchr("MXistf", *phase), "a phase that is used", event);
    must(*text_of(event, "name"), "a name", event);
    must(is_whole(event, "ts"), "ts, microseconds from 0", event);
    must(is_whole(event, "pid") && number_of(event, "pid") > 0, "pid", event);
    must(is_whole(event, "tid"), "tid", event);
    if (*phase != 'M')
        must(*text_of(event, "cat"), "cat", event);
    if (*phase == 'X')
        must(is_whole(event, "dur") && number_of(event, "dur") > 0, "dur", event);
    if (*phase == 'i')
        must(strcmp(text_of(event, "s"), "t") == 0, "an instant's scope", event);
    if (strchr("stf", *phase))
        must(json_is_string(json_object_get(event, "id")), "a flow's id", event);
    if (strchr("MXi", *phase))
        must(json_is_object(json_object_get(event, "args")), "args", event);
}

/* A thread as a viewer has it: the slices that are open at its time. */
struct thread {
    GArray *ends_us; /* json_int_t: a stack */
    bool is_named;
    json_int_t last_slice_us; /* when the last one began; -1: there is none */
};

static void thread_free(void *data)
{
    struct thread *thread = data;
    g_array_unref(thread->ends_us);
    g_free(thread);
}

static struct thread *find_thread(GHashTable *threads, const json_t *event)
{
    g_autofree char *key = thread_of(event);
    struct thread *thread = g_hash_table_lookup(threads, key);
    if (!thread) {
        thread = g_new0(struct thread, 1);
        thread->ends_us = g_array_new(FALSE, FALSE, sizeof(json_int_t));
        thread->last_slice_us = -1;
        g_hash_table_insert(threads, g_steal_pointer(&key), thread);
    }
    return thread;
}

static void check_slice(struct thread *thread, const json_t *event)
{
    json_int_t from = number_of(event, "ts"), to = from + number_of(event, "dur");
    GArray *ends = thread->ends_us;
    while (ends->len > 0 && g_array_index(ends, json_int_t, ends->len - 1) <= from)
        g_array_set_size(ends, ends->len - 1);
    must(ends->len == 0 || to <= g_array_index(ends, json_int_t, ends->len - 1),
         "slices that nest", event);
    g_array_append_val(ends, to);
    thread->last_slice_us = from;
}

/* 's' first, 'f' last, and between them in time. */
static void check_flow(GHashTable *flows, const struct thread *thread,
                       const json_t *event)
{
    const char *id = text_of(event, "id");
    char phase = *text_of(event, "ph");
    const char *state = g_hash_table_lookup(flows, id);
    must(phase == 's' ? !state : state && strcmp(state, "open") == 0,
         "a flow's points in order", event);
    must(phase != 'f' || strcmp(text_of(event, "bp"), "e") == 0, "bp", event);
    must(thread->last_slice_us == number_of(event, "ts"), "a slice to tie it to", event);
    g_hash_table_insert(flows, g_strdup(id), phase == 'f' ? "closed" : "open");
}

/* @return how many events of that phase there are */
static unsigned check_trace(const json_t *trace, char counted)
{
    g_autoptr(GHashTable) threads =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, thread_free);
    g_autoptr(GHashTable) flows =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned n = 0;
    json_int_t last_us = 0;
    size_t i;
    json_t *event;
    n_broken = 0;
    json_array_foreach(json_object_get(trace, "traceEvents"), i, event)
    {
        char phase = *text_of(event, "ph");
        struct thread *thread = find_thread(threads, event);
        n += phase == counted;
        check_fields(event);
        must(number_of(event, "ts") >= last_us, "events by time", event);
        last_us = number_of(event, "ts");
        if (strcmp(text_of(event, "name"), "thread_name") == 0)
            thread->is_named = *text_of(json_object_get(event, "args"), "name");
        if (phase != 'M')
            must(thread->is_named, "a thread that has a name", event);
        if (phase == 'X')
            check_slice(thread, event);
        if (strchr("stf", phase))
            check_flow(flows, thread, event);
    }
    GHashTableIter iter;
    void *state;
    g_hash_table_iter_init(&iter, flows);
    while (g_hash_table_iter_next(&iter, NULL, &state))
        must(strcmp(state, "closed") == 0, "flows that end", NULL);
    return n;
}

static unsigned assert_rules(const json_t *trace, char counted)
{
    unsigned n = check_trace(trace, counted);
    CU_ASSERT_EQUAL(n_broken, 0);
    return n;
}

/* ---- tests ---- */

static void test_golden(void)
{
    g_autoptr(json_t) timeline = load_timeline();
    g_autofree char *text = trace_format(timeline);
    /* A line an event, to see what changes; the value is the same. */
    g_auto(GStrv) lines = g_strsplit(text, "},{\"name\"", -1);
    g_autofree char *split = g_strjoinv("},\n{\"name\"", lines);
    assert_golden_file("report/call.trace.json", split);
}

static void test_rules(void)
{
    g_autoptr(json_t) timeline = load_timeline();
    g_autoptr(json_t) trace = trace_of(timeline);
    CU_ASSERT_EQUAL(assert_rules(trace, 's'), 3); /* the packets seen by several taps */
    CU_ASSERT_EQUAL(assert_rules(trace, 'f'), 3);
    CU_ASSERT_EQUAL(assert_rules(trace, 't'), 2);
    CU_ASSERT_TRUE(assert_rules(trace, 'X') > 20);
    CU_ASSERT_EQUAL(number_of(json_object_get(trace, "otherData"), "start_us"), 1500);
}

/* Without any one of its members, and with each of another type. */
static void test_broken_timelines(void)
{
    g_autoptr(json_t) timeline = load_timeline();
    const char *key;
    json_t *value;
    json_object_foreach(timeline, key, value)
    {
        json_t *others[] = { NULL,
                             json_string("x"),
                             json_integer(-7),
                             json_true(),
                             json_pack("[{}, [], s, i, n]", "x", 1),
                             json_pack("{s:[i, {}], s:{}}", "offerer", 1, "answerer") };
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
            json_t *broken = json_deep_copy(timeline);
            if (others[i])
                json_object_set_new(broken, key, others[i]);
            else
                json_object_del(broken, key);
            json_t *trace = trace_of(broken);
            assert_rules(trace, 'X');
            json_decref(trace);
            json_decref(broken);
        }
    }
}

static void test_wild_times(void)
{
    static const json_int_t times[] = { INT64_MIN, INT64_MAX, -1, 0, 1000000000000000 };
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(json_t) timeline = load_timeline();
        json_t *event = json_array_get(json_object_get(timeline, "events"), 3);
        json_t *packet = json_array_get(json_object_get(timeline, "packets"), 2);
        json_t *mapping = json_array_get(json_object_get(timeline, "mappings"), 1);
        json_object_set_new(event, "t_us", json_integer(times[i]));
        json_object_set_new(packet, "t_us", json_integer(times[i]));
        json_object_set_new(mapping, "expired_us", json_integer(times[i]));
        json_object_set_new(timeline, "setup_ms", json_real((double)times[i]));
        json_t *trace = trace_of(timeline);
        CU_ASSERT_TRUE(json_array_size(json_object_get(trace, "traceEvents")) > 20);
        json_decref(trace);
    }
}

static void test_hostile_strings(void)
{
    g_autoptr(json_t) timeline = load_timeline();
    for (size_t i = 0; i < hostile_n_strings; i++) {
        g_autoptr(json_t) hostile = hostile_results(timeline, hostile_strings[i]);
        g_autoptr(json_t) trace = trace_of(hostile);
        n_broken = 0;
        size_t k;
        json_t *event;
        json_array_foreach(json_object_get(trace, "traceEvents"), k, event)
            check_fields(event);
        CU_ASSERT_EQUAL(n_broken, 0);
    }
}

/* The rules above notice what breaks them. */
static void test_rules_can_fail(void)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        { "\"dur\":80000", "\"dur\":0" },
        { "\"ph\":\"s\"", "\"ph\":\"f\"" },
        { "\"thread_name\"", "\"thread\"" },
        { "\"ts\":41500", "\"ts\":99999999" },
        { "\"tid\":2,\"dur\":40000", "\"tid\":2,\"dur\":50000" },
    };
    g_autoptr(json_t) timeline = load_timeline();
    g_autofree char *text = trace_format(timeline);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) parts = g_strsplit(text, rows[i].from, 2);
        if (g_strv_length(parts) != 2)
            printf("\n  not there: %s", rows[i].from);
        CU_ASSERT_EQUAL_FATAL(g_strv_length(parts), 2);
        g_autofree char *broken = g_strjoinv(rows[i].to, parts);
        g_autoptr(json_t) trace = json_loads(broken, 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
        is_quiet = true;
        check_trace(trace, 'X');
        is_quiet = false;
        CU_ASSERT_TRUE(n_broken > 0);
    }
}

static const struct test tests[] = {
    { "a call as a trace", test_golden },
    { "a trace follows the format's rules", test_rules },
    { "a timeline that lacks something gives a trace of the rest",
      test_broken_timelines },
    { "times that cannot be are left out", test_wild_times },
    { "strings of peers are strings", test_hostile_strings },
    { "a trace that breaks a rule is noticed", test_rules_can_fail },
};

int main(int argc, char **argv)
{
    return suite_run("trace", tests, G_N_ELEMENTS(tests), argc, argv);
}
