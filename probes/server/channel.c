/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ChannelBind and ChannelData. A binding lasts 600 s and installs a permission of 300 s:
 * data needs both.
 *
 * RFC 8656 §12; RFC 5766 §11 for the wider range of numbers.
 */
#include "probes/server/channel.h"

#include "probes/server/path.h"
#include "probes/server/permission.h"
#include "probes/server/relay.h"

enum { CHANNEL_SECONDS = 600, OLD_CHANNEL_MAX = 0x7ffe, RESERVED_CHANNEL = 0x7fff };

bool srv_channel_is_valid(const struct probe_server *s, unsigned number)
{
    unsigned last =
        s->options.profile == PROBE_SERVER_8489 ? STUNMSG_CHANNEL_MAX : OLD_CHANNEL_MAX;
    if (srv_has(s, DEFECT_CHANNELS_TO_7FFF))
        last = RESERVED_CHANNEL;
    return number >= STUNMSG_CHANNEL_MIN && number <= last;
}

static bool is_alive(const struct probe_server *s, const struct srv_channel *c)
{
    return c->until_ns > s->now_ns || srv_has(s, DEFECT_CHANNEL_OUTLIVES);
}

static struct srv_channel *find_number(const struct probe_server *s,
                                       struct srv_allocation *a, unsigned number)
{
    for (size_t i = 0; i < a->n_channels; i++) {
        if (a->channels[i].number == number && is_alive(s, &a->channels[i]))
            return &a->channels[i];
    }
    return NULL;
}

uint16_t srv_channel_of_peer(const struct probe_server *s, const struct srv_allocation *a,
                             const struct endpoint *peer)
{
    for (size_t i = 0; i < a->n_channels; i++) {
        const struct srv_channel *c = &a->channels[i];
        if (endpoint_equal(&c->peer, peer) && is_alive(s, c))
            return c->number;
    }
    return 0;
}

/* Whether a binding would contradict another: 0 or 400. */
static unsigned judge_binding(const struct probe_server *s, struct srv_allocation *a,
                              unsigned number, const struct endpoint *peer)
{
    const struct srv_channel *bound = find_number(s, a, number);
    uint16_t other = srv_channel_of_peer(s, a, peer);
    bool is_same = bound && endpoint_equal(&bound->peer, peer);
    if (is_same)
        return srv_has(s, DEFECT_REBIND_REFUSED) ? STUNMSG_CODE_BAD_REQUEST : 0;
    if (bound && !srv_has(s, DEFECT_CHANNEL_CHANGES_PEER))
        return STUNMSG_CODE_BAD_REQUEST;
    if (other != 0 && !srv_has(s, DEFECT_PEER_CHANGES_CHANNEL))
        return STUNMSG_CODE_BAD_REQUEST;
    for (size_t i = 0; i < a->n_channels; i++) {
        if (srv_has(s, DEFECT_CHANNEL_ONCE_ONLY) && a->channels[i].number == number)
            return STUNMSG_CODE_BAD_REQUEST;
    }
    return 0;
}

/* A place for a binding: its own, a dead one's or a new one; NULL: no room. */
static struct srv_channel *find_place(const struct probe_server *s,
                                      struct srv_allocation *a, unsigned number)
{
    struct srv_channel *place = find_number(s, a, number);
    for (size_t i = 0; !place && i < a->n_channels; i++) {
        if (!is_alive(s, &a->channels[i]) && !srv_has(s, DEFECT_CHANNEL_ONCE_ONLY))
            place = &a->channels[i];
    }
    if (!place && a->n_channels < SRV_MAX_CHANNELS)
        place = &a->channels[a->n_channels++];
    return place;
}

static unsigned judge(const struct probe_server *s, struct srv_allocation *a,
                      unsigned number, const struct endpoint *peer)
{
    if (!srv_channel_is_valid(s, number) ||
        (number == STUNMSG_CHANNEL_MAX && srv_has(s, DEFECT_CHANNEL_TOP_REFUSED)))
        return STUNMSG_CODE_BAD_REQUEST;
    unsigned code = judge_binding(s, a, number, peer);
    if (code == 0)
        code = srv_permission_judge(s, a, peer);
    if (code == STUNMSG_CODE_FORBIDDEN && srv_has(s, DEFECT_PEERS_CHECKED_ONCE))
        code = 0;
    if (code == STUNMSG_CODE_FORBIDDEN && srv_has(s, DEFECT_DENIED_BIND_401))
        code = STUNMSG_CODE_UNAUTHENTICATED;
    return code;
}

