/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows of this process, by which a capture tells its packets from all others: a
 * protocol, a local port and, but for sockets that speak with anyone, the other side. The
 * local address is left out: before connect(2) it is not known, and a port of ours with
 * that server at its other end is ours.
 *
 * A flow is kept after its connection: what still comes for it is of interest too.
 */
#include "probes/core/capture_internal.h"

#include <string.h>

struct flow {
    struct endpoint remote; /* zeros: any */
    uint16_t local_port;
    uint8_t protocol;
};

static GMutex lock;
static GHashTable *flows; /* a set of struct flow; NULL: no capture runs */

static struct flow flow_make(uint8_t protocol, uint16_t local_port,
                             const struct endpoint *remote)
{
    struct flow flow;
    memset(&flow, 0, sizeof flow); /* its padding too: it is compared as bytes */
    flow.protocol = protocol;
    flow.local_port = local_port;
    if (remote) {
        flow.remote.address.family = remote->address.family;
        memcpy(flow.remote.address.bytes, remote->address.bytes,
               sizeof flow.remote.address.bytes);
        flow.remote.port = remote->port;
    }
    return flow;
}

/* FNV-1a. */
static guint flow_hash(gconstpointer key)
{
    const uint8_t *bytes = key;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(struct flow); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static gboolean flow_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct flow)) == 0;
}

bool capture_is_running(void)
{
    g_mutex_lock(&lock);
    bool is_running = flows != NULL;
    g_mutex_unlock(&lock);
    return is_running;
}

void capture_add_flow(uint8_t protocol, uint16_t local_port,
                      const struct endpoint *remote)
{
    struct flow flow = flow_make(protocol, local_port, remote);
    g_mutex_lock(&lock);
    if (flows)
        g_hash_table_add(flows, g_memdup2(&flow, sizeof flow));
    g_mutex_unlock(&lock);
}

gboolean capture_flows_begin(void)
{
    g_mutex_lock(&lock);
    gboolean is_first = !flows;
    if (is_first)
        flows = g_hash_table_new_full(flow_hash, flow_equal, g_free, NULL);
    g_mutex_unlock(&lock);
    return is_first;
}

void capture_flows_end(void)
{
    g_mutex_lock(&lock);
    g_clear_pointer(&flows, g_hash_table_unref);
    g_mutex_unlock(&lock);
}

static bool has(uint8_t protocol, uint16_t local_port, const struct endpoint *remote)
{
    struct flow exact = flow_make(protocol, local_port, remote);
    struct flow any = flow_make(protocol, local_port, NULL);
    return g_hash_table_contains(flows, &exact) || g_hash_table_contains(flows, &any);
}

bool capture_flows_have(uint8_t protocol, const struct endpoint *from,
                        const struct endpoint *to)
{
    g_mutex_lock(&lock);
    bool found =
        flows && (has(protocol, from->port, to) || has(protocol, to->port, from));
    g_mutex_unlock(&lock);
    return found;
}
