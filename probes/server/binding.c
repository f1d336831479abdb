/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding, and with it the discovery of a NAT's behaviour: from which of four addresses
 * the reply comes, to which port, and how long it is.
 *
 * RFC 8489 §6.3; RFC 5780 §6, §7.
 */
#include "probes/server/binding.h"

#include "probes/server/path.h"

bool srv_binding_can_change(const struct probe_server *s, const struct srv_path *path)
{
    return s->options.has_nat_discovery && path->transport == SRV_UDP &&
           s->options.alternate.family != ADDRESS_NONE &&
           path->local.address.family == ADDRESS_IPV4;
}

/* Where the reply comes from: RFC 5780 §6.1. */
static const struct srv_listener *choose_origin(struct probe_server *s,
                                                const struct srv_request *q)
{
    uint32_t change;
    const struct srv_listener *here = q->path->listener;
    if (!here || srv_has(s, DEFECT_CHANGE_IGNORED) ||
        stunmsg_get_u32(&q->message, STUNMSG_CHANGE_REQUEST, &change) != STUNMSG_OK)
        return here;
    const struct srv_listener *other = srv_path_listener(
        s, here, change & STUNMSG_CHANGE_IP, change & STUNMSG_CHANGE_PORT);
    return other ? other : here;
}

static struct endpoint other_address(struct probe_server *s, const struct srv_path *path)
{
    struct endpoint other = { s->options.alternate, 1 };
    if (srv_has(s, DEFECT_OTHER_ADDRESS_SAME))
        return path->local;
    if (srv_has(s, DEFECT_OTHER_ADDRESS_UNREACHABLE))
        return other; /* tcpmux, which nobody serves */
    const struct srv_listener *l =
        path->listener ? srv_path_listener(s, path->listener, true, true) : NULL;
    return l ? l->local : other;
}

static void add_addresses(struct probe_server *s, const struct srv_request *q,
                          const struct srv_listener *origin, struct srv_reply *r)
{
    struct endpoint mapped = q->path->client;
    bool is_again =
        memcmp(s->last_binding, q->message.transaction, sizeof s->last_binding) == 0;
    memcpy(s->last_binding, q->message.transaction, sizeof s->last_binding);
    if (srv_has(s, DEFECT_MAPPED_ADDRESS_WRONG) ||
        (is_again && srv_has(s, DEFECT_ANSWERS_DIFFER)))
        mapped.port ^= 1;
    srv_reply_add_address(s, r, STUNMSG_XOR_MAPPED_ADDRESS, &mapped);
    if (!s->options.has_nat_discovery)
        return;
    struct endpoint from = origin ? origin->local : q->path->local;
    if (srv_has(s, DEFECT_RESPONSE_ORIGIN_WRONG))
        from.port ^= 1;
    stunmsg_add_address(&r->b, STUNMSG_RESPONSE_ORIGIN, &from);
    if (srv_binding_can_change(s, q->path)) {
        struct endpoint other = other_address(s, q->path);
        stunmsg_add_address(&r->b, STUNMSG_OTHER_ADDRESS, &other);
    }
}

static void add_padding(struct probe_server *s, const struct srv_request *q,
                        struct srv_reply *r)
{
    struct stunmsg_attribute padding;
    if (stunmsg_find(&q->message, STUNMSG_PADDING, &padding) != STUNMSG_OK ||
        srv_has(s, DEFECT_PADDING_NOT_ECHOED))
        return;
    g_autofree uint8_t *zeros = g_malloc0((gsize)padding.size + 1);
    stunmsg_add(&r->b, STUNMSG_PADDING, zeros, padding.size);
}

void srv_binding_handle(struct probe_server *s, struct srv_request *q)
{
    uint32_t port = 0;
    bool has_port =
        stunmsg_get_u32(&q->message, STUNMSG_RESPONSE_PORT, &port) == STUNMSG_OK;
    if (has_port && stunmsg_has(&q->message, STUNMSG_PADDING) &&
        !srv_has(s, DEFECT_PADDING_WITH_RESPONSE_PORT)) {
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST); /* RFC 5780 §6.1 */
        return;
    }
    struct srv_reply r;
    const struct srv_listener *origin = choose_origin(s, q);
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    add_addresses(s, q, origin, &r);
    add_padding(s, q, &r);
    size_t size = srv_reply_end(s, q, &r);
    if (size == 0)
        return;
    struct srv_path back = *q->path;
    if (back.transport == SRV_UDP) {
        back.listener = (struct srv_listener *)origin;
        if (has_port && !srv_has(s, DEFECT_RESPONSE_PORT_IGNORED))
            back.client.port = (uint16_t)port;
    }
    srv_path_send(s, &back, r.bytes, size);
}
