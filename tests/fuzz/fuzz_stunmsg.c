/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a datagram: every reader runs over it, and an accepted message is built
 * again from its attributes and must come out the same, padding apart.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/stunmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_values(const struct stunmsg *m, uint16_t type)
{
    struct endpoint endpoint;
    struct stunmsg_error_code code;
    struct stunmsg_text text;
    uint32_t u32;
    uint64_t u64;
    stunmsg_get_address(m, type, &endpoint);
    stunmsg_get_error(m, type, &code);
    stunmsg_get_u32(m, type, &u32);
    stunmsg_get_u64(m, type, &u64);
    /* What is found lies within the message. */
    if (stunmsg_get_text(m, type, &text) == STUNMSG_OK && text.size > 0 &&
        ((const uint8_t *)text.at < m->bytes ||
         (const uint8_t *)text.at + text.size > m->bytes + m->size))
        abort();
}

static void rebuild(const struct stunmsg *m)
{
    uint8_t *out = malloc(m->size);
    struct stunmsg_builder b;
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    struct stunmsg again;
    size_t size;
    if (!out)
        abort();
    stunmsg_begin(&b, out, m->size, m->method, (enum stunmsg_class)m->class,
                  m->transaction);
    while (stunmsg_next(&i, &a)) {
        stunmsg_add(&b, a.type, a.value, a.size);
        read_values(m, a.type);
    }
    if (stunmsg_end(&b, &size) != STUNMSG_OK || size != m->size ||
        stunmsg_decode(out, size, &again) != STUNMSG_OK || again.method != m->method ||
        again.class != m->class || memcmp(out, m->bytes, STUNMSG_HEADER_SIZE) != 0)
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stunmsg m;
    struct stunmsg_channel_data channel;
    struct stunmsg_icmp icmp;
    uint16_t types[3];
    size_t count;
    char line[100];

    stunmsg_traffic_name(stunmsg_classify(data, size));
    stunmsg_channel_data_decode(data, size, &channel);
    stunmsg_frame_size(data, size, &count);
    if (stunmsg_describe(data, size, line, sizeof line) == STUNMSG_OK) {
        for (const char *at = line; *at; at++) {
            if (*at < 0x20 || *at > 0x7e)
                abort();
        }
    }
    if (stunmsg_decode(data, size, &m) != STUNMSG_OK)
        return 0;
    rebuild(&m);
    stunmsg_get_unknown(&m, types, 3, &count);
    stunmsg_get_icmp(&m, &icmp);
    stunmsg_check_fingerprint(&m);
    stunmsg_check_integrity(&m, "key", 3);
    stunmsg_check_integrity_sha256(&m, "key", 3);
    return 0;
}
