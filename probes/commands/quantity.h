/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities on a command line: durations, rates, and the limits that are gates. */
#ifndef RTCLAB_PROBES_QUANTITY_H
#define RTCLAB_PROBES_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/**
 * Reads "80ms", "250us", "1.5s", "5min" or "2" (seconds).
 * @return FALSE with RTC_ERROR_USAGE, a message that goes on from an option's name
 */
gboolean quantity_read_duration(const char *text, int64_t *ret_ns, GError **error);

/** `take` for a duration that is not 0: an int64_t in ns. */
gboolean quantity_take_duration(const char *text, void *place, GError **error);

/** A limit of a share: of packets that may be lost. */
struct share_gate {
    double most; /**< from 0 to 1 */
    bool is_set;
};
/** `take` for "1%": a struct share_gate. */
gboolean quantity_take_share_gate(const char *text, void *place, GError **error);

/** A limit of a time that was measured often: of its percentile. */
struct time_gate {
    double percentile; /**< from 0 to 100; 100: none may be longer */
    int64_t most_ns;
    bool is_set;
};
/** `take` for "p95=80ms", or "80ms", which none may exceed: a struct time_gate. */
gboolean quantity_take_time_gate(const char *text, void *place, GError **error);

/** "80.2 ms", "1.52 s", "12.3 us"; caller owns. */
char *quantity_format_ns(int64_t ns);

#endif
