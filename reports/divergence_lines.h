/* SPDX-License-Identifier: Apache-2.0 */
/* A call's record as lines that can be compared; used by divergence*.c only. */
#ifndef RTCLAB_REPORTS_DIVERGENCE_LINES_H
#define RTCLAB_REPORTS_DIVERGENCE_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/** An event or a packet. */
struct divergence_line {
    int64_t t_us;
    char *source;    /**< the event's src, the packet's tap */
    char *signature; /**< the same for what is the same thing in another record */
    char *words;     /**< for people */
    char *detail;    /**< all of it but its time */
};

/**
 * The events of a record.
 * @return array of struct divergence_line, caller owns; NULL: there is no events.jsonl.
 *         Lines that are no events are left out
 */
GPtrArray *divergence_read_events(const char *folder);

/** The same of the packets in timeline.json; NULL: there is none. */
GPtrArray *divergence_read_packets(const char *folder);

#endif
