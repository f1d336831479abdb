/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a call failed: the first thing that went wrong without which the rest does not
 * matter. In the order in which a call comes about: signals, gathering, checks, DTLS,
 * data. A relay that was refused comes before checks that were filtered, as it is there
 * for just those.
 *
 * What is said is what the record shows; a peer's own words are left to the call's "why".
 */
#include "call/cause.h"

#include <string.h>

const char *const blame_cause_names[BLAME_N_CAUSES] = {
#define X(symbol, name, meaning) [BLAME_CAUSE_##symbol] = name,
    BLAME_CAUSES(X)
#undef X
};

const char *const blame_cause_meanings[BLAME_N_CAUSES] = {
#define X(symbol, name, meaning) [BLAME_CAUSE_##symbol] = meaning,
    BLAME_CAUSES(X)
#undef X
};

enum { MAX_EVIDENCE = 64 }; /* frame numbers */

void cause_set(struct cause *cause, enum blame_cause code, char *element, GArray *packets,
               char *text)
{
    if (cause->is_found) {
        g_free(element);
        g_free(text);
        if (packets)
            g_array_unref(packets);
        return;
    }
    *cause = (struct cause){ .is_found = true,
                             .code = code,
                             .text = text,
                             .element = element,
                             .packets = packets };
}

/* ---- events ---- */

static const struct timeline_event *event_at(const struct timeline *timeline, unsigned i)
{
    return &g_array_index(timeline->events, struct timeline_event, i);
}

/* A peer's event of a kind, whose "state" is this; NULL: none. */
static const struct timeline_event *find_state(const struct timeline *timeline,
                                               enum role role, enum event_kind kind,
                                               const char *state)
{
    for (unsigned i = 0; i < timeline->events->len; i++) {
        const struct timeline_event *event = event_at(timeline, i);
        const char *is = json_string_value(json_object_get(event->data, "state"));
        if (event->kind == kind && strcmp(event->src, role_names[role]) == 0 &&
            (!state || g_strcmp0(is, state) == 0))
            return event;
    }
    return NULL;
}

static bool was_connected(const struct timeline *timeline, enum role role)
{
    return find_state(timeline, role, EVENT_PEER_CONNECTION_STATE, "connected");
}

/* ---- signals ---- */

/* The packets of TCP that were dropped: signalling by WebSocket goes over it. */
static GArray *list_tcp_drops(const struct timeline *timeline)
{
    enum { TCP = 6 };
    GArray *found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->protocol == TCP && packet->verdict == TIMELINE_DROPPED &&
            packet->message == TIMELINE_NONE)
            g_array_append_val(found, i);
    }
    return found;
}

static void set_signalling(const struct timeline *timeline, struct cause *cause,
                           const char *what)
{
    g_autoptr(GArray) dropped = list_tcp_drops(timeline);
    struct cause_drops drops = { 0 };
    if (cause_count_drops(timeline, dropped, &drops))
        cause_set(cause, BLAME_CAUSE_SIGNALLING_LOST, g_strdup(drops.element),
                  g_array_ref(drops.packets),
                  g_strdup_printf("%s: dropped by %s", what, drops.words));
    else
        cause_set(cause, BLAME_CAUSE_SIGNALLING_LOST, NULL, NULL, g_strdup(what));
    cause_drops_clear(&drops);
}

static const struct timeline_description *
find_description(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->descriptions->len; i++) {
        const struct timeline_description *one =
            &g_array_index(timeline->descriptions, struct timeline_description, i);
        if (one->role == role)
            return one;
    }
    return NULL;
}

static void find_missing_description(const struct timeline *timeline, enum role role,
                                     struct cause *cause)
{
    const char *name = role == ROLE_OFFERER ? "offer" : "answer";
    bool gathers = find_state(timeline, role, EVENT_PEER_GATHERING_STATE, "gathering") &&
                   !find_state(timeline, role, EVENT_PEER_GATHERING_STATE, "complete");
    if (!gathers) {
        cause_set(cause, BLAME_CAUSE_NO_DESCRIPTION, NULL, NULL,
                  g_strdup_printf("the %s made no %s", role_names[role], name));
        return;
    }
    struct cause server = { 0 };
    cause_find_server(timeline, role, false, &server);
    cause_set(cause, BLAME_CAUSE_NO_END_OF_CANDIDATES, server.element, server.packets,
              g_strdup_printf("the %s's %s waits for the end of its gathering%s%s",
                              role_names[role], name, server.is_found ? ": " : "",
                              server.is_found ? server.text : ""));
    g_free(server.text);
}

