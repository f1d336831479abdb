/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few hosts by their addresses, the one that was used last first. What a namespace
 * remembers of a call: exceptions to routes (a path's MTU, a redirect); and connections
 * that no process has any more, because a FIN of theirs was never acknowledged or they
 * are in TIME-WAIT. lab_host_refresh() takes both away.
 */
#include "lab/host_pool.h"

#include <string.h>
#include <unistd.h>

/* Enough for the scenarios of one suite, which mostly share their addresses; a host is
   two descriptors and some 100 KiB of the kernel's. */
enum { MAX_KEPT = 24 };

static GPtrArray *kept; /* struct lab_host; the last is the one given back last */

static bool is_like(const struct lab_host *host, const struct address *addresses,
                    unsigned n_addresses, bool is_repeatable)
{
    if (host->n_addresses != n_addresses || host->is_repeatable != is_repeatable)
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
                                unsigned n_addresses, bool is_repeatable, GError **error)
{
    for (unsigned i = kept ? kept->len : 0; i-- > 0;) {
        struct lab_host *host = kept->pdata[i];
        if (!is_like(host, addresses, n_addresses, is_repeatable))
            continue;
        g_ptr_array_steal_index(kept, i);
        if (lab_host_refresh(host, name)) {
            drain(host);
            return host;
        }
        lab_host_close(host);
    }
    return lab_host_open(name, addresses, n_addresses, is_repeatable, error);
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

unsigned host_pool_n_descriptors(void)
{
    return kept ? 2 * kept->len : 0; /* the namespace and the TUN */
}
