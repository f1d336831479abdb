/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups by libc: struct lookups for resolve_select(), which block. */
#ifndef RTCLAB_PROBES_CORE_RESOLVE_LOOKUP_H
#define RTCLAB_PROBES_CORE_RESOLVE_LOOKUP_H

#include "probes/core/resolve_select.h"

struct resolver;

/** @param nameserver family ADDRESS_NONE: the system's; NULL is returned if libresolv
 * cannot be set up */
struct resolver *resolver_new(const struct endpoint *nameserver);
void resolver_free(struct resolver *r);

/** Its lookups; the resolver is borrowed. */
struct lookups resolver_lookups(struct resolver *r);

/** From another thread: further lookups fail at once. */
void resolver_give_up(struct resolver *r);

#endif
