/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signalling server on loopback, and clients of all kinds: those that behave, and
 * those that write what no library would (harness/signaling/server.h). Both run in this
 * one thread: a client writes, the main loop turns until something is to be seen.
 *
 * RFC 6455: frames §5.2, masks §5.3, close codes §7.4.1.
 */
#include "suite.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>

#include "base/clock.h"
#include "base/file.h"
#include "tls/certificate.h"
#include "signaling/websocket.h"
#include "signaling/room_client.h"
#include "signaling/rooms.h"
#include "signaling/server.h"

#define OFFER  "{\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}"
#define ANSWER "{\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}"

enum {
    FIN = 0x80,
    MASK = 0x80,
    CONTINUATION = 0,
    TEXT = 1,
    BINARY = 2,
    CLOSE = 8,
    PING = 9,
    PONG = 10
};
enum { PATIENCE_MS = 20000, VISIT_LIMIT_MS = 500 };

/* ---- the server ---- */

static struct signaling_server *start(GTlsCertificate *certificate)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", 0);
    const struct signaling_server_options options = {
        .address = address,
        .certificate = certificate,
        .ping_s = 1,
        .visit_limit_ms = VISIT_LIMIT_MS,
    };
    g_autoptr(GError) error = NULL;
    struct signaling_server *server = signaling_server_new(&options, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    return server;
}

/* Waits a moment for something to do, and does it. */
static void turn(void)
{
    g_usleep(500);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* ---- a client ---- */

struct client {
    int fd;
    GByteArray *in;
    bool has_ended; /* the server closed, or reset, the connection */
};

static unsigned port_of(const struct signaling_server *server)
{
    g_autoptr(GUri) uri = g_uri_parse(signaling_server_url(server), 0, NULL);
    return (unsigned)g_uri_get_port(uri);
}

static void client_open(struct client *c, const struct signaling_server *server)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port_of(server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    *c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .in = g_byte_array_new() };
    CU_ASSERT_EQUAL_FATAL(connect(c->fd, (struct sockaddr *)&to, sizeof to), 0);
}

static void client_close(struct client *c)
{
    close(c->fd);
    g_byte_array_unref(c->in);
}

static void client_read(struct client *c)
{
    uint8_t bytes[16384];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        g_byte_array_append(c->in, bytes, (guint)n);
    else if (n == 0 || errno != EAGAIN)
        c->has_ended = true;
}

/* Writes all of it, while the server reads. False: the server does not take it. */
static bool client_write(struct client *c, const void *bytes, size_t size)
{
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    for (size_t sent = 0; sent < size && clock_now_ns() < limit_ns;) {
        ssize_t n = send(c->fd, (const char *)bytes + sent, size - sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n > 0)
            sent += (size_t)n;
        else
            turn();
        if (sent == size)
            return true;
    }
    return size == 0;
}

static bool client_has(const struct client *c, const char *text)
{
    return c->in->len > 0 && memmem(c->in->data, c->in->len, text, strlen(text));
}

/* Turns the main loop until a client was told a text; or has ended, if that is NULL. */
static bool await(struct client *c, const char *text)
{
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < limit_ns) {
        client_read(c);
        if (text ? client_has(c, text) : c->has_ended)
            return true;
        if (c->has_ended)
            return false;
        turn();
    }
    return false;
}

/* As await(), of one who answers pings: unasked will do. */
static bool await_alive(struct client *c, const char *text)
{
    static const uint8_t pong[] = { FIN | PONG, MASK, 0, 0, 0, 0 };
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < limit_ns && !client_has(c, text) && !c->has_ended) {
        client_write(c, pong, sizeof pong);
        g_usleep(20000);
        turn();
        client_read(c);
    }
    return client_has(c, text);
}

/* Whether a client is told that it is closed, with a code. */
static bool await_close(struct client *c, unsigned code)
{
    const char wanted[] = { (char)(code >> 8), (char)(code & 0xff) };
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < limit_ns) {
        client_read(c);
        for (guint i = 0; i + 3 < c->in->len; i++)
            if (c->in->data[i] == (FIN | CLOSE) &&
                memcmp(c->in->data + i + 2, wanted, sizeof wanted) == 0)
                return true;
        if (c->has_ended)
            return false;
        turn();
    }
    return false;
}

