/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of STUN and TURN servers: RFC 7064 §3.1, RFC 7065 §3.1; no TLS yet. */
#ifndef RTCLAB_SCENARIO_ICE_URL_H
#define RTCLAB_SCENARIO_ICE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "wire/address.h"

struct ice_url {
    bool turn;             /**< turn:, else stun: */
    char *host;            /**< a name, or an address without brackets */
    uint16_t port;         /**< 0: not given, which means 3478 */
    const char *transport; /**< "udp", "tcp", or NULL when not given */
};

/**
 * Reads a URL.
 * @return false, with `ret_url` untouched, if it breaks the syntax
 */
bool ice_url_parse(const char *text, struct ice_url *ret_url);
void ice_url_clear(struct ice_url *url);
typedef struct ice_url ice_url_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ice_url_t, ice_url_clear)

/** The URL with an address in place of its host. Caller owns. */
char *ice_url_format(const struct ice_url *url, const struct address *host);

#endif
