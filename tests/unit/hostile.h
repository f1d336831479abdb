/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that means harm, on UDP and TCP of one loopback port, in a thread: what it
 * answers is a function; it may repeat it without end, trickle it, or stand as a proxy
 * before a server that means well. It counts what it was sent.
 */
#ifndef RTCLAB_TESTS_HOSTILE_H
#define RTCLAB_TESTS_HOSTILE_H

#include <netinet/in.h>
#include <string.h>

#include "base/rng.h"
#include "loopback.h"
#include "wire/stunmsg.h"

enum { HOSTILE_SIZE = 65507, HOSTILE_MAX_CLIENTS = 64 };

struct hostile;

struct manner {
    const char *name;
    /* Writes what is sent for a message; 0: nothing. */
    size_t (*answer)(struct hostile *h, const struct stunmsg *request, uint8_t *out);
    unsigned copies;    /* of each answer; 0: one */
    bool is_endless;    /* goes on sending the last answer, as fast as it can */
    bool is_trickled;   /* over TCP a byte each few ms, for ever */
    bool is_from_aside; /* UDP from another port */
    bool is_proxy;      /* `answer` alters what the server behind said, in place */
};

struct hostile_client {
    int fd;                     /* TCP; or of a proxy the socket to the server behind */
    struct sockaddr_in address; /* UDP */
    uint8_t *last;
    size_t last_size, at;
};

struct hostile {
    struct loopback base; /* UDP */
    int tcp_fd, aside_fd;
    const struct manner *manner;
    struct sockaddr_in behind; /* of a proxy */
    struct rng rng;
    unsigned n_answers;
    gint n_received;     /* messages; atomic */
    gint n_channel_data; /* of them; read after the thread has ended */
    gint n_requests[16]; /* by method, likewise */
    struct hostile_client clients[HOSTILE_MAX_CLIENTS];
    unsigned n_clients;
    uint8_t scratch[HOSTILE_SIZE + 1];
    uint8_t made[HOSTILE_SIZE];
    size_t made_size; /* of a proxy: what the server behind said, in `made` */
};