static void request(struct client *c, const struct signaling_server *server,
                    const char *method, const char *path, const char *headers)
{
    g_autofree char *text =
        g_strdup_printf("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", method, path,
                        port_of(server), headers);
    client_open(c, server);
    CU_ASSERT_TRUE(client_write(c, text, strlen(text)));
}

#define UPGRADE                                                                  \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

static void join(struct client *c, const struct signaling_server *server,
                 const char *path)
{
    request(c, server, "GET", path, UPGRADE);
    CU_ASSERT_TRUE(await(c, "\r\n\r\n"));
    CU_ASSERT_TRUE(client_has(c, "HTTP/1.1 101"));
}

/* A frame with a mask of zeros, which leaves the payload as it is. */
static bool send_frame(struct client *c, unsigned first, const char *payload, size_t size)
{
    uint8_t head[14] = { (uint8_t)first };
    size_t n = 2;
    head[1] = (uint8_t)(MASK | (size < 126 ? size : size < 65536 ? 126 : 127));
    unsigned width = size < 126 ? 0 : size < 65536 ? 2 : 8;
    for (unsigned i = width; i-- > 0;)
        head[n++] = (uint8_t)((uint64_t)size >> (8 * i));
    n += 4;
    return client_write(c, head, n) && client_write(c, payload, size);
}

static bool send_text(struct client *c, const char *text)
{
    return send_frame(c, FIN | TEXT, text, strlen(text));
}

/* ---- HTTP ---- */

static void test_page(void)
{
    static const char *const paths[] = { "/", "/page.js", "/page.css" };
    struct signaling_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct client c;
        request(&c, server, "GET", paths[i], "");
        CU_ASSERT_TRUE(await(&c, NULL));
        CU_ASSERT_TRUE(client_has(&c, "HTTP/1.1 200"));
        CU_ASSERT_TRUE(client_has(&c, "Content-Security-Policy: default-src 'none'"));
        CU_ASSERT_TRUE(client_has(&c, "SPDX-License-Identifier"));
        client_close(&c);
    }
    signaling_server_free(server);
}

static void test_refused_requests(void)
{
    static const struct {
        const char *method, *path, *headers, *status;
    } refused[] = {
        { "GET", "/nope", "", "HTTP/1.1 404" },
        { "GET", "/../etc/passwd", "", "HTTP/1.1 404" },
        { "GET", "/%2e%2e/etc/passwd", "", "HTTP/1.1 404" },
        { "POST", "/", "Content-Length: 0\r\n", "HTTP/1.1 405" },
        { "GET", "/rooms/", UPGRADE, "HTTP/1.1 404" },
        { "GET", "/rooms/a%00b", UPGRADE, "HTTP/1.1 4" },
        { "GET", "/rooms/a/b", UPGRADE, "HTTP/1.1 404" },
        { "GET", "/rooms/a?member=b%20c", UPGRADE, "HTTP/1.1 404" },
        { "GET", "/rooms/a", "", "HTTP/1.1 400" },
        { "GET", "/rooms/a", "Upgrade: websocket\r\nConnection: Upgrade\r\n",
          "HTTP/1.1 4" },
        { "GET", "/rooms/a", UPGRADE "Origin: http://elsewhere.example\r\n",
          "HTTP/1.1 403" },
        { "GET", "/rooms/a", UPGRADE "Origin: null\r\n", "HTTP/1.1 403" },
        { "\x80\xff", "/", "", "HTTP/1.1 4" },
    };
    struct signaling_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        struct client c;
        request(&c, server, refused[i].method, refused[i].path, refused[i].headers);
        if (!await(&c, refused[i].status)) {
            g_autofree char *said = g_strndup((char *)c.in->data, MIN(c.in->len, 40));
            ASSERT_TEXT(said, refused[i].status);
        }
        client_close(&c);
    }
    signaling_server_free(server);
}

static void test_own_origin(void)
{
    struct signaling_server *server = start(NULL);
    g_autofree char *headers =
        g_strdup_printf(UPGRADE "Origin: http://127.0.0.1:%u\r\n", port_of(server));
    struct client c;
    request(&c, server, "GET", "/rooms/a", headers);
    CU_ASSERT_TRUE(await(&c, "\"joined\""));
    client_close(&c);
    signaling_server_free(server);
}

static void test_half_open(void)
{
    static const char *const said[] = {
        "",
        "G",
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nabc",
    };
    struct signaling_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
        struct client c;
        client_open(&c, server);
        client_write(&c, said[i], strlen(said[i]));
        CU_ASSERT_TRUE(await(&c, NULL));
        client_close(&c);
    }
    signaling_server_free(server);
}

