/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases S04 to S10, S15 to S18 and S21: what a server must discard without a word. They
 * are tried over UDP: on a stream most of them would also be a loss of framing, which
 * S28 tries.
 *
 * RFC 8489 §5, §6.3, §6.3.2, §7.
 */
#include <string.h>

#include "probes/cases/stun_cases.h"

/* A message as bytes that can be spoilt: a Binding request with a SOFTWARE. */
struct spoilt {
    struct draft draft;
    size_t size;
};

static struct client *begin_spoilt(struct trial *t, struct spoilt *ret)
{
    struct client *c = trial_client_over(t, PROBE_UDP);
    if (!c)
        return NULL;
    stun_case_begin(c, &ret->draft);
    stunmsg_add_text(&ret->draft.b, STUNMSG_SOFTWARE, "rtcprobe");
    ret->size = draft_size(&ret->draft);
    return c;
}

/* Sends what must not be answered either, before that which trial_expect_silence() will
   send and prove. */
static void send_before(struct client *c, const uint8_t *bytes, size_t size)
{
    connection_send(client_connection(c), bytes, size, NULL, NULL);
}

/* The code of what came if that is an error response; else 0. */
static unsigned error_code_of(const struct inbound *in)
{
    struct stunmsg m;
    struct stunmsg_error_code code;
    if (stunmsg_decode(in->bytes, in->size, &m) != STUNMSG_OK ||
        m.class != STUNMSG_FAILURE ||
        stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code) != STUNMSG_OK)
        return 0;
    return code.code;
}

void stun_case_top_bits(struct trial *t)
{
    static const uint8_t tops[] = { 0x40, 0x80, 0xc0 };
    struct spoilt m;
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    for (unsigned i = 0; i < G_N_ELEMENTS(tops); i++) {
        m.draft.bytes[0] = tops[i];
        if (i + 1 < G_N_ELEMENTS(tops))
            send_before(c, m.draft.bytes, m.size);
    }
    trial_expect_silence(t, c, m.draft.bytes, m.size);
}

/* RFC 3489's answer repeats all 16 bytes of its transaction id, where the cookie is. */
static bool is_classic_answer(const struct inbound *in, const uint8_t *request)
{
    return in->size >= STUNMSG_HEADER_SIZE && load_be16(in->bytes) == 0x0101 &&
           memcmp(in->bytes + 4, request + 4, 16) == 0;
}

/* STUN servers should give it (RFC 8489 §12, RFC 5389 §13); TURN is without it. */
static void judge_classic_answer(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    if (s->is_modern && subject_can(s, CAN(TURN)))
        trial_warn(t, "an answer as RFC 3489 has it, which TURN does not use (RFC 8656 "
                      "§5)");
    else
        trial_pass(t, "an answer as RFC 3489 has it, which %s asks of STUN servers",
                   s->is_modern ? "RFC 8489 §12" : "RFC 5389 §13");
}

void stun_case_cookie(struct trial *t)
{
    struct spoilt m;
    g_auto(auto_inbound) broken = { 0 };
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    m.draft.bytes[4] ^= 0xff;
    switch (trial_silence(t, c, m.draft.bytes, m.size, &broken)) {
    case SILENCE_PROVEN:
        trial_pass(t, "silence, and an answer to a Binding after it");
        break;
    case SILENCE_BROKEN:
        if (!is_classic_answer(&broken, m.draft.bytes))
            trial_fail(t, "an answer that is none of RFC 3489 either");
        else
            judge_classic_answer(t);
        break;
    case SILENCE_CLOSED:
        trial_inconclusive(t, "the port was refused");
        break;
    case SILENCE_UNPROVEN:
        trial_inconclusive(t, "silence, but neither was a Binding after it answered");
        break;
    }
}

/* 23 bytes, and a length of 3 that agrees with them. */
void stun_case_odd_length(struct trial *t)
{
    struct spoilt m;
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    memset(m.draft.bytes + STUNMSG_HEADER_SIZE, 0, 3);
    store_be16(m.draft.bytes + 2, 3);
    trial_expect_silence(t, c, m.draft.bytes, STUNMSG_HEADER_SIZE + 3);
}

/* The datagram ends where the attributes should begin. */
void stun_case_short_datagram(struct trial *t)
{
    struct spoilt m;
    struct client *c = begin_spoilt(t, &m);
    if (c)
        trial_expect_silence(t, c, m.draft.bytes, STUNMSG_HEADER_SIZE);
}

/* The message ends before the attribute, which then is of nothing. */
void stun_case_long_datagram(struct trial *t)
{
    struct spoilt m;
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    store_be16(m.draft.bytes + 2, 0);
    trial_expect_silence(t, c, m.draft.bytes, m.size);
}

void stun_case_runts(struct trial *t)
{
    struct spoilt m;
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    store_be16(m.draft.bytes + 2, 0);
    for (size_t size = 0; size + 1 < STUNMSG_HEADER_SIZE; size++)
        send_before(c, m.draft.bytes, size);
    trial_expect_silence(t, c, m.draft.bytes, STUNMSG_HEADER_SIZE - 1);
}

