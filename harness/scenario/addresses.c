/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address plan of addresses.h. Each segment of the network (the internet at a site,
 * what lies between two NATs, a LAN) is a range from which addresses are taken in order;
 * a site's chain of NATs leads from the range it hangs in to the range of its LAN. Sites
 * are visited parents first.
 *
 * IPv4 only: the plan of IPv6 will have prefixes delegated instead of NATs.
 */
#include "scenario/addresses.h"

#include <string.h>

#include "base/cursor.h"

#define IPV4(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum {
    SERVER_STEP = 10,      /* between the addresses of servers */
    COTURN_ADDRESSES = 2,  /* RFC 5780 */
    SITE_BLOCK = 16,       /* addresses of a site on the internet */
    MAX_PUBLIC_SITES = 16, /* blocks in 198.51.100.0/24 */
    FIRST_PUBLIC_HOST = 4,
    FIRST_PRIVATE = 2, /* .1 is the router's in most people's minds */
};

/* Addresses of one segment that are still free: base + next … base + last. */
struct range {
    uint32_t base;
    unsigned prefix_bits;
    uint32_t next, last;
};

struct plan {
    struct document *document;
    struct problems *problems;
    GHashTable *taken;  /* given in the file: address in host order as a pointer */
    struct range *lans; /* of each site that has its own */
    unsigned *lan_of;   /* which of them each site's LAN is */
    unsigned n_public;  /* sites below the internet so far */
    unsigned n_shared;  /* ranges of 100.64.0.0/10 so far */
};

static struct address address_of(uint32_t number)
{
    uint8_t bytes[4];
    store_be32(bytes, number);
    return address_from_bytes(ADDRESS_IPV4, bytes);
}

static void take_note(struct plan *plan, const struct address *addresses, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        g_hash_table_add(plan->taken, GUINT_TO_POINTER(load_be32(addresses[i].bytes)));
}

static void take_note_of_given(struct plan *plan)
{
    const struct document *document = plan->document;
    for (unsigned i = 0; i < document->n_servers; i++)
        take_note(plan, document->servers[i].addresses, document->servers[i].n_addresses);
    for (unsigned i = 0; i < document->n_sites; i++) {
        const struct site_document *site = &document->sites[i];
        for (unsigned j = 0; j < site->n_hosts; j++)
            take_note(plan, site->hosts[j].addresses, site->hosts[j].n_addresses);
        for (unsigned j = 0; j < site->n_middleboxes; j++) {
            const struct nat_document *nat = site->middleboxes[j].nat;
            if (nat)
                take_note(plan, nat->config.external, nat->config.n_external);
        }
    }
}

/* Fills `n` addresses from a range; a problem at the pointer if it has too few left. */
static void take(struct plan *plan, struct range *range, struct address *out, unsigned n,
                 const char *pointer)
{
    for (unsigned i = 0; i < n; i++) {
        while (range->next <= range->last &&
               g_hash_table_contains(plan->taken,
                                     GUINT_TO_POINTER(range->base + range->next)))
            range->next++;
        if (range->next > range->last) {
            char text[ADDRESS_TEXT_SIZE];
            struct address base = address_of(range->base);
            problems_add(plan->problems, pointer,
                         "must fit into %s/%u, is one address too many",
                         address_format(&base, text), range->prefix_bits);
            return;
        }
        out[i] = address_of(range->base + range->next++);
    }
}

static void assign_servers(struct plan *plan)
{
    for (unsigned i = 0; i < plan->document->n_servers; i++) {
        struct server_document *server = &plan->document->servers[i];
        if (server->n_addresses > 0)
            continue;
        struct range range = { .base = IPV4(203, 0, 113, 0),
                               .prefix_bits = 24,
                               .next = SERVER_STEP * (i + 1),
                               .last = SERVER_STEP * (i + 2) - 1 };
        g_autofree char *pointer = pointer_of("servers", server->name, NULL);
        server->n_addresses = server->type == SERVER_COTURN ? COTURN_ADDRESSES : 1;
        take(plan, &range, server->addresses, server->n_addresses, pointer);
    }
}

static struct range private_range(uint32_t base)
{
    return (struct range){
        .base = base, .prefix_bits = 24, .next = FIRST_PRIVATE, .last = 254
    };
}

static bool has_children(const struct document *document,
                         const struct site_document *site)
{
    for (unsigned i = 0; i < document->n_sites; i++) {
        const char *parent = document->sites[i].parent;
        if (parent && strcmp(parent, site->name) == 0)
            return true;
    }
    return false;
}

static struct range public_range(struct plan *plan, bool behind_nat)
{
    return (struct range){ .base = IPV4(198, 51, 100, SITE_BLOCK * plan->n_public++),
                           .prefix_bits = 28,
                           .next = behind_nat ? 1 : FIRST_PUBLIC_HOST,
                           .last = SITE_BLOCK - 2 };
}

static unsigned count_nats(const struct site_document *site)
{
    unsigned n = 0;
    for (unsigned i = 0; i < site->n_middleboxes; i++)
        n += site->middleboxes[i].nat != NULL;
    return n;
}

static void assign_site(struct plan *plan, unsigned index)
{
    struct site_document *site = &plan->document->sites[index];
    unsigned n_nats = count_nats(site);
    int parent = site->parent ? document_find_site(plan->document, site->parent) : -1;
    struct range own = { 0 };
    struct range *segment = &own;
    g_autofree char *pointer = pointer_of("sites", site->name, NULL);

    if (parent >= 0) {
        segment = &plan->lans[plan->lan_of[parent]];
    } else if (plan->n_public < MAX_PUBLIC_SITES) {
        own = public_range(plan, n_nats > 0);
    } else {
        problems_add(plan->problems, pointer,
                     "must be one of at most %d below the internet, is one too many",
                     MAX_PUBLIC_SITES);
        return;
    }
    for (unsigned i = 0; i < site->n_middleboxes; i++) {
        struct nat_document *nat = site->middleboxes[i].nat;
        if (!nat)
            continue;
        if (nat->config.n_external == 0) {
            nat->config.n_external = MAX(1, nat->external_addresses);
            take(plan, segment, nat->config.external, nat->config.n_external, pointer);
        }
        bool home = --n_nats == 0 && !has_children(plan->document, site);
        own = private_range(home ? IPV4(192, 168, index + 1, 0)
                                 : IPV4(100, 64, plan->n_shared++, 0));
        segment = &own;
    }
    for (unsigned i = 0; i < site->n_hosts; i++) {
        struct host_document *host = &site->hosts[i];
        if (host->n_addresses > 0)
            continue;
        host->n_addresses = 1;
        take(plan, segment, host->addresses, 1, pointer);
    }
    /* Without a NAT of its own a site extends the LAN that it hangs in. */
    plan->lan_of[index] = segment == &own ? index : plan->lan_of[parent];
    if (segment == &own)
        plan->lans[index] = own;
}

void addresses_assign(struct document *document, struct problems *problems)
{
    g_autofree struct range *lans = g_new0(struct range, document->n_sites);
    g_autofree unsigned *lan_of = g_new0(unsigned, document->n_sites);
    g_autofree unsigned *order = document_order(document);
    struct plan plan = {
        .document = document,
        .problems = problems,
        .taken = g_hash_table_new(NULL, NULL),
        .lans = lans,
        .lan_of = lan_of,
    };
    take_note_of_given(&plan);
    assign_servers(&plan);
    for (unsigned i = 0; i < document->n_sites; i++)
        assign_site(&plan, order[i]);
    g_hash_table_unref(plan.taken);
}