static void test_endless_header(void)
{
    struct signaling_server *server = start(NULL);
    struct client c;
    client_open(&c, server);
    static const char start_line[] = "GET / HTTP/1.1\r\nX: ";
    client_write(&c, start_line, strlen(start_line));
    g_autofree char *part = g_strnfill(32 * 1024, 'x');
    bool goes_on = true;
    for (unsigned i = 0; i < 2000 && goes_on; i++) {
        goes_on = client_write(&c, part, strlen(part));
        turn();
    }
    CU_ASSERT_FALSE(goes_on);
    client_close(&c);
    signaling_server_free(server);
}

/* More connections than there may be, that say nothing: the server still serves. */
static void test_crowd(void)
{
    enum { CROWD = 600 };
    struct signaling_server *server = start(NULL);
    static struct client crowd[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        client_open(&crowd[i], server);
        turn();
    }
    for (unsigned i = 0; i < CROWD; i++)
        CU_ASSERT_TRUE(await(&crowd[i], NULL));
    for (unsigned i = 0; i < CROWD; i++)
        client_close(&crowd[i]);
    struct client c;
    join(&c, server, "/rooms/a");
    client_close(&c);
    signaling_server_free(server);
}

/* ---- rooms ---- */

static void test_call(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, b;
    join(&a, server, "/rooms/x?member=a");
    CU_ASSERT_TRUE(
        await(&a, "{\"joined\":{\"room\":\"x\",\"member\":\"a\",\"peer\":false}}"));
    CU_ASSERT_TRUE(send_text(&a, OFFER));
    join(&b, server, "/rooms/x");
    CU_ASSERT_TRUE(await(&b, OFFER));
    CU_ASSERT_TRUE(await(&a, "{\"peer-joined\":{}}"));
    CU_ASSERT_TRUE(send_text(&b, ANSWER));
    CU_ASSERT_TRUE(await(&a, ANSWER));
    client_close(&b); /* without a close frame */
    CU_ASSERT_TRUE(await(&a, "{\"peer-left\":{\"reason\":\"it vanished\"}}"));
    client_close(&a);
    signaling_server_free(server);
}

static void test_fragments(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, b;
    join(&a, server, "/rooms/x");
    join(&b, server, "/rooms/x");
    size_t half = strlen(OFFER) / 2;
    CU_ASSERT_TRUE(send_frame(&a, TEXT, OFFER, half));
    CU_ASSERT_TRUE(send_frame(&a, FIN | PING, "hi", 2));
    CU_ASSERT_TRUE(
        send_frame(&a, FIN | CONTINUATION, &OFFER[half], strlen(OFFER) - half));
    CU_ASSERT_TRUE(await(&b, OFFER));
    client_close(&a);
    client_close(&b);
    signaling_server_free(server);
}

static void test_full_room(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, b, c;
    join(&a, server, "/rooms/x");
    join(&b, server, "/rooms/x");
    join(&c, server, "/rooms/x");
    CU_ASSERT_TRUE(await_close(&c, ROOMS_CLOSE_FULL));
    CU_ASSERT_TRUE(client_has(&c, "the room is full"));
    client_close(&a);
    client_close(&b);
    client_close(&c);
    signaling_server_free(server);
}

static void test_rejoin(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, b, again;
    join(&a, server, "/rooms/x?member=a");
    join(&b, server, "/rooms/x?member=b");
    join(&again, server, "/rooms/x?member=b");
    CU_ASSERT_TRUE(await_close(&b, ROOMS_CLOSE_REPLACED));
    CU_ASSERT_TRUE(await(&a, "{\"peer-left\":{\"reason\":\"it joins again\"}}"));
    send_text(&a, OFFER);
    CU_ASSERT_TRUE(await(&again, OFFER));
    client_close(&a);
    client_close(&b);
    client_close(&again);
    signaling_server_free(server);
}

/* A member whose machine is gone: nothing comes any more, and nothing says so. */
static void test_vanished(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, gone;
    join(&gone, server, "/rooms/x?member=gone");
    join(&a, server, "/rooms/x?member=a");
    CU_ASSERT_TRUE(
        await_alive(&a, "{\"peer-left\":{\"reason\":\"it does not answer pings\"}}"));
    CU_ASSERT_FALSE(a.has_ended);
    CU_ASSERT_TRUE(await(&gone, NULL));
    CU_ASSERT_TRUE(await_close(&gone, ROOMS_CLOSE_SILENT));
    client_close(&a);
    client_close(&gone);
    signaling_server_free(server);
}

