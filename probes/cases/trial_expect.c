/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a case expects of an exchange. Silence proves something only if a Binding sent
 * after it on the same path was answered (DESIGN section 8); a path that loses packets is
 * asked several times.
 */
#include "probes/cases/trial_internal.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"

enum { MOST_TRIES = 4 }; /* of a silence, on a path that loses packets */

/* A Binding on the same path. */
static gboolean binding(struct client *c, struct answer *ret, GError **error)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    return client_exchange(c, &request, ret, error);
}

bool trial_is_answered(struct client *c)
{
    g_auto(auto_answer) answer = { 0 };
    return binding(c, &answer, NULL);
}

static bool is_over(const GError *error)
{
    return g_error_matches(error, PROBE_ERROR, PROBE_ERROR_CLOSED) ||
           g_error_matches(error, PROBE_ERROR, PROBE_ERROR_REFUSED) ||
           g_error_matches(error, PROBE_ERROR, PROBE_ERROR_GARBAGE);
}

/* Whether a stream alone is silent: it loses nothing, and the server answers on another.
 */
static bool is_forsaken(struct trial *t, struct client *c)
{
    enum probe_transport transport = connection_transport(client_connection(c));
    if (!transport_is_stream(transport))
        return false;
    struct client *other = trial_client_over(t, transport);
    return other && trial_is_answered(other);
}

/* Whether it was silence, which a Binding after it tells from a path that is dead. */
static bool is_proven_lost(struct client *c, const GError *error)
{
    return g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT) &&
           trial_is_answered(c);
}

/* Says what it means that a request got no answer. @param was_proven a Binding after it
   was answered */
static void say_no_answer(struct trial *t, struct client *c, const GError *error,
                          bool was_proven)
{
    if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_REFUSED))
        trial_inconclusive(t, "nobody is there (any more): %s", error->message);
    else if (is_over(error))
        trial_fail(t, "no answer: %s", error->message);
    else if (!g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT))
        trial_say_error(t, "sending the request", error);
    else if (was_proven)
        trial_fail(t, "%s, though a Binding after it was answered", error->message);
    else if (is_forsaken(t, c))
        trial_fail(t,
                   "%s, and neither to a Binding, though one on another connection was",
                   error->message);
    else
        trial_inconclusive(t, "%s, and neither to a Binding after it", error->message);
}

/* The response among what came before a Binding's: late, on a stream that was stuck. */
static bool find_late(struct client *c, const struct draft *request, struct answer *ret)
{
    struct answer late = { .transmissions = 1 };
    struct inbound in = { 0 };
    bool is_found = false;
    while (!is_found && client_next(c, 0, &in, NULL)) {
        const struct received received = { in.bytes, in.size, in.at_ns };
        is_found = answer_take(&received, draft_transaction(request), &late);
        inbound_clear(&in);
    }
    if (is_found)
        *ret = late;
    return is_found;
}

/* An allocation is given back, also one that was not wanted. */
static void note_success(struct trial *t, struct client *c, const struct answer *answer)
{
    if (answer->message.class == STUNMSG_SUCCESS &&
        answer->message.method == STUNMSG_ALLOCATE)
        trial_note_allocation(t, c);
}

/* 486 may come at any point of an Allocate's checks, whatever else is wrong with it (RFC
   8656 §7.2, RFC 5766 §6.2): it says nothing of what the case asks for. */
static bool meets_quota(struct trial *t, struct answer *answer)
{
    if (answer->message.method != STUNMSG_ALLOCATE ||
        answer_code(answer) != STUNMSG_CODE_ALLOCATION_QUOTA_REACHED)
        return false;
    g_autofree char *said = answer_describe(answer);
    trial_inconclusive(t, "%s: the user has as many allocations as the server gives",
                       said);
    answer_clear(answer);
    return true;
}

