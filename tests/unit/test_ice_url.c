/* SPDX-License-Identifier: Apache-2.0 */
/* wire/ice_url.h: the URIs of RFC 7064 and RFC 7065, and texts that are none. */
#include "suite.h"

#include <string.h>

#include "wire/ice_url.h"

static const struct {
    const char *text;
    bool turn, tls, is_tcp;
    const char *host;
    uint16_t port;
} rows[] = {
    /* RFC 7064 appendix B, RFC 7065 appendix B */
    { "stun:example.org", false, false, false, "example.org", 3478 },
    { "stuns:example.org", false, true, true, "example.org", 5349 },
    { "stun:example.org:8000", false, false, false, "example.org", 8000 },
    { "turn:example.org", true, false, false, "example.org", 3478 },
    { "turns:example.org", true, true, true, "example.org", 5349 },
    { "turn:example.org:8000", true, false, false, "example.org", 8000 },
    { "turn:example.org?transport=udp", true, false, false, "example.org", 3478 },
    { "turn:example.org?transport=tcp", true, false, true, "example.org", 3478 },
    { "turns:example.org?transport=tcp", true, true, true, "example.org", 5349 },
    /* TURN over DTLS (RFC 7350) */
    { "turns:example.org?transport=udp", true, true, false, "example.org", 5349 },
    { "turn:192.0.2.1:65535", true, false, false, "192.0.2.1", 65535 },
    { "turn:[2001:db8::1]:1?transport=tcp", true, false, true, "2001:db8::1", 1 },
    { "stun:[::ffff:192.0.2.1]", false, false, false, "::ffff:192.0.2.1", 3478 },
    { "stun:my_turn-1", false, false, false, "my_turn-1", 3478 },
};

static bool parse(const char *text, struct ice_url *ret)
{
    return ice_url_parse(text, strlen(text), ret);
}

static void test_read_and_written(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ice_url url;
        char text[ICE_URL_TEXT_SIZE];
        CU_ASSERT_TRUE_FATAL(parse(rows[i].text, &url));
        CU_ASSERT_TRUE(url.turn == rows[i].turn && url.tls == rows[i].tls);
        CU_ASSERT_EQUAL(ice_url_is_tcp(&url), rows[i].is_tcp);
        CU_ASSERT_EQUAL(ice_url_port(&url), rows[i].port);
        ASSERT_TEXT(url.host, rows[i].host);
        ASSERT_TEXT(ice_url_format(&url, text), rows[i].text);
    }
}

static void test_case_does_not_matter(void)
{
    struct ice_url url;
    char text[ICE_URL_TEXT_SIZE];
    CU_ASSERT_TRUE_FATAL(parse("TURN:192.0.2.1:080?Transport=TCP", &url));
    ASSERT_TEXT(ice_url_format(&url, text), "turn:192.0.2.1:80?transport=tcp");
}

static void test_refusals(void)
{
    static const char *const bad[] = {
        "",
        "stun",
        "stun:",
        "turn:?transport=udp",
        "http://a",
        "xstun:a",
        "stun:a:",
        "stun:a:0",
        "stun:a:00000",
        "stun:a:65536",
        "stun:a:123456",
        "stun:a:1x",
        "stun:a:-1",
        "stun:a:+1",
        "stun:a: 1",
        "stun:a:1:2",
        "stun:[::1",
        "stun:::1",
        "stun:[]:1",
        "stun:[::1]1",
        "stun:[192.0.2.1]",
        "stun:[::1::2]",
        "stun:a?b",
        "stun:a?transport=udp",
        "stun://a",
        "turn:a?transport=",
        "turn:a?transport=sctp",
        "turn:a?transport=udpx",
        "turn:a?transport=udp?transport=udp",
        "turn:a b",
        "turn:u@a",
        " turn:a",
        "turn:a\n",
    };
    struct ice_url url = { .port = 7 };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (parse(bad[i], &url))
            ASSERT_TEXT(bad[i], "is refused");
        CU_ASSERT_EQUAL(url.port, 7);
    }
    CU_ASSERT_FALSE(ice_url_parse("stun:a\0b", 8, &url));
}

static void test_longest_host(void)
{
    struct ice_url url;
    char text[ICE_URL_TEXT_SIZE];
    g_autofree char *name = g_strnfill(ICE_URL_HOST_SIZE - 1, 'a');
    g_autofree char *fits = g_strconcat("turns:", name, ":65535?transport=udp", NULL);
    g_autofree char *over = g_strconcat("turn:a", name, NULL);
    CU_ASSERT_TRUE_FATAL(parse(fits, &url));
    ASSERT_TEXT(ice_url_format(&url, text), fits);
    CU_ASSERT_FALSE(parse(over, &url));
}

/* On an exact heap copy, so that a byte read too far is seen. A prefix that is a URI of
 * its own ("turn:e", "turn:e:8") must be written as it stands. */
static void test_every_prefix(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t query = strcspn(rows[i].text, "?");
        for (size_t n = 0; n < strlen(rows[i].text); n++) {
            g_autofree char *copy = g_memdup2(rows[i].text, n);
            g_autofree char *prefix = g_strndup(rows[i].text, n);
            struct ice_url url;
            char text[ICE_URL_TEXT_SIZE];
            bool is_url = ice_url_parse(copy, n, &url);
            if (is_url)
                ASSERT_TEXT(ice_url_format(&url, text), prefix);
            if (n <= strcspn(rows[i].text, ":") + 1 || n > query)
                CU_ASSERT_FALSE(is_url);
        }
    }
}

static const struct test tests[] = {
    { "the RFCs' examples are read, and written as they stand", test_read_and_written },
    { "what the grammars fix is read in any case", test_case_does_not_matter },
    { "what is no such URI is refused, the output untouched", test_refusals },
    { "the longest host has room", test_longest_host },
    { "every prefix is refused or is a URI itself", test_every_prefix },
};

int main(int argc, char **argv)
{
    return suite_run("ice_url", tests, G_N_ELEMENTS(tests), argc, argv);
}
