/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the normaliser of two hosts. The input is records: one byte (bit 0: the host;
 * bit 1: inward; bit 2: mend the checksums first, and see that they still hold), the
 * packet's length in two bytes, the packet.
 */
#include "everything.h"

#include "base/cursor.h"
#include "lab/normalise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1: all that can be verified holds; 0: something does not; -1: it cannot be read. */
static int holds(const uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    struct transport_view t;
    if (ip_parse(bytes, size, &ip) != IP_OK)
        return -1;
    if (!ip_header_checksum_holds(bytes, &ip))
        return 0;
    if (ip.more_fragments || ip.fragment_offset > 0 ||
        ip_parse_transport(bytes, &ip, &t) != IP_OK)
        return -1;
    return ip_transport_checksum_holds(bytes, &ip, &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "alice/eth0", "server/eth0" };
    struct rng rng = rng_seed(1);
    struct normaliser *n = normaliser_new(names, G_N_ELEMENTS(names), &rng);
    struct cursor c = cursor_over(data, size);
    while (c.left > 0) {
        uint8_t how = cursor_u8(&c);
        size_t length = cursor_u16(&c);
        if (length > c.left)
            length = c.left;
        const uint8_t *bytes = cursor_take(&c, length);
        if (!bytes)
            break;
        g_autofree uint8_t *copy = g_memdup2(bytes, length);
        if (how & 4)
            everything_mend(copy, length);
        int before = holds(copy, length);
        if (how & 2)
            normaliser_inward(n, how & 1, copy, length);
        else
            normaliser_outward(n, how & 1, copy, length);
        if (before == 1 && holds(copy, length) != 1)
            g_error("a checksum that held does no more");
    }
    normaliser_free(n);
    return 0;
}
