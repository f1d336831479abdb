/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this program reads and makes STUN as RFC 5769 says, before it judges others. */
#ifndef RTCLAB_PROBES_SELF_CHECK_H
#define RTCLAB_PROBES_SELF_CHECK_H

#include <stdbool.h>

#include <glib.h>

/**
 * Reads the messages of RFC 5769 §2, and makes them again from their parts.
 * @param is_altered a bit of each is turned over before: for the self-test, it must fail
 * @return FALSE with PROBE_ERROR_LOCAL: this program is broken, and its verdicts too
 */
gboolean self_check(bool is_altered, GError **error);

#endif
