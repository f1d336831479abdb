/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer's TCP connection, made by Connect or come in to the relayed address, waits up to
 * 30 s for a client's connection to be bound to it; then bytes go both ways, and each
 * side is read only as fast as the other takes it.
 *
 * RFC 6062 §4.3, §4.4, §5.2 to §5.5.
 */
#include "probes/server/tcp_relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "probes/server/path.h"
#include "probes/server/peers.h"
#include "probes/server/permission.h"
#include "probes/server/socket_address.h"
#include "probes/server/watch.h"

enum { WAIT_SECONDS = 30, FULL_BYTES = 256 * 1024 };

enum state { CONNECTING, UNBOUND, BOUND, DRAINING, CLOSED };

struct srv_connection {
    struct srv_allocation *allocation;
    enum state state;
    uint32_t id;
    struct endpoint peer;
    int fd;
    struct srv_watch *watch;
    int64_t until_ns;
    struct srv_request request; /* of Connect, to be answered */
    struct srv_stream *client;  /* once bound */
    GByteArray *to_peer;
};

void srv_connection_free(gpointer connection)
{
    struct srv_connection *c = connection;
    srv_watch_remove(c->watch);
    if (c->fd >= 0)
        close(c->fd);
    g_byte_array_unref(c->to_peer);
    g_free(c);
}

void srv_connection_close(struct probe_server *s, struct srv_connection *c)
{
    if (c->state == CLOSED)
        return;
    c->state = CLOSED;
    srv_watch_remove(g_steal_pointer(&c->watch));
    close(c->fd);
    c->fd = -1;
    struct srv_stream *client = g_steal_pointer(&c->client);
    if (!client)
        return;
    client->connection = NULL;
    client->closes_when_sent = true; /* after what the peer sent */
    srv_stream_send_raw(s, client, NULL, 0);
}

static void update_events(struct srv_connection *c)
{
    int events = c->to_peer->len > 0 || c->state == CONNECTING ? POLLOUT : 0;
    if (c->state == BOUND && c->client && !srv_stream_is_full(c->client))
        events |= POLLIN;
    srv_watch_set_events(c->watch, (short)events);
}

static void flush(struct probe_server *s, struct srv_connection *c)
{
    while (c->to_peer->len > 0) {
        ssize_t sent = send(c->fd, c->to_peer->data, c->to_peer->len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent <= 0) {
            srv_connection_close(s, c);
            return;
        }
        g_byte_array_remove_range(c->to_peer, 0, (guint)sent);
    }
    if (c->state == DRAINING && c->to_peer->len == 0) {
        srv_connection_close(s, c);
        return;
    }
    if (c->client)
        srv_stream_set_reading(c->client, c->to_peer->len < FULL_BYTES);
    update_events(c);
}

static void read_peer(struct probe_server *s, struct srv_connection *c)
{
    ssize_t size = recv(c->fd, s->input, sizeof s->input, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0 || !c->client) {
        srv_connection_close(s, c);
        return;
    }
    if (!srv_has(s, DEFECT_CONNECTION_MUTE))
        srv_stream_send_raw(s, c->client, s->input, (size_t)size);
    if (c->state == BOUND)
        update_events(c);
}

static void answer_connect(struct probe_server *s, struct srv_connection *c,
                           unsigned code)
{
    struct srv_reply r;
    c->request.path = &c->allocation->path;
    if (code != 0) {
        if (srv_has(s, DEFECT_REFUSED_CONNECT_400))
            code = STUNMSG_CODE_BAD_REQUEST;
        srv_reply_error(s, &c->request, code);
        srv_connection_close(s, c);
        return;
    }
    c->state = UNBOUND;
    c->until_ns = s->now_ns + WAIT_SECONDS * NS_PER_S;
    srv_reply_begin(s, &c->request, STUNMSG_SUCCESS, &r);
    if (!srv_has(s, DEFECT_CONNECT_WITHOUT_ID))
        stunmsg_add_number(&r.b, STUNMSG_CONNECTION_ID, c->id);
    srv_reply_send(s, &c->request, &r);
    if (c->state == UNBOUND)
        update_events(c);
}

