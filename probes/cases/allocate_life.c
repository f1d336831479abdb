/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases L06 to L09, L21 to L23, L25, L26 and L28: how long an allocation lives, whose it
 * is, and what is said where there is none (RFC 8656 §5, §7.2, §8.2).
 */
#include "probes/cases/allocate_cases.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

/* ---- Without an allocation -------------------------------------------------------- */

void refresh_without_allocation(struct trial *t)
{
    struct draft request;
    struct client *c = step_ready(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    step_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

/* For a server without an allocation no peer is right or wrong: one for documentation. */
static struct endpoint nobody(void)
{
    struct endpoint peer = { .port = 9 };
    address_parse("192.0.2.1", &peer.address);
    return peer;
}

void permit_without_allocation(struct trial *t)
{
    struct draft request;
    struct endpoint peer = nobody();
    struct client *c = step_ready(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    step_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

void bind_without_allocation(struct trial *t)
{
    struct endpoint peer = nobody();
    struct client *c = step_ready(t);
    if (c)
        step_refuse_bind(t, c, STUNMSG_CHANNEL_MIN, &peer,
                         STUNMSG_CODE_ALLOCATION_MISMATCH);
}

/* ---- Another user ----------------------------------------------------------------- */

static void become(struct client *c, const char *username, const char *password)
{
    struct auth *auth = client_auth(c);
    explicit_bzero(auth->password, strlen(auth->password));
    g_free(auth->username);
    g_free(auth->password);
    auth->username = g_strdup(username);
    auth->password = g_strdup(password);
}

/* A client of the other user's, with an allocation: so the credentials are good. */
static struct client *other_client(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct allocation allocation;
    struct client_options options = trial_client_options(t, s->transport);
    options.username = s->other_username;
    options.password = s->other_password;
    struct client *c = trial_client_with(t, &options);
    return c && trial_allocate(t, c, NULL, &allocation) ? c : NULL;
}

void refresh_by_another(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct draft request;
    struct allocation allocation;
    if (!s->other_username || !s->other_password) {
        trial_unsupported(t, "no second user was given: --other-user NAME with "
                             "--other-pass-file or --other-pass-env");
        return;
    }
    struct client *c = other_client(t) ? trial_allocated(t, NULL, &allocation) : NULL;
    if (!c)
        return;
    become(c, s->other_username, s->other_password);
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, TURN_DEFAULT_LIFETIME_S);
    step_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_WRONG_CREDENTIALS);
    become(c, s->username, s->password);
}

/* ---- Lifetimes -------------------------------------------------------------------- */

/* A Refresh gets no less than an Allocate does (RFC 8656 §8.2). False: the verdict is
   said. */
static bool expect_refreshed(struct trial *t, struct client *c, uint32_t asked_s,
                             uint32_t least_s)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    uint32_t granted_s;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, asked_s);
    step_sign(c, &request);
    if (!trial_expect_success(t, c, &request, &answer))
        return false;
    if (stunmsg_get_u32(&answer.message, STUNMSG_LIFETIME, &granted_s) != STUNMSG_OK)
        trial_fail(t, "a success to a Refresh without LIFETIME");
    else if (granted_s < least_s)
        trial_fail(t, "%u s for a Refresh, below the default of %u s", granted_s,
                   least_s);
    else
        return true;
    return false;
}

void allocate_short_life(struct trial *t)
{
    enum { BRIEF_S = 1 };
    static const struct allocate_options brief = { .lifetime_s = BRIEF_S };
    struct allocation plain, asked;
    struct client *c = trial_allocated(t, NULL, &plain);
    struct client *d = c ? step_ready(t) : NULL;
    if (!d || !step_expect_allocation(t, d, &brief, &asked) ||
        !expect_refreshed(t, c, BRIEF_S, plain.lifetime_s))
        return;
    if (asked.lifetime_s < plain.lifetime_s)
        trial_fail(t, "%u s, below the default of %u s", asked.lifetime_s,
                   plain.lifetime_s);
    else if (asked.lifetime_s > plain.lifetime_s)
        trial_fail(t, "%u s, while the default is %u s", asked.lifetime_s,
                   plain.lifetime_s);
    else if (asked.lifetime_s < TURN_DEFAULT_LIFETIME_S)
        trial_warn(t, "%u s, the server's default: below RFC 8656's of 600 s",
                   asked.lifetime_s);
    else
        trial_pass(t, "%u s, the default", asked.lifetime_s);
}

