/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few hosts by their addresses, the one that was used last first. What a namespace
 * remembers beside its sockets: exceptions to routes (a path's MTU, a redirect), flushed
 * here; and connections in TIME-WAIT, of which a host on the virtual clock keeps none
 * (host.c).
 */
#include "lab/host_pool.h"

#include <string.h>
#include <unistd.h>

/* Enough for the scenarios of one suite, which mostly share their addresses; a host is
   two descriptors and some 100 KiB of the kernel's. */
enum { MAX_KEPT = 24 };

static GPtrArray *kept; /* struct lab_host; the last is the one given back last */

static bool has_addresses(const struct lab_host *host, const struct address *addresses,
                          unsigned n_addresses)
{
    if (host->n_addresses != n_addresses)
        return false;
    for (unsigned i = 0; i < n_addresses; i++)
        if (!address_equal(&host->addresses[i], &addresses[i]))
            return false;
    return true;
}

static void drain(struct lab_host *host)
{
    uint8_t packet[65535];
    while (read(host->tun, packet, sizeof packet) > 0)
        ;
}

struct lab_host *host_pool_take(const char *name, const struct address *addresses,
                                unsigned n_addresses, GError **error)
{
    for (unsigned i = kept ? kept->len : 0; i-- > 0;) {
        struct lab_host *host = kept->pdata[i];
        if (!has_addresses(host, addresses, n_addresses))
            continue;
        g_ptr_array_steal_index(kept, i);
        if (lab_host_refresh(host, name)) {
            drain(host);
            return host;
        }
        lab_host_close(host);
    }
    return lab_host_open(name, addresses, n_addresses, error);
}

void host_pool_give(struct lab_host *host)
{
    if (!host)
        return;
    if (!kept)
        kept = g_ptr_array_new();
    g_ptr_array_add(kept, host);
    if (kept->len > MAX_KEPT)
        lab_host_close(g_ptr_array_steal_index(kept, 0));
}