static void connection_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_connection *c = subject;
    int error = 0;
    socklen_t size = sizeof error;
    switch (c->state) {
    case CONNECTING:
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        answer_connect(s, c, error ? STUNMSG_CODE_CONNECTION_TIMEOUT : 0);
        return;
    case UNBOUND: /* nothing is waited for: the peer is gone */
        srv_connection_close(s, c);
        return;
    case BOUND:
    case DRAINING:
        if (events & POLLOUT)
            flush(s, c);
        if (c->state != CLOSED && events & (POLLIN | POLLERR | POLLHUP))
            read_peer(s, c);
        return;
    case CLOSED:
        return;
    }
}

/* Takes over a socket; NULL if the allocation has too many. */
static struct srv_connection *add_connection(struct probe_server *s,
                                             struct srv_allocation *a, int fd,
                                             const struct endpoint *peer,
                                             enum state state)
{
    if (a->connections->len >= SRV_MAX_CONNECTIONS) {
        close(fd);
        return NULL;
    }
    struct srv_connection *c = g_new0(struct srv_connection, 1);
    c->allocation = a;
    c->state = state;
    c->id = ++s->next_connection;
    c->peer = *peer;
    c->fd = fd;
    c->until_ns = s->now_ns + WAIT_SECONDS * NS_PER_S;
    c->to_peer = g_byte_array_new();
    srv_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    c->watch = srv_watch_add(s, fd, 0, connection_ready, c);
    update_events(c);
    g_ptr_array_add(a->connections, c);
    return c;
}

