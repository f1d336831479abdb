/* SPDX-License-Identifier: Apache-2.0 */
/* The URIs of STUN and TURN servers (RFC 7064, RFC 7065). */
#ifndef RTCLAB_PEER_CONTRACT_URL_H
#define RTCLAB_PEER_CONTRACT_URL_H

#include <stdbool.h>
#include <stdint.h>

struct contract_url {
    bool turn;      /**< turn: or turns:, else stun: or stuns: */
    bool tls;       /**< turns: or stuns: */
    bool tcp;       /**< ?transport=tcp, and what is over TLS */
    char host[256]; /**< name or address, an IPv6 address without its brackets */
    uint16_t port;  /**< 3478, over TLS 5349, if not given */
};

/**
 * Reads "stun:HOST[:PORT]", "turn:HOST[:PORT][?transport=udp|tcp]", and with TLS.
 * @return false, with `ret_url` untouched, if it is none
 */
bool contract_url_parse(const char *text, struct contract_url *ret_url);

#endif
