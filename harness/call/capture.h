/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of a lab as a pcapng file: an interface for each tap, decisions commented.
 */
#ifndef RTCLAB_CALL_CAPTURE_H
#define RTCLAB_CALL_CAPTURE_H

#include <glib.h>

#include "net/network.h"

struct capture;

/**
 * @param path      the file; replaced
 * @param network   for the names of its taps
 * @param offset_ns what to add to the lab's time to get calendar time
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct capture *capture_open(const char *path, const struct network *network,
                             int64_t offset_ns, GError **error);

/** Takes in a NETWORK_PACKET event; others are ignored. */
void capture_add(struct capture *capture, const struct network_event *event);

/** Closes the file and frees the capture. @return FALSE if something was not written */
gboolean capture_close(struct capture *capture, GError **error);

#endif
