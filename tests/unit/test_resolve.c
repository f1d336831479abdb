/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From URIs to addresses: the selection on a zone whose answers are made and read as
 * bytes, the readers of records on each prefix of them, and all of it over a DNS server
 * on loopback.
 */
#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns_zone.h"
#include "probes/core/error.h"
#include "probes/core/resolve.h"
#include "probes/core/resolve_lookup.h"
#include "probes/core/resolve_select.h"
#include "probes/core/wait.h"

static const char *const zone[] = {
    /* as RFC 5928 section 4.1 has it */
    "example.net NAPTR 200 10 - RELAY:turn.tcp:turn.tls stream.example.net",
    "example.net NAPTR 100 10 - RELAY:turn.udp datagram.example.net",
    "datagram.example.net NAPTR 100 10 S RELAY:turn.udp _turn._udp.example.net",
    "stream.example.net NAPTR 200 10 a RELAY:turn.tls a.example.net",
    "stream.example.net NAPTR 100 10 s RELAY:turn.tcp _turn._tcp.example.net",
    "_turn._udp.example.net SRV 0 0 3478 a.example.net",
    "_turn._tcp.example.net SRV 0 0 5000 a.example.net",
    "a.example.net A 192.0.2.1",
    "a.example.net AAAA 2001:db8::1",
    /* SRV alone */
    "_turn._udp.srv.test SRV 20 0 3000 b.test",
    "_turn._udp.srv.test SRV 10 0 4000 a.test",
    "_turn._tcp.srv.test SRV 10 0 4001 a.test",
    "_turns._tcp.srv.test SRV 10 0 4002 a.test",
    "_turns._udp.srv.test SRV 10 0 4003 a.test",
    "_stun._udp.srv.test SRV 10 0 4004 a.test",
    "_stuns._tcp.srv.test SRV 10 0 4005 a.test",
    "_stuns._udp.srv.test SRV 10 0 4006 a.test",
    "srv.test A 192.0.2.9",
    "a.test A 192.0.2.10",
    "b.test A 192.0.2.11",
    /* no more than addresses */
    "plain.test A 192.0.2.20",
    "plain.test A 192.0.2.21",
    "plain.test A 192.0.2.20",
    "plain.test AAAA 2001:db8::20",
    /* what is hostile, wrong or nowhere */
    "loop.test NAPTR 1 1 - RELAY:turn.udp loop.test",
    "loop.test NAPTR 1 2 - RELAY:turn.udp loop.test",
    "loop.test NAPTR 1 3 - RELAY:turn.udp loop.test",
    "loop.test A 192.0.2.30",
    "_turn._udp.none.test SRV 0 0 0 -",
    "none.test A 192.0.2.31",
    "_turn._udp.odd.test SRV 0 0 1 a\x1b[m.test",
    "_turn._udp.odd.test SRV 1 0 0 a.test",
    "_turn._udp.odd.test SRV 2 0 7 a.test",
    "other.test NAPTR 1 1 s SIP+D2U _sip._udp.other.test",
    "other.test NAPTR 1 1 s RELAY:turn.quic _turn._quic.other.test",
    "other.test NAPTR 1 1 u RELAY:turn.udp a.test",
    "other.test A 192.0.2.32",
    NULL,
};

/* ---- Lookups in the zone ---- */

static enum lookup_status look_up(void *context, const char *name, enum dns_type type,
                                  struct dns_records *ret)
{
    uint8_t answer[DNS_ANSWER_SIZE];
    ++*(unsigned *)context;
    size_t size = zone_answer(zone, 7, name, type, answer);
    if (g_str_has_suffix(name, ".fail"))
        return LOOKUP_FAILED;
    g_autofree uint8_t *exact = g_memdup2(answer, size);
    CU_ASSERT_TRUE(dns_records_parse(exact, size, type, ret));
    return ret->count > 0 ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

static enum lookup_status look_up_addresses(void *context, const char *name,
                                            enum address_family family,
                                            struct dns_records *ret)
{
    if (family == ADDRESS_IPV6)
        return look_up(context, name, DNS_AAAA, ret);
    struct dns_records sixes;
    enum lookup_status status = look_up(context, name, DNS_A, ret);
    if (family == ADDRESS_NONE &&
        look_up(context, name, DNS_AAAA, &sixes) == LOOKUP_FOUND)
        for (size_t i = 0; i < sixes.count; i++)
            ret->address[ret->count++] = sixes.address[i];
    return status;
}

/* "udp 192.0.2.1:3478 (HOW), …" */
static char *format(const struct resolved *found)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < found->count; i++) {
        char text[ENDPOINT_TEXT_SIZE];
        g_string_append_printf(out, "%s%s %s (%s)", i ? ", " : "",
                               transport_name(found->addresses[i].transport),
                               endpoint_format(&found->addresses[i].endpoint, text),
                               found->addresses[i].how);
    }
    return g_string_free(out, FALSE);
}

