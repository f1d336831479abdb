/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named NATs and firewalls. RFC 3489's four names are combinations of RFC 4787's axes
 * and nothing more (RFC 4787 §3 says why the names are to be avoided: they are here
 * because everybody knows them).
 */
#include "net/config.h"

#include <netinet/in.h>

const struct nat_preset nat_presets[] = {
    { "full-cone", .mapping = NAT_ENDPOINT_INDEPENDENT,
      .filtering = NAT_ENDPOINT_INDEPENDENT },
    { "restricted-cone", .mapping = NAT_ENDPOINT_INDEPENDENT,
      .filtering = NAT_ADDRESS_DEPENDENT },
    { "port-restricted-cone", .mapping = NAT_ENDPOINT_INDEPENDENT,
      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT },
    { "symmetric", .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT },
};
const size_t nat_n_presets = sizeof nat_presets / sizeof nat_presets[0];

#define REPLIES_IN                                                     \
    {                                                                  \
        .direction = FIREWALL_INBOUND, .states = FIREWALL_ESTABLISHED, \
        .action = FIREWALL_ALLOW                                       \
    }

static const struct {
    const char *name;
    struct firewall_config config;
} firewalls[] = {
    { "stateful", {
        .rules = { REPLIES_IN },
        .n_rules = 1,
        .default_outbound = FIREWALL_ALLOW,
        .default_inbound = FIREWALL_DROP,
    } },
    { "udp-blocked", {
        .rules = {
            { .direction = FIREWALL_OUTBOUND, .protocol = IPPROTO_UDP,
              .action = FIREWALL_DROP },
            { .direction = FIREWALL_INBOUND, .protocol = IPPROTO_UDP,
              .action = FIREWALL_DROP },
            REPLIES_IN,
        },
        .n_rules = 3,
        .default_outbound = FIREWALL_ALLOW,
        .default_inbound = FIREWALL_DROP,
    } },
    { "tcp-443-only", {
        .rules = {
            { .direction = FIREWALL_OUTBOUND, .states = FIREWALL_ESTABLISHED,
              .action = FIREWALL_ALLOW },
            { .direction = FIREWALL_OUTBOUND, .protocol = IPPROTO_TCP,
              .remote_port_min = 443, .remote_port_max = 443,
              .action = FIREWALL_ALLOW },
            REPLIES_IN,
        },
        .n_rules = 3,
        .default_outbound = FIREWALL_DROP,
        .default_inbound = FIREWALL_DROP,
    } },
    { "inbound-blocked", {
        .default_outbound = FIREWALL_ALLOW,
        .default_inbound = FIREWALL_DROP,
    } },
};
enum { N_FIREWALLS = sizeof firewalls / sizeof firewalls[0] };

const char *const firewall_preset_names[] = { "stateful", "udp-blocked", "tcp-443-only",
                                              "inbound-blocked", NULL };
_Static_assert(sizeof firewall_preset_names / sizeof(char *) == N_FIREWALLS + 1,
               "each firewall has its name in the list");

bool firewall_preset(const char *name, struct firewall_config *ret_config)
{
    for (size_t i = 0; i < N_FIREWALLS; i++)
        if (strcmp(firewalls[i].name, name) == 0) {
            *ret_config = firewalls[i].config;
            return true;
        }
    return false;
}
