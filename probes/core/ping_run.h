/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding requests at an interval, each sent once, so that what is lost is seen and not
 * made good (RFC 8489 §6.2.1 would send it again).
 */
#ifndef RTCLAB_PROBES_PING_RUN_H
#define RTCLAB_PROBES_PING_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "probes/core/client.h"
#include "probes/core/samples.h"
#include "wire/address.h"

/* symbol, name */
#define PING_EVENTS(X)    \
    X(REPLY, "reply")     \
    X(DOUBLED, "doubled") \
    X(LOST, "lost")       \
    X(UNREACHABLE, "unreachable")

enum ping_event_kind {
#define X(symbol, name) PING_##symbol,
    PING_EVENTS(X)
#undef X
        PING_N_EVENTS
};
const char *ping_event_name(enum ping_event_kind kind);

struct ping_event {
    enum ping_event_kind kind;
    uint64_t number; /**< of the request, from 1; of UNREACHABLE the last one sent */
    int64_t rtt_ns;  /**< of REPLY and DOUBLED */
    unsigned code;   /**< of an error response; 0: a success, or one without a code */
    bool is_success;
    struct endpoint mapped; /**< family ADDRESS_NONE: the response has none */
    struct endpoint
        before; /**< REPLY: what it was before, if that was another; or none */
};

struct ping_options {
    uint64_t count; /**< 0: until an interrupt */
    int64_t interval_ns;
    int64_t timeout_ns; /**< a response that takes longer is lost */
    void (*tell)(const struct ping_event *event, void *data); /**< NULL: nobody */
    void *data;
};

struct ping_result {
    uint64_t sent, received, successes;
    uint64_t doubled, lost, unreachable;
    uint64_t changes;       /**< of the mapped address */
    unsigned last_code;     /**< of the last error response; 0: none had one */
    struct endpoint mapped; /**< the last one */
    struct samples rtt;
};
void ping_result_clear(struct ping_result *result);

/**
 * Sends and listens until all is answered, lost, or an interrupt comes. At the end it
 * waits no longer than a few round trips.
 *
 * ICMP errors (PROBE_ERROR_REFUSED) are counted and do not end it.
 *
 * @param ret filled also on failure; what is still out then counts as lost
 * @return FALSE with PROBE_ERROR_CLOSED, _GARBAGE, … : the path broke
 */
gboolean ping_run(struct client *client, const struct ping_options *options,
                  struct ping_result *ret, GError **error);

#endif
