/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links, NATs and firewalls in words: a NAT by the axes of RFC 4787, one a line; of a
 * link only what it does; of a firewall its rules in their order.
 */
#include "scenario/format_network.h"

#include <netinet/in.h>

#include "base/clock.h"

void format_addresses(GString *out, const struct address *addresses, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char text[ADDRESS_TEXT_SIZE];
        g_string_append_printf(out, "%s%s", i ? ", " : "",
                               address_format(&addresses[i], text));
    }
}

/* ---- links ---- */

static void append_direction(GString *out, const struct link_direction *d)
{
    g_string_append_printf(out, "%.6g ms", (double)d->delay_ns / NS_PER_MS);
    if (d->jitter_ns > 0)
        g_string_append_printf(out, ", jitter 0 to %.6g ms",
                               (double)d->jitter_ns / NS_PER_MS);
    if (d->loss > 0)
        g_string_append_printf(out, ", loss %.4g %%", 100 * d->loss);
    if (d->burst.enter > 0)
        g_string_append_printf(out,
                               ", bursts of loss (enter %.4g %%, leave %.4g %%, loss "
                               "%.4g %% in them, %.4g %% between)",
                               100 * d->burst.enter, 100 * d->burst.leave,
                               100 * d->burst.loss_bad, 100 * d->burst.loss_good);
    if (d->rate_bps > 0)
        g_string_append_printf(out, ", %.6g kbit/s with a queue of %u bytes",
                               (double)d->rate_bps / 1000, d->queue_bytes);
    if (d->reorder > 0)
        g_string_append_printf(out, ", %.4g %% overtake by %.6g ms", 100 * d->reorder,
                               (double)d->reorder_gap_ns / NS_PER_MS);
    if (d->duplicate > 0)
        g_string_append_printf(out, ", %.4g %% twice", 100 * d->duplicate);
    if (d->mtu_bytes > 0)
        g_string_append_printf(out, ", MTU %u bytes", d->mtu_bytes);
}

void format_link(GString *out, const struct link_config *link)
{
    g_autoptr(GString) up = g_string_new(NULL);
    g_autoptr(GString) down = g_string_new(NULL);
    append_direction(up, &link->up);
    append_direction(down, &link->down);
    if (g_string_equal(up, down))
        g_string_append_printf(out, "each way %s", up->str);
    else
        g_string_append_printf(out, "up %s; down %s", up->str, down->str);
}

/* ---- middleboxes ---- */

static const char *behaviour_words(enum nat_behaviour behaviour)
{
    switch (behaviour) {
    case NAT_ENDPOINT_INDEPENDENT:
        return "endpoint-independent";
    case NAT_ADDRESS_DEPENDENT:
        return "address-dependent";
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return "address-and-port-dependent";
    }
    return NULL;
}

static const char *conflict_words(enum nat_conflict conflict)
{
    switch (conflict) {
    case NAT_CONFLICT_NEXT:
        return "the next free one on a conflict";
    case NAT_CONFLICT_RANDOM:
        return "a random one on a conflict";
    case NAT_CONFLICT_OVERLOAD:
        return "overloaded on a conflict";
    case NAT_CONFLICT_DEPEND:
        return "the next free one on a conflict, then mapped for one endpoint only";
    case NAT_CONFLICT_REFUSE:
        return "no mapping on a conflict";
    }
    return NULL;
}

static void append_allocation(GString *out, const struct nat_config *nat)
{
    switch (nat->allocation) {
    case NAT_PRESERVE:
        g_string_append_printf(out, "preserved, %s", conflict_words(nat->on_conflict));
        break;
    case NAT_SEQUENTIAL:
        g_string_append(out, "sequential");
        break;
    case NAT_RANDOM:
        g_string_append(out, "random");
        break;
    }
    g_string_append_printf(out, ", %u to %u%s", nat->port_min, nat->port_max,
                           nat->port_parity ? ", parity kept" : "");
}

static const char *hairpin_words(enum nat_hairpin hairpin)
{
    switch (hairpin) {
    case NAT_HAIRPIN_OFF:
        return "off";
    case NAT_HAIRPIN_EXTERNAL_SOURCE:
        return "external source";
    case NAT_HAIRPIN_INTERNAL_SOURCE:
        return "internal source";
    }
    return NULL;
}

static const char *syn_words(enum nat_unsolicited_syn syn)
{
    switch (syn) {
    case NAT_SYN_DROP:
        return "dropped";
    case NAT_SYN_RESET:
        return "reset";
    case NAT_SYN_ICMP:
        return "answered with an ICMP error";
    }
    return NULL;
}

