/* SPDX-License-Identifier: Apache-2.0 */
/* The server's state, all of it the one thread's, and where a message came from. */
#ifndef RTCLAB_PROBES_SERVER_STATE_H
#define RTCLAB_PROBES_SERVER_STATE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/rng.h"
#include "probes/server/server.h"
#include "wire/stunmsg.h"

/* Bounds: what a client can make the server hold. */
enum {
    SRV_MAX_ALLOCATIONS = 1024,
    SRV_MAX_PERMISSIONS = 64, /* of an allocation */
    SRV_MAX_CHANNELS = 64,    /* of an allocation */
    SRV_MAX_CONNECTIONS = 16, /* TCP connections of an allocation */
    SRV_MAX_STREAMS = 512,
    SRV_MAX_DTLS = 256,
    SRV_MAX_RESERVATIONS = 32,
    SRV_MAX_QUEUED_BYTES = 1 << 20, /* to a stream that does not read */
    SRV_MAX_MESSAGE_BYTES = 65536,
};

enum srv_transport { SRV_UDP, SRV_TCP, SRV_TLS, SRV_DTLS };

struct srv_watch;
struct srv_stream;
struct srv_dtls;
struct srv_allocation;

struct srv_listener {
    enum srv_transport transport; /* of what comes in: SRV_TCP and SRV_TLS accept */
    struct endpoint local;
    /* RFC 5780's place: which of the two addresses, which of the two ports */
    bool at_alternate_address, at_alternate_port;
    int fd;
    struct srv_watch *watch;
};

/* A client's 5-tuple (RFC 8656 §2), and how to answer. */
struct srv_path {
    enum srv_transport transport;
    struct endpoint client, local;
    struct srv_listener *listener; /* UDP, DTLS */
    struct srv_stream *stream;     /* TCP, TLS */
    uint8_t tos;                   /* that the datagram came with: DSCP and ECN */
};

struct srv_reservation {
    uint64_t token;
    int fd; /* bound to `local` */
    struct endpoint local;
    int64_t until_ns;
};

/* A reply to a request that changed something, for its retransmissions. */
struct srv_remembered {
    struct srv_path path;
    uint16_t method;
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    int64_t until_ns;
    GBytes *reply;
};

enum { SRV_REMEMBERED = 256, SRV_CHALLENGED = 256 };

/* How many 401s an address got. */
struct srv_challenged {
    struct address address;
    int64_t since_ns;
    unsigned count;
};

struct probe_server {
    struct probe_server_options options;
    struct probe_server_endpoints endpoints;
    uint8_t nonce_key[32];
    struct srv_tls *tls;
    bool is_dead; /* DEFECT_DIES_OF_OVERRUN */

    GThread *thread;
    int wake_fd;
    int stopping; /* atomic */
    int64_t now_ns;

    GPtrArray *listeners;   /* struct srv_listener, owned */
    GPtrArray *watches;     /* struct srv_watch, owned */
    GPtrArray *streams;     /* struct srv_stream, owned */
    GPtrArray *dtls;        /* struct srv_dtls, owned */
    GPtrArray *allocations; /* struct srv_allocation, owned */
    GArray *reservations;   /* struct srv_reservation */
    uint32_t next_connection;
    uint16_t next_relay_port; /* DEFECT_RELAY_PORTS_SEQUENTIAL */

    struct srv_remembered remembered[SRV_REMEMBERED];
    size_t n_remembered; /* ever; the next goes to the place of the oldest */
    struct srv_challenged challenged[SRV_CHALLENGED];
    unsigned n_challenges;                          /* DEFECT_CHALLENGES_EXHAUST */
    uint8_t last_binding[STUNMSG_TRANSACTION_SIZE]; /* DEFECT_ANSWERS_DIFFER */

    uint8_t input[SRV_MAX_MESSAGE_BYTES];
};

/* Whether the server shall do this wrong. */
static inline bool srv_has(const struct probe_server *s, enum probe_defect defect)
{
    return probe_defects_has(&s->options.defects, defect);
}

/* The server without its thread and sockets: for probe_server_start(), and for tests of
 * the handling of messages alone. Free it with srv_free(). */
struct probe_server *srv_new(const struct probe_server_options *options);
void srv_free(struct probe_server *s);

/* Whether two messages belong to the same 5-tuple. */
static inline bool srv_path_equal(const struct srv_path *a, const struct srv_path *b)
{
    return a->transport == b->transport && endpoint_equal(&a->client, &b->client) &&
           endpoint_equal(&a->local, &b->local);
}

static inline bool srv_transport_is_stream(enum srv_transport transport)
{
    return transport == SRV_TCP || transport == SRV_TLS;
}

#endif
