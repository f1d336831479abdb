/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases N: NAT discovery, RFC 5780. Answers come from other addresses and to other
 * ports than usual, so these cases ask from sockets that hear everybody. A NAT or
 * firewall before this machine may keep such an answer away: where there may be one,
 * silence proves nothing.
 *
 * RFC 5780 §6.1, §7.
 */
#include "probes/cases/trial_internal.h"
#include "probes/core/binding.h"
#include "probes/core/error.h"

/* ---- Asking ----------------------------------------------------------------------- */

static void begin(struct trial *t, struct draft *ret_request)
{
    draft_begin(ret_request, trial_rng(t), STUNMSG_BINDING, STUNMSG_REQUEST);
}

static struct binding_way way_to(struct trial *t, const struct peer *socket,
                                 const struct endpoint *to)
{
    return (struct binding_way){ .by = socket->connection,
                                 .to = *to,
                                 .timing = trial_subject(t)->timing };
}

static struct binding_way way_to_primary(struct trial *t, const struct peer *socket)
{
    return way_to(t, socket, &trial_subject(t)->servers[PROBE_UDP]);
}

/* Whether the server sees the socket where it is, so that nothing translates between. */
static bool is_direct(const struct peer *socket)
{
    struct endpoint local = connection_local(socket->connection);
    return endpoint_equal(&local, &socket->address);
}

/* An answer of any class. Silence is the server's only where no NAT is between, and it
   answers a plain Binding. */
static bool ask(struct trial *t, const struct peer *socket, const struct binding_way *way,
                const struct draft *request, struct heard *ret)
{
    g_autoptr(GError) error = NULL;
    struct draft plain;
    const struct binding_way proof_way = way_to_primary(t, socket);
    g_auto(auto_heard) proof = { 0 };
    if (binding_ask(way, request, ret, &error))
        return true;
    begin(t, &plain);
    if (!g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT))
        trial_say_error(t, "sending the request", error);
    else if (!is_direct(socket))
        trial_inconclusive(t, "no answer; there is a NAT between that may drop it");
    else if (!binding_ask(&proof_way, &plain, &proof, NULL))
        trial_inconclusive(t, "no answer, and neither to a plain Binding after it");
    else
        trial_fail(t, "no answer, though a plain Binding after it was answered");
    return false;
}

static void fail_with_answer(struct trial *t, const struct answer *answer)
{
    g_autofree char *said = answer_describe(answer);
    trial_fail(t, "%s", said);
}

/* Whether an answer is a 420: RESPONSE-PORT and PADDING need not be known. */
static bool is_unknown(struct trial *t, const struct answer *answer, const char *name)
{
    if (answer_code(answer) != STUNMSG_CODE_UNKNOWN_ATTRIBUTE)
        return false;
    trial_unsupported(t, "420 (Unknown Attribute): the server does not know %s", name);
    return true;
}

/* A socket, and what the server says of itself over UDP. False: unsupported, or said. */
struct discovery {
    struct peer *socket;
    struct heard heard; /* of a plain Binding */
    struct endpoint primary, other;
};

static bool begin_discovery(struct trial *t, struct discovery *ret)
{
    struct draft request;
    ret->primary = trial_subject(t)->servers[PROBE_UDP];
    ret->socket = trial_peer(t);
    if (!ret->socket)
        return false;
    const struct binding_way way = way_to_primary(t, ret->socket);
    begin(t, &request);
    if (!ask(t, ret->socket, &way, &request, &ret->heard))
        return false;
    if (stunmsg_get_address(&ret->heard.answer.message, STUNMSG_OTHER_ADDRESS,
                            &ret->other) == STUNMSG_OK)
        return true;
    trial_unsupported(t, "%s", subject_lack(trial_subject(t), CAN(OTHER_ADDRESS)));
    return false;
}

/* ---- N01, N02: the addresses that the server names --------------------------------- */

