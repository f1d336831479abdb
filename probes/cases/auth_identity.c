/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases A01 to A05, A09, A10, A20 and A21: who a client says it is, and how both
 * sides prove it (RFC 8489 §9.2.2 to §9.2.4).
 */
#include "probes/cases/auth_internal.h"

#include <string.h>

static void sign_as_unknown(struct trial *t, struct client *c, struct draft *request)
{
    guint64 chance = rng_next(trial_rng(t));
    auth_replace(&client_auth(c)->username,
                 g_strdup_printf("nobody-%016" G_GINT64_MODIFIER "x", chance));
    client_sign(c, request);
}

static void sign_wrongly(struct trial *t, struct client *c, struct draft *request)
{
    guint64 chance = rng_next(trial_rng(t));
    auth_replace(&client_auth(c)->password,
                 g_strdup_printf("wrong-%016" G_GINT64_MODIFIER "x", chance));
    client_sign(c, request);
}

/* ---- A01 to A05: who are you? ----------------------------------------------------- */

static bool has_proof(const struct stunmsg *m)
{
    return stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY) ||
           stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY_SHA256);
}

void auth_challenge(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    const struct subject *s = trial_subject(t);
    if (!subject_can(s, CAN(TURN)) && !g_str_has_prefix(s->uri, "turn")) {
        trial_unsupported(t, "%s", subject_lack(s, CAN(TURN)));
        return;
    }
    struct client *c = trial_client(t);
    if (!c)
        return;
    auth_begin_allocate(c, &request);
    if (!auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, "no credentials",
                     &answer) ||
        !auth_expect_challenge(t, &answer))
        return;
    if (has_proof(&answer.message) || stunmsg_has(&answer.message, STUNMSG_USERNAME))
        trial_warn(t, "401 with %s, which it should not have",
                   has_proof(&answer.message) ? "an integrity" : "USERNAME");
}

void auth_missing_parts(struct trial *t)
{
    static const struct {
        unsigned part;
        const char *what;
    } missing[] = { { AUTH_USERNAME, "without USERNAME" },
                    { AUTH_REALM, "without REALM" },
                    { AUTH_NONCE, "without NONCE" } };
    for (unsigned i = 0; i < G_N_ELEMENTS(missing); i++) {
        struct draft request;
        struct client *c = trial_challenged(t);
        if (!c)
            return;
        auth_begin_allocate(c, &request);
        auth_add(client_auth(c), &request.b, AUTH_ALL & ~missing[i].part);
        if (!auth_expect(t, c, &request, STUNMSG_CODE_BAD_REQUEST, missing[i].what, NULL))
            return;
    }
    trial_pass(t, "400 (Bad Request) to all three");
}

/* An Allocate signed in some wrong way, which must get a 401. */
static bool refused(struct trial *t, const char *what,
                    void (*sign)(struct trial *t, struct client *c,
                                 struct draft *request),
                    struct answer *ret)
{
    struct draft request;
    struct client *c = trial_challenged(t);
    if (!c)
        return false;
    auth_begin_allocate(c, &request);
    sign(t, c, &request);
    return auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, what, ret) &&
           auth_expect_challenge(t, ret);
}

void auth_unknown_user(struct trial *t)
{
    g_auto(auto_answer) answer = { 0 };
    refused(t, "a user name that nobody has", sign_as_unknown, &answer);
}

void auth_wrong_password(struct trial *t)
{
    g_auto(auto_answer) answer = { 0 };
    refused(t, "a wrong password", sign_wrongly, &answer);
}

/* All of a 401 that may tell who exists: what it has, in which order, how long, and the
   texts but for the nonce. */
static char *sketch(const struct answer *answer)
{
    GString *out = g_string_new(NULL);
    struct stunmsg_attribute a;
    struct stunmsg_iterator i = stunmsg_attributes(&answer->message);
    while (stunmsg_next(&i, &a)) {
        g_string_append_printf(out, "%04x:%zu", a.type, (size_t)a.size);
        if (a.type == STUNMSG_ERROR_CODE || a.type == STUNMSG_REALM)
            for (size_t byte = 0; byte < a.size; byte++)
                g_string_append_printf(out, "%02x", a.value[byte]);
        g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

/* The answer to an Allocate signed in some wrong way, whatever it is. */
static bool get_refusal(struct trial *t,
                        void (*sign)(struct trial *t, struct client *c,
                                     struct draft *request),
                        struct answer *ret)
{
    struct draft request;
    struct client *c = trial_challenged(t);
    if (!c)
        return false;
    auth_begin_allocate(c, &request);
    sign(t, c, &request);
    return trial_exchange(t, c, &request, ret);
}

void auth_same_refusal(struct trial *t)
{
    g_auto(auto_answer) unknown = { 0 }, wrong = { 0 };
    if (!get_refusal(t, sign_as_unknown, &unknown) ||
        !get_refusal(t, sign_wrongly, &wrong))
        return;
    g_autofree char *first = sketch(&unknown), *second = sketch(&wrong);
    g_autofree char *to_unknown = answer_describe(&unknown);
    g_autofree char *to_wrong = answer_describe(&wrong);
    if (strcmp(first, second) == 0)
        trial_pass(t, "the same %s to both", to_unknown);
    else if (strcmp(to_unknown, to_wrong) != 0)
        trial_warn(t, "%s to an unknown user, %s to a wrong password", to_unknown,
                   to_wrong);
    else
        trial_warn(t, "%s to both, but with other attributes or sizes", to_unknown);
}

/* ---- A09, A10, A20, A21: proofs --------------------------------------------------- */

/* Whether there was a reply; one that is not proven is added to the problems. */
static bool check_proof(struct trial *t, struct client *c, const struct draft *request,
                        const char *what, GString *problems)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_exchange(t, c, request, &answer))
        return false;
    g_autofree char *said = answer_describe(&answer);
    enum stunmsg_error problem = auth_check(client_auth(c), &answer.message);
    if (problem != STUNMSG_OK)
        g_string_append_printf(problems, "%s%s: %s with %s integrity",
                               problems->len ? "; " : "", what, said,
                               problem == STUNMSG_ABSENT ? "no" : "a wrong");
    return true;
}

