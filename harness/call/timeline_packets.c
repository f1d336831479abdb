/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading trace.pcapng. What the network decided about a packet stands in its comment, as
 * call/capture.c writes it:
 *
 *     translated by ELEMENT: ENDPOINT -> ENDPOINT
 *     dropped by ELEMENT: REASON
 *     lost by ELEMENT (REASON); its retransmission, 200 ms later, stands for it
 */
#include "call/timeline_make.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "call/record.h"
#include "wire/ip.h"

static char *valid_text(const struct pcapng_text *text)
{
    size_t size = MIN(text->size, (size_t)TIMELINE_MAX_NOTE);
    return size ? g_utf8_make_valid(text->at, (gssize)size) : NULL;
}

/* ---- the comment ---- */

static char *between(const char *start, const char *end)
{
    return end && end > start ? g_strndup(start, (size_t)(end - start)) : NULL;
}

static void read_note(struct timeline_packet *p, const struct pcapng_text *comment)
{
    static const char translated[] = "translated by ", dropped[] = "dropped by ",
                      lost[] = "lost by ";
    char *note = valid_text(comment);
    p->verdict = TIMELINE_PASSED;
    p->note = note;
    if (!note)
        return;
    if (g_str_has_prefix(note, translated)) {
        p->verdict = TIMELINE_TRANSLATED;
    } else if (g_str_has_prefix(note, dropped)) {
        const char *who = note + strlen(dropped);
        const char *colon = strstr(who, ": ");
        p->verdict = TIMELINE_DROPPED;
        p->element = between(who, colon);
        p->reason = g_strdup(colon ? colon + 2 : NULL);
    } else if (g_str_has_prefix(note, lost)) {
        const char *who = note + strlen(lost);
        const char *open = strstr(who, " (");
        const char *close = open ? strchr(open, ')') : NULL;
        p->verdict = TIMELINE_LATE;
        p->element = between(who, open);
        p->reason = open ? between(open + 2, close) : NULL;
    }
}

/* ---- the packet ---- */

static char *format_end(const struct endpoint *end, bool has_port)
{
    char text[ENDPOINT_TEXT_SIZE];
    return g_strdup(has_port ? endpoint_format(end, text)
                             : address_format(&end->address, text));
}

static void read_datagram(struct timeline_maker *m, const struct pcapng_item *item,
                          struct timeline_packet *p, struct timeline_seen *seen)
{
    struct ip_view ip;
    struct transport_view transport;
    p->message = TIMELINE_NONE;
    p->size = item->original_size;
    if (ip_parse_quote(item->bytes, item->size, &ip) != IP_OK) {
        p->src = g_strdup("");
        p->dst = g_strdup("");
        p->summary = g_strdup("not IP");
        return;
    }
    p->protocol = ip.protocol;
    p->size = ip.total_bytes;
    seen->src.address = ip.source;
    seen->dst.address = ip.destination;
    bool has_transport = ip.fragment_offset == 0 &&
                         ip_parse_transport(item->bytes, &ip, &transport) == IP_OK;
    bool has_ports =
        has_transport && (ip.protocol == IPPROTO_UDP || ip.protocol == IPPROTO_TCP);
    if (has_ports) {
        seen->src.port = transport.source_port;
        seen->dst.port = transport.destination_port;
        uint32_t header = ip.protocol == IPPROTO_TCP ? transport.tcp_header_bytes
                                                     : (uint32_t)UDP_HEADER;
        if (header < transport.bytes && !ip.more_fragments)
            p->message = timeline_take_message(
                m, p->id, item->bytes + transport.at + header, transport.bytes - header,
                ip.protocol == IPPROTO_TCP);
    }
    p->src = format_end(&seen->src, has_ports);
    p->dst = format_end(&seen->dst, has_ports);
    p->summary = p->message != TIMELINE_NONE
                     ? timeline_name_message(m, p->message)
                     : timeline_summarise(item->bytes, item->size);
}

static int64_t since_start(const struct timeline_maker *m, const struct pcapng_item *item)
{
    int64_t ns = item->has_time ? item->time_ns : m->timeline->start_ns;
    if (__builtin_sub_overflow(ns, m->timeline->start_ns, &ns))
        ns = ns < 0 ? INT64_MIN + NS_PER_US : INT64_MAX;
    return (ns >= 0 ? ns : ns - NS_PER_US + 1) / NS_PER_US;
}

static void take_packet(struct timeline_maker *m, const struct pcapng_item *item,
                        uint32_t number)
{
    struct timeline *t = m->timeline;
    if (!m->has_start && item->has_time) {
        m->has_start = true;
        t->start_ns = item->time_ns;
    }
    struct timeline_seen seen = { 0 };
    struct timeline_packet p = {
        .number = number,
        .t_us = since_start(m, item),
        .tap = item->interface,
        .is_outward = item->direction == PCAPNG_OUTBOUND,
        .id = item->packet_id,
    };
    read_note(&p, &item->comment);
    read_datagram(m, item, &p, &seen);
    g_array_append_val(t->packets, p);
    g_array_append_val(m->seen, seen);
    t->end_us = MAX(t->end_us, p.t_us);
}

static void take_interface(struct timeline_maker *m, const struct pcapng_item *item)
{
    struct timeline *t = m->timeline;
    char *name = valid_text(&item->name);
    uint32_t tap = t->taps->len;
    g_ptr_array_add(t->taps, name ? name : g_strdup_printf("tap %u", tap));
    /* Where the record does not say whose tap it is: the name of its host. */
    for (unsigned role = 0; role < N_ROLES; role++) {
        g_autofree char *prefix = g_strconcat(role_names[role], "/", NULL);
        bool is_named = m->tap_names[role] && g_strcmp0(name, m->tap_names[role]) == 0;
        bool is_like = !m->tap_names[role] && name && g_str_has_prefix(name, prefix);
        if (m->taps[role] == TIMELINE_NONE && (is_named || is_like))
            m->taps[role] = tap;
    }
}

gboolean timeline_load_packets(struct timeline_maker *m, const char *folder,
                               GError **error)
{
    g_autofree char *path = g_build_filename(folder, RECORD_CAPTURE_FILE, NULL);
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &m->capture, &m->capture_size, &problem)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot read %s: %s", path,
                    problem->message);
        return FALSE;
    }
    struct pcapng_reader *reader =
        pcapng_reader_new((const uint8_t *)m->capture, m->capture_size);
    struct timeline_thinner *thinner = timeline_thinner_new(m->capture, m->capture_size);
    struct pcapng_item item;
    uint32_t number = 0;
    while (pcapng_reader_next(reader, &item)) {
        if (item.kind == PCAPNG_ITEM_INTERFACE)
            take_interface(m, &item);
        else if (timeline_thinner_keeps(thinner, &item, ++number))
            take_packet(m, &item, number);
        else
            m->timeline->is_cut = true;
    }
    timeline_thinner_free(thinner);
    pcapng_reader_free(reader);
    return TRUE;
}
