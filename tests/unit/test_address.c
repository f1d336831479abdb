/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: text, prefixes, multicast. */
#include "suite.h"

#include "wire/address.h"

static void test_text(void)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
        enum address_family family;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", ADDRESS_IPV4 },
        { "0.0.0.0", "0.0.0.0", ADDRESS_IPV4 },
        { "2001:db8::1", "2001:db8::1", ADDRESS_IPV6 },
        /* RFC 5952 §4: no leading zeros, the longest run shortened, lower case. */
        { "2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", ADDRESS_IPV6 },
        { "::", "::", ADDRESS_IPV6 },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1", ADDRESS_IPV6 },
        { "", NULL, ADDRESS_NONE },
        { "192.0.2", NULL, ADDRESS_NONE },
        { "192.0.2.256", NULL, ADDRESS_NONE },
        { "192.0.2.1 ", NULL, ADDRESS_NONE },
        { "192.0.2.1:80", NULL, ADDRESS_NONE },
        { "fe80::1%eth0", NULL, ADDRESS_NONE },
        { "1::2::3", NULL, ADDRESS_NONE },
        { "localhost", NULL, ADDRESS_NONE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct address a, untouched;
        memset(&a, 0x5a, sizeof a);
        untouched = a;
        bool ok = address_parse(rows[i].in, &a);
        CU_ASSERT_EQUAL(ok, rows[i].out != NULL);
        if (ok) {
            char text[ADDRESS_TEXT_SIZE];
            ASSERT_TEXT(address_format(&a, text), rows[i].out);
            CU_ASSERT_EQUAL(a.family, rows[i].family);
            struct address again = address_from_bytes(a.family, a.bytes);
            CU_ASSERT_TRUE(address_equal(&a, &again));
        } else {
            CU_ASSERT_EQUAL(memcmp(&a, &untouched, sizeof a), 0);
        }
    }
}

static void test_endpoint_text(void)
{
    char text[ENDPOINT_TEXT_SIZE];
    struct endpoint e = { .port = 65535 };
    CU_ASSERT_TRUE(address_parse("255.255.255.255", &e.address));
    ASSERT_TEXT(endpoint_format(&e, text), "255.255.255.255:65535");
    CU_ASSERT_TRUE(address_parse("1111:2222:3333:4444:5555:6666:7777:8888", &e.address));
    ASSERT_TEXT(endpoint_format(&e, text),
                "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
    e.address = (struct address){ 0 };
    ASSERT_TEXT(endpoint_format(&e, text), "none:65535");
}

static void test_prefixes(void)
{
    static const struct {
        const char *address, *prefix;
        unsigned bits;
        bool in;
    } rows[] = {
        { "10.1.2.3", "10.0.0.0", 8, true },
        { "11.0.0.0", "10.0.0.0", 8, false },
        { "172.31.9.9", "172.16.0.0", 12, true },
        { "172.32.0.0", "172.16.0.0", 12, false },
        { "192.0.2.1", "192.0.2.1", 32, true },
        { "192.0.2.0", "192.0.2.1", 32, false },
        { "192.0.2.1", "0.0.0.0", 0, true },
        { "::1", "0.0.0.0", 0, false },
        { "192.0.2.1", "192.0.2.1", 33, false },
        { "2001:db8::1", "2001:db8::", 32, true },
        { "fe90::1", "fe80::", 10, true },
        { "fec0::1", "fe80::", 10, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct address a = { 0 }, prefix = { 0 };
        CU_ASSERT_TRUE(address_parse(rows[i].address, &a));
        CU_ASSERT_TRUE(address_parse(rows[i].prefix, &prefix));
        CU_ASSERT_EQUAL(address_in_prefix(&a, &prefix, rows[i].bits), rows[i].in);
    }
}

static void test_multicast(void)
{
    static const struct {
        const char *address;
        bool is;
    } rows[] = {
        { "224.0.0.251", true },      { "239.255.255.255", true },
        { "223.255.255.255", false }, { "240.0.0.1", false },
        { "255.255.255.255", true },  { "ff02::fb", true },
        { "fe80::1", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct address a = { 0 };
        CU_ASSERT_TRUE(address_parse(rows[i].address, &a));
        CU_ASSERT_EQUAL(address_is_multicast(&a), rows[i].is);
    }
}

static const struct test tests[] = {
    { "text is read strictly and written canonically", test_text },
    { "endpoints of either family fit their text", test_endpoint_text },
    { "prefixes end at any bit", test_prefixes },
    { "multicast and broadcast are known", test_multicast },
};

int main(int argc, char **argv)
{
    return suite_run("address", tests, G_N_ELEMENTS(tests), argc, argv);
}