static struct ice_url url_of(const char *text)
{
    struct ice_url url = { 0 };
    CU_ASSERT_TRUE_FATAL(ice_url_parse(text, strlen(text), &url));
    return url;
}

static char *resolve_in_zone(const char *uri, const struct resolve_options *options,
                             unsigned *ret_lookups)
{
    struct ice_url url = url_of(uri);
    bool has_failed = false;
    unsigned n = 0;
    struct lookups lookups = { look_up, look_up_addresses, &n };
    g_auto(auto_resolved) found = { .count = 0 };
    resolve_select(&url, options, &lookups, &found, &has_failed);
    CU_ASSERT_EQUAL(has_failed, strstr(uri, ".fail") != NULL);
    *ret_lookups = n;
    return format(&found);
}

static void test_selection(void)
{
    static const struct {
        const char *uri, *found;
    } rows[] = {
        { "stun:192.0.2.7", "udp 192.0.2.7:3478 (the address in the URI)" },
        { "stuns:192.0.2.7", "tls 192.0.2.7:5349 (the address in the URI)" },
        { "turn:[2001:db8::7]:99?transport=tcp",
          "tcp [2001:db8::7]:99 (the address in the URI)" },
        { "turns:192.0.2.7?transport=udp",
          "dtls 192.0.2.7:5349 (the address in the URI)" },
        { "turn:example.net",
          "udp 192.0.2.1:3478 (NAPTR example.net, order 100: NAPTR datagram.example.net, "
          "order 100: SRV _turn._udp.example.net, priority 0: A of a.example.net), "
          "tcp 192.0.2.1:5000 (NAPTR example.net, order 200: NAPTR stream.example.net, "
          "order 100: SRV _turn._tcp.example.net, priority 0: A of a.example.net), "
          "tls 192.0.2.1:5349 (NAPTR example.net, order 200: NAPTR stream.example.net, "
          "order 200: A of a.example.net)" },
        { "turns:example.net",
          "tls 192.0.2.1:5349 (NAPTR example.net, order 200: NAPTR stream.example.net, "
          "order 200: A of a.example.net)" },
        { "turn:srv.test",
          "udp 192.0.2.10:4000 (SRV _turn._udp.srv.test, priority 10: A of a.test), "
          "udp 192.0.2.11:3000 (SRV _turn._udp.srv.test, priority 20: A of b.test), "
          "tcp 192.0.2.10:4001 (SRV _turn._tcp.srv.test, priority 10: A of a.test)" },
        { "turn:srv.test?transport=tcp",
          "tcp 192.0.2.10:4001 (SRV _turn._tcp.srv.test, priority 10: A of a.test)" },
        { "turns:srv.test?transport=tcp",
          "tls 192.0.2.10:4002 (SRV _turns._tcp.srv.test, priority 10: A of a.test)" },
        { "turns:srv.test?transport=udp",
          "dtls 192.0.2.10:4003 (SRV _turns._udp.srv.test, priority 10: A of a.test)" },
        { "stun:srv.test",
          "udp 192.0.2.10:4004 (SRV _stun._udp.srv.test, priority 10: A of a.test)" },
        { "stuns:srv.test",
          "tls 192.0.2.10:4005 (SRV _stuns._tcp.srv.test, priority 10: A of a.test)" },
        /* A port settles it: the host is asked for, and nothing else. */
        { "turn:srv.test:3479", "udp 192.0.2.9:3479 (A of srv.test)" },
        { "turns:srv.test:443?transport=tcp", "tls 192.0.2.9:443 (A of srv.test)" },
        { "turn:plain.test", "udp 192.0.2.20:3478 (A of plain.test), "
                             "udp 192.0.2.21:3478 (A of plain.test)" },
        { "turns:plain.test", "tls 192.0.2.20:5349 (A of plain.test), "
                              "tls 192.0.2.21:5349 (A of plain.test)" },
        { "turn:plain.test?transport=tcp", "tcp 192.0.2.20:3478 (A of plain.test), "
                                           "tcp 192.0.2.21:3478 (A of plain.test)" },
        /* NAPTRs that lead nowhere leave the rest to be tried. */
        { "turn:loop.test", "udp 192.0.2.30:3478 (A of loop.test)" },
        { "turn:other.test", "udp 192.0.2.32:3478 (A of other.test)" },
        /* A service that is decidedly not there has no address elsewhere (RFC 2782). */
        { "turn:none.test", "" },
        { "turn:odd.test",
          "udp 192.0.2.10:7 (SRV _turn._udp.odd.test, priority 2: A of a.test)" },
        { "turn:nowhere.test", "" },
        { "turn:some.fail", "" },
    };
    const struct resolve_options options = { .family = ADDRESS_IPV4 };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct resolve_options both = { .family = ADDRESS_NONE };
        bool is_v6 = strchr(rows[i].uri, '[') != NULL;
        unsigned n;
        g_autofree char *found =
            resolve_in_zone(rows[i].uri, is_v6 ? &both : &options, &n);
        ASSERT_TEXT(found, rows[i].found);
        CU_ASSERT_TRUE(n <= RESOLVE_MAX_LOOKUPS);
    }
}

