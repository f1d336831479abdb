/* SPDX-License-Identifier: Apache-2.0 */
/* The URIs of STUN and TURN servers (RFC 7064, RFC 7065). */
#ifndef RTCLAB_WIRE_ICE_URL_H
#define RTCLAB_WIRE_ICE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICE_URL_HOST_SIZE 256 /**< of a name or address, with its NUL */
#define ICE_URL_TEXT_SIZE 320 /**< room for any URI in text, with its NUL */

enum ice_url_transport { ICE_URL_TRANSPORT_NONE, ICE_URL_UDP, ICE_URL_TCP };

struct ice_url {
    bool turn;                        /**< turn: or turns:, else stun: or stuns: */
    bool tls;                         /**< turns: or stuns: */
    char host[ICE_URL_HOST_SIZE];     /**< an IPv6 address without its brackets */
    uint16_t port;                    /**< 0: not given; see ice_url_port() */
    enum ice_url_transport transport; /**< as given; see ice_url_is_tcp() */
};

/**
 * Reads "stun:HOST[:PORT]", "turn:HOST[:PORT][?transport=udp|tcp]", and the same with
 * "stuns:" and "turns:". What the grammars fix is read in any case.
 *
 * @param text    not NUL-terminated
 * @param size    its length in bytes
 * @param ret_url set on success only; holds no pointer into `text`
 * @return false if it is no such URI
 */
bool ice_url_parse(const char *text, size_t size, struct ice_url *ret_url);

/** Writes a URI with no more in it than was given; returns `out`. */
const char *ice_url_format(const struct ice_url *url, char out[ICE_URL_TEXT_SIZE]);

/** The port: the scheme's own if none is given (RFC 8489 section 18.6: 3478 or 5349). */
uint16_t ice_url_port(const struct ice_url *url);

/** Whether it runs over TCP: if it says so, or by default over TLS (RFC 7065 table 1). */
bool ice_url_is_tcp(const struct ice_url *url);

#endif
