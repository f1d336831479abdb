/* SPDX-License-Identifier: Apache-2.0 */
/* coturn as a lab's STUN and TURN server. */
#ifndef RTCLAB_LAB_COTURN_H
#define RTCLAB_LAB_COTURN_H

#include <glib.h>

#include "lab/lab.h"

/** What its users are of (RFC 8489 §9.2). */
#define COTURN_REALM "rtclab"

struct coturn_config {
    const char *name;                /**< the server's, for messages */
    unsigned iface;                  /**< where it runs */
    const struct address *addresses; /**< two of them make RFC 5780 work */
    unsigned n_addresses;
    uint16_t port;           /**< UDP and TCP */
    uint16_t alternate_port; /**< RFC 5780's; also UDP and TCP */
    const char *username;
    const char *password; /**< letters and digits */
    const char *log_path;
    const char *folder; /**< where it may write; coturn_tidy() clears it */
};

/**
 * Starts coturn and waits until it answers STUN on each address and port, over UDP and
 * over TCP. What else happens in the lab meanwhile is let pass.
 *
 * @return the process, the lab's; NULL with RTC_ERROR_ENVIRONMENT: not installed, it
 * ended (the message then quotes its last words), or it did not answer in time; or with
 * RTC_ERROR_INTERRUPTED
 */
struct process *coturn_start(struct lab *lab, const struct coturn_config *config,
                             GError **error);

/** Removes what coturn keeps beside its log: its database and its process id. */
void coturn_tidy(const struct coturn_config *config);

#endif