void allocate_long_life(struct trial *t)
{
    enum { RECOMMENDED_S = 3600 };
    static const struct allocate_options endless = { .lifetime_s = UINT32_MAX };
    struct allocation allocation;
    struct client *c = step_ready(t);
    if (!c || !step_expect_allocation(t, c, &endless, &allocation))
        return;
    if (allocation.lifetime_s == 0 || allocation.lifetime_s > RECOMMENDED_S)
        trial_fail(t, "LIFETIME %u s", allocation.lifetime_s);
    else
        trial_pass(t, "LIFETIME %u s", allocation.lifetime_s);
}

void refresh_to_zero(struct trial *t)
{
    struct draft request;
    struct allocation allocation;
    g_auto(auto_answer) answer = { 0 };
    uint32_t lifetime_s;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, 0);
    step_sign(c, &request);
    if (!trial_expect_success(t, c, &request, &answer))
        return;
    if (stunmsg_get_u32(&answer.message, STUNMSG_LIFETIME, &lifetime_s) != STUNMSG_OK) {
        trial_fail(t, "a success without LIFETIME");
        return;
    }
    if (lifetime_s != 0) {
        trial_fail(t, "LIFETIME %u s to a Refresh with 0", lifetime_s);
        return;
    }
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, TURN_DEFAULT_LIFETIME_S);
    step_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

/* Whether there is an allocation, asked by what does not refresh it: with a nonce that
   may have gone stale, so not by an exchange alone. 0: yes; else the code; -1: unknown.
 */
static int look_for_allocation(struct client *c)
{
    struct endpoint peer = nobody();
    g_autoptr(GError) error = NULL;
    if (turn_permit(c, &peer, 1, &error))
        return 0;
    unsigned code = client_last_code(c);
    /* Denied, perhaps, but by an allocation. */
    return code == STUNMSG_CODE_FORBIDDEN ||
                   code == STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH
               ? 0
           : code ? (int)code
                  : -1;
}

void allocation_expires(struct trial *t)
{
    enum { LONGEST_S = 900 };
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    uint32_t lifetime_s = allocation.lifetime_s;
    if (lifetime_s > LONGEST_S) {
        trial_unsupported(t, "LIFETIME is %u s, too long to wait for", lifetime_s);
        return;
    }
    struct vigil vigil = vigil_start(c, NULL);
    if (lifetime_s > STEP_BEFORE_S &&
        !vigil_until_s(t, &vigil, lifetime_s - STEP_BEFORE_S))
        return;
    if (lifetime_s > STEP_BEFORE_S &&
        look_for_allocation(c) == STUNMSG_CODE_ALLOCATION_MISMATCH) {
        trial_fail(t, "gone %d s before its LIFETIME of %u s", STEP_BEFORE_S, lifetime_s);
        return;
    }
    if (!vigil_until_s(t, &vigil, lifetime_s + STEP_AFTER_S))
        return;
    g_autoptr(GError) error = NULL;
    if (turn_refresh(c, TURN_DEFAULT_LIFETIME_S, NULL, &error))
        trial_fail(t, "a success, %d s after its LIFETIME of %u s", STEP_AFTER_S,
                   lifetime_s);
    else if (client_last_code(c) == STUNMSG_CODE_ALLOCATION_MISMATCH)
        trial_pass(t, "437 (Allocation Mismatch) %d s after its LIFETIME of %u s",
                   STEP_AFTER_S, lifetime_s);
    else if (client_last_code(c))
        trial_fail(t, "%s", error->message);
    else
        trial_say_error(t, "refreshing", error);
}

/* ---- Quota ------------------------------------------------------------------------ */

/* As many as one user gets; true: 486 came after them. */
static bool exhaust(struct trial *t, unsigned *ret_n)
{
    enum { MOST = 64 };
    for (unsigned n = 0; n < MOST; n++) {
        struct allocation allocation;
        struct client *c = trial_client(t);
        if (!c)
            return false;
        if (!trial_allocate(t, c, NULL, &allocation)) {
            *ret_n = n;
            return client_last_code(c) == STUNMSG_CODE_ALLOCATION_QUOTA_REACHED;
        }
    }
    trial_info(t, "%d allocations of one user at a time, and no quota met", MOST);
    return false;
}