static const char *refresh_words(unsigned refresh)
{
    bool in = refresh & NAT_REFRESH_INBOUND;
    bool out = refresh & NAT_REFRESH_OUTBOUND;
    return in && out ? "both directions" : in ? "inbound packets" : "outbound packets";
}

static double seconds(int64_t ns)
{
    return (double)ns / NS_PER_S;
}

void format_nat(GString *out, const char *indent, const struct nat_config *nat)
{
    g_string_append_printf(out, "%smapping     %s\n", indent,
                           behaviour_words(nat->mapping));
    g_string_append_printf(out, "%sfiltering   %s\n", indent,
                           behaviour_words(nat->filtering));
    g_string_append_printf(out, "%sports       ", indent);
    append_allocation(out, nat);
    g_string_append_printf(out, "\n%shairpinning %s\n", indent,
                           hairpin_words(nat->hairpin));
    if (nat->n_external > 1)
        g_string_append_printf(out, "%spooling     %s\n", indent,
                               nat->pooling == NAT_POOLING_PAIRED ? "paired"
                                                                  : "arbitrary");
    g_string_append_printf(out, "%slifetimes   UDP %.6g s, refreshed by %s", indent,
                           seconds(nat->udp_lifetime_ns), refresh_words(nat->refresh));
    if (nat->filter_lifetime_ns > 0)
        g_string_append_printf(out, "; filters %.6g s", seconds(nat->filter_lifetime_ns));
    g_string_append_printf(
        out, "; TCP %.6g s established, %.6g s otherwise; ICMP %.6g s\n",
        seconds(nat->tcp_established_ns), seconds(nat->tcp_transitory_ns),
        seconds(nat->icmp_lifetime_ns));
    g_string_append_printf(out, "%sSYN         unsolicited: %s\n", indent,
                           syn_words(nat->unsolicited_syn));
    if (nat->drops_icmp_errors)
        g_string_append_printf(out, "%sICMP        errors are dropped\n", indent);
    if (nat->icmp_error_ends_mapping)
        g_string_append_printf(out, "%sICMP        an error ends its mapping\n", indent);
    if (nat->fragments != NAT_FRAGMENTS_ANY_ORDER)
        g_string_append_printf(out, "%sfragments   %s\n", indent,
                               nat->fragments == NAT_FRAGMENTS_NONE ? "dropped"
                                                                    : "only in order");
    if (nat->rewrites_payload)
        g_string_append_printf(out, "%spayload     the inside address is replaced\n",
                               indent);
    if (nat->max_mappings > 0)
        g_string_append_printf(out, "%squota       %u mappings\n", indent,
                               nat->max_mappings);
}

static const char *action_words(enum firewall_action action)
{
    switch (action) {
    case FIREWALL_ALLOW:
        return "allow";
    case FIREWALL_DROP:
        return "drop";
    case FIREWALL_REJECT:
        return "reject";
    case FIREWALL_RESET:
        return "reset";
    }
    return NULL;
}

static void append_ports(GString *out, const char *which, uint16_t min, uint16_t max)
{
    if (min == 0)
        return;
    g_string_append_printf(out, " %s port %u", which, min);
    if (max != min)
        g_string_append_printf(out, " to %u", max);
}

static void append_rule(GString *out, const struct firewall_rule *rule)
{
    g_string_append_printf(out, "%s ", action_words(rule->action));
    if (rule->states == FIREWALL_NEW)
        g_string_append(out, "new ");
    else if (rule->states == FIREWALL_ESTABLISHED)
        g_string_append(out, "established ");
    g_string_append(out, rule->direction == FIREWALL_OUTBOUND ? "outbound" : "inbound");
    g_string_append(out, rule->protocol == IPPROTO_UDP    ? " UDP"
                         : rule->protocol == IPPROTO_TCP  ? " TCP"
                         : rule->protocol == IPPROTO_ICMP ? " ICMP"
                                                          : " packets");
    char text[ADDRESS_TEXT_SIZE];
    if (rule->remote_address.family != ADDRESS_NONE)
        g_string_append_printf(out, " remote %s",
                               address_format(&rule->remote_address, text));
    append_ports(out, "remote", rule->remote_port_min, rule->remote_port_max);
    append_ports(out, "local", rule->local_port_min, rule->local_port_max);
    g_string_append_c(out, '\n');
}

void format_firewall(GString *out, const char *indent,
                     const struct firewall_config *firewall)
{
    for (unsigned i = 0; i < firewall->n_rules; i++) {
        g_string_append(out, indent);
        append_rule(out, &firewall->rules[i]);
    }
    g_string_append_printf(out, "%sotherwise %s outbound, %s inbound\n", indent,
                           action_words(firewall->default_outbound),
                           action_words(firewall->default_inbound));
}
