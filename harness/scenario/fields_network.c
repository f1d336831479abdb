/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of links, NATs and firewalls in a scenario file: what fields.c says of tables
 * holds here too. Each member of struct nat_config has its key, so that every behaviour
 * of RFC 4787, 5382 and 5508 that the network can show can be asked for.
 */
#include "scenario/fields.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/document.h"

/* Bounds that no real network comes near, and under which no sum of times overflows. */
#define MAX_DELAY_MS    60000.0
#define MAX_LIFETIME_MS 86400000.0
#define MAX_RATE_KBPS   100e6
#define MAX_QUEUE_BYTES 1073741824.0

static const struct choice behaviours[] = {
    { "endpoint-independent", NAT_ENDPOINT_INDEPENDENT },
    { "address-dependent", NAT_ADDRESS_DEPENDENT },
    { "address-and-port-dependent", NAT_ADDRESS_AND_PORT_DEPENDENT },
    { 0 },
};
static const struct choice allocations[] = {
    { "preserve", NAT_PRESERVE },
    { "sequential", NAT_SEQUENTIAL },
    { "random", NAT_RANDOM },
    { 0 },
};
static const struct choice conflicts[] = {
    { "next", NAT_CONFLICT_NEXT },         { "random", NAT_CONFLICT_RANDOM },
    { "overload", NAT_CONFLICT_OVERLOAD }, { "refuse", NAT_CONFLICT_REFUSE },
    { "depend", NAT_CONFLICT_DEPEND },     { 0 },
};
static const struct choice poolings[] = {
    { "paired", NAT_POOLING_PAIRED },
    { "arbitrary", NAT_POOLING_ARBITRARY },
    { 0 },
};
static const struct choice hairpins[] = {
    { "off", NAT_HAIRPIN_OFF },
    { "external-source", NAT_HAIRPIN_EXTERNAL_SOURCE },
    { "internal-source", NAT_HAIRPIN_INTERNAL_SOURCE },
    { 0 },
};
static const struct choice fragment_orders[] = {
    { "any-order", NAT_FRAGMENTS_ANY_ORDER },
    { "in-order", NAT_FRAGMENTS_IN_ORDER },
    { "none", NAT_FRAGMENTS_NONE },
    { 0 },
};
static const struct choice refreshes[] = {
    { "outbound", NAT_REFRESH_OUTBOUND },
    { "inbound", NAT_REFRESH_INBOUND },
    { "both", NAT_REFRESH_OUTBOUND | NAT_REFRESH_INBOUND },
    { 0 },
};
static const struct choice unsolicited_syns[] = {
    { "drop", NAT_SYN_DROP },
    { "reset", NAT_SYN_RESET },
    { "icmp", NAT_SYN_ICMP },
    { 0 },
};
static const struct choice directions[] = {
    { "outbound", FIREWALL_OUTBOUND },
    { "inbound", FIREWALL_INBOUND },
    { 0 },
};
static const struct choice ip_protocols[] = {
    { "udp", IPPROTO_UDP },
    { "tcp", IPPROTO_TCP },
    { "icmp", IPPROTO_ICMP },
    { 0 },
};
static const struct choice states[] = {
    { "new", FIREWALL_NEW },
    { "established", FIREWALL_ESTABLISHED },
    { 0 },
};
static const struct choice actions[] = {
    { "allow", FIREWALL_ALLOW },
    { "drop", FIREWALL_DROP },
    { "reject", FIREWALL_REJECT },
    { "reset", FIREWALL_RESET },
    { 0 },
};
static const char *nat_preset_name(size_t index)
{
    return index < nat_n_presets ? nat_presets[index].name : NULL;
}

static void nat_preset_apply(const char *name, void *object)
{
    struct nat_document *nat = object;
    for (size_t i = 0; i < nat_n_presets; i++) {
        if (strcmp(name, nat_presets[i].name) == 0) {
            nat->config.mapping = nat_presets[i].mapping;
            nat->config.filtering = nat_presets[i].filtering;
        }
    }
}

static const char *firewall_preset_name(size_t index)
{
    return firewall_preset_names[index];
}

static void firewall_preset_apply(const char *name, void *object)
{
    struct firewall_document *firewall = object;
    firewall_preset(name, &firewall->config);
}

static const struct preset_set nat_preset_set = { nat_preset_name, nat_preset_apply };
static const struct preset_set firewall_preset_set = { firewall_preset_name,
                                                       firewall_preset_apply };

#define PROBABILITY FIELD_NUMBER, .max = 1, .standard = "0"

