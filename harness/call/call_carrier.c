/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signalling by WebSocket: a carrier is the program that takes a peer's signals over the
 * network, from the peer's own host (signaling/main_client.c). Peers need not know: what
 * the modes let out goes to the sender's carrier, and what the receiver's hands in is
 * queued for the receiver.
 *
 * The connections are made before the call begins, as those of an application are: a call
 * is measured from when both sides could talk. One that cannot be made fails the call, as
 * does one that is lost before the peers are connected.
 */
#include "call/call_state.h"

#include <string.h>

#include "base/error.h"
#include "base/program.h"

static char *make_path(const struct call *call, enum role role)
{
    g_autofree char *name = g_strdup_printf("%s-signaling.log", role_names[role]);
    return g_build_filename(call->spec->folder, name, NULL);
}

gboolean call_start_carrier(struct call *call, enum role role, GError **error)
{
    g_autofree char *url = servers_signaling_url(call->servers, role);
    const char *certificate = servers_signaling_certificate(call->servers);
    g_autofree char *url_variable = g_strconcat("RTCLAB_SIGNALING_URL=", url, NULL);
    g_autofree char *certificate_variable =
        certificate ? g_strconcat("RTCLAB_SIGNALING_CERTIFICATE=", certificate, NULL)
                    : NULL;
    char *const variables[] = { url_variable, certificate_variable, NULL };
    g_autofree char *name = g_strdup_printf("%s-signaling", role_names[role]);
    g_autofree char *program =
        g_build_filename(program_folder(), "rtclab-signaling-client", NULL);
    g_autofree char *log_path = make_path(call, role);
    call->carriers[role].link =
        peer_link_start(call->lab, name, program, call->spec->scenario->peers[role].iface,
                        log_path, variables, error);
    return call->carriers[role].link != NULL;
}

static void record_state(struct call *call, enum role role, const char *state,
                         const char *reason)
{
    json_t *data = json_pack("{s:s}", "state", state);
    if (*reason)
        json_object_set_new(data, "reason", json_string(reason));
    record_add(call->record, lab_now_ns(call->lab), role_names[role],
               EVENT_SIGNAL_CONNECTION_STATE, data);
}

static bool is_connected(const struct call *call)
{
    return call->peers[ROLE_OFFERER].connected_ns >= 0 &&
           call->peers[ROLE_ANSWERER].connected_ns >= 0;
}

static void take_state(struct call *call, enum role role, const json_t *data)
{
    struct call_carrier *carrier = &call->carriers[role];
    const char *state = json_string_value(json_object_get(data, "state"));
    const char *reason = json_string_value(json_object_get(data, "reason"));
    if (!state)
        return;
    if (!reason)
        reason = "";
    record_state(call, role, state, reason);
    carrier->is_connected = strcmp(state, "connected") == 0;
    if (!carrier->is_connected && !is_connected(call))
        call_decide(call, OUTCOME_FAILED, "the %s's signalling %s: %s", role_names[role],
                    state, reason);
}

static void take_event(struct call *call, enum role role,
                       const struct contract_message *m)
{
    const json_t *data = m->data;
    if (m->kind == EVENT_PEER_CONNECTION_STATE) {
        take_state(call, role, data);
    } else if (m->kind == EVENT_PEER_WARNING) {
        record_add(call->record, lab_now_ns(call->lab), role_names[role],
                   EVENT_SIGNAL_WARNING, json_incref(m->data));
    }
}

static void take(struct call *call, enum role role, const struct contract_message *m)
{
    if (m->type == CONTRACT_SIGNAL)
        signaling_arrive(call->signaling, !role, m->json, lab_now_ns(call->lab));
    else if (m->type == CONTRACT_EVENT && m->data)
        take_event(call, role, m);
    else if (m->type == CONTRACT_DONE)
        call->carriers[role].is_done = true;
}

void call_read_carrier(struct call *call, enum role role)
{
    struct call_carrier *carrier = &call->carriers[role];
    for (;;) {
        g_auto(contract_message) message = { 0 };
        g_autoptr(GError) error = NULL;
        switch (peer_link_next(carrier->link, &message, &error)) {
        case PEER_LINK_NONE:
            return;
        case PEER_LINK_MESSAGE:
            take(call, role, &message);
            break;
        case PEER_LINK_INVALID:
            call_decide(call, OUTCOME_ERROR, "the %s's signalling: %s", role_names[role],
                        error->message);
            peer_link_stop(carrier->link);
            return;
        case PEER_LINK_FLOOD:
        case PEER_LINK_END:
            if (!carrier->is_done)
                call_decide(call, OUTCOME_ERROR,
                            "the %s's signalling has ended; see %s-signaling.log",
                            role_names[role], role_names[role]);
            carrier->is_done = true;
            return;
        }
    }
}

void call_carry_signal(struct call *call, const struct signal *signal)
{
    json_t *message = json_copy(signal->body);
    json_object_set_new(message, "type", json_string("signal"));
    if (!peer_link_send(call->carriers[signal->from].link, message) &&
        !call->carriers[signal->from].is_done)
        call_decide(call, OUTCOME_ERROR, "the %s's signalling client does not read",
                    role_names[signal->from]);
}

void call_close_carrier(struct call *call, enum role role)
{
    struct call_carrier *carrier = &call->carriers[role];
    if (carrier->link && !carrier->is_done)
        peer_link_send(carrier->link, contract_make_plain(CONTRACT_CLOSE));
}
