/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a call.
 *
 *     lab up ─► servers answer ─► both peers say hello ─► t_us 0: both are configured
 *       ─► signals, packets, events … ─► the outcome is known ─► both are closed
 *       ─► record
 *
 * When the outcome is known is in call_session.c. A peer or a server that ends before
 * that is an error: nothing is known then.
 *
 * All waiting is done in lab_next().
 */
#include "call/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/file.h"
#include "call/call_state.h"
#include "call/blame.h"
#include "call/timeline.h"

enum { WARNING_SHOWN_BYTES = 300 };

static const int64_t hello_limit_ns = 10 * NS_PER_S;
static const int64_t browser_hello_limit_ns = 30 * NS_PER_S; /* on a busy machine */
static const int64_t carrier_limit_ns = 15 * NS_PER_S;
static const int64_t servers_grid_ns = 2 * NS_PER_S;
static const int64_t close_limit_ns = 1 * NS_PER_S;

void call_decide(struct call *call, enum outcome outcome, const char *why, ...)
{
    if (call->is_decided)
        return;
    call->is_decided = true;
    call->outcome = outcome;
    if (why) {
        va_list args;
        va_start(args, why);
        call->why = g_strdup_vprintf(why, args);
        va_end(args);
    }
}

/* ---- what happens ---- */

static void take_packet(struct call *call, const struct network_event *event)
{
    if (event->kind != NETWORK_PACKET)
        return;
    for (unsigned role = 0; role < N_ROLES; role++) {
        bool is_at_peer = event->tap == call->spec->scenario->peers[role].iface;
        if (is_at_peer && event->verdict != PACKET_DROPPED && call->started)
            traffic_add(&call->traffic, role, event->direction == PACKET_OUTWARD,
                        event->packet->bytes, event->packet->size, event->at_ns);
    }
}

static void take_exit(struct call *call, const struct process *process)
{
    g_autofree char *how = process_describe_end(process);
    int64_t now_ns = lab_now_ns(call->lab);
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_peer *peer = &call->peers[role];
        if (!peer->link || peer_link_process(peer->link) != process)
            continue;
        call_read_peer(call, peer); /* its last words */
        peer->is_done = true;
        record_add(call->record, now_ns, role_names[role], EVENT_PEER_EXITED,
                   json_pack("{s:s}", "how", how));
        const char *said = peer->last_warning;
        call_decide(call, OUTCOME_ERROR, "%s %s%s%.*s%s; see %s.log", role_names[role],
                    how, said ? " (its last warning: " : "", WARNING_SHOWN_BYTES,
                    said ? said : "", said ? ")" : "", role_names[role]);
    }
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_carrier *carrier = &call->carriers[role];
        if (!carrier->link || peer_link_process(carrier->link) != process)
            continue;
        call_read_carrier(call, role); /* its last words */
        if (!carrier->is_done)
            call_decide(call, OUTCOME_ERROR, "the %s's signalling client %s",
                        role_names[role], how);
        carrier->is_done = true;
    }
    const char *server = call->servers ? servers_find(call->servers, process) : NULL;
    if (server) {
        record_add(call->record, now_ns, server, EVENT_SERVER_EXITED,
                   json_pack("{s:s}", "how", how));
        call_decide(call, OUTCOME_ERROR, "server %s %s; see %s.log", server, how, server);
    }
}

/* Waits for one thing and takes it in; as lab_next(). False: it was told while programs
   of the lab, on the virtual clock, may run. */
