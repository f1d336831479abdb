/* SPDX-License-Identifier: Apache-2.0 */
/* Sees the IPv4 headers of UDP datagrams that come to this machine. */
#ifndef RTCLAB_PROBES_HEADER_WATCH_H
#define RTCLAB_PROBES_HEADER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "wire/address.h"
#include "wire/ip.h"

struct header_watch;

/**
 * Starts to look at what comes to an address.
 * @param local an IPv4 address and the UDP port of interest
 * @return NULL with PROBE_ERROR_LOCAL: the privilege (CAP_NET_RAW) is missing, mostly;
 * caller owns
 */
struct header_watch *header_watch_open(const struct endpoint *local, GError **error);
void header_watch_close(struct header_watch *watch);
typedef struct header_watch auto_header_watch; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_header_watch, header_watch_close)

/**
 * Waits for a datagram with just this payload.
 * @return FALSE with PROBE_ERROR_SILENT at the deadline, _INTERRUPTED, _LOCAL
 */
gboolean header_watch_find(struct header_watch *watch, const uint8_t *payload,
                           size_t size, int64_t deadline_ns, struct ip_view *ret,
                           GError **error);

#endif
