/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers, and data through a relay. A peer is a UDP socket of this machine: where it is
 * seen by the server it learns by a Binding of its own. It may be behind a NAT, so what
 * it is to receive it first opens the way for, with a datagram to the relayed address.
 */
#include "probes/cases/trial_internal.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

enum { PAYLOAD_TRIES = 3 }; /* against loss */

/* ---- Peers ------------------------------------------------------------------------ */

static struct endpoint find_local(const struct trial *t, struct client *any)
{
    struct endpoint local = t->subject->local;
    if (any)
        local = connection_local(client_connection(any));
    local.port = 0;
    return local;
}

static struct peer *open_peer(struct trial *t, const struct endpoint *local)
{
    g_autoptr(GError) error = NULL;
    struct connection *connection = connection_open_peer(local, t->transcript, &error);
    if (!connection) {
        trial_say_error(t, "opening a peer", error);
        return NULL;
    }
    struct peer *peer = g_new0(struct peer, 1);
    peer->connection = connection;
    g_ptr_array_add(t->peers, peer);
    peer->address = subject_learn_mapped(t->subject, connection, &t->rng);
    return peer;
}

struct peer *trial_peer(struct trial *t)
{
    /* The address that this machine uses towards the server is what a socket that is
       connected to it has. */
    struct client *c = trial_client(t);
    if (!c)
        return NULL;
    struct endpoint local = find_local(t, c);
    trial_close(t, c);
    return open_peer(t, &local);
}

struct peer *trial_peer_beside(struct trial *t, const struct peer *first)
{
    struct endpoint local = connection_local(first->connection);
    local.port = 0;
    return open_peer(t, &local);
}

void trial_close_peer(struct peer *peer)
{
    g_clear_pointer(&peer->connection, connection_close);
}

/* ---- What most cases start from --------------------------------------------------- */

/* Whether the server still answers the client. */
static bool is_path_alive(struct client *c)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    return client_exchange(c, &request, &answer, NULL);
}

bool trial_permit(struct trial *t, struct client *c, const struct peer *peer)
{
    g_autoptr(GError) error = NULL;
    if (turn_permit(c, &peer->address, 1, &error))
        return true;
    trial_say_error(t, "asking for a permission", error);
    return false;
}

struct allocate_options trial_peer_options(const struct trial *t)
{
    return (struct allocate_options){ .family = t->subject->relay_family };
}

bool trial_relay(struct trial *t, struct relay *ret)
{
    return trial_relay_over(t, t->subject->transport, ret);
}

bool trial_relay_over(struct trial *t, enum probe_transport transport, struct relay *ret)
{
    struct allocate_options options = trial_peer_options(t);
    struct relay relay = { .client = trial_client_over(t, transport) };
    if (!relay.client || !trial_allocate(t, relay.client, &options, &relay.allocation))
        return false;
    relay.peer = trial_peer(t);
    if (!relay.peer)
        return false;
    /* Before the permission, so that the server drops it: it is for the peer's NAT. The
       Binding is to be answered when that is done. */
    connection_punch(relay.peer->connection, &relay.allocation.relayed);
    is_path_alive(relay.client);
    if (!trial_permit(t, relay.client, relay.peer))
        return false;
    *ret = relay;
    return true;
}

/* ---- Payloads --------------------------------------------------------------------- */

void trial_payload(struct trial *t, uint8_t out[TRIAL_PAYLOAD_SIZE])
{
    for (unsigned i = 0; i < TRIAL_PAYLOAD_SIZE / sizeof(uint64_t); i++) {
        uint64_t word = rng_next(&t->rng);
        memcpy(out + i * sizeof word, &word, sizeof word);
    }
}

static bool is_payload(const uint8_t *bytes, size_t size,
                       const uint8_t payload[TRIAL_PAYLOAD_SIZE])
{
    return size == TRIAL_PAYLOAD_SIZE && memcmp(bytes, payload, size) == 0;
}

static bool peer_hears(struct trial *t, const struct peer *peer,
                       const uint8_t payload[TRIAL_PAYLOAD_SIZE], struct endpoint *ret)
{
    int64_t deadline_ns = trial_soon_ns(t);
    struct received in;
    struct endpoint from;
    while (connection_receive_from(peer->connection, deadline_ns, &in, &from, NULL)) {
        if (is_payload(in.bytes, in.size, payload)) {
            if (ret)
                *ret = from;
            return true;
        }
    }
    return false;
}

enum passage trial_client_to_peer(struct trial *t, struct client *c, uint16_t channel,
                                  const struct peer *peer, struct endpoint *ret_from)
{
    uint8_t payload[TRIAL_PAYLOAD_SIZE];
    trial_payload(t, payload);
    for (unsigned i = 0; i < PAYLOAD_TRIES; i++) {
        g_autoptr(GError) error = NULL;
        gboolean is_sent =
            channel ? turn_send_channel(c, channel, payload, sizeof payload, &error)
                    : turn_send(c, &peer->address, payload, sizeof payload, &error);
        if (!is_sent)
            return PASSAGE_UNPROVEN;
        if (peer_hears(t, peer, payload, ret_from))
            return PASSAGE_ARRIVED;
    }
    if (!trial_is_answered(c))
        return PASSAGE_UNPROVEN;
    /* A stream may have been stuck till now. */
    return peer_hears(t, peer, payload, ret_from) ? PASSAGE_ARRIVED : PASSAGE_NOT;
}

static bool client_hears(struct trial *t, struct client *c,
                         const uint8_t payload[TRIAL_PAYLOAD_SIZE], struct turn_data *ret)
{
    int64_t deadline_ns = trial_soon_ns(t);
    for (;;) {
        struct turn_data data;
        if (!turn_receive(c, deadline_ns, &data, NULL))
            return false;
        if (is_payload(data.bytes, data.size, payload)) {
            *ret = data;
            return true;
        }
        turn_data_clear(&data);
    }
}

enum passage trial_peer_to_client(struct trial *t, struct client *c,
                                  const struct allocation *allocation,
                                  const struct peer *peer, struct turn_data *ret)
{
    uint8_t payload[TRIAL_PAYLOAD_SIZE];
    trial_payload(t, payload);
    struct turn_data data;
    bool is_heard = false;
    for (unsigned i = 0; i < PAYLOAD_TRIES && !is_heard; i++) {
        if (!connection_send_to(peer->connection, &allocation->relayed, payload,
                                sizeof payload, NULL))
            return PASSAGE_UNPROVEN;
        is_heard = client_hears(t, c, payload, &data);
    }
    if (!is_heard && !trial_is_answered(c))
        return PASSAGE_UNPROVEN;
    if (!is_heard && !client_hears(t, c, payload, &data)) /* it may have been stuck */
        return PASSAGE_NOT;
    if (ret)
        *ret = data;
    else
        turn_data_clear(&data);
    return PASSAGE_ARRIVED;
}
