/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors that the server waits for. */
#ifndef RTCLAB_PROBES_SERVER_WATCH_H
#define RTCLAB_PROBES_SERVER_WATCH_H

#include <poll.h>

#include "probes/server/state.h"

/* `events` is what poll(2) found. It may remove any watch, its own too. */
typedef void (*srv_ready)(struct probe_server *s, void *subject, short events);

/* Waits for `events` of a descriptor, which stays the caller's. The watch is the
 * server's until srv_watch_remove(). */
struct srv_watch *srv_watch_add(struct probe_server *s, int fd, short events,
                                srv_ready ready, void *subject);

void srv_watch_set_events(struct srv_watch *watch, short events);

/* Never called again from here on; NULL is allowed. */
void srv_watch_remove(struct srv_watch *watch);

/* Waits until something is ready or `deadline_ns` is reached, and calls what was
 * waiting for it. */
void srv_watch_wait(struct probe_server *s, int64_t deadline_ns);

#endif
