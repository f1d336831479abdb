/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that a right server does not answer, turned into ones that can be: each defect
 * of reading corrects what it fails to see. Without a defect nothing is done here.
 *
 * RFC 8489 §5, §6.3, §14.
 */
#include "probes/server/mend.h"

#include <glib.h>

/* A message's bytes, with room to grow. */
struct draft {
    uint8_t *bytes;
    size_t size;
};

static void set_size(struct draft *d, size_t size)
{
    d->size = size;
    store_be16(d->bytes + 2, (uint16_t)(size - STUNMSG_HEADER_SIZE));
}

static void fix_header(const struct probe_server *s, struct draft *d)
{
    if (srv_has(s, DEFECT_TOP_BITS_IGNORED) && load_be32(d->bytes + 4) == STUNMSG_COOKIE)
        d->bytes[0] &= 0x3f;
    if (srv_has(s, DEFECT_COOKIE_IGNORED))
        store_be32(d->bytes + 4, STUNMSG_COOKIE);
}

static void fix_length(const struct probe_server *s, struct draft *d)
{
    size_t claimed = load_be16(d->bytes + 2);
    size_t there = d->size - STUNMSG_HEADER_SIZE;
    if (claimed % 4 != 0 && srv_has(s, DEFECT_ODD_LENGTH_ACCEPTED))
        set_size(d, STUNMSG_HEADER_SIZE);
    else if (claimed % 4 == 0 && claimed > there &&
             srv_has(s, DEFECT_SHORT_DATAGRAM_ACCEPTED))
        set_size(d, STUNMSG_HEADER_SIZE);
    else if (claimed % 4 == 0 && claimed < there &&
             srv_has(s, DEFECT_TRAILING_BYTES_ACCEPTED))
        d->size = STUNMSG_HEADER_SIZE + claimed;
}

/* The last attribute gets the bytes that it claims to have: what is "behind" the
 * message. `d` has room for one more attribute of any size. */
static void fill_overrun(struct draft *d)
{
    struct cursor c =
        cursor_over(d->bytes + STUNMSG_HEADER_SIZE, d->size - STUNMSG_HEADER_SIZE);
    while (c.left >= 4) {
        cursor_u16(&c);
        size_t size = ((size_t)cursor_u16(&c) + 3) & ~(size_t)3;
        if (size > c.left) {
            size_t missing = size - c.left;
            if (d->size + missing - STUNMSG_HEADER_SIZE > UINT16_MAX)
                return;
            memset(d->bytes + d->size, 0xa5, missing);
            set_size(d, d->size + missing);
            return;
        }
        cursor_take(&c, size);
    }
}

/* Fewer bytes than a header has: answered as a Binding. */
static void complete_header(struct draft *d)
{
    memset(d->bytes, 0, STUNMSG_HEADER_SIZE);
    store_be16(d->bytes, STUNMSG_BINDING);
    store_be32(d->bytes + 4, STUNMSG_COOKIE);
    d->size = STUNMSG_HEADER_SIZE;
}

static bool is_careless(const struct probe_server *s)
{
    static const enum probe_defect defects[] = {
        DEFECT_TOP_BITS_IGNORED,        DEFECT_COOKIE_IGNORED,
        DEFECT_ODD_LENGTH_ACCEPTED,     DEFECT_SHORT_DATAGRAM_ACCEPTED,
        DEFECT_TRAILING_BYTES_ACCEPTED, DEFECT_RUNTS_ANSWERED,
        DEFECT_MEMORY_LEAKED,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        if (srv_has(s, defects[i]))
            return true;
    }
    return false;
}

uint8_t *srv_mend(struct probe_server *s, enum stunmsg_error found, const uint8_t *bytes,
                  size_t size, struct stunmsg *ret_message)
{
    if (found == STUNMSG_MALFORMED && srv_has(s, DEFECT_DIES_OF_OVERRUN)) {
        s->is_dead = true;
        return NULL;
    }
    if (!is_careless(s))
        return NULL;
    struct draft d = { g_malloc0(size + STUNMSG_HEADER_SIZE + 2 * UINT16_MAX), size };
    if (size > 0)
        memcpy(d.bytes, bytes, size);
    if (size < STUNMSG_HEADER_SIZE) {
        if (srv_has(s, DEFECT_RUNTS_ANSWERED))
            complete_header(&d);
    } else {
        fix_header(s, &d);
        fix_length(s, &d);
        if (srv_has(s, DEFECT_MEMORY_LEAKED) &&
            load_be32(d.bytes + 4) == STUNMSG_COOKIE && !(d.bytes[0] & 0xc0))
            fill_overrun(&d);
    }
    if (stunmsg_decode(d.bytes, d.size, ret_message) == STUNMSG_OK)
        return d.bytes;
    g_free(d.bytes);
    return NULL;
}

bool srv_mend_has_padding(const struct stunmsg *m)
{
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    while (stunmsg_next(&i, &a)) {
        for (size_t at = a.size; at % 4 != 0; at++) {
            if (a.value[at] != 0)
                return true;
        }
    }
    return false;
}

static bool is_repeated_later(struct stunmsg_iterator after, uint16_t type)
{
    struct stunmsg_attribute a;
    while (stunmsg_next(&after, &a)) {
        if (a.type == type)
            return true;
    }
    return false;
}

uint8_t *srv_mend_keep_last(struct stunmsg *m)
{
    uint8_t *kept = g_malloc(m->size);
    struct stunmsg_builder b;
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    size_t size;
    stunmsg_begin(&b, kept, m->size, m->method, (enum stunmsg_class)m->class,
                  m->transaction);
    while (stunmsg_next(&i, &a)) {
        if (a.type == STUNMSG_XOR_PEER_ADDRESS || !is_repeated_later(i, a.type))
            stunmsg_add(&b, a.type, a.value, a.size);
    }
    /* It is no longer than what it was made from. */
    if (stunmsg_end(&b, &size) == STUNMSG_OK)
        (void)stunmsg_decode(kept, size, m);
    return kept;
}
