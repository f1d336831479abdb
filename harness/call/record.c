/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing records.
 *
 * Events are appended to events.jsonl as they come, so that a worker that is killed
 * leaves what it saw; at the end the file is written once more, in the order of the
 * events' times, because a peer stamps its events itself and they arrive a little later.
 *
 * Until the call begins nobody knows when t_us is 0: those few events wait in memory.
 */
#include "call/record.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/capture.h"

/* The slack is for what tells of the end of a call whose record is full. */
static const size_t max_bytes = (size_t)RECORD_MAX_MIB << 20;
static const size_t slack_bytes = 1 << 20;

struct line {
    int64_t at_ns;
    char *text; /* after t_us: ,"src":…} */
};

struct record {
    const struct network *network;
    char *events_path;
    FILE *events;
    struct capture *capture;
    GArray *lines;      /* struct line: all of them */
    size_t lines_bytes; /* what those take, about */
    bool started;
    int64_t start_ns;
    uint64_t dropped;
};

static void line_clear(gpointer line)
{
    g_free(((struct line *)line)->text);
}

struct record *record_open(const char *folder, const struct network *network,
                           int64_t now_ns, int64_t calendar_ns, GError **error)
{
    struct record *r = g_new0(struct record, 1);
    r->network = network;
    r->start_ns = now_ns;
    r->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
    g_array_set_clear_func(r->lines, line_clear);
    r->events_path = g_build_filename(folder, RECORD_EVENTS_FILE, NULL);
    r->events = fopen(r->events_path, "we");
    if (r->events)
        setvbuf(r->events, NULL, _IOLBF, BUFSIZ); /* a crash costs no whole line */
    g_autofree char *capture_path = g_build_filename(folder, RECORD_CAPTURE_FILE, NULL);
    if (!r->events)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s",
                            r->events_path);
    else
        r->capture = capture_open(capture_path, network, calendar_ns, error);
    if (!r->capture) {
        record_close(r, NULL);
        return NULL;
    }
    return r;
}

static void print_line(struct record *r, GString *out, const struct line *line)
{
    int64_t t_ns = line->at_ns - r->start_ns;
    /* Down to the whole microsecond, before the start too. */
    int64_t t_us = (t_ns >= 0 ? t_ns : t_ns - NS_PER_US + 1) / NS_PER_US;
    g_string_append_printf(out, "{\"t_us\":%" G_GINT64_FORMAT "%s\n", t_us, line->text);
}

static void write_line(struct record *r, const struct line *line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    print_line(r, text, line);
    /* What fails here (the disk is full) is tried once more at the end, and told then. */
    if (fwrite(text->str, 1, text->len, r->events) != text->len)
        clearerr(r->events);
}

void record_start(struct record *r, int64_t now_ns)
{
    r->started = true;
    r->start_ns = now_ns;
    for (unsigned i = 0; i < r->lines->len; i++)
        write_line(r, &g_array_index(r->lines, struct line, i));
}

void record_add(struct record *r, int64_t at_ns, const char *source, enum event_kind kind,
                json_t *data)
{
    if (r->lines_bytes > max_bytes + slack_bytes) {
        json_decref(data);
        return;
    }
    g_autoptr(json_t) rest =
        json_pack("{s:s, s:s, s:o}", "src", source, "kind", event_kind_name(kind), "data",
                  data ? data : json_object());
    char *text = json_dumps(rest, JSON_COMPACT);
    if (!text)
        return; /* only what is not UTF-8 cannot be dumped, and that does not get here */
    text[0] = ','; /* its opening brace: t_us stands before it */
    struct line line = { .at_ns = at_ns, .text = g_strdup(text) };
    free(text);
    r->lines_bytes += sizeof line + strlen(line.text);
    g_array_append_val(r->lines, line);
    if (r->started)
        write_line(r, &line);
}

/* ---- decisions of the network ---- */

