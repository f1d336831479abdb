/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in server, spoken to by plain sockets and the wire codecs alone: what is
 * right about it, a few of its defects, and that it lives through any bytes.
 */
#include "suite.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "probes/server/message.h"
#include "probes/server/server.h"
#include "probes/server/socket_address.h"
#include "wire/stunmsg.h"

enum { LONG_MS = 5000, REPLY_BYTES = 4096 };

/* A client of the server: a socket, and what it has learned. */
struct caller {
    int fd;
    char nonce[128];
    uint8_t key[STUNMSG_KEY_SIZE];
    uint8_t bytes[REPLY_BYTES];
    struct stunmsg reply; /* points into `bytes` */
};

struct draft {
    struct stunmsg_builder b;
    uint8_t bytes[REPLY_BYTES];
};

static struct probe_server *start(const struct probe_server_options *options)
{
    g_autoptr(GError) error = NULL;
    struct probe_server *server = probe_server_start(options, &error);
    if (!server)
        fprintf(stderr, "%s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    return server;
}

static struct probe_server *start_with(enum probe_defect defect)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    if (defect < PROBE_N_DEFECTS)
        probe_defects_add(&options.defects, defect);
    return start(&options);
}

static struct endpoint loopback(uint8_t last, uint16_t port)
{
    return (struct endpoint){ { .family = ADDRESS_IPV4, .bytes = { 127, 77, 0, last } },
                              port };
}

static int open_socket(int type, uint8_t last)
{
    const struct endpoint local = loopback(last, 0);
    int fd = srv_socket_bound(type, &local);
    CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
    return fd;
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, timeout_ms) == 1;
}

static void connect_to(int fd, const struct endpoint *to)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(to, &address);
    if (connect(fd, (struct sockaddr *)&address, size) != 0) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        CU_ASSERT_EQUAL_FATAL(poll(&p, 1, LONG_MS), 1);
    }
}

static struct caller call(const struct endpoint *to, int type)
{
    struct caller c = { .fd = open_socket(type, 9) };
    connect_to(c.fd, to);
    stunmsg_long_term_key("alice", "rtclab.test", "wonderland", c.key);
    return c;
}

static void begin(struct draft *d, uint16_t method, enum stunmsg_class class)
{
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    rng_entropy(transaction, sizeof transaction);
    stunmsg_begin(&d->b, d->bytes, sizeof d->bytes, method, class, transaction);
}

static size_t end(const struct draft *d)
{
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&d->b, &size), STUNMSG_OK);
    return size;
}

