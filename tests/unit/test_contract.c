/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer contract: reading lines and messages from a hostile side, and the SDP of a
 * bare ICE agent. The inputs lie in exact heap copies, so that ASan sees an overread.
 */
#include "suite.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "peer/contract_peer.h"
#include "peer/line_reader.h"
#include "peer/sdp.h"

/* Feeds everything, and tells what came out as "[line]", "<long>" and "<nul>". */
static void drain(struct line_reader *reader, GString *out)
{
    const char *line;
    size_t size;
    for (;;) {
        switch (line_reader_next(reader, &line, &size)) {
        case LINE_NONE:
            return;
        case LINE_OK:
            CU_ASSERT_EQUAL(strlen(line), size);
            g_string_append_printf(out, "[%s]", line);
            break;
        case LINE_OVER_LONG:
            g_string_append(out, "<long>");
            break;
        case LINE_NUL:
            g_string_append(out, "<nul>");
            break;
        }
    }
}

static void test_every_split(void)
{
    static const char input[] =
        "one\r\n\n12345678\n123456789\ntwo\na\0b\n0123456789abcdef"
        "\nend\nrest";
    const size_t size = sizeof input - 1;
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second++) {
            struct line_reader reader;
            line_reader_init(&reader, 8);
            g_autoptr(GString) out = g_string_new(NULL);
            const size_t cuts[] = { 0, first, second, size };
            for (size_t i = 0; i < 3; i++) {
                size_t part = cuts[i + 1] - cuts[i];
                CU_ASSERT_EQUAL(line_reader_feed(&reader, input + cuts[i], part), part);
                drain(&reader, out);
            }
            ASSERT_TEXT(out->str, "[one][][12345678]<long>[two]<nul><long>[end]");
            CU_ASSERT_TRUE(line_reader_has_rest(&reader));
            line_reader_clear(&reader);
        }
    }
}

static void test_memory_is_bounded(void)
{
    struct line_reader reader;
    line_reader_init(&reader, 100);
    char chunk[1000];
    memset(chunk, 'x', sizeof chunk);
    g_autoptr(GString) out = g_string_new(NULL);
    for (int i = 0; i < 10000; i++) {
        CU_ASSERT_EQUAL(line_reader_feed(&reader, chunk, sizeof chunk), sizeof chunk);
        drain(&reader, out);
    }
    CU_ASSERT_TRUE(reader.allocated < 64 * 1024);
    CU_ASSERT_EQUAL(line_reader_feed(&reader, "\nok\n", 4), 4);
    drain(&reader, out);
    ASSERT_TEXT(out->str, "<long>[ok]");
    line_reader_clear(&reader);

    /* Who takes no lines out is told so, and nothing is lost. */
    size_t taken = 0;
    while (line_reader_feed(&reader, "y\n", 2) == 2)
        taken++;
    CU_ASSERT_TRUE(taken > 0 && reader.allocated < 64 * 1024);
    size_t size, given = 0;
    const char *line;
    while (line_reader_next(&reader, &line, &size) == LINE_OK)
        given++;
    CU_ASSERT_TRUE(given == taken);
    line_reader_clear(&reader);
}

static void test_reading_a_socket(void)
{
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct line_reader reader;
    line_reader_init(&reader, 100);
    CU_ASSERT_EQUAL(line_reader_read(&reader, fds[0]), LINE_READ_AGAIN);
    CU_ASSERT_EQUAL(write(fds[1], "a\nb", 3), 3);
    CU_ASSERT_EQUAL(line_reader_read(&reader, fds[0]), LINE_READ_DATA);
    g_autoptr(GString) out = g_string_new(NULL);
    drain(&reader, out);
    ASSERT_TEXT(out->str, "[a]");
    close(fds[1]);
    CU_ASSERT_EQUAL(line_reader_read(&reader, fds[0]), LINE_READ_END);
    CU_ASSERT_TRUE(line_reader_has_rest(&reader));
    close(fds[0]);
    CU_ASSERT_EQUAL(line_reader_read(&reader, fds[0]), LINE_READ_ERROR);
    line_reader_clear(&reader);
}

