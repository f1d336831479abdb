/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and its response over unconnected sockets. It is sent again as by a struct
 * client; what else is heard meanwhile is nobody's and dropped.
 *
 * RFC 8489 §6.2.1, RFC 5780 §6.1.
 */
#include "probes/core/binding.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

static bool take(const struct received *in, const struct draft *request,
                 struct answer *ret)
{
    struct stunmsg m;
    if (stunmsg_decode(in->bytes, in->size, &m) != STUNMSG_OK ||
        (m.class != STUNMSG_SUCCESS && m.class != STUNMSG_FAILURE) ||
        memcmp(m.transaction, draft_transaction(request), sizeof m.transaction) != 0)
        return false;
    ret->bytes = g_memdup2(in->bytes, in->size);
    stunmsg_decode(ret->bytes, in->size, &ret->message);
    ret->received_ns = in->at_ns;
    return true;
}

static gboolean await(struct connection *at, const struct draft *request,
                      int64_t deadline_ns, struct answer *ret, struct endpoint *ret_from,
                      GError **error)
{
    for (;;) {
        struct received in;
        if (!connection_receive_from(at, deadline_ns, &in, ret_from, error))
            return FALSE;
        if (take(&in, request, ret))
            return TRUE;
    }
}

gboolean binding_ask(const struct binding_way *way, const struct draft *request,
                     struct answer *ret, struct endpoint *ret_from, GError **error)
{
    struct answer answer = { .sent_ns = clock_now_ns() };
    int64_t end_ns = answer.sent_ns + way->timing.timeout_ms * NS_PER_MS;
    for (;;) {
        struct endpoint from;
        g_autoptr(GError) cause = NULL;
        if (!connection_send_to(way->by, &way->to, request->bytes, draft_size(request),
                                error))
            return FALSE;
        int64_t due_ns =
            client_due_ns(&way->timing, ++answer.transmissions, clock_now_ns());
        if (await(way->at, request, MIN(due_ns, end_ns), &answer, &from, &cause)) {
            *ret = answer;
            if (ret_from)
                *ret_from = from;
            return TRUE;
        }
        if (!g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT) ||
            due_ns >= end_ns || answer.transmissions >= way->timing.rc) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

bool binding_is_public(const struct address *a)
{
    static const struct {
        struct address prefix;
        unsigned bits;
    } others[] = {
        { { ADDRESS_IPV4, { 0 } }, 8 },
        { { ADDRESS_IPV4, { 10 } }, 8 },
        { { ADDRESS_IPV4, { 100, 64 } }, 10 },
        { { ADDRESS_IPV4, { 127 } }, 8 },
        { { ADDRESS_IPV4, { 169, 254 } }, 16 },
        { { ADDRESS_IPV4, { 172, 16 } }, 12 },
        { { ADDRESS_IPV4, { 192, 168 } }, 16 },
        { { ADDRESS_IPV6, { 0 } }, 127 }, /* :: and ::1 */
        { { ADDRESS_IPV6, { 0xfc } }, 7 },
        { { ADDRESS_IPV6, { 0xfe, 0x80 } }, 10 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (address_in_prefix(a, &others[i].prefix, others[i].bits))
            return false;
    return !address_is_multicast(a);
}