/* Whether OTHER-ADDRESS is another one, to which one may send. */
static bool is_other_sane(struct trial *t, const struct discovery *d)
{
    char text[ENDPOINT_TEXT_SIZE];
    const struct endpoint *primary = &d->primary, *other = &d->other;
    endpoint_format(other, text);
    if (other->address.family != primary->address.family)
        trial_fail(t, "%s, of another family than the primary address", text);
    else if (address_equal(&other->address, &primary->address))
        trial_fail(t, "%s: the primary IP address again", text);
    else if (other->port == primary->port || other->port == 0)
        trial_fail(t, "%s: not another port", text);
    else if (address_is_multicast(&other->address) ||
             (binding_is_public(&primary->address) &&
              !binding_is_public(&other->address)))
        trial_fail(t, "%s, which cannot be reached from the Internet as the primary can",
                   text);
    else
        return true;
    return false;
}

/* Both ports of the other address are to answer: without them the tests of a NAT's
   mapping (§4.3) cannot be made. */
static void judge_other(struct trial *t, const struct discovery *d)
{
    const struct endpoint asked[] = { d->other, { d->other.address, d->primary.port } };
    char text[ENDPOINT_TEXT_SIZE];
    if (!is_other_sane(t, d))
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(asked); i++) {
        struct draft request;
        g_auto(auto_heard) heard = { 0 };
        g_autoptr(GError) error = NULL;
        const struct binding_way way = way_to(t, d->socket, &asked[i]);
        begin(t, &request);
        if (!binding_ask(&way, &request, &heard, &error)) {
            trial_fail(t, "%s: %s", endpoint_format(&d->other, text), error->message);
            return;
        }
    }
    trial_pass(t, "%s, which answers there and at the primary port",
               endpoint_format(&d->other, text));
}

static void other_address(struct trial *t)
{
    struct discovery d = { 0 };
    if (begin_discovery(t, &d))
        judge_other(t, &d);
    heard_clear(&d.heard);
}

static void judge_origin(struct trial *t, const struct heard *heard)
{
    struct endpoint origin;
    char said[ENDPOINT_TEXT_SIZE], is[ENDPOINT_TEXT_SIZE];
    if (stunmsg_get_address(&heard->answer.message, STUNMSG_RESPONSE_ORIGIN, &origin) !=
        STUNMSG_OK) {
        trial_fail(t, "OTHER-ADDRESS, but no readable RESPONSE-ORIGIN");
        return;
    }
    endpoint_format(&origin, said);
    endpoint_format(&heard->from, is);
    if (endpoint_equal(&origin, &heard->from))
        trial_pass(t, "%s", said);
    else
        trial_fail(t, "%s, though it came from %s: wrong, or a NAT before the server",
                   said, is);
}

static void response_origin(struct trial *t)
{
    struct discovery d = { 0 };
    if (begin_discovery(t, &d))
        judge_origin(t, &d.heard);
    heard_clear(&d.heard);
}

/* ---- N03, N04: CHANGE-REQUEST ------------------------------------------------------ */

/* Opens a NAT's filter towards the other addresses. */
static void open_filter(struct trial *t, const struct discovery *d)
{
    const struct endpoint others[] = { d->other,
                                       { d->primary.address, d->other.port },
                                       { d->other.address, d->primary.port } };
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        struct draft request;
        begin(t, &request);
        connection_send_to(d->socket->connection, &others[i], request.bytes,
                           draft_size(&request), NULL);
    }
}

static bool try_change(struct trial *t, const struct discovery *d, uint32_t flags,
                       const struct endpoint *expected)
{
    struct draft request;
    char came[ENDPOINT_TEXT_SIZE], due[ENDPOINT_TEXT_SIZE];
    g_auto(auto_heard) heard = { 0 };
    const struct binding_way way = way_to(t, d->socket, &d->primary);
    begin(t, &request);
    stunmsg_add_number(&request.b, STUNMSG_CHANGE_REQUEST, flags);
    if (!ask(t, d->socket, &way, &request, &heard))
        return false;
    if (heard.answer.message.class != STUNMSG_SUCCESS) {
        fail_with_answer(t, &heard.answer);
        return false;
    }
    if (endpoint_equal(&heard.from, expected))
        return true;
    trial_fail(t, "an answer from %s, must be from %s",
               endpoint_format(&heard.from, came), endpoint_format(expected, due));
    return false;
}