static bool turn(struct call *call, int64_t due_ns, int64_t limit_ns)
{
    struct lab_event event;
    lab_next(call->lab, due_ns, limit_ns, &event);
    switch (event.kind) {
    case LAB_TIMEOUT:
        break;
    case LAB_DEAD:
        call_decide(call, OUTCOME_TIMEOUT,
                    "nothing is left to wait for: no timer of a peer "
                    "or server runs, no packet is on its way");
        break;
    case LAB_BROKEN:
        call_decide(call, OUTCOME_ERROR, "%s", event.why);
        break;
    case LAB_NETWORK:
        take_packet(call, &event.network);
        record_add_network(call->record, &event.network);
        packet_free(event.network.packet);
        break;
    case LAB_READABLE:
        for (unsigned role = 0; role < N_ROLES; role++) {
            if (call->peers[role].link == event.watch)
                call_read_peer(call, &call->peers[role]);
            else if (call->carriers[role].link == event.watch)
                call_read_carrier(call, role);
        }
        break;
    case LAB_EXITED:
        take_exit(call, event.process);
        break;
    case LAB_MUST_END:
        call_decide(call, OUTCOME_ERROR, "interrupted");
        break;
    }
    if (record_is_full(call->record))
        call_decide(call, OUTCOME_ERROR, "more than %d MiB of events", RECORD_MAX_MIB);
    return event.kind != LAB_NETWORK || call->spec->clock == LAB_CLOCK_WALL;
}

/* ---- the stages ---- */

static gboolean start_peer(struct call *call, enum role role, GError **error)
{
    struct call_peer *peer = &call->peers[role];
    g_autofree char *log_name = g_strdup_printf("%s.log", role_names[role]);
    g_autofree char *log_path = g_build_filename(call->spec->folder, log_name, NULL);
    peer->link =
        peer_link_start(call->lab, role_names[role], call->spec->programs[role],
                        call->spec->scenario->peers[role].iface, log_path, NULL, error);
    return peer->link != NULL;
}

static void add_server_events(struct call *call)
{
    const struct scenario *scenario = call->spec->scenario;
    for (unsigned i = 0; i < scenario->n_servers; i++)
        if (scenario->servers[i].type != SERVER_SILENT)
            record_add(call->record, lab_now_ns(call->lab), scenario->servers[i].name,
                       EVENT_SERVER_STARTED,
                       servers_describe(call->servers, &scenario->servers[i]));
}

/* On the virtual clock servers count as started at a fixed time: of a server's threads,
   starting up side by side, now the one and now the other is first to wait, so that it
   is ready some milliseconds sooner or later. */
static void await_servers(struct call *call)
{
    if (call->spec->clock != LAB_CLOCK_VIRTUAL)
        return;
    int64_t since_ns = lab_now_ns(call->lab) - call->start_ns;
    int64_t until_ns =
        call->start_ns + (since_ns / servers_grid_ns + 1) * servers_grid_ns;
    while (!call->is_decided && lab_now_ns(call->lab) < until_ns)
        turn(call, until_ns, until_ns);
}

static gboolean set_up(struct call *call, GError **error)
{
    const struct call_spec *spec = call->spec;
    struct rng rng = rng_seed(spec->seed);
    struct lab_options options = {
        .network = &spec->scenario->network,
        .rng = &rng,
        .record = true,
        .clock = spec->clock,
        .calendar_ns = spec->calendar_ns,
        .has_kernel_random = spec->has_kernel_random,
        .audit_path = spec->audit_path,
    };
    call->lab = lab_new(&options, error);
    if (!call->lab)
        return FALSE;
    call->start_ns = lab_now_ns(call->lab);
    call->record = record_open(spec->folder, lab_network(call->lab), call->start_ns,
                               lab_calendar_ns(call->lab), error);
    if (!call->record)
        return FALSE;
    call->servers = servers_start(spec->scenario, call->lab, &rng, spec->folder, error);
    if (!call->servers)
        return FALSE;
    await_servers(call);
    add_server_events(call);
    call->signaling = signaling_new(spec->mode, spec->scenario->signaling_delay_ns);
    return start_peer(call, ROLE_OFFERER, error) &&
           start_peer(call, ROLE_ANSWERER, error);
}

static void await_hello(struct call *call)
{
    int64_t limit_ns = call->spec->has_browser ? browser_hello_limit_ns : hello_limit_ns;
    int64_t until_ns = lab_now_ns(call->lab) + limit_ns;
    for (unsigned role = 0; role < N_ROLES; role++) {
        while (!call->is_decided && !call->peers[role].stack) {
            if (lab_now_ns(call->lab) >= until_ns)
                call_decide(call, OUTCOME_ERROR, "%s said no hello in %.0f s; see %s.log",
                            role_names[role], (double)limit_ns / NS_PER_S,
                            role_names[role]);
            else
                turn(call, CLOCK_NEVER, until_ns);
        }
    }
}

