/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay ports are drawn at random from the dynamic ones, 49152 to 65535 (RFC 8656 §7.2,
 * RFC 6056 §3.3.1), from the kernel's entropy: who can guess the next one can write to
 * it.
 */
#include "probes/server/relay_port.h"

#include <unistd.h>

#include "probes/server/socket_address.h"

enum {
    FIRST_PORT = 49152,
    LAST_PORT = 65535,
    LOW_PORT = 20000, /* DEFECT_LOW_RELAY_PORTS */
    ATTEMPTS = 200,
    RESERVATION_SECONDS = 30, /* RFC 8656 §7.2: at least */
};

static uint16_t draw(struct probe_server *s, enum srv_parity parity)
{
    uint16_t port;
    if (srv_has(s, DEFECT_RELAY_PORTS_SEQUENTIAL)) {
        if (s->next_relay_port < FIRST_PORT)
            s->next_relay_port = FIRST_PORT;
        port = s->next_relay_port++;
    } else {
        rng_entropy(&port, sizeof port);
        port |= FIRST_PORT;
    }
    if (srv_has(s, DEFECT_LOW_RELAY_PORTS))
        port = (uint16_t)(LOW_PORT + port % (LAST_PORT - FIRST_PORT));
    if (parity == SRV_PARITY_EVEN)
        port = (uint16_t)(port & ~1);
    if (parity == SRV_PARITY_ODD)
        port |= 1;
    return port;
}

int srv_relay_port_open(struct probe_server *s, int type, const struct address *address,
                        enum srv_parity parity, struct endpoint *ret_local)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        const struct endpoint local = { *address, draw(s, parity) };
        int fd = srv_socket_bound(type, &local);
        if (fd >= 0) {
            *ret_local = local;
            return fd;
        }
    }
    return -1;
}

int srv_relay_port_open_pair(struct probe_server *s, const struct address *address,
                             struct endpoint *ret_local, uint64_t *ret_token)
{
    if (s->reservations->len >= SRV_MAX_RESERVATIONS)
        return -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        struct endpoint local;
        int fd = srv_relay_port_open(s, SOCK_DGRAM, address, SRV_PARITY_EVEN, &local);
        if (fd < 0)
            return -1;
        struct srv_reservation next = { .local = local };
        next.local.port++;
        next.fd = srv_socket_bound(SOCK_DGRAM, &next.local);
        if (next.fd >= 0) {
            rng_entropy(&next.token, sizeof next.token);
            next.until_ns = s->now_ns + RESERVATION_SECONDS * NS_PER_S;
            g_array_append_val(s->reservations, next);
            *ret_local = local;
            *ret_token = next.token;
            return fd;
        }
        close(fd);
    }
    return -1;
}

/* Its place in the list, or -1. */
static int find_reservation(const struct probe_server *s, uint64_t token)
{
    for (guint i = 0; i < s->reservations->len; i++) {
        const struct srv_reservation *r =
            &g_array_index(s->reservations, struct srv_reservation, i);
        if (r->token == token && r->until_ns > s->now_ns)
            return (int)i;
    }
    return -1;
}

uint8_t srv_relay_port_family(const struct probe_server *s, uint64_t token)
{
    int i = find_reservation(s, token);
    return i < 0 ? ADDRESS_NONE
                 : g_array_index(s->reservations, struct srv_reservation, i)
                       .local.address.family;
}

int srv_relay_port_redeem(struct probe_server *s, uint64_t token,
                          struct endpoint *ret_local)
{
    int i = find_reservation(s, token);
    if (i < 0)
        return -1;
    struct srv_reservation *r =
        &g_array_index(s->reservations, struct srv_reservation, i);
    int fd = r->fd;
    *ret_local = r->local;
    r->fd = -1;
    g_array_remove_index_fast(s->reservations, (guint)i);
    return fd;
}

void srv_reservation_clear(gpointer reservation)
{
    struct srv_reservation *r = reservation;
    if (r->fd >= 0)
        close(r->fd);
}

int64_t srv_reservations_expire(struct probe_server *s)
{
    int64_t next_ns = CLOCK_NEVER;
    for (guint i = s->reservations->len; i > 0; i--) {
        const struct srv_reservation *r =
            &g_array_index(s->reservations, struct srv_reservation, i - 1);
        if (r->until_ns <= s->now_ns)
            g_array_remove_index_fast(s->reservations, i - 1);
        else
            next_ns = MIN(next_ns, r->until_ns);
    }
    return next_ns;
}
