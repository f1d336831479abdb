/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases A: long-term credentials, RFC 8489 §9.2. Each tries one thing that is wrong
 * on a 5-tuple of its own, since servers keep a user name with it. The cases are in
 * auth_identity.c, auth_nonce.c, auth_modern.c (what RFC 8489 added to RFC 5389) and
 * auth_expiry.c; here are their table and what they share.
 */
#include "probes/cases/auth_internal.h"

/* ---- Shared ----------------------------------------------------------------------- */

void auth_begin_allocate(struct client *c, struct draft *request)
{
    client_begin(c, request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request->b, NULL);
}

bool auth_expect(struct trial *t, struct client *c, const struct draft *request,
                 unsigned code, const char *what, struct answer *ret)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_exchange(t, c, request, &answer))
        return false;
    g_autofree char *said = answer_describe(&answer);
    bool is_success = answer.message.class == STUNMSG_SUCCESS;
    if (is_success != (code == 0) || answer_code(&answer) != code) {
        g_autofree char *wanted =
            code ? g_strdup_printf("%u", code) : g_strdup("a success");
        trial_fail(t, "%s: %s, must be %s", what, said, wanted);
        return false;
    }
    trial_pass(t, "%s: %s", what, said);
    if (ret) {
        *ret = answer;
        answer = (struct answer){ 0 };
    }
    return true;
}

struct client *auth_modern_client(struct trial *t)
{
    struct client_options options = trial_client_options(t, trial_subject(t)->transport);
    options.is_modern = true;
    struct client *c = trial_client_with(t, &options);
    return c && trial_challenge(t, c) ? c : NULL;
}

char *auth_forge_nonce(struct trial *t, const char *nonce)
{
    static const char letters[] = "0123456789abcdef";
    uint32_t features;
    char *forged = g_strdup(nonce);
    size_t kept = auth_nonce_features(nonce, &features)
                      ? strlen(AUTH_NONCE_COOKIE) + 4 /* and the features */
                      : 0;
    for (size_t i = kept; forged[i]; i++)
        forged[i] = letters[rng_below(trial_rng(t), strlen(letters))];
    return forged;
}

bool auth_expect_challenge(struct trial *t, const struct answer *answer)
{
    static const uint16_t parts[] = { STUNMSG_REALM, STUNMSG_NONCE };
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        struct stunmsg_text text;
        if (stunmsg_get_text(&answer->message, parts[i], &text) == STUNMSG_OK &&
            text.size > 0)
            continue;
        trial_fail(t, "%u without %s", answer_code(answer),
                   stunmsg_attribute_name(parts[i]));
        return false;
    }
    return true;
}

void auth_replace(char **place, char *text_consumed)
{
    g_free(*place);
    *place = text_consumed;
}

/* ---- The table -------------------------------------------------------------------- */

#define RECEIVING "RFC 8489 §9.2.4"
#define CLASSIC   "RFC 5389 §10.2.2"
#define SIGNED    (CAN(TURN) | CAN(CHALLENGE) | CAN(AUTH))

