/* SPDX-License-Identifier: Apache-2.0 */
/* Cases P09 to P14: Send and Data indications (RFC 8656 §5, §11.2, §11.3). */
#include "probes/cases/permission_cases.h"

#include <string.h>

#include "base/clock.h"

/* Send indications never make a permission either, so nothing comes back after them. */
void send_without_permission(struct trial *t)
{
    struct allocate_options options = trial_peer_options(t);
    struct allocation allocation;
    struct client *c = trial_allocated(t, &options, &allocation);
    struct peer *peer = c ? trial_peer(t) : NULL;
    if (!peer)
        return;
    step_open_way(peer, &allocation);
    if (step_expect_none_to_peer(t, c, 0, peer,
                                 "a Send indication without a permission arrives") &&
        step_expect_none_from_peer(t, c, &allocation, peer,
                                   "a Send indication made a permission: data from the "
                                   "peer arrives"))
        trial_pass(t, "dropped, and no permission came of it");
}

/* A Send indication that lacks what is NULL. */
static void begin_send(struct client *c, struct draft *send, const struct endpoint *peer,
                       const uint8_t *data, size_t size)
{
    client_begin(c, send, STUNMSG_SEND, STUNMSG_INDICATION);
    if (peer)
        stunmsg_add_address(&send->b, STUNMSG_XOR_PEER_ADDRESS, peer);
    if (data)
        stunmsg_add(&send->b, STUNMSG_DATA, data, size);
}

void send_incomplete(struct trial *t)
{
    uint8_t payload[TRIAL_PAYLOAD_SIZE];
    struct draft send;
    struct relay relay;
    if (!trial_relay(t, &relay))
        return;
    trial_payload(t, payload);
    begin_send(relay.client, &send, NULL, payload, sizeof payload);
    if (!trial_expect_silence(t, relay.client, send.bytes, draft_size(&send)))
        return;
    begin_send(relay.client, &send, &relay.peer->address, NULL, 0);
    if (!trial_expect_silence(t, relay.client, send.bytes, draft_size(&send)))
        return;
    if (step_hears_empty(relay.peer, &relay.allocation, clock_now_ns()))
        trial_fail(t, "a Send indication without DATA reaches the peer as an empty "
                      "datagram");
    else if (step_expect_to_peer(t, relay.client, 0, relay.peer))
        trial_pass(t, "silence without XOR-PEER-ADDRESS and without DATA; whole ones "
                      "pass");
}

void send_empty(struct trial *t)
{
    enum { TRIES = 3 };
    struct relay relay;
    if (!trial_relay(t, &relay))
        return;
    for (unsigned i = 0; i < TRIES; i++) {
        g_autoptr(GError) error = NULL;
        if (!turn_send(relay.client, &relay.peer->address, NULL, 0, &error)) {
            trial_say_error(t, "sending", error);
            return;
        }
        if (step_hears_empty(relay.peer, &relay.allocation, trial_soon_ns(t))) {
            trial_pass(t, "an empty datagram reaches the peer");
            return;
        }
    }
    if (step_expect_to_peer(t, relay.client, 0, relay.peer))
        trial_fail(t, "no empty datagram reaches the peer, though one of 24 bytes does");
}

void data_has_peer_and_data(struct trial *t)
{
    char said[ENDPOINT_TEXT_SIZE], real[ENDPOINT_TEXT_SIZE];
    struct relay relay;
    g_auto(auto_turn_data) data = { 0 };
    if (!trial_relay(t, &relay) || !step_expect_from_peer(t, &relay, &data))
        return;
    endpoint_format(&data.peer, said);
    endpoint_format(&relay.peer->address, real);
    if (data.channel != 0)
        trial_fail(t, "ChannelData on 0x%04X, though no channel is bound", data.channel);
    else if (!endpoint_equal(&data.peer, &relay.peer->address))
        trial_fail(t, "XOR-PEER-ADDRESS %s, while the peer is %s", said, real);
    else
        trial_pass(t, "a Data indication from %s with its data", said);
}

void send_without_allocation(struct trial *t)
{
    uint8_t payload[TRIAL_PAYLOAD_SIZE];
    struct draft send;
    struct client *c = trial_client(t);
    struct peer *peer = c ? trial_peer(t) : NULL;
    if (!peer)
        return;
    trial_payload(t, payload);
    begin_send(c, &send, &peer->address, payload, sizeof payload);
    if (!trial_expect_silence(t, c, send.bytes, draft_size(&send)))
        return;
    struct received in;
    struct endpoint from;
    while (connection_receive_from(peer->connection, 0, &in, &from, NULL))
        if (in.size == sizeof payload && memcmp(in.bytes, payload, in.size) == 0)
            trial_fail(t, "a Send indication without an allocation reaches the peer");
}

void send_on_other_path(struct trial *t)
{
    struct relay relay;
    struct draft request;
    if (!trial_relay(t, &relay))
        return;
    struct client *other = step_ready(t);
    if (!other ||
        !step_expect_none_to_peer(t, other, 0, relay.peer,
                                  "a Send indication from another port is relayed") ||
        !step_expect_to_peer(t, relay.client, 0, relay.peer))
        return;
    client_begin(other, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, 0);
    step_sign(other, &request);
    if (trial_expect_code(t, other, &request, STUNMSG_CODE_ALLOCATION_MISMATCH) &&
        step_expect_to_peer(t, relay.client, 0, relay.peer))
        trial_pass(t, "from another port a Send indication is dropped, a Refresh gets "
                      "437");
}