bool trial_exchange(struct trial *t, struct client *c, const struct draft *request,
                    struct answer *ret)
{
    g_autoptr(GError) error = NULL;
    int64_t sent_ns = clock_now_ns();
    if (!client_exchange(c, request, ret, &error)) {
        bool was_proven = is_proven_lost(c, error);
        if (!was_proven || !find_late(c, request, ret)) {
            say_no_answer(t, c, error, was_proven);
            return false;
        }
        ret->sent_ns = sent_ns;
    }
    note_success(t, c, ret);
    return !meets_quota(t, ret);
}

/* An answer, be it wrong, and not silence after a challenge. */
static bool is_refusal(const GError *error)
{
    return g_error_matches(error, PROBE_ERROR, PROBE_ERROR_ANSWER) ||
           g_error_matches(error, PROBE_ERROR, PROBE_ERROR_CREDENTIALS);
}

bool trial_request(struct trial *t, struct client *c, const struct draft *request,
                   struct outcome *ret)
{
    g_autoptr(GError) error = NULL;
    struct outcome outcome = { 0 };
    if (client_request(c, request, &outcome.answer, &error)) {
        note_success(t, c, &outcome.answer);
        outcome.said = g_strdup("success");
    } else if (is_refusal(error) && client_last_code(c) > 0) {
        outcome.code = client_last_code(c);
        outcome.said = g_strdup(error->message);
    } else {
        say_no_answer(t, c, error, is_proven_lost(c, error));
        return false;
    }
    *ret = outcome;
    return true;
}

void outcome_clear(struct outcome *outcome)
{
    answer_clear(&outcome->answer);
    g_free(outcome->said);
    *outcome = (struct outcome){ 0 };
}

bool trial_expect_outcome(struct trial *t, const struct outcome *outcome, unsigned code)
{
    if (outcome->code == code)
        trial_pass(t, "%s", outcome->said);
    else if (code > 0)
        trial_fail(t, "%s, must be %u", outcome->said, code);
    else
        trial_fail(t, "%s, must be a success", outcome->said);
    return outcome->code == code;
}

static char *name_codes(const unsigned *codes)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; codes[i]; i++)
        g_string_append_printf(out, "%s%u", i ? " or " : "", codes[i]);
    return g_string_free(out, FALSE);
}

bool trial_expect_codes(struct trial *t, struct client *c, const struct draft *request,
                        const unsigned *codes)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_exchange(t, c, request, &answer))
        return false;
    unsigned code = answer_code(&answer);
    g_autofree char *said = answer_describe(&answer);
    for (size_t i = 0; codes[i]; i++) {
        if (codes[i] == code) {
            trial_pass(t, "%s", said);
            return true;
        }
    }
    g_autofree char *wanted = name_codes(codes);
    trial_fail(t, "%s, must be %s", said, wanted);
    return false;
}

bool trial_expect_code(struct trial *t, struct client *c, const struct draft *request,
                       unsigned code)
{
    return trial_expect_codes(t, c, request, (const unsigned[]){ code, 0 });
}

bool trial_expect_success(struct trial *t, struct client *c, const struct draft *request,
                          struct answer *ret)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_exchange(t, c, request, &answer))
        return false;
    if (answer.message.class != STUNMSG_SUCCESS) {
        g_autofree char *said = answer_describe(&answer);
        trial_fail(t, "%s, must be a success", said);
        return false;
    }
    trial_pass(t, "success");
    *ret = answer;
    answer = (struct answer){ 0 };
    return true;
}

/* ---- Silence ---------------------------------------------------------------------- */

static enum silence judge_error(const GError *error)
{
    return is_over(error) ? SILENCE_CLOSED : SILENCE_UNPROVEN;
}

static bool is_own_peer(const struct trial *t, const struct endpoint *address)
{
    for (guint i = 0; i < t->peers->len; i++) {
        const struct peer *peer = g_ptr_array_index(t->peers, i);
        if (endpoint_equal(&peer->address, address))
            return true;
    }
    return false;
}

/* What peers sent is no answer if it only opens the way through a NAT, and may be late
   (see trial_relay()), or is from a peer of another trial, whose relayed port
   was given out again. */
