/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a DNS answer; the first says which type was asked for. */
#include <stdlib.h>

#include "probes/core/dns_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR };
    static struct dns_records records;
    if (size == 0)
        return 0;
    enum dns_type type = types[data[0] % 4];
    if (!dns_records_parse(data + 1, size - 1, type, &records))
        return 0;
    if (records.type != type || records.count > DNS_MAX_RECORDS)
        abort();
    for (size_t i = 0; i < records.count; i++) {
        if (type == DNS_SRV && records.srv[i].target[0] &&
            !dns_is_plain_name(records.srv[i].target))
            abort();
        if (type == DNS_NAPTR && !dns_is_plain_name(records.naptr[i].replacement))
            abort();
    }
    return 0;
}