static void find_signals(const struct timeline *timeline, struct cause *cause)
{
    for (enum role role = 0; role < N_ROLES; role++)
        if (find_state(timeline, role, EVENT_SIGNAL_CONNECTION_STATE, NULL) &&
            !find_state(timeline, role, EVENT_SIGNAL_CONNECTION_STATE, "connected")) {
            g_autofree char *what =
                g_strdup_printf("the %s's WebSocket is not connected", role_names[role]);
            set_signalling(timeline, cause, what);
        }
    for (enum role role = 0; role < N_ROLES && !cause->is_found; role++) {
        const struct timeline_description *description = find_description(timeline, role);
        if (!description || description->sent_us == TIMELINE_NEVER) {
            find_missing_description(timeline, role, cause);
        } else if (description->delivered_us == TIMELINE_NEVER) {
            g_autofree char *what = g_strdup_printf("the %s of the %s does not arrive",
                                                    description->type, role_names[role]);
            set_signalling(timeline, cause, what);
        }
    }
}

/* ---- candidates ---- */

static bool has_candidate(const struct timeline *timeline, enum role role,
                          const char *protocol)
{
    for (unsigned i = 0; i < timeline->candidates[role]->len; i++) {
        const struct timeline_candidate *one = find_candidate(timeline, role, i);
        if (one->gathered_us != TIMELINE_NEVER && g_strcmp0(one->type, "prflx") != 0 &&
            (!protocol || g_strcmp0(one->protocol, protocol) == 0))
            return true;
    }
    return false;
}

static void find_candidates(const struct timeline *timeline, struct cause *cause)
{
    bool has_udp[N_ROLES], has_tcp[N_ROLES];
    for (enum role role = 0; role < N_ROLES && !cause->is_found; role++) {
        has_udp[role] = has_candidate(timeline, role, "udp");
        has_tcp[role] = has_candidate(timeline, role, "tcp");
        if (has_udp[role] || has_tcp[role])
            continue;
        cause_find_server(timeline, role, true, cause);
        cause_find_server(timeline, role, false, cause);
        cause_set(cause, BLAME_CAUSE_NO_CANDIDATES, NULL, NULL,
                  g_strdup_printf("the %s has no candidate", role_names[role]));
    }
    if (cause->is_found)
        return;
    if (!(has_udp[ROLE_OFFERER] && has_udp[ROLE_ANSWERER]) &&
        !(has_tcp[ROLE_OFFERER] && has_tcp[ROLE_ANSWERER]))
        cause_set(cause, BLAME_CAUSE_NO_COMMON_TRANSPORT, NULL, NULL,
                  g_strdup_printf("the offerer has %s candidates, the answerer %s",
                                  has_udp[ROLE_OFFERER] ? "UDP" : "TCP",
                                  has_udp[ROLE_ANSWERER] ? "UDP" : "TCP"));
}

/* ---- checks ---- */

/* A relay is there for those whose checks do not pass. */
static void find_relay(const struct timeline *timeline, struct cause *cause)
{
    if (cause_has_relay(timeline, ROLE_OFFERER) ||
        cause_has_relay(timeline, ROLE_ANSWERER))
        return;
    for (enum role role = 0; role < N_ROLES; role++)
        cause_find_server(timeline, role, true, cause);
}

static void find_unconnected(const struct timeline *timeline, struct cause *cause)
{
    bool has_pair[N_ROLES] = { cause_has_pair(timeline, ROLE_OFFERER),
                               cause_has_pair(timeline, ROLE_ANSWERER) };
    if (!has_pair[ROLE_OFFERER] && !has_pair[ROLE_ANSWERER])
        find_relay(timeline, cause);
    if (!has_pair[ROLE_OFFERER] || !has_pair[ROLE_ANSWERER])
        cause_find_checks(timeline, cause);
}

/* ---- DTLS and what comes after ---- */

static GArray *list_drops_of(const struct timeline *timeline, const char *prefix,
                             int64_t from_us)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->verdict == TIMELINE_DROPPED && packet->t_us >= from_us &&
            (!prefix || (packet->summary && g_str_has_prefix(packet->summary, prefix))))
            g_array_append_val(found, i);
    }
    return found;
}

static bool does_dtls(const struct timeline *timeline)
{
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->summary && g_str_has_prefix(packet->summary, "DTLS"))
            return true;
    }
    return find_state(timeline, ROLE_OFFERER, EVENT_PEER_DTLS_STATE, NULL) ||
           find_state(timeline, ROLE_ANSWERER, EVENT_PEER_DTLS_STATE, NULL);
}