static void send_bytes(const struct caller *c, const void *bytes, size_t size)
{
    CU_ASSERT_EQUAL_FATAL(send(c->fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* The next message, if one comes; over TCP it comes whole here. */
static bool receive(struct caller *c, int timeout_ms)
{
    if (!is_readable(c->fd, timeout_ms))
        return false;
    ssize_t size = recv(c->fd, c->bytes, sizeof c->bytes, 0);
    return size > 0 && stunmsg_decode(c->bytes, (size_t)size, &c->reply) == STUNMSG_OK;
}

static void exchange(struct caller *c, const struct draft *d)
{
    send_bytes(c, d->bytes, end(d));
    CU_ASSERT_TRUE_FATAL(receive(c, LONG_MS));
}

/* Whether a Binding is answered, and nothing came before its answer. */
static bool is_silent_before_binding(struct caller *c)
{
    struct draft d;
    begin(&d, STUNMSG_BINDING, STUNMSG_REQUEST);
    exchange(c, &d);
    return memcmp(c->reply.transaction, d.bytes + 8, STUNMSG_TRANSACTION_SIZE) == 0;
}

static unsigned reply_code(const struct caller *c)
{
    struct stunmsg_error_code code;
    if (stunmsg_get_error(&c->reply, STUNMSG_ERROR_CODE, &code) == STUNMSG_OK)
        return code.code;
    return c->reply.class == STUNMSG_SUCCESS ? 0 : 999;
}

static void sign(const struct caller *c, struct draft *d)
{
    stunmsg_add_text(&d->b, STUNMSG_USERNAME, "alice");
    stunmsg_add_text(&d->b, STUNMSG_REALM, "rtclab.test");
    stunmsg_add_text(&d->b, STUNMSG_NONCE, c->nonce);
    stunmsg_add_integrity(&d->b, c->key, sizeof c->key);
}

static void learn_nonce(struct caller *c)
{
    struct draft d;
    struct stunmsg_text nonce;
    begin(&d, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, 17);
    exchange(c, &d);
    CU_ASSERT_EQUAL(reply_code(c), STUNMSG_CODE_UNAUTHENTICATED);
    CU_ASSERT_EQUAL_FATAL(stunmsg_get_text(&c->reply, STUNMSG_NONCE, &nonce), STUNMSG_OK);
    CU_ASSERT_TRUE_FATAL(nonce.size < sizeof c->nonce);
    memcpy(c->nonce, nonce.at, nonce.size);
    c->nonce[nonce.size] = 0;
}

/* Sends a signed request; returns the error's code, or 0. */
static unsigned request(struct caller *c, struct draft *d)
{
    sign(c, d);
    exchange(c, d);
    if (reply_code(c) == 0)
        CU_ASSERT_EQUAL(stunmsg_check_integrity(&c->reply, c->key, sizeof c->key),
                        STUNMSG_OK);
    return reply_code(c);
}

static struct endpoint allocate(struct caller *c, uint8_t protocol)
{
    struct draft d;
    struct endpoint relayed = { .port = 0 };
    uint32_t lifetime_s = 0;
    learn_nonce(c);
    begin(&d, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, protocol);
    CU_ASSERT_EQUAL_FATAL(request(c, &d), 0);
    CU_ASSERT_EQUAL(stunmsg_get_address(&c->reply, STUNMSG_XOR_RELAYED_ADDRESS, &relayed),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(relayed.port >= 49152);
    stunmsg_get_u32(&c->reply, STUNMSG_LIFETIME, &lifetime_s);
    CU_ASSERT_EQUAL(lifetime_s, 600);
    return relayed;
}

static unsigned permit(struct caller *c, const struct endpoint *peer)
{
    struct draft d;
    begin(&d, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    stunmsg_add_address(&d.b, STUNMSG_XOR_PEER_ADDRESS, peer);
    return request(c, &d);
}

static void send_to(int fd, const struct endpoint *to, const void *bytes, size_t size)
{
    struct sockaddr_storage address;
    socklen_t address_size = socket_address_make(to, &address);
    CU_ASSERT_EQUAL(sendto(fd, bytes, size, 0, (struct sockaddr *)&address, address_size),
                    (ssize_t)size);
}

static void send_indication(const struct caller *c, const struct endpoint *peer,
                            const char *text)
{
    struct draft d;
    begin(&d, STUNMSG_SEND, STUNMSG_INDICATION);
    stunmsg_add_address(&d.b, STUNMSG_XOR_PEER_ADDRESS, peer);
    stunmsg_add_text(&d.b, STUNMSG_DATA, text);
    send_bytes(c, d.bytes, end(&d));
}

/* ---- What is right ---------------------------------------------------------------- */

static void test_binding(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    struct endpoint mapped, local = socket_address_local(c.fd);
    struct draft d;
    begin(&d, STUNMSG_BINDING, STUNMSG_REQUEST);
    exchange(&c, &d);
    CU_ASSERT_EQUAL(stunmsg_get_address(&c.reply, STUNMSG_XOR_MAPPED_ADDRESS, &mapped),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&mapped, &local));
    CU_ASSERT_EQUAL(stunmsg_check_fingerprint(&c.reply), STUNMSG_OK);

    uint16_t types[2];
    size_t n = 0;
    begin(&d, STUNMSG_BINDING, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, 0x7f01, 1);
    stunmsg_add_number(&d.b, 0x7f02, 1);
    exchange(&c, &d);
    CU_ASSERT_EQUAL(reply_code(&c), STUNMSG_CODE_UNKNOWN_ATTRIBUTE);
    CU_ASSERT_EQUAL(stunmsg_get_unknown(&c.reply, types, 2, &n), STUNMSG_OK);
    CU_ASSERT_EQUAL(n, 2);
    close(c.fd);
    probe_server_stop(server);
}

static void test_changed_source(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    const struct probe_server_endpoints *at = probe_server_endpoints(server);
    struct endpoint from, other, origin;
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    struct caller c = { .fd = open_socket(SOCK_DGRAM, 9) };
    struct draft d;
    begin(&d, STUNMSG_BINDING, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_CHANGE_REQUEST,
                       STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT);
    send_to(c.fd, &at->plain, d.bytes, end(&d));
    CU_ASSERT_TRUE_FATAL(is_readable(c.fd, LONG_MS));
    ssize_t got =
        recvfrom(c.fd, c.bytes, sizeof c.bytes, 0, (struct sockaddr *)&address, &size);
    CU_ASSERT_EQUAL_FATAL(stunmsg_decode(c.bytes, (size_t)MAX(got, 0), &c.reply),
                          STUNMSG_OK);
    from = srv_address_from_kernel(&address);
    CU_ASSERT_TRUE(endpoint_equal(&from, &at->alternate));
    CU_ASSERT_EQUAL(stunmsg_get_address(&c.reply, STUNMSG_OTHER_ADDRESS, &other),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&other, &at->alternate));
    CU_ASSERT_EQUAL(stunmsg_get_address(&c.reply, STUNMSG_RESPONSE_ORIGIN, &origin),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&origin, &at->alternate));
    close(c.fd);
    probe_server_stop(server);
}

static void test_wrong_password(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    struct draft d;
    learn_nonce(&c);
    c.key[0] ^= 1;
    begin(&d, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, 17);
    CU_ASSERT_EQUAL(request(&c, &d), STUNMSG_CODE_UNAUTHENTICATED);
    c.key[0] ^= 1;
    c.nonce[20] ^= 1;
    begin(&d, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, 17);
    CU_ASSERT_EQUAL(request(&c, &d), STUNMSG_CODE_STALE_NONCE);
    close(c.fd);
    probe_server_stop(server);
}

static void test_relay(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    struct endpoint relayed = allocate(&c, 17), peer_seen;
    int peer_fd = open_socket(SOCK_DGRAM, 10);
    const struct endpoint peer = socket_address_local(peer_fd);
    char text[64] = { 0 };
    struct stunmsg_text data;

    /* Without a permission nothing passes, either way. */
    send_indication(&c, &peer, "early");
    send_to(peer_fd, &relayed, "early", 5);
    CU_ASSERT_TRUE(is_silent_before_binding(&c));
    CU_ASSERT_FALSE(is_readable(peer_fd, 0));

    CU_ASSERT_EQUAL(permit(&c, &peer), 0);
    send_indication(&c, &peer, "there");
    CU_ASSERT_TRUE_FATAL(is_readable(peer_fd, LONG_MS));
    CU_ASSERT_EQUAL(recv(peer_fd, text, sizeof text, 0), 5);
    ASSERT_TEXT(text, "there");
    send_to(peer_fd, &relayed, "back", 4);
    CU_ASSERT_TRUE_FATAL(receive(&c, LONG_MS));
    CU_ASSERT_EQUAL(c.reply.method, STUNMSG_DATA_INDICATION);
    CU_ASSERT_EQUAL(stunmsg_get_address(&c.reply, STUNMSG_XOR_PEER_ADDRESS, &peer_seen),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&peer_seen, &peer));
    CU_ASSERT_EQUAL_FATAL(stunmsg_get_text(&c.reply, STUNMSG_DATA, &data), STUNMSG_OK);
    CU_ASSERT_EQUAL(data.size, 4);
    CU_ASSERT_EQUAL(memcmp(data.at, "back", 4), 0);
    close(peer_fd);
    close(c.fd);
    probe_server_stop(server);
}

static void test_denied_peers(void)
{
    static const char *const denied[] = { "127.0.0.1", "0.0.0.0",   "169.254.169.254",
                                          "10.0.0.1",  "224.0.0.1", "192.88.99.1" };
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    allocate(&c, 17);
    for (size_t i = 0; i < G_N_ELEMENTS(denied); i++) {
        struct endpoint peer = { .port = 9 };
        CU_ASSERT_TRUE(address_parse(denied[i], &peer.address));
        CU_ASSERT_EQUAL(permit(&c, &peer), STUNMSG_CODE_FORBIDDEN);
    }
    close(c.fd);
    probe_server_stop(server);
}

static void test_channel(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_STREAM);
    struct endpoint relayed = allocate(&c, 17);
    int peer_fd = open_socket(SOCK_DGRAM, 10);
    const struct endpoint peer = socket_address_local(peer_fd);
    const uint8_t out[] = { 0x40, 0, 0, 3, 'o', 'u', 't', 0 };
    uint8_t in[16];
    struct draft d;
    begin(&d, STUNMSG_CHANNEL_BIND, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_CHANNEL_NUMBER, 0x4000);
    stunmsg_add_address(&d.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    CU_ASSERT_EQUAL(request(&c, &d), 0);
    send_bytes(&c, out, sizeof out);
    CU_ASSERT_TRUE_FATAL(is_readable(peer_fd, LONG_MS));
    CU_ASSERT_EQUAL(recv(peer_fd, in, sizeof in, 0), 3);
    CU_ASSERT_EQUAL(memcmp(in, "out", 3), 0);
    send_to(peer_fd, &relayed, "home!", 5);
    CU_ASSERT_TRUE_FATAL(is_readable(c.fd, LONG_MS));
    CU_ASSERT_EQUAL(recv(c.fd, in, sizeof in, 0), 12); /* padded */
    CU_ASSERT_EQUAL(memcmp(in, "\x40\0\0\5home!\0\0", 12), 0);
    close(peer_fd);
    close(c.fd);
    probe_server_stop(server);
}

static void test_tcp_relay(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    const struct endpoint *at = &probe_server_endpoints(server)->plain;
    struct caller c = call(at, SOCK_STREAM), data = call(at, SOCK_STREAM);
    int peer_fd = open_socket(SOCK_STREAM, 10);
    char text[8] = { 0 };
    uint32_t id = 0;
    struct draft d;
    CU_ASSERT_EQUAL(listen(peer_fd, 1), 0);
    const struct endpoint peer = socket_address_local(peer_fd);
    struct endpoint relayed = allocate(&c, 6);
    begin(&d, STUNMSG_CONNECT, STUNMSG_REQUEST);
    stunmsg_add_address(&d.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    CU_ASSERT_EQUAL_FATAL(request(&c, &d), 0);
    CU_ASSERT_EQUAL(stunmsg_get_u32(&c.reply, STUNMSG_CONNECTION_ID, &id), STUNMSG_OK);
    CU_ASSERT_TRUE_FATAL(is_readable(peer_fd, LONG_MS));
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int accepted = accept(peer_fd, (struct sockaddr *)&from, &size);
    const struct endpoint source = srv_address_from_kernel(&from);
    CU_ASSERT_TRUE(endpoint_equal(&source, &relayed));

    learn_nonce(&data);
    begin(&d, STUNMSG_CONNECTION_BIND, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_CONNECTION_ID, id);
    CU_ASSERT_EQUAL(request(&data, &d), 0);
    send_bytes(&data, "bytes", 5);
    CU_ASSERT_TRUE_FATAL(is_readable(accepted, LONG_MS));
    CU_ASSERT_EQUAL(recv(accepted, text, sizeof text, 0), 5);
    ASSERT_TEXT(text, "bytes");
    CU_ASSERT_EQUAL(send(accepted, "more", 4, MSG_NOSIGNAL), 4);
    CU_ASSERT_TRUE_FATAL(is_readable(data.fd, LONG_MS));
    CU_ASSERT_EQUAL(recv(data.fd, text, sizeof text, 0), 4);
    close(accepted); /* and with it the client's side */
    CU_ASSERT_TRUE_FATAL(is_readable(data.fd, LONG_MS));
    CU_ASSERT_EQUAL(recv(data.fd, text, sizeof text, 0), 0);
    close(peer_fd);
    close(data.fd);
    close(c.fd);
    probe_server_stop(server);
}

static void test_retransmission(void)
{
    struct probe_server *server = start_with(PROBE_N_DEFECTS);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    uint8_t first[REPLY_BYTES];
    struct draft d;
    learn_nonce(&c);
    begin(&d, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, 17);
    CU_ASSERT_EQUAL(request(&c, &d), 0);
    size_t size = c.reply.size;
    memcpy(first, c.bytes, size);
    exchange(&c, &d);
    CU_ASSERT_EQUAL_FATAL(c.reply.size, size);
    CU_ASSERT_EQUAL(memcmp(first, c.bytes, size), 0);
    close(c.fd);
    probe_server_stop(server);
}

/* ---- What is wrong if wanted ------------------------------------------------------ */

static unsigned refresh_without_allocation(enum probe_defect defect)
{
    struct probe_server *server = start_with(defect);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    struct draft d;
    learn_nonce(&c);
    begin(&d, STUNMSG_REFRESH, STUNMSG_REQUEST);
    sign(&c, &d);
    send_bytes(&c, d.bytes, end(&d));
    unsigned code = is_silent_before_binding(&c) ? 0 : reply_code(&c);
    close(c.fd);
    probe_server_stop(server);
    return code;
}

static void test_defects(void)
{
    CU_ASSERT_EQUAL(refresh_without_allocation(PROBE_N_DEFECTS),
                    STUNMSG_CODE_ALLOCATION_MISMATCH);
    CU_ASSERT_EQUAL(refresh_without_allocation(DEFECT_REFRESH_400_WITHOUT_ALLOCATION),
                    STUNMSG_CODE_BAD_REQUEST);
    CU_ASSERT_EQUAL(refresh_without_allocation(DEFECT_SILENT_WITHOUT_ALLOCATION), 0);
}

/* How many bytes a peer gets of a DATA that says 200 and has 4. */
static size_t relayed_of_long_data(enum probe_defect defect)
{
    struct probe_server *server = start_with(defect);
    struct caller c = call(&probe_server_endpoints(server)->plain, SOCK_DGRAM);
    int peer_fd = open_socket(SOCK_DGRAM, 10);
    const struct endpoint peer = socket_address_local(peer_fd);
    uint8_t in[512];
    struct draft d;
    allocate(&c, 17);
    CU_ASSERT_EQUAL(permit(&c, &peer), 0);
    begin(&d, STUNMSG_SEND, STUNMSG_INDICATION);
    stunmsg_add_address(&d.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    stunmsg_add_text(&d.b, STUNMSG_DATA, "four");
    size_t size = end(&d);
    store_be16(d.bytes + size - 6, 200);
    send_bytes(&c, d.bytes, size);
    CU_ASSERT_TRUE(is_silent_before_binding(&c));
    ssize_t got = recv(peer_fd, in, sizeof in, MSG_DONTWAIT);
    close(peer_fd);
    close(c.fd);
    probe_server_stop(server);
    return (size_t)MAX(got, 0);
}

static void test_long_data(void)
{
    CU_ASSERT_EQUAL(relayed_of_long_data(PROBE_N_DEFECTS), 0);
    CU_ASSERT_EQUAL(relayed_of_long_data(DEFECT_MEMORY_LEAKED), 200);
}

static void test_list_of_defects(void)
{
    for (size_t i = 0; i < PROBE_N_DEFECTS; i++) {
        enum probe_defect found = PROBE_N_DEFECTS;
        const struct probe_defect_info *info =
            probe_defect_describe((enum probe_defect)i);
        CU_ASSERT_TRUE(probe_defect_by_name(info->name, &found));
        CU_ASSERT_EQUAL(found, i); /* so no name is there twice */
        CU_ASSERT_TRUE(strlen(info->cases) >= 3);
    }
    CU_ASSERT_TRUE(probe_defect_breaks(DEFECT_SILENT_WITHOUT_ALLOCATION, "L07"));
    CU_ASSERT_FALSE(probe_defect_breaks(DEFECT_SILENT_WITHOUT_ALLOCATION, "L0"));
    CU_ASSERT_FALSE(probe_defect_breaks(DEFECT_SILENT_WITHOUT_ALLOCATION, "L09"));
}

/* ---- Any bytes -------------------------------------------------------------------- */

/* A message of each method, then a few of its bytes changed, and cut. */
static void test_any_bytes(void)
{
    static const uint16_t methods[] = {
#define X(symbol, number, name) number,
        STUNMSG_METHODS(X)
#undef X
    };
    static const uint16_t types[] = {
#define X(symbol, type, name, form) type,
        STUNMSG_ATTRIBUTES(X)
#undef X
    };
    struct probe_server_options options;
    struct rng rng = rng_seed(20);
    const struct srv_path path = { .transport = SRV_UDP,
                                   .client = loopback(9, 1000),
                                   .local = loopback(1, 3478) };
    probe_server_options_init(&options);
    options.peers = NULL; /* and nothing leaves */
    options.n_peers = 0;
    struct probe_server *server = srv_new(&options);
    for (int i = 0; i < 20000; i++) {
        struct draft d;
        /* One defect after the other, and authentication off now and then, so that
         * requests get further. */
        server->options.defects = (struct probe_defects){ 0 };
        probe_defects_add(&server->options.defects,
                          (enum probe_defect)rng_below(&rng, PROBE_N_DEFECTS));
        if (rng_below(&rng, 2))
            probe_defects_add(&server->options.defects, DEFECT_AUTHENTICATION_OFF);
        server->is_dead = false;
        begin(&d, methods[rng_below(&rng, G_N_ELEMENTS(methods))],
              (enum stunmsg_class)(rng_below(&rng, 8) ? STUNMSG_REQUEST
                                                      : STUNMSG_INDICATION));
        if (rng_below(&rng, 2))
            stunmsg_add_number(&d.b, STUNMSG_REQUESTED_TRANSPORT, 17);
        for (uint64_t n = rng_below(&rng, 6); n > 0; n--) {
            uint8_t value[40];
            for (size_t at = 0; at < sizeof value; at++)
                value[at] = (uint8_t)rng_next(&rng);
            value[1] = (uint8_t)(1 + rng_below(&rng, 2)); /* often a family */
            static const size_t sizes[] = { 0, 1, 2, 4, 8, 20, 32, 40 };
            stunmsg_add(&d.b, types[rng_below(&rng, G_N_ELEMENTS(types))], value,
                        sizes[rng_below(&rng, G_N_ELEMENTS(sizes))]);
        }
        size_t size = end(&d);
        for (uint64_t n = rng_below(&rng, 3); n > 0; n--)
            d.bytes[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
        if (rng_below(&rng, 8) == 0)
            size = rng_below(&rng, size + 1);
        g_autofree uint8_t *exact = g_memdup2(d.bytes, size);
        srv_message_receive(server, &path, exact, size);
    }
    srv_free(server);
}

static const struct test tests[] = {
    { "a Binding says where it came from, and what it does not know", test_binding },
    { "a reply comes from the other address and port", test_changed_source },
    { "a wrong password gets 401, a forged nonce 438", test_wrong_password },
    { "datagrams are relayed both ways with a permission", test_relay },
    { "only the peers of the options are allowed", test_denied_peers },
    { "ChannelData over TCP is padded", test_channel },
    { "TCP connections are relayed", test_tcp_relay },
    { "a retransmitted Allocate gets the same reply", test_retransmission },
    { "a defect changes what it says and nothing else", test_defects },
    { "DATA that is too long leaks with a defect only", test_long_data },
    { "each defect has a name of its own and a case", test_list_of_defects },
    { "no bytes harm the server, whatever its defect", test_any_bytes },
};

int main(int argc, char **argv)
{
    return suite_run("probe_server", tests, G_N_ELEMENTS(tests), argc, argv);
}
