/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ranges of IANA's special-purpose registries (RFC 6890) that matter to a relay, and
 * the addresses at which clouds serve credentials to their machines.
 */
#include "probes/cases/peer_ranges.h"

#include <glib.h>

const struct peer_range peer_ranges[] = {
    { "loopback", "127.0.0.0", 8, PEER_RULE_SELF, "127.0.0.1", "RFC 1122 §3.2.1.3" },
    { "this network", "0.0.0.0", 8, PEER_RULE_SELF, "0.0.0.0", "RFC 1122 §3.2.1.3" },
    { "loopback", "::1", 128, PEER_RULE_SELF, NULL, "RFC 4291 §2.5.3" },
    { "unspecified", "::", 128, PEER_RULE_SELF, NULL, "RFC 4291 §2.5.2" },

    { "link-local", "169.254.0.0", 16, PEER_RULE_LOCAL, "169.254.169.254", "RFC 3927" },
    { "container metadata", "169.254.170.2", 32, PEER_RULE_LOCAL, NULL, "AWS ECS" },
    { "metadata", "100.100.100.200", 32, PEER_RULE_LOCAL, NULL, "Alibaba Cloud" },
    { "metadata", "192.0.0.192", 32, PEER_RULE_LOCAL, NULL, "Oracle Cloud" },
    { "platform", "168.63.129.16", 32, PEER_RULE_LOCAL, NULL, "Azure" },
    { "link-local", "fe80::", 10, PEER_RULE_LOCAL, "fe80::1", "RFC 4291 §2.5.6" },
    { "unique-local", "fc00::", 7, PEER_RULE_LOCAL, "fd00:ec2::254", "RFC 4193, AWS" },
    { "metadata", "fd20:ce::254", 128, PEER_RULE_LOCAL, NULL, "Google Cloud" },

    { "multicast", "224.0.0.0", 4, PEER_RULE_NEVER, "224.0.0.1", "RFC 5771" },
    { "reserved", "240.0.0.0", 5, PEER_RULE_NEVER, NULL, "RFC 1112 §4" },
    { "broadcast", "255.255.255.255", 32, PEER_RULE_NEVER, NULL, "RFC 919 §7" },
    { "multicast", "ff00::", 8, PEER_RULE_NEVER, "ff02::1", "RFC 4291 §2.7" },

    { "private", "10.0.0.0", 8, PEER_RULE_POLICY, NULL, "RFC 1918" },
    { "private", "172.16.0.0", 12, PEER_RULE_POLICY, NULL, "RFC 1918" },
    { "private", "192.168.0.0", 16, PEER_RULE_POLICY, NULL, "RFC 1918" },
    { "carrier NAT", "100.64.0.0", 10, PEER_RULE_POLICY, NULL, "RFC 6598" },
    { "benchmarking", "198.18.0.0", 15, PEER_RULE_POLICY, NULL, "RFC 2544" },
    { "Teredo", "2001::", 32, PEER_RULE_POLICY, NULL, "RFC 4380" },
};
const size_t peer_ranges_count = G_N_ELEMENTS(peer_ranges);

static void append_new(struct address *out, size_t *n, const struct address *a)
{
    for (size_t i = 0; i < *n; i++)
        if (address_equal(&out[i], a))
            return;
    out[(*n)++] = *a;
}

size_t peer_range_samples(const struct peer_range *range,
                          struct address out[PEER_RANGE_MAX_SAMPLES])
{
    struct address first, telling;
    size_t n = 0;
    bool is_address = address_parse(range->prefix, &first);
    g_assert(is_address);
    struct address last = first;
    for (unsigned bit = range->bits; bit < 8 * address_size(&first); bit++)
        last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    if (range->telling && address_parse(range->telling, &telling))
        append_new(out, &n, &telling);
    append_new(out, &n, &first);
    append_new(out, &n, &last);
    return n;
}

const char *peer_disguise_name(enum peer_disguise disguise)
{
    static const char *const names[PEER_N_DISGUISES] = {
#define X(symbol, name) [PEER_DISGUISE_##symbol] = name,
        PEER_DISGUISES(X)
#undef X
    };
    return names[disguise];
}

struct address peer_disguise(const struct address *ipv4, enum peer_disguise disguise)
{
    enum { TAIL = 12, SIXTOFOUR_AT = 2 };
    static const uint8_t heads[PEER_N_DISGUISES][TAIL] = {
        [PEER_DISGUISE_MAPPED] = { [10] = 0xff, [11] = 0xff },
        [PEER_DISGUISE_NAT64] = { 0x00, 0x64, 0xff, 0x9b },
        [PEER_DISGUISE_SIXTOFOUR] = { 0x20, 0x02 },
    };
    uint8_t bytes[16] = { 0 };
    memcpy(bytes, heads[disguise], TAIL);
    memcpy(bytes + (disguise == PEER_DISGUISE_SIXTOFOUR ? SIXTOFOUR_AT : TAIL),
           ipv4->bytes, 4);
    return address_from_bytes(ADDRESS_IPV6, bytes);
}
