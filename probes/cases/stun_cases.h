/* SPDX-License-Identifier: Apache-2.0 */
/* The cases S, spread over several files; stun.c has their table. */
#ifndef RTCLAB_PROBES_STUN_CASES_H
#define RTCLAB_PROBES_STUN_CASES_H

#include "probes/cases/trial.h"

/** Types that no RFC has given out (IANA, "STUN Attributes"). */
enum {
    STUN_CASE_REQUIRED = 0x7eef, /**< comprehension-required */
    STUN_CASE_REQUIRED_2 = 0x7ef1,
    STUN_CASE_OPTIONAL = 0xbeef, /**< comprehension-optional */
};

/** Starts a Binding request. */
void stun_case_begin(struct client *c, struct draft *ret_request);

/* What answers look like (stun_answers.c). */
void stun_case_binding(struct trial *t);
void stun_case_binding_ipv6(struct trial *t);
void stun_case_origin(struct trial *t);
void stun_case_retransmission(struct trial *t);
void stun_case_large_request(struct trial *t);
void stun_case_dtls(struct trial *t);

/* What must not be answered (stun_silence.c). */
void stun_case_top_bits(struct trial *t);
void stun_case_cookie(struct trial *t);
void stun_case_odd_length(struct trial *t);
void stun_case_short_datagram(struct trial *t);
void stun_case_long_datagram(struct trial *t);
void stun_case_runts(struct trial *t);
void stun_case_overrun(struct trial *t);
void stun_case_indication(struct trial *t);
void stun_case_indication_unknown(struct trial *t);
void stun_case_unknown_method(struct trial *t);
void stun_case_unsolicited(struct trial *t);
void stun_case_bad_fingerprint(struct trial *t);

/* Attributes of requests and of answers (stun_attributes.c). */
void stun_case_padding_bits(struct trial *t);
void stun_case_unknown_required(struct trial *t);
void stun_case_unknown_optional(struct trial *t);
void stun_case_duplicate(struct trial *t);
void stun_case_after_integrity(struct trial *t);
void stun_case_fingerprint(struct trial *t);
void stun_case_software(struct trial *t);
void stun_case_error_code(struct trial *t);
void stun_case_redirect(struct trial *t);

/* Streams, and this program itself (stun_stream.c). */
void stun_case_segments(struct trial *t);
void stun_case_stays_open(struct trial *t);
void stun_case_garbage(struct trial *t);
void stun_case_certificate(struct trial *t);
void stun_case_vectors(struct trial *t);

#endif
