/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets are random and stand for nothing but the allocation that has them; RFC 8016
 * leaves to the server what is in one. Each Refresh by ticket makes a new one.
 *
 * After such a Refresh data still goes to the old path, until the client sends data from
 * the new one. RFC 8016 §3.1 to §3.3.
 */
#include "probes/server/mobility.h"

bool srv_mobility_check_allocate(struct probe_server *s, const struct srv_request *q,
                                 bool *ret_is_mobile)
{
    struct stunmsg_text ticket;
    *ret_is_mobile = false;
    if (stunmsg_get_text(&q->message, STUNMSG_MOBILITY_TICKET, &ticket) != STUNMSG_OK)
        return true;
    if (ticket.size != 0 && !srv_has(s, DEFECT_OLD_TICKET_IN_ALLOCATE)) {
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        return false;
    }
    if (!s->options.has_mobility) {
        srv_reply_error(s, q, STUNMSG_CODE_MOBILITY_FORBIDDEN);
        return false;
    }
    *ret_is_mobile = true;
    return true;
}

void srv_mobility_add_ticket(struct probe_server *s, struct srv_allocation *a,
                             struct srv_reply *r)
{
    /* As text: coturn's client, for one, takes a ticket to end at its first zero. */
    uint8_t random[SRV_TICKET_BYTES / 4 * 3];
    rng_entropy(random, sizeof random);
    g_autofree char *text = g_base64_encode(random, sizeof random);
    memcpy(a->ticket, text, sizeof a->ticket);
    stunmsg_add(&r->b, STUNMSG_MOBILITY_TICKET, a->ticket,
                srv_has(s, DEFECT_TICKET_EMPTY) ? 0 : sizeof a->ticket);
}

static struct srv_allocation *find_by_ticket(struct probe_server *s,
                                             const struct stunmsg_text *ticket)
{
    for (guint i = 0; i < s->allocations->len; i++) {
        struct srv_allocation *a = s->allocations->pdata[i];
        if (!a->is_gone && a->is_mobile && ticket->size == sizeof a->ticket &&
            memcmp(ticket->at, a->ticket, sizeof a->ticket) == 0)
            return a;
    }
    return NULL;
}

struct srv_allocation *srv_mobility_refresh(struct probe_server *s,
                                            const struct srv_request *q,
                                            const struct stunmsg_text *ticket)
{
    struct srv_allocation *a = find_by_ticket(s, ticket);
    struct srv_allocation *here = srv_allocation_find(s, q->path);
    unsigned code = 0;
    if (!s->options.has_mobility)
        code = STUNMSG_CODE_MOBILITY_FORBIDDEN;
    else if (ticket->size == 0)
        code = STUNMSG_CODE_BAD_REQUEST;
    else if (!a || (here && here != a))
        code = srv_has(s, DEFECT_UNKNOWN_TICKET_400) ? STUNMSG_CODE_BAD_REQUEST
                                                     : STUNMSG_CODE_ALLOCATION_MISMATCH;
    else if (strcmp(a->user, q->user) != 0 && !srv_has(s, DEFECT_TICKET_OF_ANYONE))
        code = STUNMSG_CODE_WRONG_CREDENTIALS;
    if (code != 0) {
        srv_reply_error(s, q, code);
        return NULL;
    }
    if (!srv_path_equal(&a->path, q->path)) {
        a->next_path = *q->path;
        a->has_next_path = true;
        bool has_no_path = srv_transport_is_stream(a->path.transport) && !a->path.stream;
        if (has_no_path || srv_has(s, DEFECT_OLD_PATH_DIES)) {
            a->path = a->next_path;
            a->has_next_path = false;
        }
    }
    return a;
}
