/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STUN client on one 5-tuple. An exchange reads messages until its response comes, the
 * request is due again, or time is up; what is not the response goes to the inbox. There
 * is one exchange at a time, so a response that nobody waits for is inbox matter too: a
 * case that counts doubled answers finds them there.
 *
 * RFC 8489 §6.2.1 (retransmission), §6.2.2 (streams), §6.3.3 and §6.3.4 (responses), §9.2
 * (authentication).
 */
#include "probes/core/client.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

enum { MAX_ATTEMPTS = 4 }; /* of a request that is challenged, or whose nonce is stale */

struct client {
    struct connection *connection;
    struct client_timing timing;
    struct auth auth;
    struct rng rng;
    GQueue inbox; /* struct inbound * */
    size_t inbox_bytes;
    unsigned last_code;
};

struct client *client_open(const struct client_options *options,
                           struct connection_times *ret_times,
                           struct tls_report *ret_report, GError **error)
{
    int64_t deadline_ns = clock_now_ns() + options->timing.timeout_ms * NS_PER_MS;
    struct connection *connection =
        connection_open(&options->connection, deadline_ns, ret_times, ret_report, error);
    if (!connection)
        return NULL;
    struct client *c = g_new0(struct client, 1);
    c->connection = connection;
    c->timing = options->timing;
    c->rng = options->rng;
    g_queue_init(&c->inbox);
    auth_init(&c->auth, options->username, options->password, options->is_modern);
    return c;
}

void inbound_clear(struct inbound *in)
{
    g_free(in->bytes);
    *in = (struct inbound){ 0 };
}

/* All but the connection. */
static void release(struct client *c)
{
    struct inbound *in;
    while ((in = g_queue_pop_head(&c->inbox))) {
        inbound_clear(in);
        g_free(in);
    }
    auth_clear(&c->auth);
    g_free(c);
}

void client_close(struct client *c)
{
    if (!c)
        return;
    connection_close(c->connection);
    release(c);
}

void client_abort(struct client *c)
{
    connection_abort(c->connection);
    release(c);
}

struct connection *client_connection(struct client *c)
{
    return c->connection;
}

struct auth *client_auth(struct client *c)
{
    return &c->auth;
}

struct client_timing *client_timing(struct client *c)
{
    return &c->timing;
}

struct rng *client_rng(struct client *c)
{
    return &c->rng;
}

unsigned client_last_code(const struct client *c)
{
    return c->last_code;
}

void draft_begin(struct draft *draft, struct rng *rng, uint16_t method,
                 enum stunmsg_class class)
{
    uint64_t words[2] = { rng_next(rng), rng_next(rng) };
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    memcpy(transaction, words, sizeof transaction);
    stunmsg_begin(&draft->b, draft->bytes, sizeof draft->bytes, method, class,
                  transaction);
}

void client_begin(struct client *c, struct draft *draft, uint16_t method,
                  enum stunmsg_class class)
{
    draft_begin(draft, &c->rng, method, class);
}

size_t draft_size(const struct draft *draft)
{
    size_t size = 0;
    enum stunmsg_error problem = stunmsg_end(&draft->b, &size);
    g_assert(problem == STUNMSG_OK); /* DRAFT_SIZE holds all that is written here */
    return size;
}

const uint8_t *draft_transaction(const struct draft *draft)
{
    return draft->bytes + STUNMSG_HEADER_SIZE - STUNMSG_TRANSACTION_SIZE;
}

void client_sign(struct client *c, struct draft *draft)
{
    auth_add(&c->auth, &draft->b, AUTH_ALL);
}

void answer_clear(struct answer *answer)
{
    g_free(answer->bytes);
    *answer = (struct answer){ 0 };
}

unsigned answer_code(const struct answer *answer)
{
    struct stunmsg_error_code code;
    if (answer->message.class == STUNMSG_SUCCESS ||
        stunmsg_get_error(&answer->message, STUNMSG_ERROR_CODE, &code) != STUNMSG_OK)
        return 0;
    return code.code;
}

char *answer_describe(const struct answer *answer)
{
    struct stunmsg_error_code code;
    if (answer->message.class == STUNMSG_SUCCESS)
        return g_strdup("success");
    if (stunmsg_get_error(&answer->message, STUNMSG_ERROR_CODE, &code) != STUNMSG_OK)
        return g_strdup("an error without a code");
    const char *recommended = stunmsg_code_reason(code.code);
    g_autofree char *said = g_strndup(code.reason.at, code.reason.size);
    if (recommended && (!*said || g_ascii_strcasecmp(said, recommended) == 0))
        return g_strdup_printf("%u (%s)", code.code, recommended);
    g_autofree char *valid = g_utf8_make_valid(said, -1);
    return g_strdup_printf("%u (\"%s\")", code.code, valid);
}