/* Starts a connection from the relayed address; -1: it failed at once. */
static int start_connect(const struct srv_relay *relay, const struct endpoint *peer)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(&relay->local, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    srv_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    srv_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    int status = bind(fd, (struct sockaddr *)&address, size);
    size = socket_address_make(peer, &address);
    if (status == 0)
        status = connect(fd, (struct sockaddr *)&address, size);
    if (status == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static bool has_connection(const struct srv_allocation *a, const struct endpoint *peer)
{
    for (guint i = 0; i < a->connections->len; i++) {
        const struct srv_connection *c = a->connections->pdata[i];
        if (c->state != CLOSED && endpoint_equal(&c->peer, peer))
            return true;
    }
    return false;
}

static unsigned judge_connect(const struct probe_server *s,
                              const struct srv_allocation *a, const struct srv_request *q,
                              struct endpoint *ret_peer)
{
    if (!a->is_tcp || stunmsg_get_address(&q->message, STUNMSG_XOR_PEER_ADDRESS,
                                          ret_peer) != STUNMSG_OK)
        return STUNMSG_CODE_BAD_REQUEST;
    unsigned code = srv_permission_judge(s, a, ret_peer);
    if (code == STUNMSG_CODE_FORBIDDEN && srv_has(s, DEFECT_PEERS_CHECKED_ONCE))
        code = 0;
    if (code == STUNMSG_CODE_FORBIDDEN && srv_has(s, DEFECT_DENIED_CONNECT_TRIED))
        code = STUNMSG_CODE_CONNECTION_TIMEOUT;
    if (code == 0 && has_connection(a, ret_peer) && !srv_has(s, DEFECT_DUPLICATE_CONNECT))
        code = STUNMSG_CODE_CONNECTION_ALREADY_EXISTS;
    return code;
}

void srv_connect_handle(struct probe_server *s, struct srv_request *q)
{
    struct endpoint peer;
    struct srv_allocation *a =
        srv_allocation_for_request(s, q, DEFECT_REFRESH_400_WITHOUT_ALLOCATION);
    if (!a)
        return;
    unsigned code = judge_connect(s, a, q, &peer);
    if (code == 0) {
        bool is_ipv6 = peer.address.family == ADDRESS_IPV6;
        int fd =
            start_connect(&a->relays[is_ipv6 ? SRV_RELAY_IPV6 : SRV_RELAY_IPV4], &peer);
        struct srv_connection *c =
            fd >= 0 ? add_connection(s, a, fd, &peer, CONNECTING) : NULL;
        if (c) {
            c->request = *q;
            return;
        }
        code = srv_has(s, DEFECT_REFUSED_CONNECT_400) ? STUNMSG_CODE_BAD_REQUEST
                                                      : STUNMSG_CODE_CONNECTION_TIMEOUT;
    }
    srv_reply_error(s, q, code);
}

static struct srv_connection *find_unbound(struct probe_server *s, uint32_t id)
{
    for (guint i = 0; i < s->allocations->len; i++) {
        const struct srv_allocation *a = s->allocations->pdata[i];
        for (guint j = 0; j < a->connections->len; j++) {
            struct srv_connection *c = a->connections->pdata[j];
            if (c->state == UNBOUND && c->id == id)
                return c;
        }
    }
    return NULL;
}

void srv_connection_bind_handle(struct probe_server *s, struct srv_request *q)
{
    uint32_t id;
    struct srv_stream *client = q->path->stream;
    bool has_id = stunmsg_get_u32(&q->message, STUNMSG_CONNECTION_ID, &id) == STUNMSG_OK;
    struct srv_connection *c = has_id ? find_unbound(s, id) : NULL;
    bool is_possible = client && c && !srv_allocation_find(s, q->path);
    if (!is_possible && !srv_has(s, DEFECT_UNKNOWN_CONNECTION_BOUND)) {
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        return;
    }
    if (c && strcmp(c->allocation->user, q->user) != 0) {
        srv_reply_error(s, q, STUNMSG_CODE_WRONG_CREDENTIALS);
        return;
    }
    struct srv_reply r;
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    srv_reply_send(s, q, &r);
    if (!is_possible || client->is_closed)
        return;
    c->state = BOUND;
    c->until_ns = CLOCK_NEVER;
    c->client = client;
    client->connection = c;
    update_events(c);
}

void srv_tcp_relay_from_client(struct probe_server *s, struct srv_connection *c,
                               const uint8_t *bytes, size_t size)
{
    if (c->state != BOUND || srv_has(s, DEFECT_CONNECTION_MUTE))
        return;
    g_byte_array_append(c->to_peer, bytes, (guint)size);
    flush(s, c);
}

void srv_tcp_relay_client_drained(struct srv_connection *c)
{
    srv_stream_set_reading(c->client, c->to_peer->len < FULL_BYTES);
    update_events(c);
}

void srv_tcp_relay_client_gone(struct probe_server *s, struct srv_connection *c)
{
    c->client = NULL;
    c->state = DRAINING;
    c->until_ns = s->now_ns + WAIT_SECONDS * NS_PER_S;
    flush(s, c);
}

static void accept_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_relay *relay = subject;
    struct srv_allocation *a = relay->allocation;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    (void)events;
    int fd =
        accept4(relay->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    const struct endpoint peer = srv_address_from_kernel(&from);
    if (!srv_permission_allows(s, a, &peer)) {
        close(fd); /* RFC 6062 §5.3 */
        return;
    }
    struct srv_connection *c = add_connection(s, a, fd, &peer, UNBOUND);
    if (!c || srv_has(s, DEFECT_ATTEMPT_UNSAID))
        return;
    struct srv_reply r;
    srv_indication_begin(&r, STUNMSG_CONNECTION_ATTEMPT);
    stunmsg_add_number(&r.b, STUNMSG_CONNECTION_ID, c->id);
    srv_reply_add_address(s, &r, STUNMSG_XOR_PEER_ADDRESS, &peer);
    srv_indication_send(s, &a->path, &r, 0);
}

bool srv_tcp_relay_start(struct probe_server *s, struct srv_relay *relay)
{
    /* Bound alone; connections of our own may share it from now on. */
    srv_socket_set(relay->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (listen(relay->fd, SRV_MAX_CONNECTIONS) != 0)
        return false;
    relay->watch = srv_watch_add(s, relay->fd, POLLIN, accept_ready, relay);
    return true;
}

int64_t srv_connections_expire(struct probe_server *s, struct srv_allocation *a)
{
    int64_t next_ns = CLOCK_NEVER;
    for (guint i = a->connections->len; i > 0; i--) {
        struct srv_connection *c = a->connections->pdata[i - 1];
        bool lingers = c->state == UNBOUND && srv_has(s, DEFECT_UNBOUND_LINGERS);
        if (c->until_ns <= s->now_ns && !lingers) {
            if (c->state == CONNECTING)
                answer_connect(s, c, STUNMSG_CODE_CONNECTION_TIMEOUT);
            else
                srv_connection_close(s, c);
        }
        if (c->state == CLOSED)
            g_ptr_array_remove_index_fast(a->connections, i - 1);
        else if (!lingers)
            next_ns = MIN(next_ns, c->until_ns);
    }
    return next_ns;
}