/* ---- what a member must not send ---- */

static void test_errors(void)
{
    static const char *const faulty[] = { "junk",          "{}", "{\"bye\":1}", ANSWER,
                                          "{\"offer\":1}", "" };
    struct signaling_server *server = start(NULL);
    struct client a;
    join(&a, server, "/rooms/x");
    for (size_t i = 0; i < G_N_ELEMENTS(faulty); i++) {
        g_byte_array_set_size(a.in, 0);
        CU_ASSERT_TRUE(send_text(&a, faulty[i]));
        CU_ASSERT_TRUE(await(&a, "{\"error\":"));
    }
    for (unsigned i = 0; i < ROOMS_ERRORS_MAX; i++)
        send_text(&a, "junk");
    CU_ASSERT_TRUE(await_close(&a, ROOMS_CLOSE_POLICY));
    CU_ASSERT_TRUE(await(&a, NULL));
    client_close(&a);
    signaling_server_free(server);
}

static void test_faulty_frames(void)
{
    static const struct {
        uint8_t bytes[12];
        unsigned size, code;
    } faulty[] = {
        { { FIN | BINARY, MASK | 2, 0, 0, 0, 0, 'a', 'b' }, 8, 1003 },
        { { FIN | TEXT, MASK | 2, 0, 0, 0, 0, 0xff, 0xfe }, 8, 1007 },
        { { FIN | TEXT, 2, 'a', 'b' }, 4, 1002 },                  /* not masked */
        { { FIN | 3, MASK, 0, 0, 0, 0 }, 6, 1002 },                /* no such opcode */
        { { FIN | 0x40 | TEXT, MASK, 0, 0, 0, 0 }, 6, 1002 },      /* a reserved bit */
        { { FIN | CONTINUATION, MASK, 0, 0, 0, 0 }, 6, 1002 },     /* of nothing */
        { { PING, MASK, 0, 0, 0, 0 }, 6, 1002 },                   /* in fragments */
        { { FIN | CLOSE, MASK | 1, 0, 0, 0, 0, 3 }, 7, 1002 },     /* half a code */
        { { FIN | TEXT, MASK | 126, 0, 5, 0, 0, 0, 0 }, 8, 1002 }, /* a longer length */
        { { FIN | TEXT, MASK | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
            0 },
          12,
          1009 },
    };
    struct signaling_server *server = start(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(faulty); i++) {
        struct client a;
        join(&a, server, "/rooms/x");
        client_write(&a, faulty[i].bytes, faulty[i].size);
        bool is_told = await_close(&a, faulty[i].code);
        if (!is_told)
            fprintf(stderr, "frame %zu is not closed with %u\n", i, faulty[i].code);
        CU_ASSERT_TRUE(is_told);
        CU_ASSERT_TRUE(await(&a, NULL));
        client_close(&a);
    }
    signaling_server_free(server);
}

static void test_too_long(void)
{
    struct signaling_server *server = start(NULL);
    g_autofree char *text = g_strnfill(WEBSOCKET_MESSAGE_MAX_BYTES + 1, ' ');
    struct client a;
    join(&a, server, "/rooms/x");
    send_text(&a, text);
    CU_ASSERT_TRUE(await_close(&a, 1009));
    client_close(&a);

    text[WEBSOCKET_MESSAGE_MAX_BYTES] = '\0'; /* as long as may be: an error, no end */
    join(&a, server, "/rooms/x");
    send_text(&a, text);
    CU_ASSERT_TRUE(await(&a, "{\"error\":"));
    client_close(&a);
    signaling_server_free(server);
}

/* No fragment is too long, only what they come to. */
static void test_too_long_in_fragments(void)
{
    struct signaling_server *server = start(NULL);
    g_autofree char *part = g_strnfill(16 * 1024, ' ');
    struct client a;
    join(&a, server, "/rooms/x");
    send_frame(&a, TEXT, part, strlen(part));
    bool goes_on = true;
    for (unsigned i = 0; i < 64 && goes_on; i++)
        goes_on = send_frame(&a, CONTINUATION, part, strlen(part));
    CU_ASSERT_TRUE(await_close(&a, 1009));
    client_close(&a);
    signaling_server_free(server);
}

