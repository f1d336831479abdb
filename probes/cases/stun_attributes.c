/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases S11 to S14 and S20 to S25: attributes in requests that must or must not matter,
 * and those that a server sends.
 *
 * RFC 8489 §6.3.1, §7, §9, §10, §14.
 */
#include <string.h>

#include "probes/cases/stun_cases.h"
#include "probes/cases/trial_internal.h"
#include "probes/core/binding.h"

/* ---- In requests ------------------------------------------------------------------ */

void stun_case_padding_bits(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &request);
    stunmsg_add_text(&request.b, STUNMSG_SOFTWARE, "probe"); /* and 3 bytes of padding */
    memset(request.bytes + draft_size(&request) - 3, 0xff, 3);
    trial_expect_success(t, c, &request, &answer);
}

/* An error response to an unknown comprehension-required attribute or two. */
static bool ask_unknown(struct trial *t, struct client *c, struct answer *ret)
{
    struct draft request;
    stun_case_begin(c, &request);
    stunmsg_add_text(&request.b, STUN_CASE_REQUIRED, "what");
    stunmsg_add_text(&request.b, STUN_CASE_REQUIRED_2, "is this?");
    return trial_exchange(t, c, &request, ret);
}

void stun_case_unknown_required(struct trial *t)
{
    uint16_t types[8];
    size_t n_types = 0;
    bool has_first = false, has_second = false;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c || !ask_unknown(t, c, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    if (answer_code(&answer) != STUNMSG_CODE_UNKNOWN_ATTRIBUTE) {
        trial_fail(t, "%s, must be 420", said);
        return;
    }
    if (stunmsg_get_unknown(&answer.message, types, G_N_ELEMENTS(types), &n_types) !=
        STUNMSG_OK) {
        trial_fail(t, "%s without a readable UNKNOWN-ATTRIBUTES", said);
        return;
    }
    for (size_t i = 0; i < MIN(n_types, G_N_ELEMENTS(types)); i++) {
        has_first |= types[i] == STUN_CASE_REQUIRED;
        has_second |= types[i] == STUN_CASE_REQUIRED_2;
    }
    if (has_first && has_second)
        trial_pass(t, "%s, which lists both", said);
    else
        trial_fail(t, "%s, which lists %s of the two", said,
                   has_first || has_second ? "one" : "none");
}

void stun_case_unknown_optional(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &request);
    stunmsg_add_text(&request.b, STUN_CASE_OPTIONAL, "whatever");
    trial_expect_success(t, c, &request, &answer);
}

/* A signed Allocate's success; where there is no room that says nothing. */
static bool allocate(struct trial *t, struct client *c, const struct draft *request,
                     struct answer *ret)
{
    if (!trial_exchange(t, c, request, ret))
        return false;
    if (ret->message.class == STUNMSG_SUCCESS) {
        trial_note_allocation(t, c);
        return true;
    }
    g_autofree char *said = answer_describe(ret);
    if (answer_code(ret) == STUNMSG_CODE_INSUFFICIENT_CAPACITY)
        trial_inconclusive(t, "%s", said);
    else
        trial_fail(t, "%s, must be a success", said);
    return false;
}

/* Two LIFETIMEs in one Allocate: which is granted tells which counted. */
static void judge_lifetimes(struct trial *t)
{
    enum { FIRST_S = 777, SECOND_S = 1234 };
    struct draft request;
    uint32_t granted_s = 0;
    g_auto(auto_answer) answer = { 0 };
    const struct allocate_options options = { .lifetime_s = FIRST_S };
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &options);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, SECOND_S);
    client_sign(c, &request);
    if (!allocate(t, c, &request, &answer))
        return;
    stunmsg_get_u32(&answer.message, STUNMSG_LIFETIME, &granted_s);
    if (granted_s == FIRST_S)
        trial_pass(t, "of LIFETIME %d and %d the first was granted", FIRST_S, SECOND_S);
    else if (granted_s == SECOND_S)
        trial_fail(t, "of LIFETIME %d and %d the second was granted", FIRST_S, SECOND_S);
    else
        trial_inconclusive(t, "of LIFETIME %d and %d neither was granted, but %u",
                           FIRST_S, SECOND_S, granted_s);
}

/* A server without TURN has nothing that shows which counts, but must take both. */
void stun_case_duplicate(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &request);
    stunmsg_add_text(&request.b, STUNMSG_SOFTWARE, "rtcprobe");
    stunmsg_add_text(&request.b, STUNMSG_SOFTWARE, "rtcprobe twice");
    if (trial_expect_success(t, c, &request, &answer) &&
        subject_can(trial_subject(t), CAN(ALLOCATE) | CAN(CHALLENGE)))
        judge_lifetimes(t);
}

