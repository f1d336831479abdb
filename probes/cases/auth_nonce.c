/* SPDX-License-Identifier: Apache-2.0 */
/* The cases A06 to A08, A11 and A12: nonces, RFC 8489 §9.2 and §9.2.4. */
#include "probes/cases/auth_internal.h"

#include <string.h>

/* ---- A06 to A08, A11, A12: nonces ------------------------------------------------- */

/* An Allocate with a nonce of ours and a good integrity. */
static bool get_stale(struct trial *t, struct client *c, struct answer *ret)
{
    struct draft request;
    auth_replace(&client_auth(c)->nonce, auth_forge_nonce(t, client_auth(c)->nonce));
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    return auth_expect(t, c, &request, STUNMSG_CODE_STALE_NONCE, "a forged nonce", ret) &&
           auth_expect_challenge(t, ret);
}

void auth_forged_nonce(struct trial *t)
{
    struct draft again;
    g_auto(auto_answer) stale = { 0 };
    struct client *c = trial_challenged(t);
    if (!c || !get_stale(t, c, &stale))
        return;
    if (!auth_learn(client_auth(c), &stale.message)) {
        trial_fail(t, "438 with a nonce that is too long, or has a NUL");
        return;
    }
    auth_begin_allocate(c, &again);
    client_sign(c, &again);
    if (auth_expect(t, c, &again, 0, "the nonce of the 438", NULL))
        trial_pass(t, "438 (Stale Nonce); the retry with its nonce succeeds");
}

/* A Refresh with the nonce at hand, be it stale. */
static bool refresh(struct trial *t, struct client *c, struct answer *ret)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    client_sign(c, &request);
    return trial_exchange(t, c, &request, ret);
}

/* RFC 8656 §5 (5766 §4): nonces should expire at least once an hour. */
void auth_expired_nonce(struct trial *t)
{
    enum { HOUR_S = 3600, MARGIN_S = 60, PAUSE_S = 20 };
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    for (int64_t waited_s = 0; waited_s <= HOUR_S + MARGIN_S; waited_s += PAUSE_S) {
        g_auto(auto_answer) answer = { 0 }, after = { 0 };
        if (!refresh(t, c, &answer))
            return;
        if (answer_code(&answer) == STUNMSG_CODE_STALE_NONCE) {
            if (!auth_expect_challenge(t, &answer) ||
                !auth_learn(client_auth(c), &answer.message) || !refresh(t, c, &after))
                return;
            g_autofree char *said = answer_describe(&after);
            if (after.message.class == STUNMSG_SUCCESS)
                trial_pass(t, "438 after %" G_GINT64_FORMAT " s; the allocation lives",
                           waited_s);
            else
                trial_fail(t, "438, and to the Refresh with its nonce %s", said);
            return;
        }
        if (answer.message.class != STUNMSG_SUCCESS) {
            g_autofree char *said = answer_describe(&answer);
            trial_fail(t, "%s to a Refresh, must be a success or 438", said);
            return;
        }
        if (!trial_wait_s(t, PAUSE_S))
            return;
    }
    trial_warn(t, "the nonce was good for more than an hour");
}

/* That one source's nonce is refused to another is not asked for: §9.2 leaves to the
   server what a nonce is bound to. It is only told. */
void auth_nonce_per_source(struct trial *t)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *first = trial_challenged(t);
    struct client *second = first ? trial_challenged(t) : NULL;
    if (!second)
        return;
    if (strcmp(client_auth(first)->nonce, client_auth(second)->nonce) == 0) {
        trial_fail(t, "two ports of this machine got the same nonce");
        return;
    }
    auth_replace(&client_auth(second)->nonce, g_strdup(client_auth(first)->nonce));
    auth_begin_allocate(second, &request);
    client_sign(second, &request);
    if (!trial_exchange(t, second, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    trial_pass(t, "two nonces; %s to the other's", said);
}

/* Whether a nonce begins as RFC 8489 §9.2 says. */
void auth_nonce_cookie(struct trial *t)
{
    uint32_t features;
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    const char *nonce = client_auth(c)->nonce;
    if (!g_str_has_prefix(nonce, AUTH_NONCE_COOKIE))
        trial_info(t, "no cookie in the nonce: a server of RFC 5389");
    else if (!auth_nonce_features(nonce, &features))
        trial_fail(t, "the cookie is not followed by four characters of base64");
    else
        trial_pass(t, "security features 0x%06x:%s%s", features,
                   features & AUTH_FEATURE_ALGORITHMS ? " password algorithms" : "",
                   features & AUTH_FEATURE_ANONYMITY ? " username anonymity" : "");
}

/* The bit and the attribute go together (RFC 8489 §9.2.4). */
static bool keeps_promise(struct trial *t, const struct answer *answer, bool *ret_has)
{
    uint32_t features = 0;
    struct stunmsg_text text;
    if (stunmsg_get_text(&answer->message, STUNMSG_NONCE, &text) != STUNMSG_OK) {
        trial_fail(t, "%u without NONCE", answer_code(answer));
        return false;
    }
    g_autofree char *nonce = g_strndup(text.at, text.size);
    bool is_promised =
        auth_nonce_features(nonce, &features) && (features & AUTH_FEATURE_ALGORITHMS);
    *ret_has = stunmsg_has(&answer->message, STUNMSG_PASSWORD_ALGORITHMS);
    if (*ret_has == is_promised)
        return true;
    trial_fail(t,
               is_promised ? "the nonce of the %u promises PASSWORD-ALGORITHMS, which "
                             "are not there"
                           : "the %u has PASSWORD-ALGORITHMS, and a nonce without their "
                             "bit",
               answer_code(answer));
    return false;
}

void auth_algorithms_promised(struct trial *t)
{
    struct draft request;
    bool has_first, has_second;
    g_auto(auto_answer) first = { 0 }, second = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    auth_begin_allocate(c, &request);
    if (!auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, "no credentials",
                     &first) ||
        !auth_expect_challenge(t, &first) || !keeps_promise(t, &first, &has_first))
        return;
    if (!auth_learn(client_auth(c), &first.message) || !get_stale(t, c, &second) ||
        !keeps_promise(t, &second, &has_second))
        return;
    if (!has_first)
        trial_unsupported(t, "the server offers no PASSWORD-ALGORITHMS");
    else if (has_second)
        trial_pass(t, "both in 401 and in 438");
    else
        trial_fail(t, "PASSWORD-ALGORITHMS are in the 401, but not in the 438");
}
