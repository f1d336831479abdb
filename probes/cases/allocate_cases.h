/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of the cases L points to. */
#ifndef RTCLAB_PROBES_ALLOCATE_CASES_H
#define RTCLAB_PROBES_ALLOCATE_CASES_H

#include "probes/cases/relay_steps.h"

/* allocate_request.c: what an Allocate may hold */
void allocate_success(struct trial *t);
void allocate_no_transport(struct trial *t);
void allocate_odd_transport(struct trial *t);
void allocate_again(struct trial *t);
void allocate_retransmitted(struct trial *t);
void allocate_dont_fragment(struct trial *t);
void allocate_token_and_more(struct trial *t);
void allocate_bogus_token(struct trial *t);

/* allocate_family.c: IPv4 and IPv6 */
void allocate_both_families(struct trial *t);
void allocate_odd_family(struct trial *t);
void allocate_no_family(struct trial *t);
void allocate_additional_ipv4(struct trial *t);
void allocate_additional_ipv6(struct trial *t);
void allocate_additional_and_reserve(struct trial *t);
void refresh_odd_family(struct trial *t);

/* allocate_port.c: relayed ports */
void allocate_even(struct trial *t);
void allocate_reserved(struct trial *t);
void allocate_port_range(struct trial *t);
void allocate_port_chance(struct trial *t);

/* allocate_life.c: from the Refresh to the end */
void refresh_without_allocation(struct trial *t);
void permit_without_allocation(struct trial *t);
void bind_without_allocation(struct trial *t);
void refresh_by_another(struct trial *t);
void allocate_short_life(struct trial *t);
void allocate_long_life(struct trial *t);
void refresh_to_zero(struct trial *t);
void allocation_expires(struct trial *t);
void allocate_beyond_quota(struct trial *t);
void allocation_ends_with_tcp(struct trial *t);

#endif
