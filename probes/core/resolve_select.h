/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which DNS lookups lead from a URI to addresses, and in which order these are to be
 * tried. Pure: the lookups are the caller's. See resolve.h.
 */
#ifndef RTCLAB_PROBES_CORE_RESOLVE_SELECT_H
#define RTCLAB_PROBES_CORE_RESOLVE_SELECT_H

#include "base/rng.h"
#include "probes/core/dns_records.h"
#include "probes/core/resolve.h"

enum lookup_status {
    LOOKUP_FOUND,
    LOOKUP_ABSENT, /**< the name, or a record of that type, does not exist */
    LOOKUP_FAILED, /**< no answer, or a bad one */
};

struct lookups {
    /** SRV or NAPTR records; `ret` is set on LOOKUP_FOUND, and then not empty. */
    enum lookup_status (*records)(void *context, const char *name, enum dns_type type,
                                  struct dns_records *ret);
    /**
     * Addresses of a host, of the family (ADDRESS_NONE: of both), in the order to be
     * tried.
     */
    enum lookup_status (*addresses)(void *context, const char *name,
                                    enum address_family family, struct dns_records *ret);
    void *context;
};

/** No URI takes more lookups than this. */
#define RESOLVE_MAX_LOOKUPS 40

/**
 * Selects addresses. None is no error: `ret_failed` says whether a lookup failed.
 * @param ret        empty before; cleared by the caller with resolved_clear()
 */
void resolve_select(const struct ice_url *url, const struct resolve_options *options,
                    const struct lookups *lookups, struct resolved *ret,
                    bool *ret_failed);

/**
 * Puts SRV records into the order of RFC 2782: by priority, and among equals by chance,
 * in proportion to the weights.
 */
void resolve_order_srv(struct dns_srv *records, size_t count, struct rng *rng);

#endif