static unsigned bind_channel(struct probe_server *s, struct srv_allocation *a,
                             unsigned number, const struct endpoint *peer)
{
    unsigned code = judge(s, a, number, peer);
    if (code != 0)
        return code;
    bool lasts = srv_has(s, DEFECT_CHANNEL_PERMISSION_LASTS);
    if (!srv_has(s, DEFECT_BIND_WITHOUT_PERMISSION) &&
        !srv_permission_install(s, a, peer,
                                lasts ? CHANNEL_SECONDS : SRV_PERMISSION_SECONDS))
        return STUNMSG_CODE_INSUFFICIENT_CAPACITY;
    struct srv_channel *place = find_place(s, a, number);
    if (!place)
        return STUNMSG_CODE_INSUFFICIENT_CAPACITY;
    *place = (struct srv_channel){ .number = (uint16_t)number,
                                   .peer = *peer,
                                   .until_ns = s->now_ns + CHANNEL_SECONDS * NS_PER_S };
    return 0;
}

void srv_channel_handle(struct probe_server *s, struct srv_request *q)
{
    uint32_t number;
    struct endpoint peer;
    struct srv_allocation *a =
        srv_allocation_for_request(s, q, DEFECT_CHANNEL_400_WITHOUT_ALLOCATION);
    if (!a)
        return;
    bool has_fields =
        stunmsg_get_u32(&q->message, STUNMSG_CHANNEL_NUMBER, &number) == STUNMSG_OK &&
        stunmsg_get_address(&q->message, STUNMSG_XOR_PEER_ADDRESS, &peer) == STUNMSG_OK;
    unsigned code = STUNMSG_CODE_BAD_REQUEST;
    if (has_fields)
        code = bind_channel(s, a, number, &peer);
    else if (srv_has(s, DEFECT_CHANNEL_FIELDS_OPTIONAL))
        code = 0;
    if (code != 0) {
        srv_reply_error(s, q, code);
        return;
    }
    struct srv_reply r;
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    srv_reply_send(s, q, &r);
}

static void answer_unbound(struct probe_server *s, const struct srv_path *path)
{
    struct srv_request q = { .path = path };
    q.message.method = STUNMSG_CHANNEL_BIND;
    rng_entropy(q.message.transaction, sizeof q.message.transaction);
    srv_reply_error(s, &q, STUNMSG_CODE_BAD_REQUEST);
}

void srv_channel_receive(struct probe_server *s, const struct srv_path *path,
                         const uint8_t *bytes, size_t size)
{
    struct cursor c = cursor_over(bytes, size);
    unsigned number = cursor_u16(&c);
    size_t length = cursor_u16(&c);
    if (c.bad)
        return;
    if (length > c.left && !srv_has(s, DEFECT_CHANNEL_OVERRUN_RELAYED))
        return;
    length = MIN(length, c.left);
    struct srv_allocation *a = srv_allocation_for_data(s, path);
    struct srv_channel *channel = a ? find_number(s, a, number) : NULL;
    if (!channel) {
        if (srv_has(s, DEFECT_UNBOUND_CHANNEL_ANSWERED))
            answer_unbound(s, path);
        return;
    }
    const struct endpoint peer = channel->peer;
    if (srv_has(s, DEFECT_CHANNEL_DATA_REFRESHES)) {
        channel->until_ns = s->now_ns + CHANNEL_SECONDS * NS_PER_S;
        srv_permission_refresh(s, a, &peer);
    }
    if (!srv_permission_allows(s, a, &peer) ||
        (length == 0 && srv_has(s, DEFECT_EMPTY_CHANNEL_DATA_LOST)))
        return;
    srv_relay_to_peer(s, a, &peer, c.at, length, false, path->tos);
}