/* The result of contract_parse() in one text: the type's name, or the error. */
static char *parsed(const char *line, size_t size, enum contract_end from)
{
    g_autofree char *copy = size ? g_memdup2(line, size) : NULL;
    g_autoptr(GError) error = NULL;
    g_auto(contract_message) m = { .json = NULL };
    if (!contract_parse(copy, size, from, &m, &error)) {
        CU_ASSERT_PTR_NULL(m.json);
        return g_strdup(error->message);
    }
    return g_strdup(contract_type_name(m.type));
}

static const char configure_line[] =
    "{\"type\":\"configure\",\"role\":\"answerer\",\"iceServers\":[{\"urls\":\"stun:"
    "stun.example.net\"},{\"urls\":[\"turn:[2001:db8::1]:443?transport=tcp\",\"turns:t\"]"
    ","
    "\"username\":\"u\",\"credential\":\"p\"}],\"iceTransportPolicy\":\"relay\","
    "\"protocols\":[\"udp\",\"tcp\"],\"negotiate\":[\"data\",\"video\"],\"later\":1}";

static void test_configure(void)
{
    g_auto(contract_message) m = { .json = NULL };
    CU_ASSERT_TRUE_FATAL(contract_parse(configure_line, strlen(configure_line),
                                        CONTRACT_HARNESS, &m, NULL));
    const struct contract_configuration *c = &m.configuration;
    CU_ASSERT_EQUAL(m.type, CONTRACT_CONFIGURE);
    CU_ASSERT_TRUE(!c->offerer && c->relay_only && c->udp && c->tcp);
    CU_ASSERT_EQUAL(c->negotiate, CONTRACT_CAN_DATA | CONTRACT_CAN_VIDEO);
    CU_ASSERT_EQUAL_FATAL(c->n_servers, 3);
    CU_ASSERT_TRUE(!c->servers[0].url.turn && ice_url_port(&c->servers[0].url) == 3478);
    CU_ASSERT_PTR_NULL(c->servers[0].username);
    ASSERT_TEXT(c->servers[1].url.host, "2001:db8::1");
    CU_ASSERT_TRUE(c->servers[1].url.turn && ice_url_is_tcp(&c->servers[1].url));
    CU_ASSERT_EQUAL(c->servers[1].url.port, 443);
    ASSERT_TEXT(c->servers[1].credential, "p");
    CU_ASSERT_TRUE(c->servers[2].url.tls && ice_url_port(&c->servers[2].url) == 5349);
}

static bool parse_configure(const char *keys, struct contract_message *ret)
{
    g_autofree char *line =
        g_strdup_printf("{\"type\":\"configure\",\"role\":\"offerer\"%s}", keys);
    return contract_parse(line, strlen(line), CONTRACT_HARNESS, ret, NULL);
}

static void test_session(void)
{
    g_auto(contract_message) plain = { .json = NULL };
    CU_ASSERT_TRUE_FATAL(parse_configure("", &plain));
    const struct contract_configuration *c = &plain.configuration;
    CU_ASSERT_EQUAL(c->bundle_policy, CONTRACT_MAX_BUNDLE);
    CU_ASSERT_EQUAL(c->direction, CONTRACT_SENDRECV);
    CU_ASSERT_EQUAL(c->echo, 0);
    CU_ASSERT_TRUE(c->channel.ordered && c->channel.max_retransmits == -1 &&
                   c->channel.max_packet_lifetime_ms == -1);

    g_auto(contract_message) rich = { .json = NULL };
    CU_ASSERT_TRUE_FATAL(
        parse_configure(",\"bundlePolicy\":\"max-compat\",\"direction\":\"recvonly\","
                        "\"echo\":[\"audio\"],"
                        "\"dataChannel\":{\"ordered\":false,\"maxRetransmits\":0,"
                        "\"maxPacketLifeTime\":65535}",
                        &rich));
    c = &rich.configuration;
    CU_ASSERT_EQUAL(c->bundle_policy, CONTRACT_MAX_COMPAT);
    CU_ASSERT_EQUAL(c->direction, CONTRACT_RECVONLY);
    CU_ASSERT_EQUAL(c->echo, CONTRACT_CAN_AUDIO);
    CU_ASSERT_TRUE(!c->channel.ordered && c->channel.max_retransmits == 0 &&
                   c->channel.max_packet_lifetime_ms == 65535);
}

