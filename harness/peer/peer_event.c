/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/peer_event.h"

#include <glib.h>

/* Longer messages are cut. */
#define MESSAGE_MAX_BYTES 4096

const char *peer_event_protocol(const struct candidate *c)
{
    return c->transport == CANDIDATE_UDP ? "udp" : "tcp";
}

json_t *peer_event_candidate(const struct candidate *c, const char *text)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *tcp_type = candidate_tcp_type_name(c->tcp_type);
    const char *place = c->place.name[0]
                            ? c->place.name
                            : address_format(&c->place.endpoint.address, address);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s*}", "candidate", text, "type",
                     candidate_type_name(c->type), "protocol", peer_event_protocol(c),
                     "address", place, "port", (int)c->place.endpoint.port, "tcptype",
                     *tcp_type ? tcp_type : NULL);
}

json_t *peer_event_message(const void *bytes, size_t size, bool binary)
{
    const char *text = bytes;
    size_t shown = MIN(size, MESSAGE_MAX_BYTES);
    json_t *data = json_object();
    const char *valid_end;
    if (!binary && g_utf8_validate_len(text, size, NULL)) {
        /* A cut may fall into a character: show the whole ones before it. */
        g_utf8_validate_len(text, shown, &valid_end);
        shown = (size_t)(valid_end - text);
        json_object_set_new(data, "data", json_stringn(text, shown));
    } else {
        GString *hex = g_string_new(NULL);
        for (size_t i = 0; i < shown; i++)
            g_string_append_printf(hex, "%02x", (unsigned char)text[i]);
        json_object_set_new(data, "data_hex", json_string(hex->str));
        g_string_free(hex, TRUE);
    }
    if (binary)
        json_object_set_new(data, "binary", json_true());
    json_object_set_new(data, "size_bytes", json_integer((json_int_t)size));
    return data;
}