static void test_flood_of_pings(void)
{
    struct signaling_server *server = start(NULL);
    struct client a;
    join(&a, server, "/rooms/x");
    bool goes_on = true;
    for (unsigned i = 0; i < 10000 && goes_on; i++)
        goes_on = send_frame(&a, FIN | PING, "x", 1);
    CU_ASSERT_TRUE(await_close(&a, 1008) || a.has_ended);
    CU_ASSERT_TRUE(await(&a, NULL));
    client_close(&a);
    signaling_server_free(server);
}

/* One who does not read: who sends to it is told, and then it is given up. */
static void test_slow_reader(void)
{
    struct signaling_server *server = start(NULL);
    struct client a, slow;
    join(&slow, server, "/rooms/x");
    join(&a, server, "/rooms/x");
    g_autofree char *sdp = g_strnfill(WEBSOCKET_MESSAGE_MAX_BYTES - 100, 'x');
    g_autofree char *offer = g_strdup_printf("{\"offer\":{\"sdp\":\"%s\"}}", sdp);
    for (unsigned i = 0; i < 100 && !client_has(&a, "does not read"); i++) {
        CU_ASSERT_TRUE(send_text(&a, offer));
        turn();
        client_read(&a);
    }
    CU_ASSERT_TRUE(client_has(&a, "{\"error\":\"the other member does not read"));
    CU_ASSERT_TRUE(await_alive(&a, "{\"peer-left\":{\"reason\":\"it does not"));
    client_close(&a);
    client_close(&slow);
    signaling_server_free(server);
}

/* ---- TLS, and this project's own client ---- */

struct witness {
    struct room_client *room;
    unsigned n_signals;
    bool has_joined;
    char *closed;
};

static void on_joined(void *user, bool has_peer)
{
    (void)has_peer;
    ((struct witness *)user)->has_joined = true;
}

static void on_peer(void *user)
{
    (void)user;
}

static void on_text(void *user, const char *what)
{
    (void)user, (void)what;
}

static void on_signal(void *user, json_t *signal)
{
    ((struct witness *)user)->n_signals++;
    json_decref(signal);
}

static void on_closed(void *user, const char *why)
{
    ((struct witness *)user)->closed = g_strdup(why);
}

static const struct room_client_events witness_events = {
    .joined = on_joined,
    .peer_joined = on_peer,
    .peer_left = on_text,
    .signal = on_signal,
    .warning = on_text,
    .closed = on_closed,
};

static void enter(struct witness *w, const struct signaling_server *server,
                  const char *room, GTlsCertificate *certificate)
{
    g_autofree char *url = signaling_server_room_url(server, room);
    const struct room_client_options options = {
        .url = url,
        .certificate = certificate,
        .connect_limit_ms = 5000,
        .events = &witness_events,
        .user = w,
    };
    *w = (struct witness){ 0 };
    w->room = room_client_new(&options);
}

static void leave(struct witness *w)
{
    room_client_free(w->room);
    g_free(w->closed);
    turn();
}

static bool await_joined(const struct witness *w)
{
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < limit_ns && !w->has_joined && !w->closed)
        turn();
    return w->has_joined;
}

static const struct certificate_subject subject = {
    .common_name = "rtclab signalling",
    .from_s = 946684800,   /* 2000-01-01 */
    .until_s = 4102444800, /* 2100-01-01 */
};

