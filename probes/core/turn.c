/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TURN client: RFC 8656 §7 (Allocate), §8 (Refresh), §10 (CreatePermission), §11 (Send
 * and Data), §12 (channels). It keeps no state but the server's: who allocates refreshes.
 */
#include "probes/core/turn.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

/* REQUESTED- and ADDITIONAL-ADDRESS-FAMILY use the numbers of STUN. */
static unsigned family_on_wire(uint8_t family)
{
    return family == ADDRESS_IPV6 ? STUNMSG_FAMILY_IPV6 : STUNMSG_FAMILY_IPV4;
}

void turn_add_allocate(struct stunmsg_builder *b, const struct allocate_options *options)
{
    static const struct allocate_options plain = { 0 };
    const struct allocate_options *o = options ? options : &plain;
    stunmsg_add_number(b, STUNMSG_REQUESTED_TRANSPORT,
                       o->protocol ? o->protocol : TURN_PROTOCOL_UDP);
    if (o->lifetime_s > 0)
        stunmsg_add_number(b, STUNMSG_LIFETIME, o->lifetime_s);
    if (o->family != ADDRESS_NONE)
        stunmsg_add_number(b, STUNMSG_REQUESTED_ADDRESS_FAMILY,
                           family_on_wire(o->family));
    if (o->additional_family != ADDRESS_NONE)
        stunmsg_add_number(b, STUNMSG_ADDITIONAL_ADDRESS_FAMILY,
                           family_on_wire(o->additional_family));
    if (o->is_even)
        stunmsg_add_number(b, STUNMSG_EVEN_PORT, o->reserves ? 0x80 : 0);
    if (o->does_not_fragment)
        stunmsg_add_number(b, STUNMSG_DONT_FRAGMENT, 0);
    if (o->token)
        stunmsg_add(b, STUNMSG_RESERVATION_TOKEN, o->token, 8);
    if (o->is_mobile)
        stunmsg_add(b, STUNMSG_MOBILITY_TICKET, "", 0);
}

void turn_read_allocation(const struct stunmsg *m, struct allocation *ret)
{
    struct stunmsg_attribute a;
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_text token;
    *ret = (struct allocation){ 0 };
    while (stunmsg_next(&i, &a)) { /* two of them with ADDITIONAL-ADDRESS-FAMILY */
        struct endpoint relayed;
        if (a.ignored || a.type != STUNMSG_XOR_RELAYED_ADDRESS ||
            stunmsg_read_address(m, &a, &relayed) != STUNMSG_OK)
            continue;
        if (ret->relayed.address.family == ADDRESS_NONE)
            ret->relayed = relayed;
        else
            ret->additional = relayed;
    }
    stunmsg_get_address(m, STUNMSG_XOR_MAPPED_ADDRESS, &ret->mapped);
    stunmsg_get_u32(m, STUNMSG_LIFETIME, &ret->lifetime_s);
    if (stunmsg_get_text(m, STUNMSG_RESERVATION_TOKEN, &token) == STUNMSG_OK &&
        token.size == sizeof ret->token) {
        memcpy(ret->token, token.at, token.size);
        ret->has_token = true;
    }
}

gboolean turn_allocate(struct client *c, const struct allocate_options *options,
                       struct allocation *ret, GError **error)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct allocation allocation;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, options);
    if (!client_request(c, &request, &answer, error))
        return FALSE;
    turn_read_allocation(&answer.message, &allocation);
    if (allocation.relayed.address.family == ADDRESS_NONE) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                    "Allocate: the success response has no XOR-RELAYED-ADDRESS");
        return FALSE;
    }
    *ret = allocation;
    return TRUE;
}

struct client *turn_open(const struct client_options *options,
                         const struct allocate_options *allocate, struct allocation *ret,
                         GError **error)
{
    enum { TRIES = 4 };
    struct client_options own = *options;
    for (unsigned i = 1;; i++) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(auto_client) c = client_open(&own, NULL, NULL, &cause);
        if (c && turn_allocate(c, allocate, ret, &cause))
            return g_steal_pointer(&c);
        bool is_taken = c && client_last_code(c) == STUNMSG_CODE_ALLOCATION_MISMATCH &&
                        options->connection.local.port == 0;
        if (!is_taken || i == TRIES) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        own.rng = rng_fork(&own.rng, "another 5-tuple");
    }
}

gboolean turn_refresh(struct client *c, uint32_t lifetime_s, uint32_t *ret_granted_s,
                      GError **error)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, lifetime_s);
    if (!client_request(c, &request, &answer, error))
        return FALSE;
    uint32_t granted_s = 0;
    stunmsg_get_u32(&answer.message, STUNMSG_LIFETIME, &granted_s);
    if (ret_granted_s)
        *ret_granted_s = granted_s;
    return TRUE;
}

