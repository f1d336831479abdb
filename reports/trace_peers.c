/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the peers did: states as slices that last until the next, phases and other events
 * as instants, signals from when they were sent until they arrived, STUN transactions
 * from the first request to the answer.
 */
#include <math.h>
#include <string.h>

#include "reports/call_words.h"
#include "reports/trace_writer.h"

enum { OFFERER, ANSWERER, N_ROLES };

static const char *const roles[N_ROLES] = { "offerer", "answerer" };
static const enum trace_process processes[N_ROLES] = { TRACE_OFFERER, TRACE_ANSWERER };

/* Kinds of events that are states, and the thread of each. */
static const struct {
    const char *kind, *thread;
} states[] = {
    { "peer.gathering-state", "gathering state" },
    { "peer.signaling-state", "signalling state" },
    { "peer.ice-state", "ICE state" },
    { "peer.dtls-state", "DTLS state" },
    { "peer.connection-state", "connection state" },
};
#define N_STATES G_N_ELEMENTS(states)

static unsigned role_of(const json_t *object, const char *key)
{
    unsigned role = 0;
    while (role < N_ROLES && strcmp(roles[role], call_text(object, key, "")) != 0)
        role++;
    return role;
}

static size_t state_of(const json_t *event)
{
    size_t state = 0;
    while (state < N_STATES &&
           strcmp(states[state].kind, call_text(event, "kind", "")) != 0)
        state++;
    return state;
}

static json_t *copy_of(const json_t *value)
{
    return value ? json_incref((json_t *)value) : json_null();
}

/* ---- states ---- */

static void add_state(struct trace *trace, unsigned role, size_t state,
                      const json_t *event, int64_t until_us)
{
    int64_t from_us;
    const json_t *data = json_object_get(event, "data");
    if (!trace_time(event, "t_us", &from_us))
        return;
    trace_slice(trace, processes[role],
                trace_thread(trace, processes[role], states[state].thread),
                call_text(data, "state", "?"), from_us, until_us,
                json_pack("{s:o}", "data", copy_of(data)));
}

/* Each lasts until the next of its kind, the last until the end. */
static void add_states(struct trace *trace, const json_t *events, unsigned role,
                       size_t state, int64_t end_us)
{
    const json_t *current = NULL;
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        int64_t t_us;
        if (role_of(event, "src") != role || state_of(event) != state ||
            !trace_time(event, "t_us", &t_us))
            continue;
        if (current)
            add_state(trace, role, state, current, t_us);
        current = event;
    }
    if (current)
        add_state(trace, role, state, current, end_us);
}

/* ---- instants ---- */

static void add_phases(struct trace *trace, const json_t *timeline, unsigned role)
{
    json_t *phases = json_object_get(json_object_get(timeline, "phases_ms"), roles[role]);
    const char *name;
    json_t *ms;
    json_object_foreach(phases, name, ms)
    {
        if (!json_is_number(ms) || fabs(json_number_value(ms)) > 1e9)
            continue;
        trace_instant(trace, processes[role],
                      trace_thread(trace, processes[role], "phases"), name,
                      llround(json_number_value(ms) * 1e3), json_object());
    }
}

/* "candidate srflx", "message": the kind without its box, and what kind of that. */
static char *name_event(const json_t *event)
{
    const char *kind = call_text(event, "kind", "?");
    const char *dot = strchr(kind, '.');
    const char *type = call_text(json_object_get(event, "data"), "type", "");
    const char *word = dot && g_str_has_prefix(kind, "peer.") ? dot + 1 : kind;
    return g_strconcat(word, *type ? " " : "", type, NULL);
}

static void add_events(struct trace *trace, const json_t *events)
{
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        unsigned role = role_of(event, "src");
        int64_t t_us;
        if (role == N_ROLES || state_of(event) < N_STATES ||
            !trace_time(event, "t_us", &t_us))
            continue;
        g_autofree char *name = name_event(event);
        trace_instant(
            trace, processes[role], trace_thread(trace, processes[role], "events"), name,
            t_us, json_pack("{s:o}", "data", copy_of(json_object_get(event, "data"))));
    }
}

/* ---- signals ---- */

struct signal {
    int64_t from_us, to_us;
    const json_t *what;
    const char *name;
};

