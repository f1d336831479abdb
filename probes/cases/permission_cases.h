/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of the cases P points to. */
#ifndef RTCLAB_PROBES_PERMISSION_CASES_H
#define RTCLAB_PROBES_PERMISSION_CASES_H

#include "probes/cases/relay_steps.h"

/* permission_create.c: CreatePermission, and what a permission lets pass */
void permit_nobody(struct trial *t);
void permit_several(struct trial *t);
void permit_denied(struct trial *t);
void permit_other_family(struct trial *t);
void permit_one_malformed(struct trial *t);
void permission_is_by_address(struct trial *t);
void permission_is_needed(struct trial *t);
void permission_expires(struct trial *t);
void permission_is_per_allocation(struct trial *t);

/* permission_data.c: Send and Data indications */
void send_without_permission(struct trial *t);
void send_incomplete(struct trial *t);
void send_empty(struct trial *t);
void data_has_peer_and_data(struct trial *t);
void send_without_allocation(struct trial *t);
void send_on_other_path(struct trial *t);

/* permission_header.c: what IP and ICMP say */
void icmp_is_relayed(struct trial *t);
void marks_are_relayed(struct trial *t);

#endif