static const char *protocol_name(uint8_t protocol)
{
    switch (protocol) {
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_ICMP:
        return "icmp";
    default:
        return "other";
    }
}

static void add_mapping(struct record *r, const struct network_event *e,
                        enum event_kind kind)
{
    char internal[ENDPOINT_TEXT_SIZE];
    char external[ENDPOINT_TEXT_SIZE];
    char remote[ENDPOINT_TEXT_SIZE];
    json_t *data =
        json_pack("{s:s, s:s, s:s, s:s}", "protocol", protocol_name(e->protocol),
                  "internal", endpoint_format(&e->internal, internal), "external",
                  endpoint_format(&e->external, external), "remote",
                  endpoint_format(&e->remote, remote));
    if (kind == EVENT_NAT_MAPPING_REFRESHED)
        json_object_set_new(
            data, "direction",
            json_string(e->refreshed_by == PACKET_OUTWARD ? "outbound" : "inbound"));
    record_add(r, e->at_ns, network_tap_name(r->network, e->tap), kind, data);
}

static void add_drop(struct record *r, const struct network_event *e)
{
    r->dropped++;
    json_t *data = json_pack("{s:s, s:I, s:s}", "reason", drop_reason_name(e->reason),
                             "packet", (json_int_t)e->packet_id, "direction",
                             e->direction == PACKET_OUTWARD ? "outward" : "inward");
    record_add(r, e->at_ns, network_tap_name(r->network, e->tap), EVENT_PACKET_DROPPED,
               data);
}

static void add_late(struct record *r, const struct network_event *e)
{
    json_t *data =
        json_pack("{s:s, s:I, s:s, s:I}", "reason", drop_reason_name(e->reason), "packet",
                  (json_int_t)e->packet_id, "direction",
                  e->direction == PACKET_OUTWARD ? "outward" : "inward", "late_us",
                  (json_int_t)(e->late_ns / NS_PER_US));
    record_add(r, e->at_ns, network_tap_name(r->network, e->tap), EVENT_PACKET_LATE,
               data);
}

void record_add_network(struct record *r, const struct network_event *e)
{
    switch (e->kind) {
    case NETWORK_PACKET:
        capture_add(r->capture, e);
        if (e->verdict == PACKET_DROPPED)
            add_drop(r, e);
        else if (e->verdict == PACKET_LATE)
            add_late(r, e);
        break;
    case NETWORK_MAPPING_CREATED:
        add_mapping(r, e, EVENT_NAT_MAPPING_CREATED);
        break;
    case NETWORK_MAPPING_REFRESHED:
        add_mapping(r, e, EVENT_NAT_MAPPING_REFRESHED);
        break;
    case NETWORK_MAPPING_EXPIRED:
        add_mapping(r, e, EVENT_NAT_MAPPING_EXPIRED);
        break;
    }
}

bool record_is_full(const struct record *r)
{
    return r->lines_bytes > max_bytes;
}

uint64_t record_dropped(const struct record *r)
{
    return r->dropped;
}

/* ---- the end ---- */

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    int64_t left = ((const struct line *)a)->at_ns;
    int64_t right = ((const struct line *)b)->at_ns;
    return (left > right) - (left < right);
}

static gboolean write_sorted(struct record *r, GError **error)
{
    g_array_sort(r->lines, compare_lines); /* stable: g_array_sort() is a merge sort */
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < r->lines->len; i++)
        print_line(r, text, &g_array_index(r->lines, struct line, i));
    return file_replace(r->events_path, text->str, text->len, error);
}

gboolean record_close(struct record *r, GError **error)
{
    gboolean ok = TRUE;
    if (r->events) {
        fclose(r->events);
        ok = write_sorted(r, error);
    }
    if (r->capture)
        ok = capture_close(r->capture, ok ? error : NULL) && ok;
    g_array_unref(r->lines);
    g_free(r->events_path);
    g_free(r);
    return ok;
}
