/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small table of datagrams in fragments, searched in line: fragments are rare, the
 * table is bounded (RFC 4787 §11 warns of floods), and the oldest record makes room.
 * Nothing is reassembled. A record that is past its time is as good as none, so no timer
 * is needed.
 */
#include "net/fragments.h"

#include "base/clock.h"

/* The reassembly time that RFC 791 §3.2 suggests. */
int64_t fragments_lifetime_ns(void)
{
    return 15 * NS_PER_S;
}

bool fragments_same_datagram(const struct ip_view *a, const struct ip_view *b)
{
    return a->fragment_id == b->fragment_id && a->protocol == b->protocol &&
           address_equal(&a->source, &b->source) &&
           address_equal(&a->destination, &b->destination);
}

void fragments_remember(struct fragments *f, const struct ip_view *key,
                        const struct fragment_decision *decision, int64_t now_ns)
{
    unsigned at = f->next;
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++)
        if (fragments_same_datagram(&f->records[i].key, key))
            at = i; /* an id used again: the newer datagram counts */
    if (at == f->next)
        f->next = (f->next + 1) % FRAGMENTS_MAX;
    f->records[at] = (struct fragment_record){
        .key = *key,
        .decision = *decision,
        .expires_ns = now_ns + fragments_lifetime_ns(),
    };
}

const struct fragment_decision *fragments_find(const struct fragments *f,
                                               const struct ip_view *ip, int64_t now_ns)
{
    for (unsigned i = 0; i < FRAGMENTS_MAX; i++)
        if (f->records[i].expires_ns > now_ns &&
            fragments_same_datagram(&f->records[i].key, ip))
            return &f->records[i].decision;
    return NULL;
}
