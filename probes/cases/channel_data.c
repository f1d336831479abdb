/* SPDX-License-Identifier: Apache-2.0 */
/* Cases C08 to C13: ChannelData (RFC 8656 §12.2, §12.4 to §12.6). */
#include "probes/cases/channel_cases.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

enum { CHANNEL = STUNMSG_CHANNEL_MIN };

/* A relay whose peer has a channel. */
static bool open_channel(struct trial *t, enum probe_transport transport,
                         struct relay *ret)
{
    return trial_relay_over(t, transport, ret) &&
           step_expect_bound(t, ret->client, CHANNEL, &ret->peer->address);
}

void bind_permits(struct trial *t)
{
    struct allocate_options options = trial_peer_options(t);
    struct relay relay;
    relay.client = trial_allocated(t, &options, &relay.allocation);
    relay.peer = relay.client ? trial_peer(t) : NULL;
    if (!relay.peer)
        return;
    step_open_way(relay.peer, &relay.allocation);
    if (!step_expect_none_from_peer(t, relay.client, &relay.allocation, relay.peer,
                                    "data from a peer without a permission arrives") ||
        !step_expect_bound(t, relay.client, CHANNEL, &relay.peer->address) ||
        !step_expect_from_peer(t, &relay, NULL) ||
        !step_expect_to_peer(t, relay.client, 0, relay.peer))
        return;
    trial_pass(t, "data passes both ways, by ChannelBind alone");
}

void channel_is_used(struct trial *t)
{
    struct relay relay;
    g_auto(auto_turn_data) before = { 0 };
    g_auto(auto_turn_data) after = { 0 };
    if (!trial_relay(t, &relay) || !step_expect_from_peer(t, &relay, &before) ||
        !step_expect_bound(t, relay.client, CHANNEL, &relay.peer->address) ||
        !step_expect_from_peer(t, &relay, &after) ||
        !step_expect_to_peer(t, relay.client, CHANNEL, relay.peer))
        return;
    if (before.channel != 0)
        trial_fail(t, "ChannelData on 0x%04X before any channel is bound",
                   before.channel);
    else if (after.channel == 0)
        trial_fail(t, "a Data indication, though a channel is bound to the peer");
    else if (after.channel != CHANNEL)
        trial_fail(t, "ChannelData on 0x%04X, while 0x%04X is bound", after.channel,
                   CHANNEL);
    else
        trial_pass(t, "a Data indication before, ChannelData on 0x%04X after", CHANNEL);
}

/* Writes ChannelData without padding; `claimed` is what Length says. */
static size_t write_channel_data(struct trial *t, uint16_t channel, uint16_t claimed,
                                 uint8_t *out)
{
    stunmsg_channel_data_header(out, channel, claimed);
    trial_payload(t, out + STUNMSG_CHANNEL_HEADER_SIZE);
    return STUNMSG_CHANNEL_HEADER_SIZE + TRIAL_PAYLOAD_SIZE;
}

void channel_unbound(struct trial *t)
{
    uint8_t bytes[STUNMSG_CHANNEL_HEADER_SIZE + TRIAL_PAYLOAD_SIZE];
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    size_t size = write_channel_data(t, CHANNEL + 1, TRIAL_PAYLOAD_SIZE, bytes);
    trial_expect_silence(t, c, bytes, size);
}

/* Whether something from the relayed address is there already. */
static bool has_heard(const struct relay *relay)
{
    struct received in;
    struct endpoint from;
    while (connection_receive_from(relay->peer->connection, 0, &in, &from, NULL))
        if (endpoint_equal(&from, &relay->allocation.relayed))
            return true;
    return false;
}

void channel_cut_short(struct trial *t)
{
    enum { CLAIMED = 100 };
    const struct subject *s = trial_subject(t);
    uint8_t bytes[STUNMSG_CHANNEL_HEADER_SIZE + TRIAL_PAYLOAD_SIZE];
    struct relay relay;
    bool is_stream = transport_is_stream(s->transport);
    if (is_stream && !subject_can(s, CAN(UDP))) {
        trial_unsupported(t, "over streams the rest may follow, and the server does not "
                             "answer over UDP");
        return;
    }
    if (!open_channel(t, is_stream ? PROBE_UDP : s->transport, &relay))
        return;
    size_t size = write_channel_data(t, CHANNEL, CLAIMED, bytes);
    if (!trial_expect_silence(t, relay.client, bytes, size))
        return;
    if (has_heard(&relay))
        trial_fail(t, "28 bytes whose Length says 100 are relayed to the peer");
    else if (step_expect_to_peer(t, relay.client, CHANNEL, relay.peer))
        trial_pass(t, "silence, and nothing at the peer; whole ones pass");
}

