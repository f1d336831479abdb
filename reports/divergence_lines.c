/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records read for comparison. A line's signature leaves out what says nothing: numbers
 * of ports that are no service's, ufrags and passwords, SDP's session ids, packet
 * numbers, versions. What is left says what happened, and is nearly what is told people.
 *
 * A record is other programs' text; what has not the shape of an event is left out.
 */
#include "reports/divergence_lines.h"

#include <string.h>

#include <jansson.h>

#include "base/file.h"

enum {
    MAX_FILE_BYTES = 256 << 20,
    FIRST_FREE_PORT = 1024, /* below it are services (RFC 6335 section 6) */
};

/* Services above it: STUN, TURN and theirs over TLS (RFC 8489 section 18.6). */
static const unsigned known_ports[] = { 3478, 5349 };

static void line_free(void *data)
{
    struct divergence_line *line = data;
    g_free(line->source);
    g_free(line->signature);
    g_free(line->words);
    g_free(line->detail);
    g_free(line);
}

static bool is_chosen_port(const char *digits)
{
    guint64 port = g_ascii_strtoull(digits, NULL, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(known_ports); i++)
        if (port == known_ports[i])
            return false;
    return port >= FIRST_FREE_PORT;
}

/* Appends "198.51.100.1:45620" as "198.51.100.1", and other texts as they are. */
static void append_without_port(GString *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    bool is_address = colon && colon > text && colon[1] &&
                      colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
                      (colon[-1] == ']' || strchr(text, ':') == colon);
    if (is_address && is_chosen_port(colon + 1))
        g_string_append_len(out, text, colon - text);
    else
        g_string_append(out, text);
}

/* "candidate:2 1 UDP 1679819007 198.51.100.1 45620 typ srflx raddr …" as
   "srflx udp 198.51.100.1" (RFC 8839 section 5.1). */
static void append_candidate(GString *out, const char *text)
{
    enum { COMPONENT = 1, TRANSPORT, PRIORITY, ADDRESS, PORT, TYP, TYPE, N_FIELDS };
    g_auto(GStrv) fields = g_strsplit(text, " ", N_FIELDS + 1);
    if (!*text) {
        g_string_append(out, "end of candidates");
    } else if (g_strv_length(fields) < N_FIELDS || strcmp(fields[TYP], "typ") != 0) {
        g_string_append(out, text);
    } else {
        g_autofree char *transport = g_ascii_strdown(fields[TRANSPORT], -1);
        g_string_append_printf(out, "%s %s %s", fields[TYPE], transport, fields[ADDRESS]);
    }
}

/* The names of SDP's attributes, with the values of those that no chance decides. */
static void append_sdp(GString *out, const char *sdp)
{
    static const char *const drawn[] = { "ice-ufrag", "ice-pwd", "fingerprint", "msid",
                                         "ssrc",      "cname",   "ssrc-group",  "rtcp" };
    static const char candidate[] = "a=candidate:";
    g_auto(GStrv) lines = g_strsplit_set(sdp, "\r\n", -1);
    for (char **at = lines; *at; at++) {
        const char *line = *at;
        if (!*line || g_str_has_prefix(line, "o=") || g_str_has_prefix(line, "c="))
            continue;
        g_string_append_c(out, '\n');
        if (g_str_has_prefix(line, candidate)) {
            append_candidate(out, line);
            continue;
        }
        bool is_drawn = false;
        size_t name_size = strcspn(line, ":");
        for (size_t i = 0; g_str_has_prefix(line, "a=") && i < G_N_ELEMENTS(drawn); i++)
            is_drawn |= strlen(drawn[i]) == name_size - 2 &&
                        memcmp(drawn[i], line + 2, name_size - 2) == 0;
        if (g_str_has_prefix(line, "m=")) { /* the port is a candidate's */
            g_auto(GStrv) media = g_strsplit(line, " ", 3);
            g_string_append_printf(out, "%s %s", media[0],
                                   g_strv_length(media) == 3 ? media[2] : "");
        } else {
            g_string_append_len(out, line, is_drawn ? (gssize)name_size : -1);
        }
    }
}

static unsigned count_candidates(const char *sdp)
{
    unsigned count = 0;
    for (const char *at = sdp; (at = strstr(at, "a=candidate:")); at++)
        count++;
    return count;
}

/* Numbers that say which and not what: of a packet, a port; and a peer's version. */
static bool is_left_out(const char *key)
{
    static const char *const names[] = { "packet", "port", "version", "key" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

/* Appends what an event's data says, for its signature or (`is_short`) for people. */
static void append_data(GString *out, const json_t *data, bool is_short)
{
    /* A local or remote candidate comes with its parts. */
    bool has_parts = json_is_string(json_object_get(data, "address"));
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)data, key, value)
    {
        const char *text = json_string_value(value);
        if (is_left_out(key) || (has_parts && strcmp(key, "candidate") == 0))
            continue;
        g_string_append_c(out, ' ');
        if (text && strcmp(key, "candidate") == 0) {
            append_candidate(out, text);
        } else if (text && strcmp(key, "sdp") == 0 && is_short) {
            g_string_append_printf(out, "with %u candidates", count_candidates(text));
        } else if (text && strcmp(key, "sdp") == 0) {
            append_sdp(out, text);
        } else if (text) {
            append_without_port(out, text);
        } else if (json_is_object(value)) {
            append_data(out, value, is_short);
        } else {
            char *json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
            g_string_append_printf(out, "%s=%s", key, json ? json : "");
            free(json);
        }
    }
}