static void test_bytes(void)
{
    static const uint8_t bytes[] = { 0x00, 0xfF, 0x1a };
    g_auto(contract_message) m = { .json = NULL };
    g_autofree char *line = contract_line(contract_make_send_binary("00fF1a"));
    CU_ASSERT_TRUE_FATAL(
        contract_parse(line, strlen(line) - 1, CONTRACT_HARNESS, &m, NULL));
    CU_ASSERT_PTR_NULL(m.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m.bytes);
    gsize size;
    const void *data = g_bytes_get_data(m.bytes, &size);
    CU_ASSERT_EQUAL_FATAL(size, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(data, bytes, size), 0);
    g_auto(contract_message) none = { .json = NULL };
    static const char empty[] = "{\"type\":\"send\",\"data_hex\":\"\"}";
    CU_ASSERT_TRUE_FATAL(
        contract_parse(empty, strlen(empty), CONTRACT_HARNESS, &none, NULL));
    CU_ASSERT_EQUAL(g_bytes_get_size(none.bytes), 0);
}

static void test_every_prefix(void)
{
    for (size_t n = 0; n < strlen(configure_line); n++) {
        g_autofree char *copy = n ? g_memdup2(configure_line, n) : NULL;
        struct contract_message m = { .json = NULL };
        CU_ASSERT_FALSE(contract_parse(copy, n, CONTRACT_HARNESS, &m, NULL));
        CU_ASSERT_PTR_NULL(m.json);
    }
}