static void set_with_drops(const struct timeline *timeline, struct cause *cause,
                           enum blame_cause code, const GArray *dropped, const char *what)
{
    struct cause_drops drops = { 0 };
    if (cause_count_drops(timeline, dropped, &drops))
        cause_set(cause, code, g_strdup(drops.element), g_array_ref(drops.packets),
                  g_strdup_printf("%s; dropped by %s", what, drops.words));
    else
        cause_set(cause, code, NULL, NULL, g_strdup(what));
    cause_drops_clear(&drops);
}

static void find_after(const struct timeline *timeline, struct cause *cause)
{
    const struct timeline_event *connected[N_ROLES];
    for (enum role role = 0; role < N_ROLES; role++)
        connected[role] =
            find_state(timeline, role, EVENT_PEER_CONNECTION_STATE, "connected");
    bool is_restarted = timeline->descriptions->len > N_ROLES;
    int64_t from_us = MAX(connected[ROLE_OFFERER]->t_us, connected[ROLE_ANSWERER]->t_us);
    g_autoptr(GArray) dropped = list_drops_of(timeline, NULL, from_us);
    if (is_restarted)
        set_with_drops(timeline, cause, BLAME_CAUSE_RESTART_FAILED, dropped,
                       "both peers were connected, and have no pair again after the ICE "
                       "restart");
    else
        set_with_drops(timeline, cause, BLAME_CAUSE_NO_DATA, dropped,
                       "both peers were connected, and what one was to get did not come");
}

static void find_end(const struct timeline *timeline, struct cause *cause)
{
    if (does_dtls(timeline)) {
        g_autoptr(GArray) dropped = list_drops_of(timeline, "DTLS", 0);
        set_with_drops(timeline, cause, BLAME_CAUSE_DTLS_FAILED, dropped,
                       "a pair worked, and the DTLS handshake did not end");
    }
    for (enum role role = 0; role < N_ROLES; role++) {
        const struct timeline_event *failed =
            find_state(timeline, role, EVENT_PEER_CONNECTION_STATE, "failed");
        const char *reason =
            failed ? json_string_value(json_object_get(failed->data, "reason")) : NULL;
        if (failed)
            cause_set(cause, BLAME_CAUSE_PEER_GAVE_UP, NULL, NULL,
                      g_strdup_printf("the %s says that it failed%s%s", role_names[role],
                                      reason ? ": " : "", reason ? reason : ""));
    }
    bool has_pair =
        cause_has_pair(timeline, ROLE_OFFERER) && cause_has_pair(timeline, ROLE_ANSWERER);
    if (has_pair)
        cause_set(cause, BLAME_CAUSE_NOT_NOMINATED, NULL, NULL,
                  g_strdup("a pair worked for both peers, and a peer is not connected"));
    cause_set(cause, BLAME_CAUSE_TOO_SLOW, NULL, NULL,
              g_strdup("the time was up, and nothing had gone wrong"));
}

/* ---- all ---- */

static json_t *describe(const struct cause *cause)
{
    json_t *packets = json_array();
    for (unsigned i = 0; cause->packets && i < MIN(cause->packets->len, MAX_EVIDENCE);
         i++)
        json_array_append_new(packets,
                              json_integer(g_array_index(cause->packets, uint32_t, i)));
    return json_pack("{s:s, s:s, s:s?, s:o}", "code", blame_cause_names[cause->code],
                     "text", cause->text, "element", cause->element, "packets", packets);
}

json_t *blame_failure(const struct timeline *timeline, const json_t *call)
{
    const char *outcome = json_string_value(json_object_get(call, "outcome"));
    if (g_strcmp0(outcome, outcome_names[OUTCOME_FAILED]) != 0 &&
        g_strcmp0(outcome, outcome_names[OUTCOME_TIMEOUT]) != 0)
        return NULL;
    struct cause cause = { 0 };
    bool is_connected =
        was_connected(timeline, ROLE_OFFERER) && was_connected(timeline, ROLE_ANSWERER);
    if (is_connected)
        find_after(timeline, &cause);
    if (!cause.is_found)
        find_signals(timeline, &cause);
    if (!cause.is_found)
        find_candidates(timeline, &cause);
    if (!cause.is_found)
        find_unconnected(timeline, &cause);
    if (!cause.is_found)
        find_end(timeline, &cause);
    json_t *result = describe(&cause);
    g_free(cause.text);
    g_free(cause.element);
    if (cause.packets)
        g_array_unref(cause.packets);
    return result;
}
