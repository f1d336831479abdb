/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a capture: what is handed out lies within the file, and the reading ends.
 */
#include <stdint.h>
#include <stdlib.h>

#include "wire/pcapng_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_lie_within(const void *at, size_t n, const uint8_t *data, size_t size)
{
    const uint8_t *first = at;
    if (n > 0 && (first < data || n > size || first > data + size - n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcapng_reader *reader = pcapng_reader_new(data, size);
    struct pcapng_item item;
    uint32_t n_interfaces = 0;
    size_t n_items = 0;
    while (pcapng_reader_next(reader, &item)) {
        must_lie_within(item.name.at, item.name.size, data, size);
        must_lie_within(item.description.at, item.description.size, data, size);
        must_lie_within(item.comment.at, item.comment.size, data, size);
        must_lie_within(item.bytes, item.size, data, size);
        if (item.kind == PCAPNG_ITEM_INTERFACE)
            n_interfaces++;
        else if (item.interface >= n_interfaces || item.direction > PCAPNG_OUTBOUND)
            abort();
        if (++n_items > size)
            abort();
    }
    pcapng_reader_free(reader);
    return 0;
}