static void test_refusals(void)
{
    static const struct {
        enum contract_end from;
        const char *line, *why;
    } rows[] = {
        { CONTRACT_HARNESS, "", "no JSON" },
        { CONTRACT_HARNESS, "[]", "a message must be a JSON object" },
        { CONTRACT_HARNESS, "{\"type\":\"close\"} {}", "no JSON" },
        { CONTRACT_HARNESS, "{\"type\":\"close\",\"type\":\"close\"}", "no JSON" },
        { CONTRACT_HARNESS, "{\"type\":\"send\",\"data\":\"\xff\"}", "no JSON" },
        { CONTRACT_HARNESS, "{\"type\":\"send\",\"data\":\"\\u0000\"}", "no JSON" },
        { CONTRACT_HARNESS, "{\"type\":\"send\"}",
          "send: /data: must be a text, is nothing" },
        { CONTRACT_HARNESS, "{}", "/type: must be a type of the contract, is nothing" },
        { CONTRACT_HARNESS, "{\"type\":7}",
          "/type: must be a type of the contract, is 7" },
        { CONTRACT_HARNESS, "{\"type\":\"done\"}", "done: only the peer sends it" },
        { CONTRACT_PEER, "{\"type\":\"close\"}", "close: only the harness sends it" },
        { CONTRACT_HARNESS, "{\"type\":\"configure\",\"role\":\"boss\"}",
          "configure: /role: must be \"offerer\" or \"answerer\", is \"boss\"" },
        { CONTRACT_HARNESS,
          "{\"type\":\"configure\",\"role\":\"offerer\",\"iceServers\":[{\"urls\":\"stun:"
          "\"}]}",
          "configure: /iceServers/urls: must be a STUN or TURN URI" },
        { CONTRACT_HARNESS,
          "{\"type\":\"configure\",\"role\":\"offerer\",\"iceServers\":[{\"urls\":\"turn:"
          "a\"}]}",
          "configure: /username: must be a text" },
        { CONTRACT_HARNESS,
          "{\"type\":\"configure\",\"role\":\"offerer\",\"protocols\":[]}",
          "configure: /protocols: must be" },
        { CONTRACT_HARNESS,
          "{\"type\":\"configure\",\"role\":\"offerer\",\"negotiate\":[\"relay\"]}",
          "configure: /negotiate: must be" },
#define CONFIGURE(keys) "{\"type\":\"configure\",\"role\":\"offerer\"," keys "}"
        { CONTRACT_HARNESS, CONFIGURE("\"direction\":\"inactive\""),
          "configure: /direction: must be one of sendrecv, sendonly, recvonly, is "
          "\"inactive\"" },
        { CONTRACT_HARNESS, CONFIGURE("\"bundlePolicy\":7"),
          "configure: /bundlePolicy: must be one of max-bundle, balanced, max-compat" },
        { CONTRACT_HARNESS, CONFIGURE("\"echo\":[\"trickle\"]"),
          "configure: /echo: must be" },
        { CONTRACT_HARNESS, CONFIGURE("\"dataChannel\":[]"),
          "configure: /dataChannel: must be an object" },
        { CONTRACT_HARNESS, CONFIGURE("\"dataChannel\":{\"ordered\":0}"),
          "configure: /dataChannel/ordered: must be true or false" },
        { CONTRACT_HARNESS, CONFIGURE("\"dataChannel\":{\"maxRetransmits\":65536}"),
          "configure: /maxRetransmits: must be a whole number" },
#undef CONFIGURE
        { CONTRACT_HARNESS, "{\"type\":\"send\",\"data_hex\":\"abc\"}",
          "send: /data_hex: must be bytes, two digits each, is \"abc\"" },
        { CONTRACT_HARNESS, "{\"type\":\"send\",\"data_hex\":\"0x\"}",
          "send: /data_hex: must be" },
        { CONTRACT_HARNESS, "{\"type\":\"send\",\"data_hex\":7}",
          "send: /data_hex: must be" },
        { CONTRACT_HARNESS, "{\"type\":\"signal\"}", "signal: must have" },
        { CONTRACT_HARNESS, "{\"type\":\"signal\",\"candidate\":{},\"description\":{}}",
          "signal: must have" },
        { CONTRACT_PEER,
          "{\"type\":\"signal\",\"candidate\":{\"candidate\":\"\",\"sdpMLineIndex\":-1}}",
          "signal: /candidate/sdpMLineIndex: must be" },
        { CONTRACT_PEER, "{\"type\":\"event\",\"kind\":\"packet.dropped\"}",
          "event: /kind: must be a kind that a peer can report" },
        { CONTRACT_PEER, "{\"type\":\"event\",\"kind\":\"peer.exited\"}",
          "event: /kind: must be a kind that a peer can report" },
        { CONTRACT_PEER, "{\"type\":\"event\",\"kind\":\"peer.message\",\"t_ns\":-1}",
          "event: /t_ns: must be" },
        { CONTRACT_PEER, "{\"type\":\"event\",\"kind\":\"peer.message\",\"data\":[]}",
          "event: /data: must be an object" },
        { CONTRACT_PEER, "{\"type\":\"hello\",\"contract\":2}",
          "hello: /contract: must" },
        { CONTRACT_PEER,
          "{\"type\":\"hello\",\"contract\":1,\"stack\":\"s\",\"version\":\"1\","
          "\"capabilities\":[],\"loopback\":0}",
          "hello: /loopback: must be true or false, is 0" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *why = parsed(rows[i].line, strlen(rows[i].line), rows[i].from);
        if (!g_str_has_prefix(why, rows[i].why))
            ASSERT_TEXT(why, rows[i].why);
    }
    g_autofree char *nul = parsed("{\"type\":\"close\"\0}", 17, CONTRACT_HARNESS);
    ASSERT_TEXT(nul, "a NUL in a message, at byte 15");
}

static void test_limits(void)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autofree char *why_deep = parsed(deep, strlen(deep), CONTRACT_PEER);
    ASSERT_TEXT(why_deep, "a message nested deeper than 16");

    g_autofree char *wide = g_strnfill(100000, ',');
    g_autofree char *why_wide = parsed(wide, strlen(wide), CONTRACT_PEER);
    ASSERT_TEXT(why_wide, "a message of more than 16384 values");

    g_autofree char *big = g_strnfill(CONTRACT_LINE_MAX_BYTES + 1, ' ');
    g_autofree char *why_big = parsed(big, strlen(big), CONTRACT_PEER);
    ASSERT_TEXT(why_big, "a message of more than 1048576 bytes");

    /* Brackets in a text are text, and a long text is allowed. */
    g_autofree char *text = g_strnfill(500000, '[');
    g_autofree char *line =
        g_strdup_printf("{\"type\":\"send\",\"data\":\"%s\\\"\"}", text);
    g_autofree char *type = parsed(line, strlen(line), CONTRACT_HARNESS);
    ASSERT_TEXT(type, "send");
    CU_ASSERT_PTR_NULL(contract_line(contract_make_send(big)));
}

