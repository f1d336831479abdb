/* SPDX-License-Identifier: Apache-2.0 */
/* A bit a port. */
#include "probes/core/fresh_port.h"

#include <glib.h>

enum { BITS = 8, PORTS = 65536 };

bool fresh_port_take(uint16_t port)
{
    static GMutex lock;
    static uint8_t taken[PORTS / BITS];
    uint8_t bit = (uint8_t)(1u << (port % BITS));
    g_mutex_lock(&lock);
    bool is_fresh = !(taken[port / BITS] & bit);
    taken[port / BITS] |= bit;
    g_mutex_unlock(&lock);
    return is_fresh;
}