/* Where signalling crosses the network: one connection after the other, so that the order
   in which they are made is always the same. */
static void await_carriers(struct call *call)
{
    for (unsigned role = 0; role < N_ROLES && !call->is_decided; role++) {
        g_autoptr(GError) error = NULL;
        int64_t limit_ns = lab_now_ns(call->lab) + carrier_limit_ns;
        if (!call_start_carrier(call, role, &error))
            call_decide(call, OUTCOME_ERROR, "%s", error->message);
        while (!call->is_decided && !call->carriers[role].is_connected) {
            if (lab_now_ns(call->lab) >= limit_ns)
                call_decide(call, OUTCOME_FAILED,
                            "the %s's signalling: not in the room after %.0f s",
                            role_names[role], (double)carrier_limit_ns / NS_PER_S);
            else
                turn(call, CLOCK_NEVER, limit_ns);
        }
    }
}

static void begin(struct call *call)
{
    if (call->is_decided)
        return;
    call->start_ns = lab_now_ns(call->lab);
    call->started = true;
    record_start(call->record, call->start_ns);
    g_autofree char *calendar =
        g_strdup_printf("%" G_GINT64_FORMAT, call->start_ns + lab_calendar_ns(call->lab));
    record_add(call->record, call->start_ns, "call", EVENT_CALL_STARTED,
               json_pack("{s:s, s:s, s:s}", "key", call->spec->key, "mode",
                         mode_names[call->spec->mode], "calendar_ns", calendar));
    call_begin_session(call);
    call_match_peers(call);
    for (unsigned role = N_ROLES; role-- > 0 && !call->is_decided;)
        call_configure_peer(call, &call->peers[role]);
}

/* On the virtual clock a peer gets its next message when it has done with the last, and
   waits: of two in a row it would now have read only the first, and now both. */
static void talk(struct call *call)
{
    bool may_tell = true;
    while (!call->is_decided) {
        bool has_told = may_tell && call_deliver_signal(call);
        if (may_tell && !has_told)
            call_act(call);
        int64_t due_ns = lab_now_ns(call->lab);
        if (!has_told)
            due_ns = MIN(signaling_next_deadline(call->signaling),
                         call_session_deadline(call));
        if (!call->is_decided)
            may_tell = turn(call, due_ns, call_limit_ns(call));
    }
}

/* Lets the peers end in good order, so that a TURN allocation is given back in the
   capture. */
static void say_goodbye(struct call *call)
{
    int64_t limit_ns = lab_now_ns(call->lab) + close_limit_ns;
    for (unsigned role = 0; role < N_ROLES; role++)
        if (!call->peers[role].is_done)
            peer_link_send(call->peers[role].link, contract_make_plain(CONTRACT_CLOSE));
    for (unsigned role = 0; role < N_ROLES; role++)
        call_close_carrier(call, role);
    while (!(call->peers[ROLE_OFFERER].is_done && call->peers[ROLE_ANSWERER].is_done) &&
           lab_now_ns(call->lab) < limit_ns)
        turn(call, limit_ns, limit_ns);
}

static void call_init(struct call *call, const struct call_spec *spec)
{
    *call = (struct call){
        .spec = spec, .first_failure_ns = -1, .restart_ns = -1, .served_ns = -1
    };
    traffic_init(&call->traffic);
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_peer *peer = &call->peers[role];
        peer->role = role;
        peer->connected_ns = -1;
        peer->closed_ns = -1;
        peer->restarted_ns = -1;
        peer->reconnected_ns = -1;
        peer->stats_ns = -1;
        peer->payloads = g_ptr_array_new_with_free_func(g_free);
        for (unsigned i = 0; i < N_PHASES; i++)
            peer->phases_ns[i] = -1;
    }
}