void stun_case_after_integrity(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    client_sign(c, &request);
    stunmsg_add_text(&request.b, STUN_CASE_REQUIRED, "unsigned");
    if (allocate(t, c, &request, &answer))
        trial_pass(t, "success");
}

/* ---- In responses ----------------------------------------------------------------- */

static bool is_fingerprint_good(struct trial *t, const char *where,
                                const struct stunmsg *m)
{
    switch (stunmsg_check_fingerprint(m)) {
    case STUNMSG_OK:
        return true;
    case STUNMSG_ABSENT:
        trial_unsupported(t, "the %s has no FINGERPRINT, though the request had one",
                          where);
        return false;
    case STUNMSG_MISMATCH:
        trial_fail(t, "the FINGERPRINT of the %s is wrong", where);
        return false;
    default:
        trial_fail(t,
                   "the FINGERPRINT of the %s is not its last attribute, or not of 4 "
                   "bytes",
                   where);
        return false;
    }
}

/* What gets an error response; not all servers answer what they do not know (S12). */
static void begin_refused(struct trial *t, struct client *c, struct draft *request)
{
    if (subject_can(trial_subject(t), CAN(CHALLENGE))) {
        client_begin(c, request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
        turn_add_allocate(&request->b, NULL);
    } else {
        stun_case_begin(c, request);
        stunmsg_add_text(&request->b, STUN_CASE_REQUIRED, "what");
    }
}

/* Asked with one: many servers send it only then. */
void stun_case_fingerprint(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) success = { 0 };
    g_auto(auto_answer) failure = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &request);
    stunmsg_add_fingerprint(&request.b);
    if (!trial_exchange(t, c, &request, &success) ||
        !is_fingerprint_good(t, "success response", &success.message))
        return;
    begin_refused(t, c, &request);
    stunmsg_add_fingerprint(&request.b);
    if (!trial_exchange(t, c, &request, &failure))
        return;
    if (!stunmsg_has(&failure.message, STUNMSG_FINGERPRINT))
        trial_pass(t, "last and valid in a success; an error response has none");
    else if (is_fingerprint_good(t, "error response", &failure.message))
        trial_pass(t, "last and valid, in a success and in an error response");
}

/* Whether text is UTF-8 of fewer than 128 characters (RFC 8489 §14.8, §14.14). */
static bool is_text_good(struct trial *t, const char *what,
                         const struct stunmsg_text *text)
{
    enum { MOST_CHARACTERS = 127 };
    if (text->size > 0 && !g_utf8_validate_len(text->at, text->size, NULL)) {
        trial_fail(t, "%s is not UTF-8, or has a NUL", what);
        return false;
    }
    if (g_utf8_strlen(text->at, (gssize)text->size) > MOST_CHARACTERS) {
        trial_fail(t, "%s has more than 127 characters", what);
        return false;
    }
    return true;
}

void stun_case_software(struct trial *t)
{
    struct draft request;
    struct stunmsg_text text;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    if (stunmsg_get_text(&answer.message, STUNMSG_SOFTWARE, &text) != STUNMSG_OK)
        trial_info(t, "no SOFTWARE is sent");
    else if (is_text_good(t, "SOFTWARE", &text))
        trial_pass(t, "tells everybody \"%.*s\"", (int)text.size, text.at);
}

static bool is_error_good(struct trial *t, const struct answer *answer)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(&answer->message, STUNMSG_ERROR_CODE, &a) != STUNMSG_OK) {
        trial_fail(t, "an error response without ERROR-CODE");
        return false;
    }
    if (a.size < 4) {
        trial_fail(t, "an ERROR-CODE of %u bytes", a.size);
        return false;
    }
    unsigned class = a.value[2] & 7u, number = a.value[3];
    if (class < 3 || class > 6 || number > 99) {
        trial_fail(t, "class %u and number %u", class, number);
        return false;
    }
    const struct stunmsg_text reason = { (const char *)a.value + 4, a.size - 4u };
    if (reason.size > 0 && reason.at[reason.size - 1] == '\0') {
        trial_fail(t, "%u: the length %u counts the padding after the reason",
                   100 * class + number, a.size);
        return false;
    }
    if (!is_text_good(t, "the reason phrase", &reason))
        return false;
    if (a.value[0] || a.value[1] || (a.value[2] & 0xf8)) {
        trial_warn(t, "%u with reserved bits that are not 0", 100 * class + number);
        return false;
    }
    return true;
}