static const struct test_case cases[] = {
    { .id = "A01",
      .title = "an Allocate without integrity is challenged",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = 0, /* it looks itself */
      .expected = "401 with REALM and NONCE, without an integrity",
      .run = auth_challenge },
    { .id = "A02",
      .title = "integrity without USERNAME, REALM or NONCE is a bad request",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "400 (Bad Request)",
      .run = auth_missing_parts },
    { .id = "A03",
      .title = "an unknown user is refused",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "401 with REALM and NONCE",
      .run = auth_unknown_user },
    { .id = "A04",
      .title = "a wrong password is refused",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "401 with REALM and NONCE",
      .run = auth_wrong_password },
    { .id = "A05",
      .title = "an unknown user and a wrong password get the same answer",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_GATE,
      .needs = SIGNED,
      .expected = "the same code, reason, attributes and sizes",
      .run = auth_same_refusal },
    { .id = "A06",
      .title = "a forged nonce is stale, and the nonce that comes back is good",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED | CAN(ALLOCATE),
      .expected = "438 with REALM and NONCE, then a success",
      .run = auth_forged_nonce },
    { .id = "A07",
      .title = "nonces expire, and the allocation survives it",
      .clause = "RFC 8489 §9.2.4, RFC 8656 §5",
      .classic = "RFC 5389 §10.2.2, RFC 5766 §4",
      .level = CASE_MUST,
      .tags = CASE_SLOW,
      .needs = SIGNED | CAN(ALLOCATE),
      .expected = "438 (within an hour, as it should be), then a success",
      .run = auth_expired_nonce },
    { .id = "A08",
      .title = "two sources never share a nonce",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED,
      .expected = "two nonces",
      .run = auth_nonce_per_source },
    { .id = "A09",
      .title = "every authenticated reply, errors too, is proven",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "a valid MESSAGE-INTEGRITY in each",
      .run = auth_proven_replies },
    { .id = "A10",
      .title = "a wrong REALM is refused",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "an error",
      .run = auth_wrong_realm },
    { .id = "A11",
      .title = "a nonce with a cookie names its security features",
      .clause = "RFC 8489 §9.2",
      .level = CASE_MUST,
      .needs = CAN(TURN) | CAN(CHALLENGE),
      .expected = "\"obMatJos2\" and four characters of base64, or no cookie",
      .run = auth_nonce_cookie },
    { .id = "A12",
      .title = "the bit for password algorithms comes with PASSWORD-ALGORITHMS",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED,
      .expected = "both, or neither, in 401 and 438",
      .run = auth_algorithms_promised },
    { .id = "A13",
      .title = "a request by SHA-256 is answered with SHA-256",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALLOCATE) | CAN(SHA256),
      .expected = "MESSAGE-INTEGRITY-SHA256, and no other integrity",
      .run = auth_sha256_reply },
    { .id = "A14",
      .title = "an altered list of algorithms is refused",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALGORITHMS),
      .expected = "400 (Bad Request)",
      .run = auth_altered_list },
    { .id = "A15",
      .title = "PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS come both or not at all",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALGORITHMS),
      .expected = "400 (Bad Request)",
      .run = auth_half_pair },
    { .id = "A16",
      .title = "an algorithm that was not offered is refused",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALGORITHMS),
      .expected = "400 (Bad Request)",
      .run = auth_unlisted_algorithm },
    { .id = "A17",
      .title = "without both algorithm attributes MD5 is meant",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALLOCATE) | CAN(ALGORITHMS),
      .expected = "a success with MESSAGE-INTEGRITY",
      .run = auth_no_algorithms },
    { .id = "A18",
      .title = "USERHASH stands for its user, and for no other",
      .clause = RECEIVING,
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALLOCATE) | CAN(USERHASH),
      .expected = "a success with the right one, 401 with a wrong one",
      .run = auth_userhash },
    { .id = "A19",
      .title = "MESSAGE-INTEGRITY-SHA256 cut to fewer than 16 bytes is refused",
      .clause = "RFC 8489 §14.6",
      .level = CASE_MUST,
      .profiles = CASE_MODERN,
      .needs = SIGNED | CAN(ALLOCATE) | CAN(SHA256),
      .expected = "an error with 12 bytes; with 16 a success or an error",
      .run = auth_truncated },
    { .id = "A20",
      .title = "a request that was altered after signing is refused",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "401 (Unauthenticated)",
      .run = auth_altered_request },
    { .id = "A21",
      .title = "a password that is not ASCII opens",
      .clause = "RFC 8489 §9.2.2",
      .classic = "RFC 5389 §15.4",
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "a success with a valid integrity",
      .run = auth_non_ascii_password },
    { .id = "A22",
      .title = "a time-limited user name is refused after its time",
      .clause = RECEIVING,
      .classic = CLASSIC,
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "401 (Unauthenticated)",
      .run = auth_expired_name },
    { .id = "A23",
      .title = "a server for tokens says in its 401 whose",
      .clause = "RFC 7635 §6.1, §7",
      .classic = "RFC 7635 §6.1, §7",
      .level = CASE_MUST,
      .needs = CAN(TURN) | CAN(CHALLENGE) | CAN(AUTH),
      .expected = "THIRD-PARTY-AUTHORIZATION with a server's name",
      .run = auth_third_party_said },
    { .id = "A24",
      .title = "a valid token opens; one tampered with or expired does not",
      .clause = "RFC 7635 §7",
      .classic = "RFC 7635 §7",
      .level = CASE_MUST,
      .needs = CAN(TURN) | CAN(CHALLENGE),
      .expected = "a success, then 401 to both",
      .run = auth_token },
};

const struct case_group cases_auth = { .letter = 'A',
                                       .tag = "auth",
                                       .title = "Authentication, RFC 8489",
                                       .cases = cases,
                                       .n_cases = G_N_ELEMENTS(cases) };
