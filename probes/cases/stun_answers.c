/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases S01 to S03, S19, S30 and S31: a Binding is answered, from where it went, with
 * where it came from.
 *
 * Where it came from can be told only as far as this machine knows it: a NAT on the way
 * is told as one, unless there cannot be any, or what the server saw cannot be seen on
 * the Internet.
 *
 * RFC 8489 §6.3.1, §14.2; RFC 7350 §3.
 */
#include "probes/cases/stun_cases.h"

#include <string.h>

#include "base/clock.h"
#include "probes/cases/trial_internal.h"
#include "probes/core/binding.h"
#include "probes/core/error.h"

void stun_case_begin(struct client *c, struct draft *ret_request)
{
    client_begin(c, ret_request, STUNMSG_BINDING, STUNMSG_REQUEST);
}

/* ---- The mapped address ----------------------------------------------------------- */

static bool read_mapped(struct trial *t, const struct answer *answer,
                        struct endpoint *ret)
{
    switch (stunmsg_get_address(&answer->message, STUNMSG_XOR_MAPPED_ADDRESS, ret)) {
    case STUNMSG_OK:
        return true;
    case STUNMSG_ABSENT:
        trial_fail(t, "a success without XOR-MAPPED-ADDRESS");
        return false;
    default:
        trial_fail(t, "an XOR-MAPPED-ADDRESS of wrong form");
        return false;
    }
}

static void judge_mapped(struct trial *t, struct client *c, const struct endpoint *mapped)
{
    char seen[ENDPOINT_TEXT_SIZE], own[ENDPOINT_TEXT_SIZE];
    struct endpoint local = connection_local(client_connection(c));
    struct endpoint server = connection_server(client_connection(c));
    endpoint_format(mapped, seen);
    endpoint_format(&local, own);
    if (endpoint_equal(mapped, &local))
        trial_pass(t, "mapped to %s, where it was sent from", seen);
    else if (mapped->address.family != local.address.family)
        trial_fail(t, "mapped to %s, though sent from %s: another family", seen, own);
    else if (address_equal(&local.address, &server.address) ||
             address_is_loopback(&server.address))
        trial_fail(t, "mapped to %s, though sent from %s on the same machine", seen, own);
    else if (binding_is_public(&server.address) && !binding_is_public(&mapped->address))
        trial_fail(t,
                   "mapped to %s, which cannot come over the Internet: something "
                   "before the server translates its clients' addresses",
                   seen);
    else
        trial_pass(t, "mapped to %s, sent from %s: there is a NAT between", seen, own);
}

/* An answer to another transaction than that which was asked: what came instead. */
static bool tell_other_transaction(struct trial *t, struct client *c)
{
    g_auto(auto_inbound) in = { 0 };
    struct stunmsg m;
    if (!client_next(c, trial_soon_ns(t), &in, NULL) ||
        stunmsg_decode(in.bytes, in.size, &m) != STUNMSG_OK || m.class != STUNMSG_SUCCESS)
        return false;
    trial_fail(t, "a success response with a transaction id that is not the request's");
    return true;
}

/* A Binding's success response. */
static bool get_binding(struct trial *t, struct client *c, struct answer *ret)
{
    struct draft request;
    g_autoptr(GError) error = NULL;
    g_auto(auto_answer) answer = { 0 };
    stun_case_begin(c, &request);
    if (!client_exchange(c, &request, &answer, &error)) {
        if (!tell_other_transaction(t, c))
            trial_say_error(t, "asking for a Binding", error);
        return false;
    }
    if (answer.message.class != STUNMSG_SUCCESS) {
        g_autofree char *said = answer_describe(&answer);
        trial_fail(t, "%s", said);
        return false;
    }
    *ret = answer;
    answer = (struct answer){ 0 };
    return true;
}

static void bind_and_judge(struct trial *t, struct client *c)
{
    struct endpoint mapped;
    g_auto(auto_answer) answer = { 0 };
    if (!c || !get_binding(t, c, &answer) || !read_mapped(t, &answer, &mapped))
        return;
    if (answer.message.method != STUNMSG_BINDING)
        trial_fail(t, "a response of method 0x%03x", answer.message.method);
    else
        judge_mapped(t, c, &mapped);
}

void stun_case_binding(struct trial *t)
{
    bind_and_judge(t, trial_client(t));
}

/* Without the handshake there is no DTLS; with it an answer is owed. */
void stun_case_dtls(struct trial *t)
{
    struct client_options options = trial_client_options(t, PROBE_DTLS);
    struct endpoint mapped;
    g_autoptr(GError) error = NULL;
    g_auto(auto_answer) answer = { 0 };
    struct draft request;
    if (options.connection.server.address.family == ADDRESS_NONE) {
        trial_unsupported(t, "no DTLS port is known");
        return;
    }
    g_autoptr(auto_client) c = client_open(&options, NULL, NULL, &error);
    if (!c) {
        trial_unsupported(t, "%s", error->message);
        return;
    }
    stun_case_begin(c, &request);
    if (!client_exchange(c, &request, &answer, &error))
        trial_fail(t, "after the handshake: %s", error->message);
    else if (read_mapped(t, &answer, &mapped))
        judge_mapped(t, c, &mapped);
}

