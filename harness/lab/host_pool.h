/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that a worker keeps from one call to the next: to make one costs a millisecond,
 * and to take its interface down some twenty, in which the kernel waits for all readers.
 *
 * A host that is handed out again is as if new: no process is in it (the worker ends them
 * all between calls); nothing waits in its interface; and the kernel has forgotten what
 * it learned of routes, and the TCP connections that outlived their processes.
 */
#ifndef RTCLAB_LAB_HOST_POOL_H
#define RTCLAB_LAB_HOST_POOL_H

#include "lab/host.h"

/** As lab_host_open(), with a host that was given back if there is one like it. */
struct lab_host *host_pool_take(const char *name, const struct address *addresses,
                                unsigned n_addresses, bool is_repeatable, GError **error);

/** Gives a host back, once nothing runs in it any more; NULL: does nothing. */
void host_pool_give(struct lab_host *host);

/** How many descriptors the hosts that are kept have open. */
unsigned host_pool_n_descriptors(void);

#endif