void channel_empty(struct trial *t)
{
    enum { TRIES = 3 };
    struct relay relay;
    if (!open_channel(t, trial_subject(t)->transport, &relay))
        return;
    for (unsigned i = 0; i < TRIES; i++) {
        g_autoptr(GError) error = NULL;
        if (!turn_send_channel(relay.client, CHANNEL, NULL, 0, &error)) {
            trial_say_error(t, "sending", error);
            return;
        }
        if (step_hears_empty(relay.peer, &relay.allocation, trial_soon_ns(t))) {
            trial_pass(t, "an empty datagram reaches the peer");
            return;
        }
    }
    if (step_expect_to_peer(t, relay.client, CHANNEL, relay.peer))
        trial_fail(t, "no empty datagram reaches the peer, though one of 24 bytes does");
}

/* ---- Padding over streams --------------------------------------------------------- */

/*
 * Payloads of 5, 6 and 7 bytes, each followed by FOLLOWING bytes of ones. Where the
 * padding before it is missing, what follows is read from its second, third or fourth
 * byte on, and is then no STUN and no ChannelData: its length, 0xC9, is neither a
 * multiple of four nor the start of a message.
 */
enum { SHORTEST = 5, LONGEST = 7, FOLLOWING = 0xc9 };

/* Whether a stream is dead while the way to the server is not: TCP may take half a minute
   over segments that are lost again and again (RFC 6298 §5.5). */
static bool is_stream_lost(struct trial *t, struct client *c)
{
    enum { PATIENCE_MS = 40000 };
    enum probe_transport transport = connection_transport(client_connection(c));
    client_timing(c)->timeout_ms = PATIENCE_MS;
    if (trial_is_answered(c))
        return false;
    struct client *fresh = trial_client_over(t, transport);
    return fresh && trial_is_answered(fresh);
}

static bool pad_to_peer(struct trial *t, const struct relay *relay)
{
    uint8_t ones[FOLLOWING];
    memset(ones, 0xff, sizeof ones);
    for (size_t size = SHORTEST; size <= LONGEST; size++) {
        struct received in;
        struct endpoint from;
        g_autoptr(GError) error = NULL;
        if (!turn_send_channel(relay->client, CHANNEL, ones, size, &error) ||
            !turn_send_channel(relay->client, CHANNEL, ones, sizeof ones, &error)) {
            trial_say_error(t, "sending", error);
            return false;
        }
        /* Either may be lost on the way to the peer. */
        int64_t deadline_ns = trial_soon_ns(t);
        while (connection_receive_from(relay->peer->connection, deadline_ns, &in, &from,
                                       NULL)) {
            if (in.size != size && in.size != sizeof ones) {
                trial_fail(t, "ChannelData of %zu bytes reaches the peer as %zu", size,
                           in.size);
                return false;
            }
            if (in.size == sizeof ones)
                break;
        }
    }
    switch (trial_client_to_peer(t, relay->client, CHANNEL, relay->peer, NULL)) {
    case PASSAGE_ARRIVED:
        return true;
    case PASSAGE_NOT:
        return step_expect_to_peer(t, relay->client, CHANNEL, relay->peer);
    case PASSAGE_UNPROVEN:
        break;
    }
    if (is_stream_lost(t, relay->client))
        trial_fail(t,
                   "after ChannelData padded from 5 to 7 bytes the connection is dead, "
                   "though a new one is not");
    else
        trial_inconclusive(t, "the connection is stuck");
    return false;
}

/* What the peer may have sent: nothing, 5 to 7 bytes, or those after them. */
static bool is_sent(const struct turn_data *data)
{
    return data->channel == CHANNEL &&
           (data->size == 0 || data->size == FOLLOWING ||
            (data->size >= SHORTEST && data->size <= LONGEST));
}

static bool pad_from_peer(struct trial *t, const struct relay *relay)
{
    uint8_t ones[FOLLOWING];
    int64_t deadline_ns = trial_soon_ns(t);
    memset(ones, 0xff, sizeof ones);
    for (size_t size = SHORTEST; size <= LONGEST; size++) {
        connection_send_to(relay->peer->connection, &relay->allocation.relayed, ones,
                           size, NULL);
        connection_send_to(relay->peer->connection, &relay->allocation.relayed, ones,
                           sizeof ones, NULL);
    }
    for (;;) {
        g_auto(auto_turn_data) data = { 0 };
        g_autoptr(GError) error = NULL;
        if (!turn_receive(relay->client, deadline_ns, &data, &error)) {
            if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT))
                break;
            trial_fail(t, "after 5 to 7 bytes from the peer, not padded to 8: %s",
                       error->message);
            return false;
        }
        if (!is_sent(&data)) {
            trial_fail(t,
                       "after 5 to 7 bytes from the peer come %zu that it never sent: "
                       "they are not padded",
                       data.size);
            return false;
        }
    }
    return step_expect_from_peer(t, relay, NULL);
}

void channel_padded(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct relay relay;
    bool is_stream = transport_is_stream(s->transport);
    if (!is_stream && !subject_can(s, CAN(TCP))) {
        trial_unsupported(t, "%s", subject_lack(s, CAN(TCP)));
        return;
    }
    if (open_channel(t, is_stream ? s->transport : PROBE_TCP, &relay) &&
        pad_to_peer(t, &relay) && pad_from_peer(t, &relay))
        trial_pass(t, "5, 6 and 7 bytes pass both ways, padded to 8");
}
