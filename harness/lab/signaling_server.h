/* SPDX-License-Identifier: Apache-2.0 */
/* `rtclab signaling` as a lab's signalling server. */
#ifndef RTCLAB_LAB_SIGNALING_SERVER_H
#define RTCLAB_LAB_SIGNALING_SERVER_H

#include <glib.h>

#include "lab/lab.h"

struct signaling_server_config {
    const char *name; /**< the server's, for messages */
    unsigned iface;   /**< where it runs */
    const struct address *address;
    uint16_t port;
    const char *certificate_pem; /**< with its key in it; NULL: no TLS */
    const char *log_path;
};

/**
 * Starts it and waits until connections can be made to it. What else happens in the lab
 * meanwhile is let pass.
 *
 * @return the process, the lab's; NULL with RTC_ERROR_ENVIRONMENT or
 *         RTC_ERROR_INTERRUPTED
 */
struct process *signaling_server_start(struct lab *lab,
                                       const struct signaling_server_config *config,
                                       GError **error);

#endif