/* As many servers as there is room for, and one more. */
static void test_servers_are_limited(void)
{
    for (int n = CONTRACT_SERVERS_MAX; n <= CONTRACT_SERVERS_MAX + 1; n++) {
        GString *line = g_string_new("{\"type\":\"configure\",\"role\":\"offerer\","
                                     "\"iceServers\":[{\"urls\":[\"stun:a\"");
        for (int i = 1; i < n; i++)
            g_string_append(line, ",\"stun:a\"");
        g_string_append(line, "]}]}");
        g_autofree char *what = parsed(line->str, line->len, CONTRACT_HARNESS);
        ASSERT_TEXT(what, n == CONTRACT_SERVERS_MAX
                              ? "configure"
                              : "configure: /iceServers: more than 32 URLs");
        g_string_free(line, TRUE);
    }
}

/* Makes a line of a message, reads it back, and compares the line too. */
static void round_trip(json_t *message, enum contract_end from, const char *expected,
                       struct contract_message *m)
{
    g_autofree char *line = contract_line(message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(line[strlen(line) - 1], '\n');
    line[strlen(line) - 1] = '\0';
    ASSERT_TEXT(line, expected);
    g_autoptr(GError) error = NULL;
    contract_message_clear(m);
    if (!contract_parse(line, strlen(line), from, m, &error))
        ASSERT_TEXT(error->message, "no error");
}

static void test_round_trips(void)
{
    g_auto(contract_message) m = { .json = NULL };
    round_trip(contract_make_hello("s", "1.0", CONTRACT_CAN_TRICKLE | CONTRACT_CAN_RELAY),
               CONTRACT_PEER,
               "{\"type\":\"hello\",\"contract\":1,\"stack\":\"s\",\"version\":\"1.0\","
               "\"capabilities\":[\"trickle\",\"relay\"]}",
               &m);
    CU_ASSERT_EQUAL(m.capabilities, CONTRACT_CAN_TRICKLE | CONTRACT_CAN_RELAY);
    round_trip(contract_make_description(true, "v=0\r\n"), CONTRACT_HARNESS,
               "{\"type\":\"signal\",\"description\":{\"type\":\"offer\","
               "\"sdp\":\"v=0\\r\\n\"}}",
               &m);
    CU_ASSERT_TRUE(m.offer && !m.candidate);
    ASSERT_TEXT(m.sdp, "v=0\r\n");
    round_trip(contract_make_candidate("", "0", 0, NULL), CONTRACT_HARNESS,
               "{\"type\":\"signal\",\"candidate\":{\"candidate\":\"\",\"sdpMid\":\"0\","
               "\"sdpMLineIndex\":0}}",
               &m);
    ASSERT_TEXT(m.candidate, "");
    CU_ASSERT_TRUE(!m.sdp && m.sdp_m_line_index == 0 && !m.username_fragment);
    round_trip(contract_make_event(EVENT_PEER_MESSAGE, 5, json_object()), CONTRACT_PEER,
               "{\"type\":\"event\",\"kind\":\"peer.message\",\"t_ns\":5,\"data\":{}}",
               &m);
    CU_ASSERT_TRUE(m.kind == EVENT_PEER_MESSAGE && m.t_ns == 5 && json_is_object(m.data));
    round_trip(contract_make_unsupported("audio"), CONTRACT_PEER,
               "{\"type\":\"unsupported\",\"what\":\"audio\"}", &m);
    ASSERT_TEXT(m.text, "audio");
    round_trip(contract_make_plain(CONTRACT_RESTART_ICE), CONTRACT_HARNESS,
               "{\"type\":\"restart-ice\"}", &m);
    CU_ASSERT_PTR_NULL(contract_line(contract_make_send("\xff")));
}

static void test_peer_end(void)
{
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct contract_peer *peer = contract_peer_new(fds[0]);
    struct contract_message m = { .json = NULL };
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, NULL), CONTRACT_NEXT_NONE);
    static const char input[] = "{\"type\":\"close\"}\nnonsense\n{\"type\":\"close\"}\n";
    CU_ASSERT_EQUAL(write(fds[1], input, sizeof input - 1), (ssize_t)sizeof input - 1);
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, NULL), CONTRACT_NEXT_MESSAGE);
    contract_message_clear(&m);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, &error), CONTRACT_NEXT_INVALID);
    CU_ASSERT_PTR_NOT_NULL(error);
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, NULL), CONTRACT_NEXT_MESSAGE);
    contract_message_clear(&m);

    contract_peer_warn(peer, "bad \xff %d", 1);
    contract_peer_send(peer, contract_make_plain(CONTRACT_DONE));
    CU_ASSERT_TRUE(contract_peer_flush(peer, 0));
    struct line_reader reader;
    line_reader_init(&reader, CONTRACT_LINE_MAX_BYTES);
    CU_ASSERT_EQUAL(line_reader_read(&reader, fds[1]), LINE_READ_DATA);
    const char *line;
    size_t size;
    CU_ASSERT_EQUAL(line_reader_next(&reader, &line, &size), LINE_OK);
    CU_ASSERT_TRUE(contract_parse(line, size, CONTRACT_PEER, &m, NULL));
    ASSERT_TEXT(json_string_value(json_object_get(m.data, "what")), "bad \xef\xbf\xbd 1");
    contract_message_clear(&m);
    CU_ASSERT_EQUAL(line_reader_next(&reader, &line, &size), LINE_OK);
    ASSERT_TEXT(line, "{\"type\":\"done\"}");
    line_reader_clear(&reader);
    close(fds[1]);
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, NULL), CONTRACT_NEXT_END);
    contract_peer_free(peer);
}