/* A 420, and where there is TURN a 401. */
void stun_case_error_code(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) unknown = { 0 };
    g_auto(auto_answer) challenge = { 0 };
    struct client *c = trial_client(t);
    if (!c || !ask_unknown(t, c, &unknown))
        return;
    if (unknown.message.class != STUNMSG_FAILURE) {
        trial_inconclusive(t, "no error response to unknown attributes");
        return;
    }
    if (!is_error_good(t, &unknown))
        return;
    g_autofree char *said = answer_describe(&unknown);
    if (!subject_can(trial_subject(t), CAN(CHALLENGE))) {
        trial_pass(t, "%s", said);
        return;
    }
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    if (!trial_exchange(t, c, &request, &challenge) || !is_error_good(t, &challenge))
        return;
    g_autofree char *also = answer_describe(&challenge);
    trial_pass(t, "%s and %s", said, also);
}

/* ---- Redirection ------------------------------------------------------------------ */

static bool is_redirect(const struct answer *answer)
{
    return answer_code(answer) == STUNMSG_CODE_TRY_ALTERNATE;
}

/* What redirects: a Binding, or an Allocate, or that once it is signed, which RFC 8489
   §14.8 asks for. False: the verdict is said. */
static bool find_redirect(struct trial *t, struct client *c, struct answer *ret,
                          bool *ret_was_signed)
{
    struct draft request;
    stun_case_begin(c, &request);
    if (!trial_exchange(t, c, &request, ret))
        return false;
    *ret_was_signed = false;
    if (is_redirect(ret) || !subject_can(trial_subject(t), CAN(TURN)))
        return true;
    for (unsigned i = 0; i < 2; i++) {
        bool is_signed = i > 0;
        answer_clear(ret);
        client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
        turn_add_allocate(&request.b, NULL);
        if (is_signed)
            client_sign(c, &request);
        if (!trial_exchange(t, c, &request, ret))
            return false;
        if (ret->message.class == STUNMSG_SUCCESS)
            trial_note_allocation(t, c);
        *ret_was_signed = is_signed;
        if (is_redirect(ret) || ret->message.class == STUNMSG_SUCCESS ||
            !subject_can(trial_subject(t), CAN(AUTH)) ||
            !auth_learn(client_auth(c), &ret->message))
            return true;
    }
    return true;
}

/* What is wrong with where a client is sent; NULL: nothing. */
static const char *find_fault(const struct endpoint *to, const struct endpoint *server)
{
    static const struct address nowhere[] = { { .family = ADDRESS_IPV4 },
                                              { .family = ADDRESS_IPV6 } };
    if (to->address.family != server->address.family)
        return "of another family than the request's source";
    if (endpoint_equal(to, server))
        return "the server itself: a loop";
    if (to->port == 0 || address_is_multicast(&to->address) ||
        address_equal(&to->address, &nowhere[0]) ||
        address_equal(&to->address, &nowhere[1]))
        return "nothing that a client could send to";
    if (binding_is_public(&server->address) && !binding_is_public(&to->address))
        return "not reachable over the Internet, as the server is";
    return NULL;
}

void stun_case_redirect(struct trial *t)
{
    struct endpoint to;
    char text[ENDPOINT_TEXT_SIZE];
    bool was_signed = false;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c || !find_redirect(t, c, &answer, &was_signed))
        return;
    if (!is_redirect(&answer)) {
        trial_unsupported(t, "the server does not redirect");
        return;
    }
    if (stunmsg_get_address(&answer.message, STUNMSG_ALTERNATE_SERVER, &to) !=
        STUNMSG_OK) {
        trial_fail(t, "300 without a readable ALTERNATE-SERVER");
        return;
    }
    struct endpoint server = connection_server(client_connection(c));
    const char *fault = find_fault(&to, &server);
    endpoint_format(&to, text);
    if (fault)
        trial_fail(t, "300 to %s, which is %s", text, fault);
    else if (was_signed && auth_check(client_auth(c), &answer.message) != STUNMSG_OK)
        trial_fail(t, "300 to %s without valid integrity: anybody could redirect", text);
    else if (!was_signed && trial_subject(t)->is_modern)
        trial_warn(t,
                   "300 to %s for a request without integrity, which RFC 8489 §14.8 "
                   "forbids",
                   text);
    else
        trial_pass(t, "300 to %s", text);
}