static bool is_stray(const struct trial *t, const struct inbound *in)
{
    struct inbound copy = { .bytes = g_memdup2(in->bytes, in->size), .size = in->size };
    g_auto(auto_turn_data) data = { 0 };
    if (!turn_read_data(&copy, &data))
        return false;
    return connection_is_punch(data.bytes, data.size) ||
           (data.channel == 0 && !is_own_peer(t, &data.peer));
}

/* Whether it is another answer to a Binding that was sent more than once. */
static bool is_again(const struct inbound *in, const struct answer *answer)
{
    struct stunmsg m;
    return answer->transmissions > 1 &&
           stunmsg_decode(in->bytes, in->size, &m) == STUNMSG_OK &&
           memcmp(m.transaction, answer->message.transaction, sizeof m.transaction) == 0;
}

/* Over datagrams twice: the loss of one shows nowhere, and would look like silence. */
static gboolean send_unanswered(struct client *c, const uint8_t *bytes, size_t size,
                                GError **error)
{
    struct connection *connection = client_connection(c);
    return connection_send(connection, bytes, size, NULL, error) &&
           (transport_is_stream(connection_transport(connection)) ||
            connection_send(connection, bytes, size, "once more, against loss", error));
}

/* One try: the bytes, a Binding, and a look for what came besides. */
static enum silence try_silence(struct trial *t, struct client *c, const uint8_t *bytes,
                                size_t size, struct inbound *ret_broken,
                                bool *ret_was_lossy)
{
    g_autoptr(GError) error = NULL;
    g_auto(auto_answer) proof = { 0 };
    if (!send_unanswered(c, bytes, size, &error) || !binding(c, &proof, &error))
        return judge_error(error);
    *ret_was_lossy = proof.transmissions > 1;
    int64_t deadline_ns = trial_soon_ns(t);
    struct inbound in = { 0 };
    while (client_next(c, deadline_ns, &in, &error)) {
        if (!is_stray(t, &in) && !is_again(&in, &proof)) {
            *ret_broken = in;
            return SILENCE_BROKEN;
        }
        inbound_clear(&in);
    }
    return g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT) ? SILENCE_PROVEN
                                                                   : judge_error(error);
}

enum silence trial_silence(struct trial *t, struct client *c, const uint8_t *bytes,
                           size_t size, struct inbound *ret_broken)
{
    struct inbound broken = { 0 };
    enum silence result = SILENCE_UNPROVEN;
    bool was_lossy = true;
    for (unsigned i = 0; i < MOST_TRIES && was_lossy; i++) {
        was_lossy = false;
        result = try_silence(t, c, bytes, size, &broken, &was_lossy);
        if (result != SILENCE_PROVEN)
            break;
    }
    if (ret_broken)
        *ret_broken = broken;
    else
        inbound_clear(&broken);
    return result;
}

bool trial_expect_silence(struct trial *t, struct client *c, const uint8_t *bytes,
                          size_t size)
{
    enum { TEXT_SIZE = 160 };
    char text[TEXT_SIZE];
    g_auto(auto_inbound) broken = { 0 };
    switch (trial_silence(t, c, bytes, size, &broken)) {
    case SILENCE_PROVEN:
        trial_pass(t, "silence, and an answer to a Binding after it");
        return true;
    case SILENCE_CLOSED:
        if (!transport_is_stream(connection_transport(client_connection(c)))) {
            trial_inconclusive(t, "the port was refused");
            return false;
        }
        trial_pass(t, "the server closed the connection");
        return true;
    case SILENCE_BROKEN:
        if (stunmsg_describe(broken.bytes, broken.size, text, sizeof text) != STUNMSG_OK)
            g_snprintf(text, sizeof text, "%zu bytes that are no STUN", broken.size);
        trial_fail(t, "an answer: %s", text);
        return false;
    case SILENCE_UNPROVEN:
        break;
    }
    trial_inconclusive(t, "silence, but neither was a Binding after it answered");
    return false;
}
