/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes a network that has every element. The input is the NATs' variant, one byte, and
 * then records: the sender's interface (with bit 7: mend the checksums first; with bit 6:
 * from now on delay the TCP that would be lost), the milliseconds to wait before, the
 * packet's length in two bytes, the packet.
 */
#include "everything.h"

#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_over(data, size);
    struct everything e;
    everything_init(&e, cursor_u8(&c) * 5u); /* every axis takes all its values */
    struct rng rng = rng_seed(1);
    struct network *net = network_new(&e.config, &rng, true);
    int64_t now_ns = 0;
    while (c.left > 0) {
        uint8_t sender = cursor_u8(&c);
        now_ns += cursor_u8(&c) * NS_PER_MS;
        size_t length = cursor_u16(&c);
        if (length > c.left)
            length = c.left;
        const uint8_t *bytes = cursor_take(&c, length);
        if (!bytes)
            break;
        g_autofree uint8_t *copy = g_memdup2(bytes, length);
        if (sender & 0x80)
            everything_mend(copy, length);
        if (sender & 0x40)
            network_delay_lost_tcp(net);
        network_submit(net, (sender & 0x3fu) % EVERYTHING_INTERFACES, copy, length,
                       now_ns);
        everything_drain(net);
    }
    network_advance(net, now_ns + 10 * NS_PER_S);
    everything_drain(net);
    network_free(net);
    return 0;
}
