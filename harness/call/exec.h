/* SPDX-License-Identifier: Apache-2.0 */
/* Any program inside an emulated network: `rtclab exec SCENARIO HOST -- CMD…`. */
#ifndef RTCLAB_CALL_EXEC_H
#define RTCLAB_CALL_EXEC_H

#include <glib.h>

#include "lab/lab.h"
#include "scenario/scenario.h"

struct exec_options {
    const char *host;     /**< a host of the scenario; must exist */
    char *const *command; /**< NULL-ended; found by PATH */
    const char *pcap;     /**< where to write a capture; NULL: none */
    uint64_t seed;
    enum lab_clock clock;
    int64_t calendar_ns;    /**< virtual clock: see struct lab_options */
    const char *audit_path; /**< likewise */
};

/**
 * Runs a command in a host of the scenario's network, servers running, with the terminal
 * and the environment passed through, and these variables added: RTCLAB_ICE_SERVERS (W3C
 * iceServers as JSON), RTCLAB_SERVER_<NAME> (first address of each server),
 * RTCLAB_USERNAME and RTCLAB_PASSWORD (coturn's user).
 *
 * @param ret_status its exit status; 128 + N when signal N ended it; 127 when the command
 *                   was not found, 126 when it cannot be run
 * @return FALSE with an error when the network could not be set up
 */
gboolean exec_in_host(const struct scenario *scenario, const struct exec_options *options,
                      int *ret_status, GError **error);

#endif