static void judge_change(struct trial *t, const struct discovery *d)
{
    const struct endpoint other_port = { d->primary.address, d->other.port };
    const struct endpoint other_ip = { d->other.address, d->primary.port };
    open_filter(t, d);
    if (try_change(t, d, STUNMSG_CHANGE_PORT, &other_port) &&
        try_change(t, d, STUNMSG_CHANGE_IP, &other_ip) &&
        try_change(t, d, STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT, &d->other))
        trial_pass(t, "answers from the other port, the other address, and both");
}

static void change_request(struct trial *t)
{
    struct discovery d = { 0 };
    if (begin_discovery(t, &d))
        judge_change(t, &d);
    heard_clear(&d.heard);
}

/* A server without a second address, be it one that knows RFC 5780 or not. */
static void change_unsupported(struct trial *t)
{
    struct draft request;
    struct client *c = NULL;
    if (subject_can(trial_subject(t), CAN(OTHER_ADDRESS)))
        trial_unsupported(t, "the server has a second address");
    else
        c = trial_client_over(t, PROBE_UDP);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_CHANGE_REQUEST,
                       STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT);
    trial_expect_code(t, c, &request, STUNMSG_CODE_UNKNOWN_ATTRIBUTE);
}

/* ---- N05, N06: RESPONSE-PORT ------------------------------------------------------- */

/* A request with RESPONSE-PORT of a second socket, which is listened at too. */
static bool ask_across(struct trial *t, const struct peer *asker,
                       const struct peer *hearer, size_t padding_size, struct heard *ret)
{
    static const uint8_t padding[64];
    struct draft request;
    struct binding_way way = way_to_primary(t, asker);
    way.or_at = hearer->connection;
    begin(t, &request);
    stunmsg_add_number(&request.b, STUNMSG_RESPONSE_PORT, hearer->address.port);
    if (padding_size > 0)
        stunmsg_add(&request.b, STUNMSG_PADDING, padding, padding_size);
    return ask(t, asker, &way, &request, ret);
}

static void response_port(struct trial *t)
{
    g_auto(auto_heard) heard = { 0 };
    struct peer *asker = trial_peer(t);
    struct peer *hearer = asker ? trial_peer_beside(t, asker) : NULL;
    if (!hearer || !ask_across(t, asker, hearer, 0, &heard) ||
        is_unknown(t, &heard.answer, "RESPONSE-PORT"))
        return;
    if (heard.answer.message.class != STUNMSG_SUCCESS)
        fail_with_answer(t, &heard.answer);
    else if (heard.at == hearer->connection)
        trial_pass(t, "an answer at that port");
    else
        trial_fail(t, "an answer at the port that asked");
}

/* Else a small request to one port would send much to another. */
static void padding_and_port(struct trial *t)
{
    enum { PADDING = 64 };
    g_auto(auto_heard) heard = { 0 };
    struct peer *asker = trial_peer(t);
    struct peer *hearer = asker ? trial_peer_beside(t, asker) : NULL;
    if (!hearer || !ask_across(t, asker, hearer, PADDING, &heard) ||
        is_unknown(t, &heard.answer, "PADDING or RESPONSE-PORT"))
        return;
    if (answer_code(&heard.answer) == STUNMSG_CODE_BAD_REQUEST)
        trial_pass(t, "400 (Bad Request)");
    else
        fail_with_answer(t, &heard.answer);
}

/* ---- N07: PADDING ------------------------------------------------------------------ */

/* What a padded request is answered with. */
static bool ask_padded(struct trial *t, const struct discovery *d, size_t size,
                       struct heard *ret, GError **error)
{
    static const uint8_t padding[2048];
    struct draft request;
    const struct binding_way way = way_to(t, d->socket, &d->primary);
    begin(t, &request);
    stunmsg_add(&request.b, STUNMSG_PADDING, padding, size);
    return binding_ask(&way, &request, ret, error);
}