static const struct field burst_fields[] = {
    { "enter", FIELD_NUMBER, .required = true, .max = 1, AT(struct burst_loss, enter),
      .meaning = "Probability, at each packet, to go from the good to the bad state" },
    { "leave", FIELD_NUMBER, .required = true, .max = 1, AT(struct burst_loss, leave),
      .meaning = "Probability, at each packet, to go from the bad to the good state" },
    { "loss_good", PROBABILITY, AT(struct burst_loss, loss_good),
      .meaning = "Loss probability in the good state" },
    { "loss_bad", FIELD_NUMBER, .max = 1, .standard = "1",
      AT(struct burst_loss, loss_bad), .meaning = "Loss probability in the bad state" },
    { 0 },
};
static const struct shape burst_shape = {
    .name = "burst_loss",
    .words = "burst loss",
    .size = sizeof(struct burst_loss),
    .fields = burst_fields,
};

/* Rows of one direction: `up` and `down` have them, and the link itself for both. */
/* clang-format off */
#define DIRECTION_ROWS(type, at)                                                       \
    { "delay_ms", FIELD_MILLISECONDS, .max = MAX_DELAY_MS, .standard = "0",            \
      AT(type, at delay_ns), .meaning = "Time that every packet takes, one way" },     \
    { "jitter_ms", FIELD_MILLISECONDS, .max = MAX_DELAY_MS, .standard = "0",           \
      AT(type, at jitter_ns),                                                          \
      .meaning = "Uniform from 0 to this, added; never reorders by itself" },          \
    { "loss", PROBABILITY, AT(type, at loss),                                          \
      .meaning = "Probability that a packet is lost, each by itself" },                \
    { "burst_loss", FIELD_OBJECT, .shape = &burst_shape, AT(type, at burst),           \
      .meaning = "Loss in bursts (Gilbert-Elliott), beside `loss`" },                  \
    { "rate_kbps", FIELD_INTEGER, .min = 1, .max = MAX_RATE_KBPS, .scale = 1000,       \
      AT(type, at rate_bps),                                                           \
      .meaning = "Bits a second at the IP layer; absent: no limit" },                  \
    { "queue_bytes", FIELD_INTEGER, .min = 1, .max = MAX_QUEUE_BYTES,                  \
      .standard = "65536", AT(type, at queue_bytes),                                   \
      .meaning = "Bound of the queue before the rate (tail drop)" },                   \
    { "reorder", PROBABILITY, AT(type, at reorder),                                    \
      .meaning = "Probability that a packet overtakes: no jitter, no order, early" },  \
    { "reorder_gap_ms", FIELD_MILLISECONDS, .max = MAX_DELAY_MS, .standard = "0",      \
      AT(type, at reorder_gap_ns),                                                     \
      .meaning = "How much earlier it arrives; at most delay_ms is taken off" },       \
    { "duplicate", PROBABILITY, AT(type, at duplicate),                                \
      .meaning = "Probability that a packet arrives twice" },                          \
    { "mtu_bytes", FIELD_INTEGER, .min = 68, .max = 65535, AT(type, at mtu_bytes),     \
      .meaning = "Of an IP datagram (RFC 791: 68 or more); absent: no bound" }
/* clang-format on */

static const struct field direction_fields[] = {
    DIRECTION_ROWS(struct link_direction, ),
    { 0 },
};
static const struct shape direction_shape = {
    .name = "link_direction",
    .words = "a link's direction",
    .size = sizeof(struct link_direction),
    .fields = direction_fields,
};
static const struct field link_fields[] = {
    DIRECTION_ROWS(struct link_document, both.),
    { "up", FIELD_OBJECT, .shape = &direction_shape, AT(struct link_document, up),
      INHERIT(struct link_document, both),
      .meaning = "From the hosts towards the internet, where it differs" },
    { "down", FIELD_OBJECT, .shape = &direction_shape, AT(struct link_document, down),
      INHERIT(struct link_document, both),
      .meaning = "From the internet towards the hosts, where it differs" },
    { 0 },
};
const struct shape link_shape = {
    .name = "link",
    .words = "a link",
    .size = sizeof(struct link_document),
    .fields = link_fields,
};

#define NAT(member) AT(struct nat_document, config.member)
#define LIFETIME    FIELD_MILLISECONDS, .min = 1, .max = MAX_LIFETIME_MS

