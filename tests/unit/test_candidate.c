/* SPDX-License-Identifier: Apache-2.0 */
/* wire/candidate.h: lines of the RFCs and of the stacks we run, and lines to refuse. */
#include "suite.h"

#include <string.h>

#include "base/rng.h"
#include "wire/candidate.h"

/* Written again exactly as they stand. */
static const char *const canonical[] = {
    /* as in RFC 8839 §5.1 */
    "candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host",
    "candidate:1 1 UDP 2130706431 2001:db8:8:98::5 8998 typ host",
    "candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport "
    "8998",
    /* RFC 6544: active candidates say the discard port */
    "candidate:1 1 TCP 2128609279 10.0.1.1 9 typ host tcptype active",
    "candidate:2 1 TCP 2124414975 10.0.1.1 8998 typ host tcptype passive",
    "candidate:3 1 TCP 2120220671 10.0.1.1 8999 typ host tcptype so",
    "candidate:4 1 TCP 1688207359 192.0.2.3 9 typ srflx raddr 10.0.1.1 rport 9 "
    "tcptype active",
    /* a browser hides its address behind mDNS */
    "candidate:842163049 1 UDP 1677729535 198.51.100.7 61764 typ srflx raddr 0.0.0.0 "
    "rport 0 generation 0 ufrag Xx+/ network-cost 999",
    "candidate:0 1 UDP 2122187007 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 62120 typ "
    "host",
    "candidate:abc+/Z 256 UDP 1 ::1 0 typ prflx raddr host.example rport 65535",
    "candidate:12345678901234567890123456789012 2 UDP 2147483647 255.255.255.255 65535 "
    "typ "
    "relay raddr 2001:db8::1 rport 1",
    "candidate:1 1 UDP 1 192.0.2.1 1 typ host tcptype active", /* means nothing on UDP */
};

static enum candidate_error parse(const char *line, struct candidate *ret)
{
    return candidate_parse(line, strlen(line), ret);
}

static void test_canonical(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(canonical); i++) {
        struct candidate c;
        char line[CANDIDATE_LINE_SIZE] = "";
        ASSERT_TEXT(candidate_error_text(parse(canonical[i], &c)),
                    candidate_error_text(CANDIDATE_OK));
        CU_ASSERT_EQUAL(candidate_format(&c, line, sizeof line), CANDIDATE_OK);
        ASSERT_TEXT(line, canonical[i]);
    }
}

static void test_fields(void)
{
    struct candidate c;
    char address[ADDRESS_TEXT_SIZE];
    CU_ASSERT_EQUAL_FATAL(
        parse("candidate:Ab+/ 2 UDP 2013266431 192.168.1.2 5000 typ srflx "
              "raddr 10.0.0.1 rport 5001 generation 0",
              &c),
        CANDIDATE_OK);
    ASSERT_TEXT(c.foundation, "Ab+/");
    CU_ASSERT_EQUAL(c.component, 2);
    CU_ASSERT_EQUAL(c.transport, CANDIDATE_UDP);
    CU_ASSERT_EQUAL(c.priority, 2013266431);
    ASSERT_TEXT(address_format(&c.place.endpoint.address, address), "192.168.1.2");
    CU_ASSERT_EQUAL(c.place.endpoint.port, 5000);
    ASSERT_TEXT(c.place.name, "");
    CU_ASSERT_EQUAL(c.type, CANDIDATE_SRFLX);
    CU_ASSERT_TRUE(c.is_related);
    ASSERT_TEXT(address_format(&c.related.endpoint.address, address), "10.0.0.1");
    CU_ASSERT_EQUAL(c.related.endpoint.port, 5001);
    CU_ASSERT_EQUAL(c.tcp_type, CANDIDATE_TCP_NONE);
    ASSERT_TEXT(c.extensions, "generation 0");
}

static void test_host_name(void)
{
    struct candidate c;
    CU_ASSERT_EQUAL_FATAL(parse(canonical[8], &c), CANDIDATE_OK);
    ASSERT_TEXT(c.place.name, "9b36eaac-bb2e-49bb-bb78-21c41c499900.local");
    CU_ASSERT_EQUAL(c.place.endpoint.address.family, ADDRESS_NONE);
    CU_ASSERT_EQUAL(c.place.endpoint.port, 62120);
    CU_ASSERT_FALSE(c.is_related);
}