void turn_release(struct client *c)
{
    enum { PATIENCE_MS = 1000 };
    struct client_timing *timing = client_timing(c);
    struct client_timing kept = *timing;
    timing->timeout_ms = MIN(timing->timeout_ms, PATIENCE_MS);
    if (auth_is_ready(client_auth(c)))
        turn_refresh(c, 0, NULL, NULL);
    *timing = kept;
}

gboolean turn_permit(struct client *c, const struct endpoint *peers, size_t n_peers,
                     GError **error)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    for (size_t i = 0; i < n_peers; i++)
        stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peers[i]);
    return client_request(c, &request, &answer, error);
}

gboolean turn_bind(struct client *c, uint16_t channel, const struct endpoint *peer,
                   GError **error)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_CHANNEL_BIND, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_CHANNEL_NUMBER, channel);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, peer);
    return client_request(c, &request, &answer, error);
}

gboolean turn_send(struct client *c, const struct endpoint *peer, const uint8_t *data,
                   size_t size, GError **error)
{
    enum { AROUND = 128 }; /* header, XOR-PEER-ADDRESS, DATA's header and padding */
    g_assert(size <= TURN_MAX_DATA);
    g_autofree uint8_t *bytes = g_malloc(size + AROUND);
    struct draft head;
    struct stunmsg_builder b;
    size_t message_size = 0;
    client_begin(c, &head, STUNMSG_SEND, STUNMSG_INDICATION);
    stunmsg_begin(&b, bytes, size + AROUND, STUNMSG_SEND, STUNMSG_INDICATION,
                  draft_transaction(&head));
    stunmsg_add_address(&b, STUNMSG_XOR_PEER_ADDRESS, peer);
    stunmsg_add(&b, STUNMSG_DATA, data, size);
    enum stunmsg_error problem = stunmsg_end(&b, &message_size);
    g_assert(problem == STUNMSG_OK);
    return connection_send(client_connection(c), bytes, message_size, NULL, error);
}

gboolean turn_send_channel(struct client *c, uint16_t channel, const uint8_t *data,
                           size_t size, GError **error)
{
    g_assert(size <= TURN_MAX_DATA);
    struct connection *connection = client_connection(c);
    bool is_padded = transport_is_stream(connection_transport(connection));
    size_t padded = is_padded ? (size + 3) & ~(size_t)3 : size;
    g_autofree uint8_t *bytes = g_malloc0(STUNMSG_CHANNEL_HEADER_SIZE + padded);
    stunmsg_channel_data_header(bytes, channel, (uint16_t)size);
    if (size > 0)
        memcpy(bytes + STUNMSG_CHANNEL_HEADER_SIZE, data, size);
    return connection_send(connection, bytes, STUNMSG_CHANNEL_HEADER_SIZE + padded, NULL,
                           error);
}

void turn_data_clear(struct turn_data *data)
{
    inbound_clear(&data->inbound);
    *data = (struct turn_data){ 0 };
}

static bool read_channel_data(const struct inbound *in, struct turn_data *ret)
{
    struct stunmsg_channel_data data;
    if (stunmsg_channel_data_decode(in->bytes, in->size, &data) != STUNMSG_OK)
        return false;
    *ret = (struct turn_data){ .channel = data.channel,
                               .bytes = data.data,
                               .size = data.size };
    return true;
}

static bool read_data_indication(const struct inbound *in, struct turn_data *ret)
{
    struct stunmsg m;
    struct endpoint peer;
    struct stunmsg_text data;
    if (stunmsg_decode(in->bytes, in->size, &m) != STUNMSG_OK ||
        m.class != STUNMSG_INDICATION || m.method != STUNMSG_DATA_INDICATION ||
        stunmsg_get_address(&m, STUNMSG_XOR_PEER_ADDRESS, &peer) != STUNMSG_OK ||
        stunmsg_get_text(&m, STUNMSG_DATA, &data) != STUNMSG_OK)
        return false;
    *ret = (struct turn_data){ .peer = peer,
                               .bytes = (const uint8_t *)data.at,
                               .size = data.size };
    return true;
}

bool turn_read_data(struct inbound *inbound_consumed, struct turn_data *ret)
{
    struct inbound in = *inbound_consumed;
    struct turn_data data;
    *inbound_consumed = (struct inbound){ 0 };
    if (!read_channel_data(&in, &data) && !read_data_indication(&in, &data)) {
        inbound_clear(&in);
        return false;
    }
    *ret = data;
    ret->at_ns = in.at_ns;
    ret->inbound = in;
    return true;
}

gboolean turn_receive(struct client *c, int64_t deadline_ns, struct turn_data *ret,
                      GError **error)
{
    for (;;) {
        struct inbound in;
        if (!client_next(c, deadline_ns, &in, error))
            return FALSE;
        if (turn_read_data(&in, ret))
            return TRUE;
    }
}
