/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a peer outside a lab. It dies with us; what it writes is told line by
 * line, as it may have it from a stranger: it must not reach a terminal as it is.
 */
#ifndef RTCLAB_SIGNALING_PEER_PROCESS_H
#define RTCLAB_SIGNALING_PEER_PROCESS_H

#include <glib.h>

struct peer_process;

/**
 * Starts it; on the default main loop.
 *
 * @param contract_fd its end of the contract, consumed
 * @param log         told each line of its output
 * @return NULL: it cannot be run
 */
struct peer_process *peer_process_start(const char *program, int contract_fd,
                                        void (*log)(const char *line), GError **error);

/** To be called once its contract is closed, which ends it; else it is killed soon. Frees
 *  the handle then. */
void peer_process_end(struct peer_process *process);

#endif
