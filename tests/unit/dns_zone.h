/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS for tests: a zone of lines, and the answers of a server that has it.
 *
 *     example.org NAPTR 100 10 s RELAY:turn.udp _turn._udp.example.org
 *     _turn._udp.example.org SRV 0 5 3478 a.example.org
 *     a.example.org A 192.0.2.1
 *
 * A dash stands for what is empty: a NAPTR's flags, the root as a target.
 */
#ifndef RTCLAB_TESTS_DNS_ZONE_H
#define RTCLAB_TESTS_DNS_ZONE_H

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "probes/core/dns_records.h"
#include "wire/address.h"

#define DNS_ANSWER_SIZE 4096

static inline void zone_write_name(struct writer *w, const char *name)
{
    g_auto(GStrv) labels = g_strsplit(strcmp(name, "-") == 0 ? "" : name, ".", -1);
    for (char **label = labels; *label; label++) {
        if (!**label)
            continue;
        writer_u8(w, (uint8_t)strlen(*label));
        writer_bytes(w, *label, strlen(*label));
    }
    writer_u8(w, 0);
}

static inline void zone_write_text(struct writer *w, const char *text)
{
    size_t size = strcmp(text, "-") == 0 ? 0 : strlen(text);
    writer_u8(w, (uint8_t)size);
    writer_bytes(w, text, size);
}

static inline void zone_write_data(struct writer *w, enum dns_type type, const char *data)
{
    unsigned a = 0, b = 0, c = 0;
    char first[64] = "", second[128] = "", third[300] = "";
    struct address address;
    switch (type) {
    case DNS_SRV:
        sscanf(data, "%u %u %u %299s", &a, &b, &c, third);
        writer_u16(w, (uint16_t)a);
        writer_u16(w, (uint16_t)b);
        writer_u16(w, (uint16_t)c);
        zone_write_name(w, third);
        break;
    case DNS_NAPTR:
        sscanf(data, "%u %u %63s %127s %299s", &a, &b, first, second, third);
        writer_u16(w, (uint16_t)a);
        writer_u16(w, (uint16_t)b);
        zone_write_text(w, first);
        zone_write_text(w, second);
        zone_write_text(w, "-");
        zone_write_name(w, third);
        break;
    case DNS_A:
    case DNS_AAAA:
        if (address_parse(data, &address))
            writer_bytes(w, address.bytes, address_size(&address));
        break;
    }
}

static inline const char *zone_type_name(enum dns_type type)
{
    return type == DNS_A      ? "A"
           : type == DNS_AAAA ? "AAAA"
           : type == DNS_SRV  ? "SRV"
                              : "NAPTR";
}

static inline void zone_write_record(struct writer *w, enum dns_type type,
                                     const char *data)
{
    writer_u16(w, 0xc00c); /* the name asked for */
    writer_u16(w, (uint16_t)type);
    writer_u16(w, 1); /* IN */
    writer_u32(w, 60);
    uint8_t *size_at = writer_reserve(w, 2);
    size_t before = w->used;
    zone_write_data(w, type, data);
    if (size_at)
        store_be16(size_at, (uint16_t)(w->used - before));
}

/**
 * The answer to a question, as bytes. Names below "fail" are answered SERVFAIL, and names
 * that no line begins with NXDOMAIN.
 * @return its size
 */
static inline size_t zone_answer(const char *const *zone, uint16_t id, const char *name,
                                 enum dns_type type, uint8_t out[DNS_ANSWER_SIZE])
{
    struct writer w = writer_over(out, DNS_ANSWER_SIZE);
    uint16_t count = 0;
    bool exists = false;
    writer_u16(&w, id);
    writer_u16(&w, 0x8180);
    writer_u16(&w, 1);
    writer_u16(&w, 0);
    writer_u32(&w, 0);
    zone_write_name(&w, name);
    writer_u16(&w, (uint16_t)type);
    writer_u16(&w, 1);
    g_autofree char *as_name = g_strdup_printf("%s ", name);
    g_autofree char *as_record = g_strdup_printf("%s %s ", name, zone_type_name(type));
    for (; *zone; zone++) {
        exists |= g_str_has_prefix(*zone, as_name);
        if (!g_str_has_prefix(*zone, as_record))
            continue;
        zone_write_record(&w, type, *zone + strlen(as_record));
        count++;
    }
    store_be16(out + 6, count);
    if (g_str_has_suffix(name, ".fail"))
        store_be16(out + 2, 0x8182);
    else if (!exists)
        store_be16(out + 2, 0x8183);
    g_assert(!w.bad);
    return w.used;
}

#endif