static void keep(struct client *c, const struct received *received)
{
    if (g_queue_get_length(&c->inbox) >= CLIENT_MAX_INBOX ||
        c->inbox_bytes + received->size > CLIENT_MAX_INBOX_BYTES)
        return;
    struct inbound *in = g_new(struct inbound, 1);
    *in = (struct inbound){ .bytes = g_memdup2(received->bytes, received->size),
                            .size = received->size,
                            .at_ns = received->at_ns };
    c->inbox_bytes += in->size;
    g_queue_push_tail(&c->inbox, in);
}

unsigned client_unread(const struct client *c)
{
    return c->inbox.length;
}

gboolean client_next(struct client *c, int64_t deadline_ns, struct inbound *ret,
                     GError **error)
{
    struct inbound *in = g_queue_pop_head(&c->inbox);
    if (in) {
        c->inbox_bytes -= in->size;
        *ret = *in;
        g_free(in);
        return TRUE;
    }
    struct received received;
    if (!connection_receive(c->connection, deadline_ns, &received, error))
        return FALSE;
    *ret = (struct inbound){ .bytes = g_memdup2(received.bytes, received.size),
                             .size = received.size,
                             .at_ns = received.at_ns };
    return TRUE;
}

/* Bytes after a message in its datagram are a server's mistake, which must not hide the
   answer: stunmsg_decode() tells. */
bool answer_take(const struct received *received, const uint8_t *transaction,
                 struct answer *ret)
{
    struct stunmsg m;
    if (stunmsg_decode(received->bytes, received->size, &m) != STUNMSG_OK ||
        (m.class != STUNMSG_SUCCESS && m.class != STUNMSG_FAILURE) ||
        memcmp(m.transaction, transaction, sizeof m.transaction) != 0)
        return false;
    uint8_t *bytes = g_memdup2(received->bytes, received->size);
    stunmsg_decode(bytes, received->size, &ret->message);
    ret->bytes = bytes;
    ret->received_ns = received->at_ns;
    return true;
}

/* Waits for the response until a deadline. FALSE with _SILENT: not yet. */
static gboolean await_response(struct client *c, const uint8_t *transaction,
                               int64_t deadline_ns, struct answer *ret, GError **error)
{
    for (;;) {
        struct received received;
        if (!connection_receive(c->connection, deadline_ns, &received, error))
            return FALSE;
        if (answer_take(&received, transaction, ret))
            return TRUE;
        keep(c, &received);
    }
}

int64_t client_due_ns(const struct client_timing *timing, unsigned n, int64_t now_ns)
{
    int64_t rto_ns = timing->rto_ms * NS_PER_MS;
    return now_ns + (n >= timing->rc ? rto_ns * timing->rm : rto_ns << MIN(n - 1, 16u));
}

/* The same; a stream sends nothing again. */
static int64_t next_due_ns(const struct client *c, unsigned n, int64_t now_ns)
{
    if (transport_is_stream(connection_transport(c->connection)))
        return CLOCK_NEVER;
    return client_due_ns(&c->timing, n, now_ns);
}

static void set_silence(GError **error, unsigned n_sent, int64_t since_ns)
{
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT,
                "no answer in %.1f s (sent %u time%s)",
                (double)(clock_now_ns() - since_ns) / (double)NS_PER_S, n_sent,
                n_sent == 1 ? "" : "s");
}

gboolean client_exchange_bytes(struct client *c, const uint8_t *bytes, size_t size,
                               const uint8_t *transaction, struct answer *ret,
                               GError **error)
{
    struct answer answer = { .sent_ns = clock_now_ns() };
    int64_t end_ns = answer.sent_ns + c->timing.timeout_ms * NS_PER_MS;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *note =
            answer.transmissions
                ? g_strdup_printf("transmission %u", answer.transmissions + 1)
                : NULL;
        if (!connection_send(c->connection, bytes, size, note, error))
            return FALSE;
        answer.transmissions++;
        int64_t due_ns = next_due_ns(c, answer.transmissions, clock_now_ns());
        if (await_response(c, transaction, MIN(due_ns, end_ns), &answer, &cause)) {
            *ret = answer;
            return TRUE;
        }
        if (!g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (due_ns >= end_ns || answer.transmissions >= c->timing.rc) {
            set_silence(error, answer.transmissions, answer.sent_ns);
            return FALSE;
        }
    }
}