/* A 400 is as good: the message was found malformed. Any other answer does no harm. An
   answer before it shows that no
   answer after it is the server's end, not the path's. */
void stun_case_overrun(struct trial *t)
{
    enum { OVER = 400 };
    struct spoilt m;
    struct draft request;
    g_auto(auto_inbound) broken = { 0 };
    g_auto(auto_answer) before = { 0 };
    struct client *c = begin_spoilt(t, &m);
    if (!c)
        return;
    stun_case_begin(c, &request);
    if (!trial_exchange(t, c, &request, &before))
        return;
    store_be16(m.draft.bytes + STUNMSG_HEADER_SIZE + 2, OVER);
    switch (trial_silence(t, c, m.draft.bytes, m.size, &broken)) {
    case SILENCE_PROVEN:
        trial_pass(t, "silence, and an answer to a Binding after it");
        return;
    case SILENCE_BROKEN:
        if (error_code_of(&broken) == STUNMSG_CODE_BAD_REQUEST) {
            trial_pass(t, "400 (Bad Request), and an answer to a Binding after "
                          "it");
            return;
        }
        {
            trial_warn(t, "an answer, as if the attribute were whole or not there");
            return;
        }
    case SILENCE_CLOSED:
        trial_fail(t, "no server at the port after it");
        return;
    case SILENCE_UNPROVEN:
        trial_fail(t, "a Binding before it was answered, none after it");
        return;
    }
}

/* ---- Indications, responses and methods that nobody asked for ---------------------- */

void stun_case_indication(struct trial *t)
{
    struct draft message;
    struct client *c = trial_client(t);
    if (!c)
        return;
    client_begin(c, &message, STUNMSG_BINDING, STUNMSG_INDICATION);
    trial_expect_silence(t, c, message.bytes, draft_size(&message));
}

void stun_case_indication_unknown(struct trial *t)
{
    struct draft message;
    struct client *c = trial_client(t);
    if (!c)
        return;
    client_begin(c, &message, STUNMSG_BINDING, STUNMSG_INDICATION);
    stunmsg_add_text(&message.b, STUN_CASE_REQUIRED, "what");
    trial_expect_silence(t, c, message.bytes, draft_size(&message));
}

void stun_case_unknown_method(struct trial *t)
{
    enum { UNKNOWN_METHOD = 0x07e };
    struct draft message;
    g_auto(auto_inbound) broken = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    client_begin(c, &message, UNKNOWN_METHOD, STUNMSG_REQUEST);
    switch (trial_silence(t, c, message.bytes, draft_size(&message), &broken)) {
    case SILENCE_PROVEN:
        trial_pass(t, "silence, and an answer to a Binding after it");
        return;
    case SILENCE_CLOSED:
        trial_warn(t, "the server closed the connection over it");
        return;
    case SILENCE_UNPROVEN:
        trial_inconclusive(t, "silence, but neither was a Binding after it "
                              "answered");
        return;
    case SILENCE_BROKEN:
        break;
    }
    if (error_code_of(&broken) > 0)
        trial_warn(t, "an error response, %u", error_code_of(&broken));
    else
        trial_fail(t, "an answer that is no error response");
}

void stun_case_unsolicited(struct trial *t)
{
    static const struct endpoint anywhere = {
        .address = { .family = ADDRESS_IPV4, .bytes = { 192, 0, 2, 1 } }, .port = 9
    };
    struct draft success, failure;
    struct client *c = trial_client(t);
    if (!c)
        return;
    client_begin(c, &success, STUNMSG_BINDING, STUNMSG_SUCCESS);
    stunmsg_add_address(&success.b, STUNMSG_XOR_MAPPED_ADDRESS, &anywhere);
    client_begin(c, &failure, STUNMSG_BINDING, STUNMSG_FAILURE);
    stunmsg_add_error(&failure.b, STUNMSG_CODE_SERVER_ERROR, NULL);
    send_before(c, failure.bytes, draft_size(&failure));
    trial_expect_silence(t, c, success.bytes, draft_size(&success));
}

/* ---- FINGERPRINT ------------------------------------------------------------------ */

/* Whether it is used shows when a request with a good one is answered with one. */
void stun_case_bad_fingerprint(struct trial *t)
{
    struct draft good, bad;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c)
        return;
    stun_case_begin(c, &good);
    stunmsg_add_fingerprint(&good.b);
    if (!trial_exchange(t, c, &good, &answer))
        return;
    if (!stunmsg_has(&answer.message, STUNMSG_FINGERPRINT)) {
        trial_unsupported(t, "the server sends no FINGERPRINT");
        return;
    }
    stun_case_begin(c, &bad);
    stunmsg_add_fingerprint(&bad.b);
    size_t size = draft_size(&bad);
    bad.bytes[size - 1] ^= 1;
    trial_expect_silence(t, c, bad.bytes, size);
}
