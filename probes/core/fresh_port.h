/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local UDP ports that this process has not used yet. A server may go on for a while with
 * the 5-tuple of an allocation that was given back, or of a client that is gone: a new
 * client must not inherit it.
 */
#ifndef RTCLAB_PROBES_FRESH_PORT_H
#define RTCLAB_PROBES_FRESH_PORT_H

#include <stdbool.h>
#include <stdint.h>

/** True, and the port is taken, if this is the first time that it is asked for. */
bool fresh_port_take(uint16_t port);

#endif