gboolean client_exchange(struct client *c, const struct draft *request,
                         struct answer *ret, GError **error)
{
    return client_exchange_bytes(c, request->bytes, draft_size(request),
                                 draft_transaction(request), ret, error);
}

gboolean client_send(struct client *c, const struct draft *draft, GError **error)
{
    return connection_send(c->connection, draft->bytes, draft_size(draft), NULL, error);
}

/* The same attributes under another transaction id, with which IPv6 addresses are XORed
   (RFC 8489 §14.2). */
static void copy_draft(struct client *c, const struct draft *from, struct draft *ret)
{
    struct stunmsg m;
    struct stunmsg_attribute a;
    enum stunmsg_error problem = stunmsg_decode(from->bytes, draft_size(from), &m);
    g_assert(problem == STUNMSG_OK);
    client_begin(c, ret, m.method, m.class);
    struct stunmsg_iterator i = stunmsg_attributes(&m);
    while (stunmsg_next(&i, &a)) {
        struct endpoint address;
        if (stunmsg_attribute_form(a.type) == STUNMSG_FORM_XOR_ADDRESS &&
            stunmsg_read_address(&m, &a, &address) == STUNMSG_OK)
            stunmsg_add_address(&ret->b, a.type, &address);
        else
            stunmsg_add(&ret->b, a.type, a.value, a.size);
    }
}

static gboolean fail_with_code(struct client *c, const struct draft *request,
                               const struct answer *answer, bool was_signed,
                               GError **error)
{
    unsigned method = load_be16(request->bytes); /* a request: its class bits are 0 */
    const char *name = stunmsg_method_name(
        (uint16_t)((method & 0xf) | ((method >> 1) & 0x70) | ((method >> 2) & 0xf80)));
    g_autofree char *said = answer_describe(answer);
    bool is_refusal = was_signed && (c->last_code == STUNMSG_CODE_UNAUTHENTICATED ||
                                     c->last_code == STUNMSG_CODE_WRONG_CREDENTIALS);
    bool are_missing = c->last_code == STUNMSG_CODE_UNAUTHENTICATED && !c->auth.username;
    int code = is_refusal || are_missing                    ? PROBE_ERROR_CREDENTIALS
               : c->last_code == STUNMSG_CODE_TRY_ALTERNATE ? PROBE_ERROR_REDIRECTED
                                                            : PROBE_ERROR_ANSWER;
    g_set_error(error, PROBE_ERROR, code, "%s: %s%s", name ? name : "request", said,
                are_missing ? ", and no credentials were given" : "");
    return FALSE;
}

/* A signed request's success must be signed too (RFC 8489 §9.2.5). */
static gboolean check_success(struct client *c, const struct answer *answer,
                              bool was_signed, GError **error)
{
    enum stunmsg_error problem =
        was_signed ? auth_check(&c->auth, &answer->message) : STUNMSG_OK;
    if (problem == STUNMSG_OK)
        return TRUE;
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_ANSWER, "the success response has %s",
                problem == STUNMSG_ABSENT
                    ? "no MESSAGE-INTEGRITY, so anyone may have sent it"
                    : "a wrong MESSAGE-INTEGRITY: it is not from this server, or was "
                      "altered on the way");
    return FALSE;
}

gboolean client_request(struct client *c, const struct draft *request, struct answer *ret,
                        GError **error)
{
    c->last_code = 0;
    for (unsigned attempt = 1;; attempt++) {
        struct draft signed_request;
        g_auto(auto_answer) answer = { 0 };
        bool is_signed = auth_is_ready(&c->auth);
        copy_draft(c, request, &signed_request);
        if (is_signed)
            client_sign(c, &signed_request);
        if (!client_exchange(c, &signed_request, &answer, error))
            return FALSE;
        if (answer.message.class == STUNMSG_SUCCESS) {
            if (!check_success(c, &answer, is_signed, error))
                return FALSE;
            *ret = answer;
            answer = (struct answer){ 0 };
            return TRUE;
        }
        c->last_code = answer_code(&answer);
        bool is_challenge = c->last_code == STUNMSG_CODE_STALE_NONCE ||
                            (c->last_code == STUNMSG_CODE_UNAUTHENTICATED && !is_signed &&
                             c->auth.username && c->auth.password);
        if (!is_challenge || attempt == MAX_ATTEMPTS ||
            !auth_learn(&c->auth, &answer.message))
            return fail_with_code(c, request, &answer, is_signed, error);
    }
}
