/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting until a server that was just started in a lab is ready. */
#ifndef RTCLAB_LAB_SERVER_WAIT_H
#define RTCLAB_LAB_SERVER_WAIT_H

#include <stdbool.h>

#include <glib.h>

#include "lab/lab.h"

struct server_wait {
    const char *program;          /**< "coturn", for messages */
    const char *name;             /**< the server's, for messages */
    const char *log_path;         /**< whose end is quoted when it fails */
    bool (*is_ready)(void *data); /**< asked again and again; must not wait */
    void *data;
};

/**
 * Lets the lab go on until a server is ready. What else happens in it is let pass.
 *
 * @param process the server's; if it ends, that is why it is not ready
 * @return FALSE with RTC_ERROR_ENVIRONMENT or RTC_ERROR_INTERRUPTED
 */
gboolean server_wait(struct lab *lab, const struct server_wait *wait,
                     const struct process *process, GError **error);

#endif