static bool is_padded(struct trial *t, const struct answer *answer, size_t *ret_size)
{
    struct stunmsg_attribute padding;
    if (is_unknown(t, answer, "PADDING"))
        return false;
    if (answer->message.class != STUNMSG_SUCCESS) {
        fail_with_answer(t, answer);
        return false;
    }
    if (stunmsg_find(&answer->message, STUNMSG_PADDING, &padding) != STUNMSG_OK) {
        trial_fail(t, "a success without PADDING");
        return false;
    }
    *ret_size = padding.size;
    return true;
}

/* First in one piece, so that what is wrong with a long one is known to be fragments. */
static void judge_padding(struct trial *t, const struct discovery *d)
{
    enum { SHORT = 64, LONG = 1500 };
    size_t size = 0;
    g_autoptr(GError) error = NULL;
    g_auto(auto_heard) small = { 0 };
    g_auto(auto_heard) large = { 0 };
    if (!ask_padded(t, d, SHORT, &small, &error)) {
        trial_inconclusive(t,
                           "a request with %d bytes of PADDING: %s (an answer as long "
                           "as the server's MTU may be lost on the way)",
                           SHORT, error->message);
        return;
    }
    if (!is_padded(t, &small.answer, &size))
        return;
    if (!ask_padded(t, d, LONG, &large, &error))
        trial_warn(t,
                   "PADDING is answered with %zu bytes of it, but a request with %d "
                   "is lost: fragments do not survive",
                   size, LONG);
    else if (is_padded(t, &large.answer, &size))
        trial_pass(t, "%zu bytes of PADDING to a request with %d", size, LONG);
}

/* PADDING needs no second address (§5). */
static void padding(struct trial *t)
{
    struct discovery d = { .primary = trial_subject(t)->servers[PROBE_UDP],
                           .socket = trial_peer(t) };
    if (d.socket)
        judge_padding(t, &d);
}

/* ---- The table -------------------------------------------------------------------- */

static const struct test_case cases[] = {
    { .id = "N01",
      .title = "OTHER-ADDRESS is another address and port, and answers",
      .clause = "RFC 5780 §6.1, §7.4",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "another IP address and another port, with answers from both",
      .run = other_address },
    { .id = "N02",
      .title = "RESPONSE-ORIGIN is where the answer comes from",
      .clause = "RFC 5780 §6.1, §7.3",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "the answer's source",
      .run = response_origin },
    { .id = "N03",
      .title = "CHANGE-REQUEST has the answer come from elsewhere",
      .clause = "RFC 5780 §6.1",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "answers from the other port, the other address, and both",
      .run = change_request },
    { .id = "N04",
      .title = "a server with one address refuses CHANGE-REQUEST",
      .clause = "RFC 5780 §6.1",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "420 (Unknown Attribute)",
      .run = change_unsupported },
    { .id = "N05",
      .title = "the answer goes to the RESPONSE-PORT",
      .clause = "RFC 5780 §7.5",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "the answer at that port of the asker's address",
      .run = response_port },
    { .id = "N06",
      .title = "PADDING with RESPONSE-PORT is refused",
      .clause = "RFC 5780 §6.1, §7.5",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "400 (Bad Request)",
      .run = padding_and_port },
    { .id = "N07",
      .title = "PADDING is answered with PADDING, in fragments too",
      .clause = "RFC 5780 §6.1, §7.6",
      .level = CASE_MUST,
      .needs = CAN(UDP),
      .expected = "a success with PADDING, to a short and to a long request",
      .run = padding },
};

const struct case_group cases_nat = { .letter = 'N',
                                      .tag = "nat",
                                      .title = "NAT discovery, RFC 5780",
                                      .cases = cases,
                                      .n_cases = G_N_ELEMENTS(cases) };
