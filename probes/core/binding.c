/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and its response over unconnected sockets. It is sent again as by a struct
 * client; what else is heard meanwhile is nobody's and dropped.
 *
 * RFC 8489 §6.2.1, RFC 5780 §6.1.
 */
#include "probes/core/binding.h"

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

void heard_clear(struct heard *heard)
{
    answer_clear(&heard->answer);
    *heard = (struct heard){ .at = NULL };
}

/* What one of the two sockets has by now; FALSE with _SILENT: nothing. */
static gboolean look(const struct binding_way *way, const struct draft *request,
                     struct heard *ret, GError **error)
{
    struct connection *const sockets[] = { way->by, way->or_at };
    for (unsigned i = 0; i < G_N_ELEMENTS(sockets) && sockets[i]; i++) {
        struct received in;
        g_clear_error(error);
        while (connection_receive_from(sockets[i], 0, &in, &ret->from, error)) {
            if (!answer_take(&in, draft_transaction(request), &ret->answer))
                continue;
            ret->at = sockets[i];
            return TRUE;
        }
        if (!g_error_matches(*error, PROBE_ERROR, PROBE_ERROR_SILENT))
            return FALSE;
    }
    return FALSE;
}

/* Waits for the response until a deadline. FALSE with _SILENT: not yet. */
static gboolean await(const struct binding_way *way, const struct draft *request,
                      int64_t deadline_ns, struct heard *ret, GError **error)
{
    struct pollfd fds[2] = { { .fd = connection_fd(way->by), .events = POLLIN } };
    unsigned n_fds = 1;
    if (way->or_at)
        fds[n_fds++] =
            (struct pollfd){ .fd = connection_fd(way->or_at), .events = POLLIN };
    for (;;) {
        g_autoptr(GError) cause = NULL;
        if (look(way, request, ret, &cause))
            return TRUE;
        /* Anyone may send to these sockets, also without an end. */
        if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT) &&
            clock_now_ns() < deadline_ns &&
            wait_for(fds, n_fds, deadline_ns) == WAIT_READY)
            continue;
        if (wait_is_interrupted())
            g_set_error(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "interrupted");
        else
            g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
}

static void set_silence(const struct binding_way *way, const struct heard *heard,
                        GError **error)
{
    char to[ENDPOINT_TEXT_SIZE];
    int64_t ns = clock_now_ns() - heard->answer.sent_ns;
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT,
                "no answer to a request to %s in %.1f s (sent %u time%s)",
                endpoint_format(&way->to, to), (double)ns / (double)NS_PER_S,
                heard->answer.transmissions, heard->answer.transmissions == 1 ? "" : "s");
}

gboolean binding_ask(const struct binding_way *way, const struct draft *request,
                     struct heard *ret, GError **error)
{
    struct heard heard = { .answer = { .sent_ns = clock_now_ns() } };
    struct answer *answer = &heard.answer;
    int64_t end_ns = answer->sent_ns + way->timing.timeout_ms * NS_PER_MS;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        if (!connection_send_to(way->by, &way->to, request->bytes, draft_size(request),
                                error))
            return FALSE;
        int64_t due_ns =
            client_due_ns(&way->timing, ++answer->transmissions, clock_now_ns());
        if (await(way, request, MIN(due_ns, end_ns), &heard, &cause)) {
            *ret = heard;
            return TRUE;
        }
        if (!g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (due_ns >= end_ns || answer->transmissions >= way->timing.rc) {
            set_silence(way, &heard, error);
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
