/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message to be described, as digits, and as a frame of a capture. What a
 * well-formed message is has nothing wrong with its frame, and no text can move a
 * terminal.
 */
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "base/file.h"
#include "probes/core/capture_pcapng.h"
#include "probes/core/capture_read.h"
#include "probes/core/describe.h"
#include "probes/core/hex_input.h"
#include "wire/stunmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_description(const uint8_t *data, size_t size)
{
    static const struct describe_credentials credentials = { .password = "secret" };
    g_autoptr(json_t) m = describe_message_with(data, size, &credentials);
    g_autofree char *text = describe_to_text(m, true);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 && *at != '\n')
            abort();
    struct stunmsg decoded;
    const char *kind = json_string_value(json_object_get(m, "kind"));
    if (stunmsg_decode(data, size, &decoded) == STUNMSG_OK && strcmp(kind, "stun") != 0)
        abort();
    if (stunmsg_decode(data, size, &decoded) != STUNMSG_OK && strcmp(kind, "stun") == 0 &&
        !json_object_get(m, "problems"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int link_types[] = { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
                                      DLT_RAW };
    check_description(data, size);
    g_autofree uint8_t *hidden = g_memdup2(data, size);
    describe_hide(hidden, size);
    g_autofree char *text = g_strndup((const char *)data, size);
    size_t n_bytes = 0;
    g_autofree uint8_t *bytes = hex_input_parse(text, &n_bytes, NULL);
    if (bytes && n_bytes == 0)
        abort();
    for (size_t i = 0; i < sizeof link_types / sizeof *link_types; i++) {
        g_auto(auto_captured) frame = { .bytes = NULL };
        capture_read_bytes(link_types[i], data, size, &frame);
    }
    struct pcapng_found found = { .size = 0 };
    uint64_t count;
    if (!capture_find_pcapng(data, size, 2, &found, &count) && count == 2 &&
        (found.bytes < data || found.size > size))
        abort();
    return 0;
}
