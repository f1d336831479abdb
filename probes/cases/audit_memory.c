/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case X10: a Send indication whose DATA says that it is longer than its message. A
 * server that believes it hands the peer what lies behind the message in its memory.
 */
#include "probes/cases/audit_internal.h"

#include <string.h>

#include "base/clock.h"

enum { CLAIMED = 1200 }; /* the bytes that DATA claims to have */

/* What a message claims beyond what it has. */
enum claim {
    CLAIM_DATA,    /* DATA's length runs past the message */
    CLAIM_MESSAGE, /* and the header's length past the datagram, so that both agree */
    N_CLAIMS
};

static size_t make(struct trial *t, struct client *c, const struct peer *peer,
                   enum claim claim, struct draft *ret)
{
    uint8_t payload[TRIAL_PAYLOAD_SIZE];
    trial_payload(t, payload);
    client_begin(c, ret, STUNMSG_SEND, STUNMSG_INDICATION);
    stunmsg_add_address(&ret->b, STUNMSG_XOR_PEER_ADDRESS, &peer->address);
    stunmsg_add(&ret->b, STUNMSG_DATA, payload, sizeof payload);
    size_t size = draft_size(ret);
    store_be16(ret->bytes + size - sizeof payload - 2, CLAIMED);
    if (claim == CLAIM_MESSAGE)
        store_be16(ret->bytes + 2,
                   (uint16_t)(size - STUNMSG_HEADER_SIZE - sizeof payload + CLAIMED));
    return size;
}

/* The longest datagram that comes to the peer; 0: none did. */
static size_t hear_longest(struct trial *t, const struct peer *peer)
{
    size_t longest = 0;
    int64_t deadline_ns = trial_soon_ns(t);
    struct received in;
    struct endpoint from;
    while (connection_receive_from(peer->connection, deadline_ns, &in, &from, NULL))
        longest = MAX(longest, in.size);
    return longest;
}

void audit_long_data(struct trial *t)
{
    struct relay relay;
    if (!trial_relay(t, &relay))
        return;
    bool is_stream =
        transport_is_stream(connection_transport(client_connection(relay.client)));
    size_t longest = 0;
    for (unsigned claim = 0; claim < N_CLAIMS; claim++) {
        struct draft message;
        g_autoptr(GError) error = NULL;
        if (is_stream && claim == CLAIM_MESSAGE)
            continue; /* a stream's next bytes would be taken for it */
        size_t size = make(t, relay.client, relay.peer, (enum claim)claim, &message);
        if (!connection_send(client_connection(relay.client), message.bytes, size,
                             "DATA claims 1200 bytes and has 24", &error)) {
            trial_inconclusive(t, "%s", error->message);
            return;
        }
        size_t heard = hear_longest(t, relay.peer);
        longest = MAX(longest, heard);
    }
    if (longest > TRIAL_PAYLOAD_SIZE)
        trial_fail(t, "the peer got %zu bytes, of which only %d had been sent", longest,
                   TRIAL_PAYLOAD_SIZE);
    else if (!trial_is_answered(relay.client) && !is_stream)
        trial_inconclusive(t, "the server does not answer a Binding after it");
    else
        trial_pass(t, longest ? "no more than was sent" : "nothing is relayed");
}
