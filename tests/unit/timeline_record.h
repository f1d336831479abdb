/* SPDX-License-Identifier: Apache-2.0 */
/* A call's record made by hand, in a folder of its own. */
#ifndef RTCLAB_TESTS_TIMELINE_RECORD_H
#define RTCLAB_TESTS_TIMELINE_RECORD_H

#include <netinet/in.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <glib.h>

#include "base/file.h"
#include "call/record.h"
#include "call/timeline.h"
#include "wire/ip.h"
#include "wire/pcapng.h"
#include "wire/stunmsg.h"

struct made {
    char *folder;
    GString *events;
    struct pcapng *capture;
    uint64_t id; /* of the next packet */
};

static inline void made_begin(struct made *m)
{
    *m = (struct made){ .folder = g_dir_make_tmp("rtclab-timeline-XXXXXX", NULL),
                        .events = g_string_new(NULL),
                        .id = 1 };
    g_autofree char *path = g_build_filename(m->folder, RECORD_CAPTURE_FILE, NULL);
    m->capture = pcapng_open(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m->capture);
}

static inline void made_line(struct made *m, const char *line)
{
    g_string_append_printf(m->events, "%s\n", line);
}

static inline void made_event(struct made *m, int64_t t_us, const char *src,
                              const char *kind, const char *data)
{
    g_string_append_printf(m->events,
                           "{\"t_us\":%" G_GINT64_FORMAT
                           ",\"src\":\"%s\",\"kind\":\"%s\",\"data\":%s}\n",
                           t_us, src, kind, data);
}

static inline uint32_t made_tap(struct made *m, const char *name)
{
    return pcapng_add_interface(m->capture, name, NULL);
}

/* A datagram from 192.0.2.1:PORT, or, if `is_inward`, to it. */
static inline void made_datagram(struct made *m, uint32_t tap, int64_t t_us,
                                 const void *payload, size_t size, uint16_t port,
                                 bool is_inward, const char *comment)
{
    static const uint8_t own[] = { 192, 0, 2, 1 }, other[] = { 192, 0, 2, 2 };
    enum { HEADERS = IP_V4_HEADER + UDP_HEADER, OTHER_PORT = 5000 };
    g_autofree uint8_t *bytes = g_malloc0(HEADERS + size);
    bytes[0] = 0x45;
    store_be16(bytes + 2, (uint16_t)(HEADERS + size));
    bytes[8] = 64;
    bytes[9] = IPPROTO_UDP;
    memcpy(bytes + 12, is_inward ? other : own, 4);
    memcpy(bytes + 16, is_inward ? own : other, 4);
    store_be16(bytes + 20, is_inward ? OTHER_PORT : port);
    store_be16(bytes + 22, is_inward ? port : OTHER_PORT);
    store_be16(bytes + 24, (uint16_t)(UDP_HEADER + size));
    if (size)
        memcpy(bytes + HEADERS, payload, size);
    const struct pcapng_packet_options options = {
        .packet_id = m->id++,
        .comment = comment,
        .direction = is_inward ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
    };
    pcapng_add_packet(m->capture, tap, 1000000000 + t_us * 1000, bytes,
                      (uint32_t)(HEADERS + size), &options);
}

static inline void made_payload(struct made *m, uint32_t tap, int64_t t_us,
                                const void *payload, size_t size, const char *comment)
{
    made_datagram(m, tap, t_us, payload, size, 4000, false, comment);
}

/* The same in a TCP segment. */
static inline void made_segment(struct made *m, uint32_t tap, int64_t t_us,
                                const void *payload, size_t size, bool is_inward)
{
    static const uint8_t own[] = { 192, 0, 2, 1 }, other[] = { 192, 0, 2, 2 };
    enum { HEADERS = IP_V4_HEADER + TCP_HEADER };
    g_autofree uint8_t *bytes = g_malloc0(HEADERS + size);
    bytes[0] = 0x45;
    store_be16(bytes + 2, (uint16_t)(HEADERS + size));
    bytes[8] = 64;
    bytes[9] = IPPROTO_TCP;
    memcpy(bytes + 12, is_inward ? other : own, 4);
    memcpy(bytes + 16, is_inward ? own : other, 4);
    store_be16(bytes + 20, is_inward ? 5000 : 4000);
    store_be16(bytes + 22, is_inward ? 4000 : 5000);
    bytes[32] = TCP_HEADER / 4 << 4;
    bytes[33] = TCP_ACK;
    memcpy(bytes + HEADERS, payload, size);
    const struct pcapng_packet_options options = {
        .packet_id = m->id++,
        .direction = is_inward ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
    };
    pcapng_add_packet(m->capture, tap, 1000000000 + t_us * 1000, bytes,
                      (uint32_t)(HEADERS + size), &options);
}

struct made_stun {
    uint16_t method;
    uint8_t class;
    uint8_t transaction; /* its first byte */
    uint32_t number;     /* the four after it */
    uint16_t port;       /* 0: 4000 */
    const char *user, *key, *software;
};

enum { MADE_STUN_SIZE = 1200 };

/* A STUN message; @return its size */
static inline size_t made_message(const struct made_stun *s,
                                  uint8_t bytes[MADE_STUN_SIZE])
{
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = { s->transaction };
    struct stunmsg_builder b;
    size_t size;
    store_be32(transaction + 1, s->number);
    stunmsg_begin(&b, bytes, MADE_STUN_SIZE, s->method, (enum stunmsg_class)s->class,
                  transaction);
    if (s->user)
        stunmsg_add_text(&b, STUNMSG_USERNAME, s->user);
    if (s->software)
        stunmsg_add_text(&b, STUNMSG_SOFTWARE, s->software);
    if (s->key)
        stunmsg_add_integrity(&b, s->key, strlen(s->key));
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    return size;
}

/* One in a datagram; requests go out, answers come in. */
static inline void made_stun(struct made *m, uint32_t tap, int64_t t_us,
                             const struct made_stun *s, const char *comment)
{
    uint8_t bytes[MADE_STUN_SIZE];
    size_t size = made_message(s, bytes);
    made_datagram(m, tap, t_us, bytes, size, s->port ? s->port : 4000, s->class >= 2,
                  comment);
}

/* Closes the record and reads it; caller owns. */
static inline struct timeline *made_read(struct made *m)
{
    g_autofree char *path = g_build_filename(m->folder, RECORD_EVENTS_FILE, NULL);
    g_file_set_contents(path, m->events->str, (gssize)m->events->len, NULL);
    CU_ASSERT_TRUE(pcapng_close(m->capture, NULL));
    m->capture = NULL;
    struct timeline *t = timeline_read(m->folder, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static inline void made_end(struct made *m)
{
    pcapng_discard(m->capture);
    file_remove_tree(m->folder);
    g_string_free(m->events, TRUE);
    g_free(m->folder);
}

#endif