static void test_spellings(void)
{
    static const struct {
        const char *line;
        const char *canonical;
    } cases[] = {
        { "a=candidate:1 1 UDP 1 192.0.2.1 1 typ host\r\n",
          "candidate:1 1 UDP 1 192.0.2.1 1 typ host" },
        { "1 1 udp 1 192.0.2.1 1 typ host\n",
          "candidate:1 1 UDP 1 192.0.2.1 1 typ host" },
        { "A=Candidate:1 00001 UDP 0000000001 192.0.2.1 00001 TYP Host",
          "candidate:1 1 UDP 1 192.0.2.1 1 typ host" },
        { "candidate:1 1 UDP 1 2001:DB8:0:0::1 1 typ host",
          "candidate:1 1 UDP 1 2001:db8::1 1 typ host" },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ relay generation 0 rport 2 x y raddr ::2",
          "candidate:1 1 UDP 1 192.0.2.1 1 typ relay raddr ::2 rport 2 generation 0 x "
          "y" },
        /* extension-att-value = *VCHAR: it may be empty */
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host empty  more ",
          "candidate:1 1 UDP 1 192.0.2.1 1 typ host empty  more " },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct candidate c;
        char line[CANDIDATE_LINE_SIZE] = "";
        CU_ASSERT_EQUAL(parse(cases[i].line, &c), CANDIDATE_OK);
        CU_ASSERT_EQUAL(candidate_format(&c, line, sizeof line), CANDIDATE_OK);
        ASSERT_TEXT(line, cases[i].canonical);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *line;
        enum candidate_error error;
    } cases[] = {
        { "", CANDIDATE_MALFORMED },
        { "\r\n", CANDIDATE_MALFORMED },
        { "candidate:", CANDIDATE_MALFORMED },
        { "a=end-of-candidates", CANDIDATE_MALFORMED },
        { "a=1 1 UDP 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1-2 1 UDP 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:123456789012345678901234567890123 1 UDP 1 192.0.2.1 1 typ host",
          CANDIDATE_TOO_LONG },
        { "candidate:1  1 UDP 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { " candidate:1 1 UDP 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 0 UDP 1 192.0.2.1 1 typ host", CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 257 UDP 1 192.0.2.1 1 typ host", CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 -1 UDP 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 SCTP 1 192.0.2.1 1 typ host", CANDIDATE_UNKNOWN_KIND },
        { "candidate:1 1 ssltcp 1 192.0.2.1 1 typ host", CANDIDATE_UNKNOWN_KIND },
        { "candidate:1 1 U/D 1 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 0 192.0.2.1 1 typ host", CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 1 UDP 2147483648 192.0.2.1 1 typ host", CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 1 UDP 18446744073709551617 192.0.2.1 1 typ host",
          CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 1 UDP 1e3 192.0.2.1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.300 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 2001:db8:::1 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 fe80::1%eth0 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 a..local 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 . 1 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 65536 typ host", CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 1 UDP 1 192.0.2.1 1", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 type host", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ token", CANDIDATE_UNKNOWN_KIND },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ hos(t", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr 10.0.0.1",
          CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ srflx rport 1", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr ::1 raddr ::1 rport 1",
          CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr ::1 rport 1 rport 1",
          CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ srflx raddr ::1 rport 99999",
          CANDIDATE_OUT_OF_RANGE },
        { "candidate:1 1 TCP 1 192.0.2.1 9 typ host", CANDIDATE_MALFORMED },
        { "candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype ", CANDIDATE_MALFORMED },
        { "candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype lazy", CANDIDATE_MALFORMED },
        { "candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype so tcptype so",
          CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host generation", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host ", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host a\tb c", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host a b\x7f", CANDIDATE_MALFORMED },
        { "candidate:1 1 UDP 1 192.0.2.1 1 typ host\n\n", CANDIDATE_MALFORMED },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct candidate c = { .component = 4711 };
        g_autofree char *exact = g_memdup2(cases[i].line, strlen(cases[i].line));
        enum candidate_error error = candidate_parse(exact, strlen(cases[i].line), &c);
        g_autofree char *is =
            g_strdup_printf("%s: %s", cases[i].line, candidate_error_text(error));
        g_autofree char *must = g_strdup_printf("%s: %s", cases[i].line,
                                                candidate_error_text(cases[i].error));
        ASSERT_TEXT(is, must);
        CU_ASSERT_EQUAL(c.component, 4711);
    }
}

static void test_nul(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(canonical); i++) {
        size_t size = strlen(canonical[i]);
        for (size_t at = 0; at < size; at++) {
            g_autofree char *copy = g_memdup2(canonical[i], size);
            struct candidate c;
            copy[at] = '\0';
            CU_ASSERT_NOT_EQUAL(candidate_parse(copy, size, &c), CANDIDATE_OK);
        }
    }
}

static void test_too_long(void)
{
    struct candidate c;
    g_autofree char *label = g_strnfill(63, 'x');
    g_autofree char *name = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
    g_autofree char *fits = g_strdup_printf(
        "candidate:1 1 UDP 1 %s 1 typ relay raddr %s rport 2", name, name);
    g_autofree char *longer = g_strdup_printf("candidate:1 1 UDP 1 x%s 1 typ host", name);
    g_autofree char *label_64 =
        g_strdup_printf("candidate:1 1 UDP 1 x%s.local 1 typ host", label);
    char line[CANDIDATE_LINE_SIZE];
    CU_ASSERT_EQUAL(parse(fits, &c), CANDIDATE_OK);
    CU_ASSERT_EQUAL(strlen(c.place.name), CANDIDATE_NAME_SIZE - 1);
    CU_ASSERT_EQUAL(candidate_format(&c, line, sizeof line), CANDIDATE_OK);
    ASSERT_TEXT(line, fits);
    CU_ASSERT_EQUAL(parse(longer, &c), CANDIDATE_TOO_LONG);
    CU_ASSERT_EQUAL(parse(label_64, &c), CANDIDATE_MALFORMED);

    for (size_t size = 1; size < 2000; size++) {
        g_autofree char *value = g_strnfill(size, 'v');
        g_autofree char *text =
            g_strdup_printf("candidate:1 1 UDP 1 192.0.2.1 1 typ host name %s", value);
        CU_ASSERT_EQUAL(parse(text, &c),
                        strlen("name ") + size < CANDIDATE_EXTENSIONS_SIZE
                            ? CANDIDATE_OK
                            : CANDIDATE_TOO_LONG);
    }
}