static inline void hostile_push(struct hostile *h, struct hostile_client *client,
                                const uint8_t *bytes, size_t size)
{
    if (client->address.sin_port == 0)
        send(client->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        sendto(h->manner->is_from_aside ? h->aside_fd : h->base.fd, bytes, size,
               MSG_DONTWAIT, (struct sockaddr *)&client->address, sizeof client->address);
}

static inline void hostile_answer(struct hostile *h, struct hostile_client *client,
                                  const struct stunmsg *request)
{
    size_t size = h->manner->answer(h, request, h->made);
    h->n_answers++;
    if (size == 0)
        return;
    if (h->manner->is_endless || h->manner->is_trickled) {
        g_free(client->last);
        client->last = g_memdup2(h->made, size);
        client->last_size = size;
    }
    if (h->manner->is_trickled && client->address.sin_port == 0)
        return;
    for (unsigned i = 0; i < MAX(h->manner->copies, 1u); i++)
        hostile_push(h, client, h->made, size);
}

static inline struct hostile_client *hostile_find(struct hostile *h,
                                                  const struct sockaddr_in *address)
{
    for (unsigned i = 0; i < h->n_clients; i++)
        if (memcmp(&h->clients[i].address, address, sizeof *address) == 0)
            return &h->clients[i];
    if (h->n_clients == HOSTILE_MAX_CLIENTS)
        return NULL;
    struct hostile_client *client = &h->clients[h->n_clients++];
    *client = (struct hostile_client){ .fd = -1, .address = *address };
    if (h->manner->is_proxy) {
        client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(
            connect(client->fd, (struct sockaddr *)&h->behind, sizeof h->behind), ==, 0);
    }
    return client;
}

static inline void hostile_count(struct hostile *h, const uint8_t *bytes, size_t size)
{
    struct stunmsg m;
    g_atomic_int_inc(&h->n_received);
    if (size >= 4 && bytes[0] >> 6 == 1)
        h->n_channel_data++;
    else if (stunmsg_decode(bytes, size, &m) == STUNMSG_OK && m.method < 16)
        h->n_requests[m.method]++;
}

static inline void hostile_hear(struct hostile *h)
{
    struct sockaddr_in from = { 0 };
    socklen_t from_size = sizeof from;
    struct stunmsg m;
    ssize_t n = recvfrom(h->base.fd, h->scratch, sizeof h->scratch, MSG_DONTWAIT,
                         (struct sockaddr *)&from, &from_size);
    struct hostile_client *client = n < 0 ? NULL : hostile_find(h, &from);
    if (n >= 0)
        hostile_count(h, h->scratch, (size_t)n);
    if (client && h->manner->is_proxy)
        send(client->fd, h->scratch, (size_t)n, MSG_DONTWAIT);
    else if (client && stunmsg_decode(h->scratch, (size_t)n, &m) == STUNMSG_OK)
        hostile_answer(h, client, &m);
}

static inline void hostile_hear_client(struct hostile *h, struct hostile_client *client)
{
    static const struct stunmsg none;
    struct stunmsg m;
    ssize_t n = recv(client->fd, h->scratch, sizeof h->scratch, MSG_DONTWAIT);
    if (h->manner->is_proxy) {
        h->made_size = n > 0 ? (size_t)n : 0;
        memcpy(h->made, h->scratch, h->made_size);
        if (n > 0)
            hostile_answer(h, client, &none);
    } else if (n <= 0) {
        close(client->fd);
        client->fd = -1;
    } else {
        hostile_count(h, h->scratch, (size_t)n);
        if (stunmsg_decode(h->scratch, (size_t)n, &m) == STUNMSG_OK)
            hostile_answer(h, client, &m);
    }
}

static inline void hostile_go_on(struct hostile *h)
{
    enum { BURST = 16 };
    for (unsigned i = 0; i < h->n_clients; i++) {
        struct hostile_client *client = &h->clients[i];
        if (!client->last || (client->address.sin_port == 0 && client->fd < 0))
            continue;
        for (unsigned k = 0; h->manner->is_endless && k < BURST; k++)
            hostile_push(h, client, client->last, client->last_size);
        if (h->manner->is_trickled && client->address.sin_port == 0)
            hostile_push(h, client, client->last + client->at++ % client->last_size, 1);
    }
}

static inline void hostile_serve(struct loopback *base)
{
    struct hostile *h = (struct hostile *)(void *)base;
    for (;;) {
        struct pollfd fds[3 + HOSTILE_MAX_CLIENTS] = {
            { .fd = base->stop_fd, .events = POLLIN },
            { .fd = base->fd, .events = POLLIN },
            { .fd = h->tcp_fd, .events = POLLIN }
        };
        unsigned n = h->n_clients;
        for (unsigned i = 0; i < n; i++)
            fds[3 + i] = (struct pollfd){ .fd = h->clients[i].fd, .events = POLLIN };
        poll(fds, 3 + n, h->manner->is_endless ? 0 : h->manner->is_trickled ? 2 : -1);
        if (fds[0].revents)
            return;
        if (fds[1].revents)
            hostile_hear(h);
        if (fds[2].revents && h->n_clients < HOSTILE_MAX_CLIENTS)
            h->clients[h->n_clients++] =
                (struct hostile_client){ .fd = accept4(h->tcp_fd, NULL, NULL,
                                                       SOCK_CLOEXEC) };
        for (unsigned i = 0; i < n; i++)
            if (fds[3 + i].revents)
                hostile_hear_client(h, &h->clients[i]);
        hostile_go_on(h);
    }
}

/** @param behind of a proxy: the server that means well; NULL: none */
static inline struct hostile *hostile_start(const struct manner *manner, uint64_t seed,
                                            const struct endpoint *behind)
{
    struct hostile *h = g_new0(struct hostile, 1);
    struct sockaddr_storage at;
    h->manner = manner;
    h->rng = rng_seed(seed);
    if (behind) {
        socket_address_make(behind, &at);
        memcpy(&h->behind, &at, sizeof h->behind);
    }
    h->aside_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (;;) { /* until TCP has the port, too, that UDP got */
        loopback_start(&h->base, SOCK_DGRAM, NULL, NULL);
        socklen_t size = socket_address_make(&h->base.at, &at);
        h->tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(h->tcp_fd, (struct sockaddr *)&at, size) == 0 &&
            listen(h->tcp_fd, 16) == 0)
            break;
        close(h->tcp_fd);
        loopback_stop(&h->base);
    }
    h->base.serve = hostile_serve;
    h->base.thread = g_thread_new("hostile", loopback_run, &h->base);
    return h;
}

struct hostile_counts {
    unsigned received, channel_data, requests[16];
};

/** @param ret_counts what it was sent; NULL: not wanted  @return how many messages */
static inline unsigned hostile_stop_counting(struct hostile *h,
                                             struct hostile_counts *ret_counts)
{
    loopback_stop(&h->base);
    unsigned n_received = (unsigned)h->n_received;
    if (ret_counts) {
        *ret_counts =
            (struct hostile_counts){ n_received, (unsigned)h->n_channel_data, { 0 } };
        for (unsigned i = 0; i < G_N_ELEMENTS(h->n_requests); i++)
            ret_counts->requests[i] = (unsigned)h->n_requests[i];
    }
    for (unsigned i = 0; i < h->n_clients; i++) {
        if (h->clients[i].fd >= 0)
            close(h->clients[i].fd);
        g_free(h->clients[i].last);
    }
    close(h->tcp_fd);
    close(h->aside_fd);
    g_free(h);
    return n_received;
}

static inline unsigned hostile_stop(struct hostile *h)
{
    return hostile_stop_counting(h, NULL);
}

#endif