static int compare_signals(const void *a, const void *b)
{
    const struct signal *left = a, *right = b;
    return (left->from_us > right->from_us) - (left->from_us < right->from_us);
}

static void note_signal(GArray *signals, const json_t *object, const char *name,
                        int64_t end_us)
{
    struct signal signal = { .what = object, .name = name, .to_us = end_us };
    if (!trace_time(object, "sent_us", &signal.from_us))
        return;
    trace_time(object, "delivered_us", &signal.to_us);
    g_array_append_val(signals, signal);
}

static void add_signals(struct trace *trace, const json_t *timeline, unsigned role,
                        int64_t end_us)
{
    g_autoptr(GArray) signals = g_array_new(FALSE, FALSE, sizeof(struct signal));
    size_t i;
    json_t *object;
    json_array_foreach(json_object_get(timeline, "descriptions"), i, object)
    {
        if (role_of(object, "role") == role)
            note_signal(signals, object, call_text(object, "type", "?"), end_us);
    }
    json_array_foreach(
        json_object_get(json_object_get(timeline, "candidates"), roles[role]), i, object)
        note_signal(signals, object, call_text(object, "type", "?"), end_us);
    g_array_sort(signals, compare_signals);
    for (guint s = 0; s < signals->len; s++) {
        const struct signal *signal = &g_array_index(signals, struct signal, s);
        trace_lane_slice(
            trace, processes[role], "signals", signal->name, signal->from_us,
            signal->to_us,
            json_pack("{s:o, s:o}", "sdp", copy_of(json_object_get(signal->what, "sdp")),
                      "candidate", copy_of(json_object_get(signal->what, "text"))));
    }
}

/* ---- transactions ---- */

static const json_t *packet_at(const json_t *packets, const json_t *index)
{
    json_int_t i = json_integer_value(index);
    return json_is_integer(index) && i >= 0 ? json_array_get(packets, (size_t)i) : NULL;
}

static void add_transaction(struct trace *trace, const json_t *packets,
                            const json_t *transaction, unsigned role)
{
    const json_t *requests = json_object_get(transaction, "requests");
    const json_t *answer = packet_at(packets, json_object_get(transaction, "answer"));
    const json_t *first = packet_at(packets, json_array_get(requests, 0));
    const json_t *last =
        packet_at(packets, json_array_get(requests, json_array_size(requests) - 1));
    int64_t from_us, to_us;
    if (!trace_time(first, "t_us", &from_us) ||
        !trace_time(answer ? answer : last, "t_us", &to_us))
        return;
    bool nominates = json_is_true(json_object_get(transaction, "nominates"));
    g_autofree char *name =
        g_strdup_printf("%s %s%s", call_text(transaction, "use", "?"),
                        call_text(first, "dst", "?"), nominates ? " nominates" : "");
    trace_lane_slice(
        trace, processes[role], "transactions", name, from_us, to_us,
        json_pack("{s:o, s:s, s:I, s:I, s:o, s:o, s:o}", "request",
                  copy_of(json_object_get(first, "summary")), "answer",
                  call_text(answer, "summary", "none came"), "requests",
                  (json_int_t)json_array_size(requests), "lost",
                  (json_int_t)json_array_size(json_object_get(transaction, "losses")),
                  "error_code", copy_of(json_object_get(transaction, "error_code")),
                  "transaction", copy_of(json_object_get(transaction, "transaction")),
                  "frame", copy_of(json_object_get(first, "number"))));
}

static void add_transactions(struct trace *trace, const json_t *timeline, unsigned role)
{
    const json_t *packets = json_object_get(timeline, "packets");
    size_t i;
    json_t *transaction;
    json_array_foreach(json_object_get(timeline, "transactions"), i, transaction)
    {
        if (role_of(transaction, "role") == role)
            add_transaction(trace, packets, transaction, role);
    }
}

void trace_add_peers(struct trace *trace, const json_t *timeline)
{
    const json_t *events = json_object_get(timeline, "events");
    int64_t end_us = 0;
    trace_time(timeline, "end_us", &end_us);
    for (unsigned role = 0; role < N_ROLES; role++) {
        for (size_t state = 0; state < N_STATES; state++)
            add_states(trace, events, role, state, end_us);
        add_phases(trace, timeline, role);
        add_signals(trace, timeline, role, end_us);
        add_transactions(trace, timeline, role);
    }
    add_events(trace, events);
}
