/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of a network in words, for scenario_format(). */
#ifndef RTCLAB_SCENARIO_FORMAT_NETWORK_H
#define RTCLAB_SCENARIO_FORMAT_NETWORK_H

#include <glib.h>

#include "net/config.h"

/** Appends "192.0.2.1, 192.0.2.2". */
void format_addresses(GString *out, const struct address *addresses, unsigned n);

/** Appends what a link does, each direction of its own if they differ; no line end. */
void format_link(GString *out, const struct link_config *link);

/** Appends a NAT's behaviours, a line each, after the indent. */
void format_nat(GString *out, const char *indent, const struct nat_config *nat);

/** Appends a firewall's rules and defaults, a line each, after the indent. */
void format_firewall(GString *out, const char *indent,
                     const struct firewall_config *firewall);

#endif