static void call_clear(struct call *call)
{
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_peer *peer = &call->peers[role];
        peer_link_free(peer->link);
        peer_link_free(call->carriers[role].link);
        json_decref(peer->selected);
        json_decref(peer->stats);
        g_ptr_array_unref(peer->payloads);
        g_free(peer->reason);
        g_free(peer->stack);
        g_free(peer->last_warning);
        g_free(peer->version);
    }
    signaling_free(call->signaling);
    servers_free(call->servers);
    lab_free(call->lab);
    traffic_clear(&call->traffic);
    g_free(call->why);
}

/* What the call cost, in real time, beside how much time went by in its lab. */
static json_t *describe_cost(int64_t begun_ns, int64_t started_ns, int64_t ended_ns,
                             int64_t lab_ns)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "start_up_ms",
                     (double)(started_ns - begun_ns) / NS_PER_MS, "call_ms",
                     (double)(ended_ns - started_ns) / NS_PER_MS, "teardown_ms",
                     (double)(clock_now_ns() - ended_ns) / NS_PER_MS, "lab_s",
                     (double)lab_ns / NS_PER_S);
}

/* A value, or null for NULL; consumed. */
static json_t *or_null(json_t *value)
{
    return value ? value : json_null();
}

/* What the record says, taken apart, beside it: timeline.json. The path of the blame
   stays there, as results.json holds many calls. */
static gboolean call_add_timeline(const struct call_spec *spec, json_t *result,
                                  GError **error)
{
    struct timeline *timeline = timeline_read(spec->folder, error);
    if (!timeline)
        return FALSE;
    g_autofree char *path = g_build_filename(spec->folder, TIMELINE_FILE, NULL);
    g_autoptr(json_t) blame = blame_setup(timeline, result);
    json_object_set_new(result, "cause", or_null(blame_failure(timeline, result)));
    json_object_set(result, "blame", blame);
    g_autoptr(json_t) object = timeline_format(timeline, result);
    json_object_del(result, "blame");
    json_object_set_new(result, "setup_parts_ms",
                        or_null(json_incref(json_object_get(blame, "parts_ms"))));
    char *text = json_dumps(object, JSON_COMPACT);
    gboolean ok = file_replace(path, text, strlen(text), error);
    free(text);
    timeline_free(timeline);
    return ok;
}

json_t *call_run(const struct call_spec *spec, json_t **ret_cost)
{
    int64_t begun_ns = clock_now_ns();
    int64_t started_ns = begun_ns;
    int64_t lab_ns = 0;
    struct call call;
    call_init(&call, spec);
    g_autoptr(GError) error = NULL;
    if (spec->audit_path) /* so that it is there even if nothing bypasses the clock */
        g_file_set_contents(spec->audit_path, "", 0, NULL);
    if (set_up(&call, &error)) {
        lab_ns = -call.start_ns;
        await_hello(&call);
        if (spec->scenario->signaling_server)
            await_carriers(&call);
        begin(&call);
        started_ns = clock_now_ns();
        talk(&call);
        record_add(call.record, lab_now_ns(call.lab), "call", EVENT_CALL_ENDED,
                   json_pack("{s:s}", "outcome", outcome_names[call.outcome]));
        say_goodbye(&call);
        lab_ns += lab_now_ns(call.lab);
    } else {
        call_decide(&call, OUTCOME_ERROR, "%s", error->message);
    }
    int64_t ended_ns = clock_now_ns();
    if (call.record && !call.started)
        record_start(call.record, call.start_ns);
    json_t *result = NULL;
    if (call.lab && call.record) {
        g_autoptr(GError) problem = NULL;
        result = call_make_result(&call);
        if (!record_close(call.record, &problem) ||
            !call_add_timeline(spec, result, &problem)) {
            json_decref(result);
            result = call_blank_result(spec, problem->message);
        }
    } else {
        result = call_blank_result(spec, call.why);
    }
    bool was_started = call.started;
    call_clear(&call);
    *ret_cost =
        was_started ? describe_cost(begun_ns, started_ns, ended_ns, lab_ns) : NULL;
    if (spec->audit_path)
        call_count_bypasses(spec, result);
    return result;
}