static const struct field nat_fields[] = {
    { "preset", FIELD_PRESET, .presets = &nat_preset_set,
      .meaning =
          "A name of RFC 3489 for mapping and filtering; single keys override it" },
    { "mapping", FIELD_CHOICE, .choices = behaviours, NAT(mapping),
      .meaning = "RFC 4787 section 4.1; absent: the preset's, or endpoint-independent" },
    { "filtering", FIELD_CHOICE, .choices = behaviours, NAT(filtering),
      .meaning = "RFC 4787 section 5; absent: the preset's, or endpoint-independent" },
    { "allocation", FIELD_CHOICE, .choices = allocations, .standard = "\"preserve\"",
      NAT(allocation),
      .meaning = "How the external port is chosen (RFC 4787 section 4.2)" },
    { "on_conflict", FIELD_CHOICE, .choices = conflicts, .standard = "\"next\"",
      NAT(on_conflict), .meaning = "What `preserve` does when the port is taken" },
    { "port_min", FIELD_INTEGER, .min = 1, .max = 65535, .standard = "1024",
      NAT(port_min), .meaning = "First external port" },
    { "port_max", FIELD_INTEGER, .min = 1, .max = 65535, .standard = "65535",
      NAT(port_max), .meaning = "Last external port" },
    { "port_parity", FIELD_BOOLEAN, .standard = "false", NAT(port_parity),
      .meaning = "An even port gets an even one, an odd an odd (RFC 4787 REQ-4)" },
    { "pooling", FIELD_CHOICE, .choices = poolings, .standard = "\"paired\"",
      NAT(pooling), .meaning = "Which external address an inside one gets (REQ-2)" },
    { "hairpin", FIELD_CHOICE, .choices = hairpins, .standard = "\"off\"", NAT(hairpin),
      .meaning = "Packets from inside to its own outside (RFC 4787 section 6)" },
    { "refresh", FIELD_CHOICE, .choices = refreshes, .standard = "\"outbound\"",
      NAT(refresh),
      .meaning = "Which direction refreshes a mapping (RFC 4787 section 4.3)" },
    { "udp_lifetime_ms", LIFETIME, .standard = "300000", NAT(udp_lifetime_ns),
      .meaning = "Of an idle UDP mapping (RFC 4787 REQ-5)" },
    { "filter_lifetime_ms", LIFETIME, NAT(filter_lifetime_ns),
      .meaning = "Of an idle filter entry; absent: as the mapping" },
    { "tcp_transitory_ms", LIFETIME, .standard = "240000", NAT(tcp_transitory_ns),
      .meaning = "Of a partly open or closing connection (RFC 5382 REQ-5)" },
    { "tcp_established_ms", LIFETIME, .standard = "7440000", NAT(tcp_established_ns),
      .meaning = "Of an idle established connection (RFC 5382 REQ-5)" },
    { "icmp_lifetime_ms", LIFETIME, .standard = "60000", NAT(icmp_lifetime_ns),
      .meaning = "Of an ICMP query mapping (RFC 5508 REQ-2)" },
    { "unsolicited_syn", FIELD_CHOICE, .choices = unsolicited_syns,
      .standard = "\"drop\"", NAT(unsolicited_syn),
      .meaning = "What an inbound SYN that is not let in gets (RFC 5382 REQ-4)" },
    { "drops_icmp_errors", FIELD_BOOLEAN, .standard = "false", NAT(drops_icmp_errors),
      .meaning = "Violates RFC 4787 REQ-12 and RFC 5508 REQ-3 to 5" },
    { "icmp_error_ends_mapping", FIELD_BOOLEAN, .standard = "false",
      NAT(icmp_error_ends_mapping), .meaning = "Violates RFC 4787 REQ-12a" },
    { "fragments", FIELD_CHOICE, .choices = fragment_orders, .standard = "\"any-order\"",
      NAT(fragments),
      .meaning = "What becomes of fragments; in-order and none violate RFC 4787 REQ-14" },
    { "rewrites_payload", FIELD_BOOLEAN, .standard = "false", NAT(rewrites_payload),
      .meaning = "An ALG that replaces the inside address in UDP payloads (violates "
                 "RFC 4787 REQ-10)" },
    { "max_mappings", FIELD_INTEGER, .min = 1, .max = 1e6, NAT(max_mappings),
      .meaning = "Bound on live mappings; absent: only the ports bound them" },
    { "external_addresses", FIELD_INTEGER, .min = 1, .max = NETWORK_MAX_ADDRESSES,
      AT(struct nat_document, external_addresses),
      .meaning = "How many external addresses are assigned; absent: 1" },
    { "external", FIELD_ADDRESSES, .min = 1, .max = NETWORK_MAX_ADDRESSES, NAT(external),
      COUNT(struct nat_document, config.n_external),
      .meaning = "External addresses, instead of assigned ones" },
    { 0 },
};
static const struct shape nat_shape = {
    .name = "nat",
    .words = "a NAT",
    .size = sizeof(struct nat_document),
    .fields = nat_fields,
    .shorthand = "preset",
};