static GTlsCertificate *make_certificate(uint8_t seed_byte)
{
    uint8_t seed[CERTIFICATE_SEED_BYTES];
    memset(seed, seed_byte, sizeof seed);
    struct certificate made;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE_FATAL(certificate_make(seed, &subject, &made, &error));
    g_autofree char *pem = g_strconcat(made.pem, made.key_pem, NULL);
    certificate_clear(&made);
    GTlsCertificate *certificate = g_tls_certificate_new_from_pem(pem, -1, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    return certificate;
}

static void test_certificate(void)
{
    uint8_t seed[CERTIFICATE_SEED_BYTES] = { 7 };
    struct certificate first, second, other;
    CU_ASSERT_TRUE_FATAL(certificate_make(seed, &subject, &first, NULL));
    CU_ASSERT_TRUE_FATAL(certificate_make(seed, &subject, &second, NULL));
    seed[31] = 1;
    CU_ASSERT_TRUE_FATAL(certificate_make(seed, &subject, &other, NULL));
    ASSERT_TEXT(first.pem, second.pem);
    ASSERT_TEXT(first.key_pem, second.key_pem);
    CU_ASSERT_STRING_NOT_EQUAL(first.pem, other.pem);
    CU_ASSERT_EQUAL(strlen(first.pem), strlen(other.pem));
    CU_ASSERT_PTR_NULL(strstr(first.pem, "PRIVATE"));
    certificate_clear(&first);
    certificate_clear(&second);
    certificate_clear(&other);
}

static void test_tls(void)
{
    g_autoptr(GTlsCertificate) certificate = make_certificate(1);
    g_autoptr(GTlsCertificate) other = make_certificate(2);
    struct signaling_server *server = start(certificate);
    CU_ASSERT_TRUE(g_str_has_prefix(signaling_server_url(server), "https://"));
    struct witness a, b, wary, trusting;
    enter(&a, server, "x", certificate);
    enter(&b, server, "x", certificate);
    CU_ASSERT_TRUE(await_joined(&a));
    CU_ASSERT_TRUE(await_joined(&b));
    g_autoptr(json_t) signal = json_pack("{s:{s:s}}", "candidate", "candidate", "");
    room_client_send(a.room, signal);
    int64_t limit_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < limit_ns && b.n_signals == 0)
        turn();
    CU_ASSERT_EQUAL(b.n_signals, 1);
    enter(&wary, server, "y", other);
    CU_ASSERT_FALSE(await_joined(&wary));
    CU_ASSERT_PTR_NOT_NULL_FATAL(wary.closed);
    CU_ASSERT_PTR_NOT_NULL(strstr(wary.closed, "certificate is not the expected one"));
    enter(&trusting, server, "y", NULL); /* one that this machine trusts: it does not */
    CU_ASSERT_FALSE(await_joined(&trusting));
    leave(&a);
    leave(&b);
    leave(&wary);
    leave(&trusting);
    signaling_server_free(server);
}

static void test_half_open_tls(void)
{
    static const char *const said[] = { "", "\x16\x03\x01", "GET / HTTP/1.1\r\n\r\n" };
    g_autoptr(GTlsCertificate) certificate = make_certificate(1);
    struct signaling_server *server = start(certificate);
    for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
        struct client c;
        client_open(&c, server);
        client_write(&c, said[i], strlen(said[i]));
        CU_ASSERT_TRUE(await(&c, NULL));
        client_close(&c);
    }
    signaling_server_free(server);
}

static void test_nobody_there(void)
{
    struct signaling_server *server = start(NULL);
    struct witness w;
    g_autofree char *url = signaling_server_room_url(server, "x");
    signaling_server_free(server);
    const struct room_client_options options = {
        .url = url, .connect_limit_ms = 5000, .events = &witness_events, .user = &w
    };
    w = (struct witness){ 0 };
    w.room = room_client_new(&options);
    CU_ASSERT_FALSE(await_joined(&w));
    CU_ASSERT_PTR_NOT_NULL_FATAL(w.closed);
    g_autofree char *start_of = g_strdup_printf("no connection to %s: ", url);
    CU_ASSERT_TRUE(g_str_has_prefix(w.closed, start_of));
    leave(&w);
}

static const struct test tests[] = {
    { "the page is served, and may load nothing from elsewhere", test_page },
    { "requests for anything else are refused", test_refused_requests },
    { "a page of the server's own may use it", test_own_origin },
    { "half a request is not waited for", test_half_open },
    { "a header without end is cut off", test_endless_header },
    { "a crowd that says nothing passes", test_crowd },
    { "two members are relayed", test_call },
    { "fragments make a message", test_fragments },
    { "a full room has a code of its own", test_full_room },
    { "a member that joins again takes its place", test_rejoin },
    { "a member that vanishes is noticed", test_vanished },
    { "faulty messages are told, and too many are the end", test_errors },
    { "faulty frames are closed with their codes", test_faulty_frames },
    { "a long message is closed with 1009", test_too_long },
    { "so is one in fragments", test_too_long_in_fragments },
    { "a flood of pings is cut off", test_flood_of_pings },
    { "one who does not read holds up nobody", test_slow_reader },
    { "a certificate comes from its seed", test_certificate },
    { "with TLS only the right certificate will do", test_tls },
    { "half a TLS handshake is not waited for", test_half_open_tls },
    { "a server that is not there is told in words", test_nobody_there },
};

int main(int argc, char **argv)
{
    return suite_run("signaling_server", tests, G_N_ELEMENTS(tests), argc, argv);
}
