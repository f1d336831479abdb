/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crossed the network. A packet is a slice of 1 us at each tap that saw it, and a
 * flow from tap to tap; one that was dropped is an instant of the element that did it,
 * too.
 */
#include <string.h>

#include "reports/call_words.h"
#include "reports/trace_writer.h"

static json_t *copy_of(const json_t *value)
{
    return value ? json_incref((json_t *)value) : json_null();
}

/* ---- packets ---- */

struct flow {
    unsigned n_points; /* taps that saw it */
    unsigned n_done;
};

static bool is_seen(const json_t *packet, const json_t *taps, int64_t *ret_us,
                    const char **ret_tap)
{
    const json_t *tap = json_object_get(packet, "tap");
    if (!json_is_integer(tap) || json_integer_value(tap) < 0 ||
        !trace_time(packet, "t_us", ret_us))
        return false;
    *ret_tap = json_string_value(json_array_get(taps, (size_t)json_integer_value(tap)));
    return *ret_tap;
}

/* The points of each flow, by the packets' id; flows of the timeline's order of packets,
   which is the capture's, and so by time. */
static GHashTable *count_points(const json_t *timeline)
{
    const json_t *taps = json_object_get(timeline, "taps");
    GHashTable *flows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    size_t i;
    json_t *packet;
    json_array_foreach(json_object_get(timeline, "packets"), i, packet)
    {
        const char *id = call_text(packet, "id", NULL);
        const char *tap;
        int64_t t_us;
        if (!id || !is_seen(packet, taps, &t_us, &tap))
            continue;
        struct flow *flow = g_hash_table_lookup(flows, id);
        if (!flow)
            g_hash_table_insert(flows, (void *)id, flow = g_new0(struct flow, 1));
        flow->n_points++;
    }
    return flows;
}

static json_t *describe_packet(const json_t *packet)
{
    static const char *const keys[] = { "src",  "dst",     "size",  "verdict",
                                        "note", "element", "reason" };
    json_t *args = json_object();
    json_object_set_new(args, "frame", copy_of(json_object_get(packet, "number")));
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_t *value = json_object_get(packet, keys[i]);
        if (value)
            json_object_set(args, keys[i], value);
    }
    return args;
}

static void add_drop(struct trace *trace, const json_t *packet, int64_t t_us)
{
    if (strcmp(call_text(packet, "verdict", ""), "dropped") != 0)
        return;
    g_autofree char *thread =
        g_strdup_printf("%s drops", call_text(packet, "element", "?"));
    trace_instant(trace, TRACE_NETWORK, trace_thread(trace, TRACE_NETWORK, thread),
                  call_text(packet, "reason", "?"), t_us, describe_packet(packet));
}

static void add_packets(struct trace *trace, const json_t *timeline)
{
    const json_t *taps = json_object_get(timeline, "taps");
    g_autoptr(GHashTable) flows = count_points(timeline);
    size_t i;
    json_t *packet;
    json_array_foreach(json_object_get(timeline, "packets"), i, packet)
    {
        const char *id = call_text(packet, "id", NULL);
        const char *tap;
        int64_t t_us;
        if (!is_seen(packet, taps, &t_us, &tap))
            continue;
        unsigned thread = trace_thread(trace, TRACE_WIRE, tap);
        trace_slice(trace, TRACE_WIRE, thread, call_text(packet, "summary", "packet"),
                    t_us, t_us, describe_packet(packet));
        add_drop(trace, packet, t_us);
        struct flow *flow = id ? g_hash_table_lookup(flows, id) : NULL;
        if (!flow || flow->n_points < 2)
            continue;
        flow->n_done++;
        trace_flow(trace, TRACE_WIRE, thread,
                   flow->n_done == 1                ? 's'
                   : flow->n_done == flow->n_points ? 'f'
                                                    : 't',
                   t_us, id);
    }
}

/* ---- mappings ---- */

struct mapping {
    int64_t from_us, to_us;
    const json_t *object;
};

static int compare_mappings(const void *a, const void *b)
{
    const struct mapping *left = a, *right = b;
    return (left->from_us > right->from_us) - (left->from_us < right->from_us);
}

static void add_mappings(struct trace *trace, const json_t *timeline)
{
    g_autoptr(GArray) mappings = g_array_new(FALSE, FALSE, sizeof(struct mapping));
    int64_t end_us = 0;
    trace_time(timeline, "end_us", &end_us);
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(timeline, "mappings"), i, object)
    {
        struct mapping mapping = { .object = object, .to_us = end_us };
        if (!trace_time(object, "created_us", &mapping.from_us))
            continue;
        trace_time(object, "expired_us", &mapping.to_us);
        g_array_append_val(mappings, mapping);
    }
    g_array_sort(mappings, compare_mappings);
    for (guint m = 0; m < mappings->len; m++) {
        const struct mapping *mapping = &g_array_index(mappings, struct mapping, m);
        const json_t *is = mapping->object;
        g_autofree char *lane = g_strdup_printf("%s mappings", call_text(is, "nat", "?"));
        g_autofree char *name = g_strdup_printf(
            "%s -> %s", call_text(is, "internal", "?"), call_text(is, "external", "?"));
        trace_lane_slice(
            trace, TRACE_NETWORK, lane, name, mapping->from_us, mapping->to_us,
            json_pack("{s:o, s:o, s:I}", "protocol",
                      copy_of(json_object_get(is, "protocol")), "remote",
                      copy_of(json_object_get(is, "remote")), "refreshed",
                      (json_int_t)json_array_size(json_object_get(is, "refreshed_us"))));
    }
}

void trace_add_network(struct trace *trace, const json_t *timeline)
{
    add_mappings(trace, timeline);
    add_packets(trace, timeline);
}
