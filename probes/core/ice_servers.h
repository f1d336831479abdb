/* SPDX-License-Identifier: Apache-2.0 */
/* The `iceServers` of W3C's RTCConfiguration, as an application hands them to a browser.
 */
#ifndef RTCLAB_PROBES_ICE_SERVERS_H
#define RTCLAB_PROBES_ICE_SERVERS_H

#include <stddef.h>

#include <glib.h>

#include "wire/ice_url.h"

/** One URL of them, with the credentials that it came with. */
struct ice_server {
    char *text; /**< the URL as it stands in the file */
    struct ice_url url;
    char *username;   /**< NULL: none */
    char *credential; /**< a secret; NULL: none */
};

struct ice_servers {
    struct ice_server *servers;
    size_t n;
};

/** More URLs than this are refused: each is tried. */
#define ICE_SERVERS_MAX 32

/**
 * Reads them from JSON: an array, or an object with it as "iceServers"; `urls` is a
 * string or an array of them (webrtc-pc §4.2.4).
 *
 * @param where  what the text is, for messages
 * @param ret    the caller clears it; untouched on failure
 * @return FALSE with RTC_ERROR_USAGE, the message saying where and what
 */
gboolean ice_servers_read(const char *text, size_t size, const char *where,
                          struct ice_servers *ret, GError **error);

/** The same from a file; "-": standard input. RTC_ERROR_ENVIRONMENT: it cannot be read.
 */
gboolean ice_servers_load(const char *path, struct ice_servers *ret, GError **error);

void ice_servers_clear(struct ice_servers *servers);

#endif