/* A side that writes but does not read must not hold the peer up. */
static void test_peer_never_blocks(void)
{
    int fds[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct contract_peer *peer = contract_peer_new(fds[0]);
    g_autofree char *text = g_strnfill(100000, 'x');
    for (int i = 0; i < 200; i++)
        contract_peer_send(peer, contract_make_unsupported(text));
    struct contract_message m;
    CU_ASSERT_EQUAL(contract_peer_next(peer, &m, NULL), CONTRACT_NEXT_END);
    contract_peer_free(peer);
    close(fds[1]);
}

static void test_descriptions(void)
{
    struct sdp_session out = { .ufrag = "abcd",
                               .pwd = "0123456789012345678901",
                               .mid = "x" };
    g_autofree char *text = sdp_session_format(&out, 42, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\no=- 42 3 IN IP4 0.0.0.0\r\n"));
    g_autofree char *full = g_strconcat(text,
                                        "a=candidate:1\r\na=end-of-candidates\r\n"
                                        "m=audio 9 x 0\r\na=candidate:2\r\na=mid:y\r\n",
                                        NULL);
    struct sdp_session in;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE_FATAL(sdp_session_parse(full, &in, &error));
    ASSERT_TEXT(in.ufrag, out.ufrag);
    ASSERT_TEXT(in.pwd, out.pwd);
    ASSERT_TEXT(in.mid, "x");
    CU_ASSERT_TRUE(in.trickle && in.end_of_candidates);
    CU_ASSERT_EQUAL_FATAL(in.candidates->len, 1);
    ASSERT_TEXT(g_ptr_array_index(in.candidates, 0), "candidate:1");
    sdp_session_clear(&in);

    /* A prefix is refused until the password is whole; none crashes. */
    size_t whole = (size_t)(strstr(text, out.pwd) - text) + 22;
    for (size_t n = 0; n < whole; n++) {
        g_autofree char *prefix = g_strndup(text, n);
        CU_ASSERT_FALSE(sdp_session_parse(prefix, &in, NULL));
    }

    GString *many = g_string_new(text);
    for (int i = 0; i <= SDP_CANDIDATES_MAX; i++)
        g_string_append(many, "a=candidate:1\r\n");
    CU_ASSERT_FALSE(sdp_session_parse(many->str, &in, NULL));
    g_string_free(many, TRUE);
}

static const struct test tests[] = {
    { "lines are the same however the stream is cut", test_every_split },
    { "an endless line costs no memory", test_memory_is_bounded },
    { "a socket is read without blocking", test_reading_a_socket },
    { "a configuration is read in full", test_configure },
    { "what a session is made of has W3C's words and defaults", test_session },
    { "a message of bytes is sent as digits", test_bytes },
    { "every prefix of a message is refused", test_every_prefix },
    { "nonsense is refused with its place and reason", test_refusals },
    { "depth, number of values and size are limited", test_limits },
    { "no more servers are taken than there is room for", test_servers_are_limited },
    { "messages are read as they were made", test_round_trips },
    { "a peer gets messages and sends events", test_peer_end },
    { "a peer is never held up by who does not read", test_peer_never_blocks },
    { "descriptions are read and written", test_descriptions },
};

int main(int argc, char **argv)
{
    return suite_run("contract", tests, G_N_ELEMENTS(tests), argc, argv);
}