/* Twice: what is not XORed with the transaction id changes with it. */
void stun_case_binding_ipv6(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct client_options options = trial_client_options(t, s->transport);
    struct endpoint mapped[2];
    options.connection.server = s->server_ipv6;
    if (options.connection.local.address.family != ADDRESS_IPV6)
        options.connection.local = (struct endpoint){ 0 };
    struct client *c = trial_client_with(t, &options);
    for (unsigned i = 0; i < G_N_ELEMENTS(mapped); i++) {
        g_auto(auto_answer) answer = { 0 };
        if (!c || !get_binding(t, c, &answer) || !read_mapped(t, &answer, &mapped[i]))
            return;
    }
    char texts[2][ENDPOINT_TEXT_SIZE];
    if (endpoint_equal(&mapped[0], &mapped[1]))
        judge_mapped(t, c, &mapped[0]);
    else
        trial_fail(t,
                   "one socket is mapped to %s and then to %s: not XORed with the "
                   "transaction id",
                   endpoint_format(&mapped[0], texts[0]),
                   endpoint_format(&mapped[1], texts[1]));
}

/* ---- Where it comes from ---------------------------------------------------------- */

/* Asked from a socket that hears everybody. */
void stun_case_origin(struct trial *t)
{
    char came[ENDPOINT_TEXT_SIZE], went[ENDPOINT_TEXT_SIZE];
    const struct subject *s = trial_subject(t);
    const struct endpoint *server = &s->servers[PROBE_UDP];
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(GError) error = NULL;
    struct peer *socket = trial_peer(t);
    if (!socket)
        return;
    const struct binding_way way = { .by = socket->connection,
                                     .to = *server,
                                     .timing = s->timing };
    draft_begin(&request, trial_rng(t), STUNMSG_BINDING, STUNMSG_REQUEST);
    if (!binding_ask(&way, &request, &heard, &error)) {
        trial_say_error(t, "asking for a Binding", error);
        return;
    }
    endpoint_format(&heard.from, came);
    endpoint_format(server, went);
    if (endpoint_equal(&heard.from, server))
        trial_pass(t, "from %s", came);
    else
        trial_fail(t, "from %s, though the request went to %s", came, went);
}

/* ---- Retransmissions -------------------------------------------------------------- */

static bool are_alike(const struct answer *a, const struct stunmsg *m)
{
    struct endpoint mapped[2] = { { .port = 0 }, { .port = 0 } };
    stunmsg_get_address(&a->message, STUNMSG_XOR_MAPPED_ADDRESS, &mapped[0]);
    stunmsg_get_address(m, STUNMSG_XOR_MAPPED_ADDRESS, &mapped[1]);
    return a->message.class == m->class && endpoint_equal(&mapped[0], &mapped[1]);
}

/* Sent twice more: both answers wait in the inbox, or are still on their way. */
void stun_case_retransmission(struct trial *t)
{
    enum { COPIES = 3 };
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    unsigned n_alike = 1;
    struct client *c = trial_client_over(t, PROBE_UDP);
    if (!c)
        return;
    stun_case_begin(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    for (unsigned i = 1; i < COPIES; i++)
        if (!client_send(c, &request, NULL)) {
            trial_inconclusive(t, "the copies could not be sent");
            return;
        }
    int64_t deadline_ns = trial_soon_ns(t);
    while (n_alike < COPIES + answer.transmissions - 1) {
        g_auto(auto_inbound) in = { 0 };
        struct stunmsg m;
        if (!client_next(c, deadline_ns, &in, NULL))
            break;
        if (stunmsg_decode(in.bytes, in.size, &m) != STUNMSG_OK ||
            memcmp(m.transaction, answer.message.transaction, sizeof m.transaction) != 0)
            continue;
        if (!are_alike(&answer, &m)) {
            trial_fail(t, "answer %u differs from the first", n_alike + 1);
            return;
        }
        n_alike++;
    }
    if (n_alike >= COPIES)
        trial_pass(t, "%u equal answers", n_alike);
    else if (n_alike > 1)
        trial_pass(t, "%u equal answers to %u requests; the others were lost", n_alike,
                   (unsigned)COPIES);
    else
        trial_fail(t, "only the first of %u copies was answered", (unsigned)COPIES);
}

/* ---- Size ------------------------------------------------------------------------- */

/* How long the STUN message is in an IP datagram of that size. */
static size_t message_size(const struct endpoint *server, size_t datagram_size)
{
    return datagram_size - 8 - (server->address.family == ADDRESS_IPV6 ? 40 : 20);
}

/* Padded with an attribute that the server does not know and so must not mind. */
void stun_case_large_request(struct trial *t)
{
    static const size_t sizes[] = { 576, 1500 }; /* RFC 8489 §6.1; Ethernet's MTU */
    static const uint8_t zeros[1500];
    struct client *c = trial_client_over(t, PROBE_UDP);
    for (unsigned i = 0; c && i < G_N_ELEMENTS(sizes); i++) {
        struct draft request;
        g_auto(auto_answer) answer = { 0 };
        struct endpoint server = connection_server(client_connection(c));
        size_t size = message_size(&server, sizes[i]) & ~(size_t)3;
        stun_case_begin(c, &request);
        stunmsg_add(&request.b, STUN_CASE_OPTIONAL, zeros,
                    size - STUNMSG_HEADER_SIZE - 4);
        if (!trial_exchange(t, c, &request, &answer))
            return;
        if (answer.message.class != STUNMSG_SUCCESS) {
            g_autofree char *said = answer_describe(&answer);
            {
                trial_fail(t, "%s to a request of %zu bytes", said, sizes[i]);
                return;
            }
        }
    }
    if (c)
        trial_pass(t, "a success each for IP datagrams of 576 and 1500 bytes");
}
