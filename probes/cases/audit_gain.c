/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases X01 and X02: what a server adds to a datagram whose source is forged. Each
 * request is sent once, and all that comes for it counts. The gate is on bytes with the
 * IP and UDP headers, since that is what fills the victim's line; the gain of the
 * payloads alone, by which such attacks are often named, is told beside it.
 */
#include "probes/cases/audit_internal.h"

#include <string.h>

#include "base/clock.h"

enum {
    MAX_REQUESTS = 8,
    REQUEST_SIZE = 64,
    UDP_HEADER = 8,
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    UNKNOWN_ATTRIBUTES = 8,
    UNKNOWN_TYPE = 0x7fe0
};

/* A request, and what came for it. */
struct volley {
    const char *name;
    uint8_t bytes[REQUEST_SIZE];
    size_t size;
    size_t n_answers, answer_bytes;
};

struct volleys {
    struct volley list[MAX_REQUESTS];
    unsigned count;
};

static size_t header_size(const struct endpoint *server)
{
    return UDP_HEADER +
           (server->address.family == ADDRESS_IPV6 ? IPV6_HEADER : IPV4_HEADER);
}

/* Takes a message over as it is. */
static struct volley *add(struct volleys *all, const char *name,
                          const struct draft *request)
{
    struct volley *v = &all->list[all->count++];
    g_assert(all->count <= MAX_REQUESTS && draft_size(request) <= REQUEST_SIZE);
    *v = (struct volley){ .name = name, .size = draft_size(request) };
    memcpy(v->bytes, request->bytes, v->size);
    return v;
}

static struct volley *find(struct volleys *all, const struct inbound *in)
{
    enum { ID_AT = STUNMSG_HEADER_SIZE - STUNMSG_TRANSACTION_SIZE };
    if (in->size < STUNMSG_HEADER_SIZE)
        return NULL;
    for (unsigned i = 0; i < all->count; i++)
        if (memcmp(in->bytes + ID_AT, all->list[i].bytes + ID_AT,
                   STUNMSG_TRANSACTION_SIZE) == 0)
            return &all->list[i];
    return NULL;
}

/* Sends those that have no answer yet, and counts what comes. */
static bool fire(struct trial *t, struct client *c, struct volleys *all)
{
    g_autoptr(GError) error = NULL;
    g_auto(auto_inbound) in = { 0 };
    for (unsigned i = 0; i < all->count; i++) {
        struct volley *v = &all->list[i];
        if (v->n_answers == 0 &&
            !connection_send(client_connection(c), v->bytes, v->size, v->name, &error)) {
            trial_inconclusive(t, "%s", error->message);
            return false;
        }
    }
    int64_t deadline_ns = trial_soon_ns(t);
    while (client_next(c, deadline_ns, &in, NULL)) {
        struct volley *v = find(all, &in);
        if (v) {
            v->n_answers++;
            v->answer_bytes += in.size;
        }
        inbound_clear(&in);
    }
    return true;
}

static double payload_gain(const struct volley *v)
{
    return (double)v->answer_bytes / (double)v->size;
}

static double wire_gain(const struct volley *v, size_t header)
{
    return (double)(v->answer_bytes + v->n_answers * header) / (double)(v->size + header);
}

/* Fires, again against loss, and judges the largest gain. */
static void judge(struct trial *t, struct client *c, struct volleys *all,
                  const char *kind)
{
    enum { TRIES = 2 };
    const struct subject *s = trial_subject(t);
    const struct volley *worst = NULL;
    double most = s->max_gain > 0 ? s->max_gain : SUBJECT_MAX_GAIN;
    size_t header = header_size(&s->servers[PROBE_UDP]);
    for (unsigned i = 0; i < TRIES; i++)
        if (!fire(t, c, all))
            return;
    for (unsigned i = 0; i < all->count; i++) {
        const struct volley *v = &all->list[i];
        if (v->n_answers > 0 &&
            (!worst || wire_gain(v, header) > wire_gain(worst, header)))
            worst = v;
    }
    if (!worst) {
        trial_inconclusive(t, "no answer to any of %u requests", all->count);
        return;
    }
    double gain = wire_gain(worst, header);
    trial_gain(t, kind, gain);
    g_autofree char *said = g_strdup_printf(
        "%.1f times with headers, %.1f times the payload: %zu bytes for %zu (%s)", gain,
        payload_gain(worst), worst->answer_bytes, worst->size, worst->name);
    if (gain > most)
        trial_fail(t, "%s; at most %.1f times with headers", said, most);
    else
        trial_pass(t, "%s", said);
}

/* ---- Bindings --------------------------------------------------------------------- */

static void add_binding(struct client *c, struct volleys *all, const char *name,
                        uint16_t type, const void *value, size_t size)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    if (type)
        stunmsg_add(&request.b, type, value, size);
    add(all, name, &request);
}

/* What makes servers talkative: RFC 5780's attributes, a list of unknown ones for 420,
   and the header of RFC 3489, which has a transaction id in the cookie's place. */
void audit_binding_gain(struct trial *t)
{
    static const uint8_t zeros[4];
    struct volleys all = { .count = 0 };
    struct draft request;
    struct client *c = trial_client_over(t, PROBE_UDP);
    if (!c)
        return;
    add_binding(c, &all, "Binding", 0, NULL, 0);
    add_binding(c, &all, "Binding with CHANGE-REQUEST", STUNMSG_CHANGE_REQUEST, zeros,
                sizeof zeros);
    add_binding(c, &all, "Binding with an empty PADDING", STUNMSG_PADDING, zeros, 0);
    add_binding(c, &all, "Binding with 4 bytes of PADDING", STUNMSG_PADDING, zeros,
                sizeof zeros);
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    for (unsigned i = 0; i < UNKNOWN_ATTRIBUTES; i++)
        stunmsg_add(&request.b, (uint16_t)(UNKNOWN_TYPE + i), zeros, 0);
    add(&all, "Binding with unknown attributes", &request);
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    store_be32(request.bytes + 4, (uint32_t)rng_next(trial_rng(t)) & 0x7fffffff);
    add(&all, "Binding of RFC 3489", &request);
    judge(t, c, &all, "binding");
}

/* ---- Challenges ------------------------------------------------------------------- */

void audit_challenge_gain(struct trial *t)
{
    static const struct {
        uint16_t method;
        const char *name;
    } bare[] = { { STUNMSG_ALLOCATE, "empty Allocate" },
                 { STUNMSG_REFRESH, "empty Refresh" },
                 { STUNMSG_CREATE_PERMISSION, "empty CreatePermission" },
                 { STUNMSG_CHANNEL_BIND, "empty ChannelBind" },
                 { STUNMSG_CONNECT, "empty Connect" } };
    struct volleys all = { .count = 0 };
    struct draft request;
    struct client *c = trial_client_over(t, PROBE_UDP);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    add(&all, "Allocate", &request);
    for (unsigned i = 0; i < G_N_ELEMENTS(bare); i++) {
        client_begin(c, &request, bare[i].method, STUNMSG_REQUEST);
        add(&all, bare[i].name, &request);
    }
    judge(t, c, &all, "challenge");
}
