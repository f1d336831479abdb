/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network's life and time. The heap holds packets in flight and the times at which NATs
 * have something to expire; nothing else happens later than it is decided. What has been
 * decided waits in two queues for the caller: packets for hosts, and events. The way of a
 * packet through the tree is in path.c.
 */
#include "net/network.h"

#include "base/clock.h"
#include "net/topology.h"

static const char *const reason_names[] = {
#define X(symbol, name) [DROP_##symbol] = name,
    DROP_REASONS(X)
#undef X
};
_Static_assert(G_N_ELEMENTS(reason_names) == DROP_N_REASONS, "each reason has a name");

const char *drop_reason_name(enum drop_reason reason)
{
    return reason_names[reason];
}

struct network *network_new(const struct network_config *config, const struct rng *rng,
                            bool record)
{
    struct network *net = g_new0(struct network, 1);
    net->config = config;
    net->record = record;
    net->now_ns = INT64_MIN;
    net->next_packet_id = 1;
    net->pool = packet_pool_new();
    topology_build(net, rng);
    return net;
}

void network_free(struct network *net)
{
    if (!net)
        return;
    while (net->heap.used > 0)
        packet_free(heap_pop(&net->heap).packet);
    heap_clear(&net->heap);
    struct delivery d;
    struct packet *p;
    while ((p = network_pop_delivery(net, &d)))
        packet_free(p);
    g_free(net->deliveries);
    topology_clear(net);
    event_queue_clear(&net->events);
    tcp_flows_free(net->tcp);
    packet_pool_release(net->pool);
    g_free(net);
}

void network_delay_lost_tcp(struct network *net)
{
    if (!net->tcp)
        net->tcp = tcp_flows_new();
}

unsigned network_n_interfaces(const struct network *net)
{
    return net->n_interfaces;
}

unsigned network_n_taps(const struct network *net)
{
    return net->n_taps;
}

const char *network_tap_name(const struct network *net, unsigned tap)
{
    return net->taps[tap].name;
}

size_t network_n_mappings(const struct network *net)
{
    size_t n = 0;
    for (unsigned s = 0; s < net->config->n_sites; s++)
        for (unsigned i = 0; i < net->sites[s].config->n_middleboxes; i++)
            if (net->sites[s].middleboxes[i].nat)
                n += nat_n_mappings(net->sites[s].middleboxes[i].nat);
    return n;
}

int64_t network_next_deadline(const struct network *net)
{
    return heap_first_ns(&net->heap);
}

void network_advance(struct network *net, int64_t now_ns)
{
    while (heap_first_ns(&net->heap) <= now_ns && net->heap.used > 0) {
        struct heap_item item = heap_pop(&net->heap);
        struct site *site = &net->sites[item.site];
        net->now_ns = MAX(net->now_ns, item.at_ns);
        switch (item.kind) {
        case HEAP_ARRIVE_UP:
            site->up.n_in_flight--;
            site->up.in_flight_bytes -= item.packet->capacity;
            path_from_link(net, site, PACKET_OUTWARD, item.packet);
            break;
        case HEAP_ARRIVE_DOWN:
            site->down.n_in_flight--;
            site->down.in_flight_bytes -= item.packet->capacity;
            path_from_link(net, site, PACKET_INWARD, item.packet);
            break;
        case HEAP_NAT:
            path_wake_nat(net, site, item.middlebox, item.at_ns);
            break;
        }
    }
    net->now_ns = MAX(net->now_ns, now_ns);
}

void network_submit(struct network *net, unsigned iface, const uint8_t *bytes,
                    size_t size, int64_t now_ns)
{
    g_return_if_fail(iface < net->n_interfaces);
    network_advance(net, now_ns);
    struct packet *p = packet_new(net->pool, net->next_packet_id++, bytes, size);
    path_from_host(net, iface, p);
}

void network_push_delivery(struct network *net, uint32_t iface, struct packet *p)
{
    if (net->n_deliveries == net->deliveries_capacity) {
        size_t capacity = net->deliveries_capacity ? net->deliveries_capacity * 2 : 64;
        struct queued_delivery *ring = g_new(struct queued_delivery, capacity);
        for (size_t i = 0; i < net->n_deliveries; i++)
            ring[i] = net->deliveries[(net->first_delivery + i) &
                                      (net->deliveries_capacity - 1)];
        g_free(net->deliveries);
        net->deliveries = ring;
        net->deliveries_capacity = capacity;
        net->first_delivery = 0;
    }
    size_t at =
        (net->first_delivery + net->n_deliveries++) & (net->deliveries_capacity - 1);
    net->deliveries[at] = (struct queued_delivery){
        .packet = p,
        .delivery = { .iface = iface, .due_ns = net->now_ns },
    };
}

struct packet *network_pop_delivery(struct network *net, struct delivery *ret_delivery)
{
    if (net->n_deliveries == 0)
        return NULL;
    struct queued_delivery *first = &net->deliveries[net->first_delivery];
    net->first_delivery = (net->first_delivery + 1) & (net->deliveries_capacity - 1);
    net->n_deliveries--;
    *ret_delivery = first->delivery;
    return first->packet;
}

bool network_pop_event(struct network *net, struct network_event *ret_event)
{
    return event_queue_pop(&net->events, ret_event);
}