static void test_families(void)
{
    static const struct {
        const char *uri;
        enum address_family family;
        const char *found;
    } rows[] = {
        { "stun:plain.test:1", ADDRESS_NONE,
          "udp 192.0.2.20:1 (A of plain.test), udp 192.0.2.21:1 (A of plain.test), "
          "udp [2001:db8::20]:1 (AAAA of plain.test)" },
        { "stun:plain.test:1", ADDRESS_IPV6,
          "udp [2001:db8::20]:1 (AAAA of plain.test)" },
        { "stun:192.0.2.1", ADDRESS_IPV6, "" },
        { "stun:[::1]", ADDRESS_IPV4, "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct resolve_options options = { .family = rows[i].family };
        unsigned n;
        g_autofree char *found = resolve_in_zone(rows[i].uri, &options, &n);
        ASSERT_TEXT(found, rows[i].found);
    }
}

static void test_transport_that_is_wanted(void)
{
    static const struct {
        const char *uri;
        enum probe_transport transport;
        const char *found;
    } rows[] = {
        { "turn:example.net", PROBE_TCP,
          "tcp 192.0.2.1:5000 (SRV _turn._tcp.example.net, priority 0: A of "
          "a.example.net)" },
        { "turn:192.0.2.1", PROBE_TLS, "tls 192.0.2.1:5349 (the address in the URI)" },
        { "turn:192.0.2.1:7", PROBE_DTLS, "dtls 192.0.2.1:7 (the address in the URI)" },
        { "turns:192.0.2.1", PROBE_UDP, "dtls 192.0.2.1:5349 (the address in the URI)" },
        { "turns:192.0.2.1", PROBE_TCP, "tls 192.0.2.1:5349 (the address in the URI)" },
        { "stun:srv.test", PROBE_DTLS,
          "dtls 192.0.2.10:4006 (SRV _stuns._udp.srv.test, priority 10: A of a.test)" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct resolve_options options = { .family = ADDRESS_IPV4,
                                                 .has_transport = true,
                                                 .transport = rows[i].transport };
        unsigned n;
        g_autofree char *found = resolve_in_zone(rows[i].uri, &options, &n);
        ASSERT_TEXT(found, rows[i].found);
    }
}

/* Whatever an attacker answers: many records, each of which leads to many more. */
static enum lookup_status flood(void *context, const char *name, enum dns_type type,
                                struct dns_records *ret)
{
    ++*(unsigned *)context;
    ret->type = type;
    ret->count = DNS_MAX_RECORDS;
    for (size_t i = 0; i < DNS_MAX_RECORDS; i++) {
        if (type == DNS_SRV) {
            ret->srv[i] = (struct dns_srv){ .port = (uint16_t)(i + 1) };
            g_strlcpy(ret->srv[i].target, name, DNS_NAME_SIZE);
        } else if (type == DNS_NAPTR) {
            ret->naptr[i] = (struct dns_naptr){ .services = "RELAY:turn.udp:turn.tcp:"
                                                            "turn.tls:turn.dtls",
                                                .flag = i % 2 ? 's' : '\0' };
            g_strlcpy(ret->naptr[i].replacement, name, DNS_NAME_SIZE);
        }
    }
    return LOOKUP_FOUND;
}

static enum lookup_status flood_addresses(void *context, const char *name,
                                          enum address_family family,
                                          struct dns_records *ret)
{
    unsigned n = ++*(unsigned *)context;
    (void)name;
    (void)family;
    ret->count = n % 2 ? DNS_MAX_RECORDS : 0;
    for (size_t i = 0; i < ret->count; i++)
        ret->address[i] = address_from_bytes(
            ADDRESS_IPV4, (const uint8_t[]){ 10, 0, (uint8_t)n, (uint8_t)i });
    return ret->count ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

static void test_floods_are_bounded(void)
{
    struct ice_url url = url_of("turn:flood.test");
    const struct resolve_options options = { .family = ADDRESS_NONE };
    unsigned n = 0;
    bool has_failed;
    struct lookups lookups = { flood, flood_addresses, &n };
    g_auto(auto_resolved) found = { .count = 0 };
    resolve_select(&url, &options, &lookups, &found, &has_failed);
    CU_ASSERT_EQUAL(found.count, RESOLVE_MAX_ADDRESSES);
    CU_ASSERT_TRUE(n <= RESOLVE_MAX_LOOKUPS);
}

/* ---- SRV's order ---- */

static void test_priorities_and_weights(void)
{
    unsigned first[4] = { 0 };
    struct rng rng = rng_seed(5);
    for (unsigned round = 0; round < 4000; round++) {
        struct dns_srv records[] = {
            { .priority = 2, .weight = 9, .port = 3 },
            { .priority = 1, .weight = 1, .port = 0 },
            { .priority = 1, .weight = 0, .port = 2 },
            { .priority = 1, .weight = 3, .port = 1 },
        };
        resolve_order_srv(records, G_N_ELEMENTS(records), &rng);
        CU_ASSERT_EQUAL(records[3].port, 3); /* the lower priority comes last */
        CU_ASSERT_EQUAL(
            1u << records[0].port | 1u << records[1].port | 1u << records[2].port, 7);
        first[records[0].port]++;
    }
    /* Drawn from 0 to 4: the 0 is the record without weight's. */
    CU_ASSERT_TRUE(first[2] > 700 && first[2] < 900);
    CU_ASSERT_TRUE(first[0] > 700 && first[0] < 900);
    CU_ASSERT_TRUE(first[1] > 2250 && first[1] < 2550);
}

/* ---- Answers as bytes ---- */

static void test_every_prefix_of_an_answer(void)
{
    static const struct {
        const char *name;
        enum dns_type type;
        size_t count;
    } rows[] = {
        { "example.net", DNS_NAPTR, 2 },       { "_turn._udp.srv.test", DNS_SRV, 2 },
        { "_turn._udp.odd.test", DNS_SRV, 2 }, /* one name could be no host's */
        { "a.example.net", DNS_A, 1 },         { "a.example.net", DNS_AAAA, 1 },
        { "nowhere.test", DNS_A, 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t answer[DNS_ANSWER_SIZE];
        size_t size = zone_answer(zone, 1, rows[i].name, rows[i].type, answer);
        struct dns_records records;
        CU_ASSERT_TRUE(dns_records_parse(answer, size, rows[i].type, &records));
        CU_ASSERT_EQUAL(records.count, rows[i].count);
        for (size_t n = 0; n < size; n++) {
            g_autofree uint8_t *exact = g_memdup2(answer, n);
            CU_ASSERT_FALSE(dns_records_parse(exact, n, rows[i].type, &records));
        }
    }
}

static void test_names_that_are_plain(void)
{
    g_autofree char *longest = g_strnfill(253, 'a');
    g_autofree char *too_long = g_strnfill(254, 'a');
    CU_ASSERT_TRUE(dns_is_plain_name("_turn._udp.Example-1.org"));
    CU_ASSERT_TRUE(dns_is_plain_name(longest));
    CU_ASSERT_FALSE(dns_is_plain_name(too_long));
    CU_ASSERT_FALSE(dns_is_plain_name(""));
    CU_ASSERT_FALSE(dns_is_plain_name("a b"));
    CU_ASSERT_FALSE(dns_is_plain_name("a\\032b"));
    CU_ASSERT_FALSE(dns_is_plain_name("\xc3\xa9.org"));
}

/* ---- A server on loopback ---- */

struct server {
    int fd;
    struct endpoint at;
    bool is_silent;
    GThread *thread;
};

static void read_question(const uint8_t *query, size_t size, char name[256],
                          uint16_t *ret_type)
{
    struct cursor at = cursor_over(query + 12, size - 12);
    GString *text = g_string_new(NULL);
    for (uint8_t length; (length = cursor_u8(&at)) > 0;) {
        const uint8_t *label = cursor_take(&at, length);
        if (!label)
            break;
        g_string_append_printf(text, "%s%.*s", text->len ? "." : "", length,
                               (const char *)label);
    }
    g_strlcpy(name, text->str, 256);
    g_string_free(text, TRUE);
    *ret_type = cursor_u16(&at);
}

static void *serve(void *data)
{
    struct server *server = data;
    for (;;) {
        uint8_t query[512], answer[DNS_ANSWER_SIZE];
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        ssize_t n = recvfrom(server->fd, query, sizeof query, 0, (struct sockaddr *)&from,
                             &from_size);
        if (n < 12)
            return NULL; /* an empty datagram ends it */
        if (server->is_silent)
            continue;
        char name[256];
        uint16_t type;
        read_question(query, (size_t)n, name, &type);
        size_t size =
            zone_answer(zone, load_be16(query), name, (enum dns_type)type, answer);
        sendto(server->fd, answer, size, 0, (struct sockaddr *)&from, from_size);
    }
}

static void server_start(struct server *server, bool is_silent)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    server->is_silent = is_silent;
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_TRUE_FATAL(server->fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(server->fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(server->fd, (struct sockaddr *)&at, &size), 0);
    CU_ASSERT_TRUE(address_parse("127.0.0.1", &server->at.address));
    server->at.port = ntohs(at.sin_port);
    server->thread = g_thread_new("dns", serve, server);
}

static void server_stop(struct server *server)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(server->at.port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    sendto(server->fd, "", 0, 0, (struct sockaddr *)&at, sizeof at);
    g_thread_join(server->thread);
    close(server->fd);
}

static void test_over_a_server(void)
{
    static const struct {
        const char *uri, *said;
    } rows[] = {
        { "turns:example.net",
          "tls 192.0.2.1:5349 (NAPTR example.net, order 200: NAPTR stream.example.net, "
          "order 200: A of a.example.net)" },
        { "turn:srv.test?transport=tcp",
          "tcp 192.0.2.10:4001 (SRV _turn._tcp.srv.test, priority 10: A of a.test)" },
        { "turn:192.0.2.4:1", "udp 192.0.2.4:1 (the address in the URI)" },
        { "turn:nowhere.test", "nowhere.test has no IPv4 address" },
        { "turn:none.test", "none.test has no IPv4 address" },
        { "turn:some.fail", "DNS gives no answer about some.fail" },
        { "turn:[::1]", "::1 is no IPv4 address" },
    };
    struct server server;
    server_start(&server, false);
    const struct resolve_options options = { .family = ADDRESS_IPV4,
                                             .nameserver = server.at };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ice_url url = url_of(rows[i].uri);
        g_auto(auto_resolved) found = { .count = 0 };
        g_autoptr(GError) error = NULL;
        gboolean ok =
            resolve_url(&url, &options, clock_now_ns() + 30 * NS_PER_S, &found, &error);
        g_autofree char *said = ok ? format(&found) : g_strdup(error->message);
        ASSERT_TEXT(said, rows[i].said);
        CU_ASSERT_TRUE(ok || g_error_matches(error, PROBE_ERROR, PROBE_ERROR_RESOLVE));
    }
    server_stop(&server);
}

/* The lookup goes on for seconds in a thread that nobody waits for. */
static void test_silence_ends_at_the_deadline(void)
{
    struct server server;
    server_start(&server, true);
    const struct resolve_options options = { .nameserver = server.at };
    struct ice_url url = url_of("turn:silent.test");
    g_auto(auto_resolved) found = { .count = 0 };
    g_autoptr(GError) error = NULL;
    int64_t before_ns = clock_now_ns();
    CU_ASSERT_FALSE(
        resolve_url(&url, &options, before_ns + 50 * NS_PER_MS, &found, &error));
    CU_ASSERT_TRUE(clock_now_ns() - before_ns < NS_PER_S);
    ASSERT_TEXT(error ? error->message : NULL,
                "DNS gives no answer about silent.test in time");

    g_clear_error(&error);
    wait_interrupt();
    CU_ASSERT_FALSE(resolve_url(&url, &options, CLOCK_NEVER, &found, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED));
    wait_reset();
    server_stop(&server);
}

/* On a port that nobody listens on: no wait, and the name is still looked for elsewhere.
 */
static void test_a_dead_server_costs_no_wait(void)
{
    struct server server;
    server_start(&server, false);
    server_stop(&server);
    struct resolver *resolver = resolver_new(&server.at);
    CU_ASSERT_PTR_NOT_NULL_FATAL(resolver);
    struct lookups lookups = resolver_lookups(resolver);
    struct dns_records records;
    int64_t before_ns = clock_now_ns();
    CU_ASSERT_EQUAL(lookups.records(lookups.context, "a.test", DNS_NAPTR, &records),
                    LOOKUP_FAILED);
    CU_ASSERT_EQUAL(lookups.records(lookups.context, "a.test", DNS_SRV, &records),
                    LOOKUP_FAILED);
    CU_ASSERT_TRUE(clock_now_ns() - before_ns < NS_PER_S);
    resolver_free(resolver);

    const struct endpoint system = { .port = 0 };
    resolver = resolver_new(&system);
    CU_ASSERT_PTR_NOT_NULL_FATAL(resolver);
    lookups = resolver_lookups(resolver);
    CU_ASSERT_EQUAL(
        lookups.addresses(lookups.context, "localhost", ADDRESS_IPV4, &records),
        LOOKUP_FOUND);
    CU_ASSERT_TRUE(records.count > 0 && records.address[0].bytes[0] == 127);
    resolver_give_up(resolver);
    CU_ASSERT_EQUAL(
        lookups.addresses(lookups.context, "localhost", ADDRESS_IPV4, &records),
        LOOKUP_FAILED);
    resolver_free(resolver);
}

static const struct test tests[] = {
    { "each kind of URI leads to the addresses that DNS names", test_selection },
    { "only addresses of the wanted family count", test_families },
    { "a wanted transport stands in for the URI's", test_transport_that_is_wanted },
    { "floods of records are bounded", test_floods_are_bounded },
    { "priorities come first, then weights", test_priorities_and_weights },
    { "every prefix of an answer is refused", test_every_prefix_of_an_answer },
    { "names that could be no host's are told apart", test_names_that_are_plain },
    { "answers of a server are used, and failures told", test_over_a_server },
    { "a server that is not there costs no wait", test_a_dead_server_costs_no_wait },
    { "silence ends at the deadline, and on an interrupt",
      test_silence_ends_at_the_deadline },
};

int main(int argc, char **argv)
{
    return suite_run("resolve", tests, G_N_ELEMENTS(tests), argc, argv);
}