static void test_no_space(void)
{
    struct candidate c;
    CU_ASSERT_EQUAL_FATAL(parse(canonical[2], &c), CANDIDATE_OK);
    size_t length = strlen(canonical[2]);
    for (size_t room = 0; room <= length + 1; room++) {
        g_autofree char *out = g_malloc(room ? room : 1);
        memset(out, '#', room);
        enum candidate_error error = candidate_format(&c, out, room);
        CU_ASSERT_EQUAL(error, room > length ? CANDIDATE_OK : CANDIDATE_NO_SPACE);
        if (room > 0)
            CU_ASSERT_EQUAL(out[0], room > length ? 'c' : '#');
    }
}

static void test_extension(void)
{
    struct candidate c;
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(
        parse("candidate:1 1 UDP 1 192.0.2.1 1 typ host generation 0 empty  "
              "ufrag abcd",
              &c),
        CANDIDATE_OK);
    const char *value = candidate_extension(&c, "ufrag", &size);
    CU_ASSERT_TRUE(value && size == 4 && memcmp(value, "abcd", 4) == 0);
    value = candidate_extension(&c, "empty", &size);
    CU_ASSERT_TRUE(value && size == 0);
    /* Values are not names. */
    CU_ASSERT_PTR_NULL(candidate_extension(&c, "abcd", &size));
    CU_ASSERT_PTR_NULL(candidate_extension(&c, "", &size));
}

static void test_names(void)
{
    for (unsigned i = 0; i < CANDIDATE_N_TYPES; i++) {
        enum candidate_type type = CANDIDATE_N_TYPES;
        CU_ASSERT_TRUE(
            candidate_type_from_name(candidate_type_name((enum candidate_type)i), &type));
        CU_ASSERT_EQUAL(type, i);
    }
    enum candidate_type type = CANDIDATE_RELAY;
    CU_ASSERT_FALSE(candidate_type_from_name("relayed", &type));
    CU_ASSERT_EQUAL(type, CANDIDATE_RELAY);
    ASSERT_TEXT(candidate_transport_name(CANDIDATE_TCP), "TCP");
    ASSERT_TEXT(candidate_tcp_type_name(CANDIDATE_TCP_PASSIVE), "passive");
}

/* What is accepted after a mutation is written and read again as the same. */
static void test_mutations(void)
{
    struct rng rng = rng_seed(8839);
    unsigned accepted = 0;
    for (unsigned round = 0; round < 50000; round++) {
        const char *line = canonical[rng_below(&rng, G_N_ELEMENTS(canonical))];
        size_t size = strlen(line);
        g_autofree char *copy = g_memdup2(line, size);
        for (uint64_t n = 1 + rng_below(&rng, 3); n > 0; n--)
            copy[rng_below(&rng, size)] =
                (char)(rng_chance(&rng, 0.9) ? 0x20 + rng_below(&rng, 0x60)
                                             : rng_below(&rng, 0x100));
        size -= rng_chance(&rng, 0.2) ? rng_below(&rng, size) : 0;
        g_autofree char *exact = g_memdup2(copy, size);
        struct candidate first, second;
        char once[CANDIDATE_LINE_SIZE] = "", twice[CANDIDATE_LINE_SIZE] = "";
        if (candidate_parse(exact, size, &first) != CANDIDATE_OK)
            continue;
        accepted++;
        CU_ASSERT_EQUAL(candidate_format(&first, once, sizeof once), CANDIDATE_OK);
        CU_ASSERT_EQUAL(parse(once, &second), CANDIDATE_OK);
        CU_ASSERT_EQUAL(candidate_format(&second, twice, sizeof twice), CANDIDATE_OK);
        ASSERT_TEXT(twice, once);
    }
    CU_ASSERT_TRUE(accepted > 1000);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "lines of the RFCs and of stacks come back as they are", test_canonical },
        { "each field is where it belongs", test_fields },
        { "a host name stands instead of an address", test_host_name },
        { "other spellings are read and written one way", test_spellings },
        { "malformed, unknown and out-of-range lines are refused", test_refused },
        { "a NUL anywhere is refused", test_nul },
        { "over-long lines and parts are refused", test_too_long },
        { "an output without room is left alone", test_no_space },
        { "extensions are found by name", test_extension },
        { "types have names", test_names },
        { "what survives a mutation survives a round trip", test_mutations },
    };
    return suite_run("candidate", tests, G_N_ELEMENTS(tests), argc, argv);
}
