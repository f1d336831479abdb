/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events are kept with their times and put into order at the end. Of one time long slices
 * come first, as others may be inside them; the rest keeps the order in which it came,
 * which ties flows to their slices.
 */
#include "reports/trace_writer.h"

#include <stdlib.h>

#include "base/json_text.h"

/* Ten years: sums and differences of such times do not overflow, nor do nanoseconds. */
#define TIME_MAX_US INT64_C(315360000000000)

struct event {
    int64_t ts_us;
    int64_t duration_us; /* of a slice that may have others inside; else 0 */
    size_t number;
    json_t *object;
};

struct trace {
    int64_t zero_us;
    GArray *events;        /* struct event */
    json_t *metadata;      /* events without a time */
    GHashTable *threads;   /* "PID NAME" to its number */
    GHashTable *lane_ends; /* the same to where its last slice ends: int64_t * */
    unsigned n_threads[TRACE_N_PROCESSES];
};

static const char *const process_names[TRACE_N_PROCESSES] = {
    [TRACE_CALL] = "call",         [TRACE_OFFERER] = "offerer",
    [TRACE_ANSWERER] = "answerer", [TRACE_NETWORK] = "network",
    [TRACE_WIRE] = "wire",
};

static void add_metadata(struct trace *trace, enum trace_process process, unsigned thread,
                         const char *name, json_t *args_consumed)
{
    json_array_append_new(trace->metadata,
                          json_pack("{s:s, s:s, s:i, s:i, s:i, s:o}", "name", name, "ph",
                                    "M", "ts", 0, "pid", (int)process, "tid", (int)thread,
                                    "args", args_consumed));
}

struct trace *trace_new(int64_t zero_us)
{
    struct trace *trace = g_new0(struct trace, 1);
    trace->zero_us = zero_us;
    trace->events = g_array_new(FALSE, FALSE, sizeof(struct event));
    trace->metadata = json_array();
    trace->threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    trace->lane_ends = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned p = TRACE_CALL; p < TRACE_N_PROCESSES; p++) {
        add_metadata(trace, p, 0, "process_name",
                     json_pack("{s:s}", "name", process_names[p]));
        add_metadata(trace, p, 0, "process_sort_index",
                     json_pack("{s:i}", "sort_index", (int)p));
    }
    return trace;
}

static int compare_events(const void *a, const void *b)
{
    const struct event *left = a, *right = b;
    if (left->ts_us != right->ts_us)
        return left->ts_us < right->ts_us ? -1 : 1;
    if (left->duration_us != right->duration_us)
        return left->duration_us > right->duration_us ? -1 : 1;
    return left->number < right->number ? -1 : 1;
}

char *trace_end(struct trace *trace, json_t *other)
{
    qsort(trace->events->data, trace->events->len, sizeof(struct event), compare_events);
    json_t *events = trace->metadata;
    for (guint i = 0; i < trace->events->len; i++)
        json_array_append_new(events,
                              g_array_index(trace->events, struct event, i).object);
    json_t *document = json_pack("{s:s, s:o, s:o}", "displayTimeUnit", "ms", "otherData",
                                 other, "traceEvents", events);
    g_autofree char *text = json_text_dump(document, JSON_COMPACT);
    json_decref(document);
    g_array_unref(trace->events);
    g_hash_table_unref(trace->threads);
    g_hash_table_unref(trace->lane_ends);
    g_free(trace);
    return g_strconcat(text, "\n", NULL);
}

unsigned trace_thread(struct trace *trace, enum trace_process process, const char *name)
{
    g_autofree char *key = g_strdup_printf("%d %s", (int)process, name);
    unsigned thread = GPOINTER_TO_UINT(g_hash_table_lookup(trace->threads, key));
    if (thread > 0)
        return thread;
    thread = ++trace->n_threads[process];
    g_hash_table_insert(trace->threads, g_steal_pointer(&key), GUINT_TO_POINTER(thread));
    add_metadata(trace, process, thread, "thread_name", json_pack("{s:s}", "name", name));
    add_metadata(trace, process, thread, "thread_sort_index",
                 json_pack("{s:i}", "sort_index", (int)thread));
    return thread;
}

static void add_event(struct trace *trace, enum trace_process process, unsigned thread,
                      const char *name, const char *phase, int64_t t_us,
                      json_t *more_consumed)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i}", "name",
                               *name ? name : "?", "cat", process_names[process], "ph",
                               phase, "ts", (json_int_t)(t_us - trace->zero_us), "pid",
                               (int)process, "tid", (int)thread);
    json_object_update(object, more_consumed);
    json_decref(more_consumed);
    json_int_t duration_us = json_integer_value(json_object_get(object, "dur"));
    struct event event = { t_us, duration_us > 1 ? duration_us : 0, trace->events->len,
                           object };
    g_array_append_val(trace->events, event);
}

static int64_t end_of(int64_t from_us, int64_t to_us)
{
    return MAX(to_us, from_us + 1);
}

void trace_slice(struct trace *trace, enum trace_process process, unsigned thread,
                 const char *name, int64_t from_us, int64_t to_us, json_t *args_consumed)
{
    add_event(trace, process, thread, name, "X", from_us,
              json_pack("{s:I, s:o}", "dur",
                        (json_int_t)(end_of(from_us, to_us) - from_us), "args",
                        args_consumed));
}

void trace_lane_slice(struct trace *trace, enum trace_process process, const char *lane,
                      const char *name, int64_t from_us, int64_t to_us,
                      json_t *args_consumed)
{
    for (unsigned number = 1;; number++) {
        g_autofree char *lane_name =
            number == 1 ? g_strdup(lane) : g_strdup_printf("%s %u", lane, number);
        g_autofree char *key = g_strdup_printf("%d %s", (int)process, lane_name);
        int64_t *end_us = g_hash_table_lookup(trace->lane_ends, key);
        if (end_us && *end_us > from_us)
            continue;
        if (!end_us) {
            end_us = g_new(int64_t, 1);
            g_hash_table_insert(trace->lane_ends, g_steal_pointer(&key), end_us);
        }
        *end_us = end_of(from_us, to_us);
        trace_slice(trace, process, trace_thread(trace, process, lane_name), name,
                    from_us, to_us, args_consumed);
        return;
    }
}

void trace_instant(struct trace *trace, enum trace_process process, unsigned thread,
                   const char *name, int64_t t_us, json_t *args_consumed)
{
    add_event(trace, process, thread, name, "i", t_us,
              json_pack("{s:s, s:o}", "s", "t", "args", args_consumed));
}

void trace_flow(struct trace *trace, enum trace_process process, unsigned thread,
                char phase, int64_t t_us, const char *id)
{
    const char text[] = { phase, '\0' };
    /* "bp": to the slice around it, not to the next one. */
    add_event(trace, process, thread, "packet", text, t_us,
              phase == 'f' ? json_pack("{s:s, s:s}", "id", id, "bp", "e")
                           : json_pack("{s:s}", "id", id));
}

bool trace_time(const json_t *object, const char *key, int64_t *ret_us)
{
    const json_t *value = json_object_get(object, key);
    json_int_t t_us = json_integer_value(value);
    if (!json_is_integer(value) || t_us > TIME_MAX_US || t_us < -TIME_MAX_US)
        return false;
    *ret_us = t_us;
    return true;
}
