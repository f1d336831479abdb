/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a datagram or a TCP segment carries once TURN's wrapping and TCP's framing are
 * taken off: STUN, DTLS or RTP of one peer for the other.
 *
 * A relayed datagram travels inside a Send or Data indication or ChannelData (RFC 8656
 * §11, §12). Over TCP, TURN's messages stand one behind the other (RFC 8656 §12.5), and
 * those of ICE have two bytes of length before them (RFC 4571, RFC 6544 §3).
 *
 * Not done here: putting TCP streams together. A message is seen where it starts a
 * segment or follows another one in it.
 */
#ifndef RTCLAB_WIRE_STUNMSG_PEEL_H
#define RTCLAB_WIRE_STUNMSG_PEEL_H

#include "wire/stunmsg.h"

struct stunmsg_peeled {
    const uint8_t *bytes; /**< of the innermost message; borrowed from the input */
    size_t size;
    size_t taken;         /**< bytes of the input up to the next message; never 0 */
    bool is_framed;       /**< by RFC 4571 */
    bool is_relayed;      /**< was in an indication or ChannelData */
    uint16_t channel;     /**< the ChannelData's number; 0: it was none */
    struct endpoint peer; /**< the indication's XOR-PEER-ADDRESS; ADDRESS_NONE: none */
};

/** Peels a datagram; one that wraps nothing is its own innermost message. */
void stunmsg_peel(const uint8_t *bytes, size_t size, struct stunmsg_peeled *ret_peeled);

/**
 * Peels the first message of a TCP segment.
 * @return false, with `ret_peeled` untouched: no whole message starts here
 */
bool stunmsg_peel_segment(const uint8_t *bytes, size_t size,
                          struct stunmsg_peeled *ret_peeled);

#endif