/* A range of ports lies as two members side by side, wherever it is. */
struct port_range {
    uint16_t min, max;
};
_Static_assert(offsetof(struct firewall_rule, remote_port_max) ==
                       offsetof(struct firewall_rule, remote_port_min) +
                           sizeof(uint16_t) &&
                   offsetof(struct firewall_rule, local_port_max) ==
                       offsetof(struct firewall_rule, local_port_min) + sizeof(uint16_t),
               "a rule's ports are ranges");

static const struct field range_fields[] = {
    { "min", FIELD_INTEGER, .required = true, .min = 1, .max = 65535,
      AT(struct port_range, min), .meaning = "First port" },
    { "max", FIELD_INTEGER, .min = 1, .max = 65535, AT(struct port_range, max),
      INHERIT(struct port_range, min), .meaning = "Last port; absent: the first" },
    { 0 },
};
static const struct shape range_shape = {
    .name = "port_range",
    .words = "a range of ports",
    .size = sizeof(struct port_range),
    .fields = range_fields,
    .shorthand = "min",
};

static const struct field rule_fields[] = {
    { "direction", FIELD_CHOICE, .required = true, .choices = directions,
      AT(struct firewall_rule, direction), .meaning = "Where the packet goes" },
    { "action", FIELD_CHOICE, .required = true, .choices = actions,
      AT(struct firewall_rule, action),
      .meaning = "reject: ICMP administratively prohibited; reset: RST for TCP" },
    { "protocol", FIELD_CHOICE, .choices = ip_protocols,
      AT(struct firewall_rule, protocol), .meaning = "Absent: any" },
    { "state", FIELD_CHOICE, .choices = states, AT(struct firewall_rule, states),
      .meaning = "Whether its flow was let through before; absent: either" },
    { "remote_address", FIELD_ADDRESS, AT(struct firewall_rule, remote_address),
      .meaning = "Of the outer end; absent: any" },
    { "remote_port", FIELD_OBJECT, .shape = &range_shape,
      AT(struct firewall_rule, remote_port_min),
      .meaning = "Port or ports of the outer end; absent: any" },
    { "local_port", FIELD_OBJECT, .shape = &range_shape,
      AT(struct firewall_rule, local_port_min),
      .meaning = "Port or ports of the inner end; absent: any" },
    { 0 },
};
static const struct shape rule_shape = {
    .name = "firewall_rule",
    .words = "a rule",
    .size = sizeof(struct firewall_rule),
    .fields = rule_fields,
};

#define FIREWALL(member) AT(struct firewall_document, config.member)

static const struct field firewall_fields[] = {
    { "preset", FIELD_PRESET, .presets = &firewall_preset_set,
      .meaning = "A named firewall; `rules` come before its own" },
    { "rules", FIELD_LIST, .max = FIREWALL_MAX_RULES, .shape = &rule_shape,
      AT(struct firewall_document, rules), COUNT(struct firewall_document, n_rules),
      .meaning = "The first that matches decides" },
    { "default_outbound", FIELD_CHOICE, .choices = actions, FIREWALL(default_outbound),
      .meaning = "When no rule matches; absent: the preset's, or allow" },
    { "default_inbound", FIELD_CHOICE, .choices = actions, FIREWALL(default_inbound),
      .meaning = "When no rule matches; absent: the preset's, or allow" },
    { "udp_lifetime_ms", LIFETIME, FIREWALL(udp_lifetime_ns),
      .meaning = "Of an idle UDP flow's state; absent: the preset's, or 120 s" },
    { "tcp_lifetime_ms", LIFETIME, FIREWALL(tcp_lifetime_ns),
      .meaning = "Of an idle TCP flow's state; absent: the preset's, or 7440 s" },
    { 0 },
};
static const struct shape firewall_shape = {
    .name = "firewall",
    .words = "a firewall",
    .size = sizeof(struct firewall_document),
    .fields = firewall_fields,
    .shorthand = "preset",
};

static const struct field middlebox_fields[] = {
    { "nat", FIELD_OPTIONAL, .shape = &nat_shape, AT(struct middlebox_document, nat),
      .meaning = "A NAT: a preset's name, or its behaviours" },
    { "firewall", FIELD_OPTIONAL, .shape = &firewall_shape,
      AT(struct middlebox_document, firewall),
      .meaning = "A firewall: a preset's name, or its rules" },
    { 0 },
};
const struct shape middlebox_shape = {
    .name = "middlebox",
    .words = "a middlebox",
    .size = sizeof(struct middlebox_document),
    .fields = middlebox_fields,
    .one_key = true,
};