/* Figures of the whole call, at its end; the password that the call's server has. */
static bool has_drawn_data(const char *kind)
{
    return strcmp(kind, "peer.stats") == 0 || strcmp(kind, "server.started") == 0;
}

static struct divergence_line *line_of_event(const json_t *event)
{
    const char *src = json_string_value(json_object_get(event, "src"));
    const char *kind = json_string_value(json_object_get(event, "kind"));
    const json_t *t_us = json_object_get(event, "t_us");
    const json_t *data = json_object_get(event, "data");
    if (!src || !kind || !json_is_integer(t_us))
        return NULL;
    GString *signature = g_string_new(NULL), *words = g_string_new(NULL);
    g_string_printf(signature, "%s %s", src, kind);
    g_string_assign(words, signature->str);
    if (!has_drawn_data(kind)) {
        append_data(signature, data, false);
        append_data(words, data, true);
    }
    char *detail = json_dumps(data, JSON_COMPACT);
    struct divergence_line *line = g_new(struct divergence_line, 1);
    *line = (struct divergence_line){
        .t_us = json_integer_value(t_us),
        .source = g_strdup(src),
        .signature = g_string_free(signature, FALSE),
        .words = g_string_free(words, FALSE),
        .detail = g_strdup(detail ? detail : ""),
    };
    free(detail);
    return line;
}

static char *read_text(const char *folder, const char *name)
{
    g_autofree char *path = file_find_inside(folder, name);
    if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) /* a FIFO would not open */
        return NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    if (!file || g_mapped_file_get_length(file) > MAX_FILE_BYTES)
        return NULL;
    const char *bytes = g_mapped_file_get_contents(file); /* NULL: it is empty */
    return g_strndup(bytes ? bytes : "", g_mapped_file_get_length(file));
}

GPtrArray *divergence_read_events(const char *folder)
{
    g_autofree char *text = read_text(folder, "events.jsonl");
    if (!text)
        return NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    for (char *at = text; at && *at;) {
        char *end = strchr(at, '\n');
        if (end)
            *end = '\0';
        g_autoptr(json_t) event = json_loads(at, 0, NULL);
        struct divergence_line *line = event ? line_of_event(event) : NULL;
        if (line)
            g_ptr_array_add(lines, line);
        at = end ? end + 1 : NULL;
    }
    return lines;
}

static const char *text_or_blank(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static struct divergence_line *line_of_packet(const json_t *packet, const json_t *taps)
{
    const json_t *t_us = json_object_get(packet, "t_us");
    size_t tap_index = (size_t)json_integer_value(json_object_get(packet, "tap"));
    const char *tap = json_string_value(json_array_get(taps, tap_index));
    if (!json_is_integer(t_us) || !tap)
        return NULL;
    GString *signature = g_string_new(NULL);
    g_string_printf(signature, "%s: ", tap);
    append_without_port(signature, text_or_blank(packet, "src"));
    g_string_append(signature, " > ");
    append_without_port(signature, text_or_blank(packet, "dst"));
    g_string_append_printf(signature, " %s", text_or_blank(packet, "summary"));
    const char *verdict = text_or_blank(packet, "verdict");
    const char *element = text_or_blank(packet, "element");
    if (*element)
        g_string_append_printf(signature, ", %s by %s: %s", verdict, element,
                               text_or_blank(packet, "reason"));
    json_t *rest = json_copy((json_t *)packet);
    json_object_del(rest, "t_us");
    char *detail = json_dumps(rest, JSON_COMPACT);
    struct divergence_line *line = g_new(struct divergence_line, 1);
    *line = (struct divergence_line){
        .t_us = json_integer_value(t_us),
        .source = g_strdup(tap),
        .words = g_strdup_printf("packet %" JSON_INTEGER_FORMAT " at %s",
                                 json_integer_value(json_object_get(packet, "number")),
                                 signature->str),
        .detail = g_strdup(detail ? detail : ""),
    };
    line->signature = g_string_free(signature, FALSE);
    free(detail);
    json_decref(rest);
    return line;
}

GPtrArray *divergence_read_packets(const char *folder)
{
    g_autofree char *text = read_text(folder, "timeline.json");
    g_autoptr(json_t) timeline = text ? json_loads(text, 0, NULL) : NULL;
    const json_t *packets = json_object_get(timeline, "packets");
    const json_t *taps = json_object_get(timeline, "taps");
    if (!json_is_array(packets))
        return NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    size_t i;
    json_t *packet;
    json_array_foreach(packets, i, packet)
    {
        struct divergence_line *line = line_of_packet(packet, taps);
        if (line)
            g_ptr_array_add(lines, line);
    }
    return lines;
}