void auth_proven_replies(struct trial *t)
{
    static const struct {
        uint16_t method;
        const char *what;
        bool has_peer, has_channel;
    } requests[] = {
        { STUNMSG_ALLOCATE, "Allocate", false, false },
        { STUNMSG_ALLOCATE, "a second Allocate", false, false },
        { STUNMSG_CREATE_PERMISSION, "CreatePermission", true, false },
        { STUNMSG_CREATE_PERMISSION, "CreatePermission without a peer", false, false },
        { STUNMSG_CHANNEL_BIND, "ChannelBind", true, true },
        { STUNMSG_CHANNEL_BIND, "ChannelBind without a channel", true, false },
        { STUNMSG_REFRESH, "Refresh", false, false },
    };
    /* For documentation (RFC 5737): nothing is sent to it. */
    struct endpoint peer = { .port = 9 };
    address_parse("192.0.2.1", &peer.address);
    g_autoptr(GString) problems = g_string_new(NULL);
    struct client *c = trial_challenged(t);
    for (unsigned i = 0; c && i < G_N_ELEMENTS(requests); i++) {
        struct draft request;
        client_begin(c, &request, requests[i].method, STUNMSG_REQUEST);
        if (requests[i].method == STUNMSG_ALLOCATE)
            turn_add_allocate(&request.b, NULL);
        if (requests[i].has_peer)
            stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
        if (requests[i].has_channel)
            stunmsg_add_number(&request.b, STUNMSG_CHANNEL_NUMBER, STUNMSG_CHANNEL_MIN);
        client_sign(c, &request);
        if (!check_proof(t, c, &request, requests[i].what, problems))
            return;
    }
    if (problems->len > 0)
        trial_fail(t, "%s", problems->str);
    else if (c)
        trial_pass(t, "%zu replies, errors too, with a valid integrity",
                   G_N_ELEMENTS(requests));
}

void auth_wrong_realm(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    auth_replace(&client_auth(c)->realm,
                 g_strdup_printf("not-%s", client_auth(c)->realm));
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    if (answer.message.class == STUNMSG_SUCCESS)
        trial_fail(t, "a success, with a realm that is not the server's");
    else
        trial_pass(t, "%s", said);
}

void auth_altered_request(struct trial *t)
{
    enum { LIFETIME_S = 600, ALTERED_S = 601 };
    struct draft request;
    struct stunmsg m;
    struct stunmsg_attribute lifetime;
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    auth_begin_allocate(c, &request);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, LIFETIME_S);
    client_sign(c, &request);
    g_assert(stunmsg_decode(request.bytes, draft_size(&request), &m) == STUNMSG_OK &&
             stunmsg_find(&m, STUNMSG_LIFETIME, &lifetime) == STUNMSG_OK);
    store_be32(request.bytes + (lifetime.value - request.bytes), ALTERED_S);
    auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED,
                "LIFETIME altered by a bit after signing", NULL);
}

/* A client of the user, of the two given, whose password is not ASCII; NULL: neither. */
static struct client *open_non_ascii(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct client_options options = trial_client_options(t, s->transport);
    if (g_str_is_ascii(s->password)) {
        if (!s->other_password || g_str_is_ascii(s->other_password)) {
            trial_unsupported(t, "no password given is other than ASCII: give a user "
                                 "with such a one, or --other-user");
            return NULL;
        }
        options.username = s->other_username;
        options.password = s->other_password;
    }
    return trial_client_with(t, &options);
}

void auth_non_ascii_password(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = open_non_ascii(t);
    if (!c || !trial_challenge(t, c))
        return;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    if (auth_expect(t, c, &request, 0, "a password that is not ASCII", &answer) &&
        auth_check(client_auth(c), &answer.message) != STUNMSG_OK)
        trial_fail(t, "a success without a valid integrity");
}