void allocate_beyond_quota(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    unsigned n;
    if (!exhaust(t, &n))
        return;
    if (!s->other_username || !s->other_password)
        trial_pass(t,
                   "486 after %u allocations; whether it is by user is not known: no "
                   "second user was given (--other-user)",
                   n);
    else if (other_client(t))
        trial_pass(t, "486 after %u allocations, and another user still gets one", n);
    else
        trial_fail(t,
                   "486 after %u allocations, and another user gets none: the quota "
                   "is not by user",
                   n);
}

/* ---- The end of a TCP connection -------------------------------------------------- */

/* A UDP socket that looks whether a relayed address is open: a closed port is told by
   ICMP. */
static struct client *watch_relayed(struct trial *t, const struct endpoint *relayed)
{
    struct client_options options = trial_client_options(t, PROBE_UDP);
    options.connection.server = *relayed;
    if (options.connection.local.address.family != relayed->address.family)
        options.connection.local = (struct endpoint){ 0 };
    return trial_client_with(t, &options);
}

static bool is_closed(struct trial *t, struct client *watch)
{
    enum { TRIES = 3 };
    static const uint8_t nothing[4] = { 0 };
    for (unsigned i = 0; i < TRIES; i++) {
        struct received in;
        g_autoptr(GError) error = NULL;
        if (!connection_send(client_connection(watch), nothing, sizeof nothing, NULL,
                             &error) ||
            !connection_receive(client_connection(watch), trial_soon_ns(t), &in, &error))
            if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_REFUSED))
                return true;
    }
    return false;
}

/* The same 5-tuple again, after a while in which the server sees the reset. */
static struct client *return_from(struct trial *t, enum probe_transport transport,
                                  const struct endpoint *local)
{
    enum { PAUSE_MS = 500 };
    struct client_options options = trial_client_options(t, transport);
    options.connection.local = *local;
    if (!trial_wait_s(t, PAUSE_MS / 1000.0))
        return NULL;
    struct client *c = trial_client_with(t, &options);
    return c && step_make_ready(t, c) ? c : NULL;
}

/* Whether a NAT between gave the path the port that it had. */
static bool is_same_path(struct client *c, const struct allocation *before)
{
    struct draft request;
    struct endpoint mapped;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    return client_exchange(c, &request, &answer, NULL) &&
           stunmsg_get_address(&answer.message, STUNMSG_XOR_MAPPED_ADDRESS, &mapped) ==
               STUNMSG_OK &&
           endpoint_equal(&mapped, &before->mapped);
}

static void judge_return(struct trial *t, struct client *again, struct client *watch,
                         bool was_open, const struct allocation *before)
{
    struct draft request;
    client_begin(again, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, 0);
    step_sign(again, &request);
    if (!trial_expect_code(t, again, &request, STUNMSG_CODE_ALLOCATION_MISMATCH))
        return;
    if (was_open && is_closed(t, watch))
        trial_pass(t, "437 on the same 5-tuple, and the relayed port is closed");
    else if (is_same_path(again, before))
        trial_pass(t, "437 (Allocation Mismatch) on the same 5-tuple");
    else
        trial_inconclusive(t, "a NAT gave the new connection another port, and the "
                              "relayed port does not say whether it is closed");
}

void allocation_ends_with_tcp(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    enum probe_transport transport = subject_can(s, CAN(TCP)) ? PROBE_TCP : s->transport;
    struct allocation allocation;
    if (!transport_is_stream(transport)) {
        trial_unsupported(t, "%s", subject_lack(s, CAN(TCP)));
        return;
    }
    struct client *c = trial_client_over(t, transport);
    if (!c || !trial_allocate(t, c, NULL, &allocation))
        return;
    struct client *watch = watch_relayed(t, &allocation.relayed);
    if (!watch)
        return;
    bool was_open = !is_closed(t, watch);
    struct endpoint local = connection_local(client_connection(c));
    trial_abort(t, c);
    struct client *again = return_from(t, transport, &local);
    if (again)
        judge_return(t, again, watch, was_open, &allocation);
}
