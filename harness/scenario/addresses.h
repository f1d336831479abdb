/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which address. The plan depends on the order of names in the file and on
 * nothing else:
 *
 *     servers                              203.0.113.10 (and .11), .20, .30, …
 *     the i-th site below the internet     198.51.100.(16 i)/28: NATs from +1; without a
 *                                          NAT hosts, and what hangs below, from +4
 *     a LAN behind a NAT                   192.168.(i + 1).0/24 of the i-th site, from .2
 *     the same with sites below it, and    100.64.0.0/24, 100.64.1.0/24, … (RFC 6598),
 *     what lies between two NATs           from .2
 *
 * (RFC 5737 keeps 198.51.100.0/24 and 203.0.113.0/24 for documentation.) An address that
 * the file gives is never assigned to somebody else.
 */
#ifndef RTCLAB_SCENARIO_ADDRESSES_H
#define RTCLAB_SCENARIO_ADDRESSES_H

#include "scenario/document.h"
#include "scenario/problems.h"

/**
 * Writes addresses into the document: of each host, server and NAT that has none.
 *
 * @param document checked
 * @param problems gets a line where a range is too small
 */
void addresses_assign(struct document *document, struct problems *problems);

#endif
