/* SPDX-License-Identifier: Apache-2.0 */
/* The table of peers that a relay should have a policy on. */
#include "probes/cases/peer_ranges.h"

#include "suite.h"

static struct address parse(const char *text)
{
    struct address a = { 0 };
    CU_ASSERT_TRUE_FATAL(address_parse(text, &a));
    return a;
}

static void test_table(void)
{
    for (size_t i = 0; i < peer_ranges_count; i++) {
        const struct peer_range *range = &peer_ranges[i];
        struct address prefix = parse(range->prefix), samples[PEER_RANGE_MAX_SAMPLES];
        CU_ASSERT_TRUE(range->bits <= 8 * address_size(&prefix));
        CU_ASSERT_TRUE(range->name && range->source);
        for (unsigned bit = range->bits; bit < 8 * address_size(&prefix); bit++)
            CU_ASSERT_FALSE(prefix.bytes[bit / 8] & (0x80 >> bit % 8));
        size_t n = peer_range_samples(range, samples);
        CU_ASSERT_TRUE(n >= 1);
        for (size_t k = 0; k < n; k++)
            CU_ASSERT_TRUE(address_in_prefix(&samples[k], &prefix, range->bits));
    }
}

static void assert_samples(const struct peer_range *range, const char *wanted)
{
    struct address samples[PEER_RANGE_MAX_SAMPLES];
    g_autoptr(GString) got = g_string_new(NULL);
    size_t n = peer_range_samples(range, samples);
    for (size_t i = 0; i < n; i++) {
        char text[ADDRESS_TEXT_SIZE];
        g_string_append_printf(got, "%s%s", i ? " " : "",
                               address_format(&samples[i], text));
    }
    ASSERT_TEXT(got->str, wanted);
}

static void test_samples(void)
{
    assert_samples(&(struct peer_range){ .prefix = "169.254.0.0",
                                         .bits = 16,
                                         .telling = "169.254.169.254" },
                   "169.254.169.254 169.254.0.0 169.254.255.255");
    assert_samples(&(struct peer_range){ .prefix = "172.16.0.0", .bits = 12 },
                   "172.16.0.0 172.31.255.255");
    assert_samples(&(struct peer_range){ .prefix = "100.64.0.0", .bits = 10 },
                   "100.64.0.0 100.127.255.255");
    assert_samples(&(struct peer_range){ .prefix = "::1", .bits = 128 }, "::1");
    assert_samples(&(struct peer_range){ .prefix = "fe80::", .bits = 10 },
                   "fe80:: febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void test_disguises(void)
{
    static const struct {
        enum peer_disguise disguise;
        const char *wanted;
    } forms[] = {
        { PEER_DISGUISE_MAPPED, "::ffff:169.254.169.254" },
        { PEER_DISGUISE_NAT64, "64:ff9b::a9fe:a9fe" },
        { PEER_DISGUISE_SIXTOFOUR, "2002:a9fe:a9fe::" },
    };
    struct address ipv4 = parse("169.254.169.254");
    CU_ASSERT_EQUAL(G_N_ELEMENTS(forms), PEER_N_DISGUISES);
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        struct address a = peer_disguise(&ipv4, forms[i].disguise);
        struct address wanted = parse(forms[i].wanted);
        CU_ASSERT_TRUE(address_equal(&a, &wanted));
        CU_ASSERT_PTR_NOT_NULL(peer_disguise_name(forms[i].disguise));
    }
}

static const struct test tests[] = {
    { "each range is a prefix, and its samples are in it", test_table },
    { "a range stands for its telling, first and last address", test_samples },
    { "an IPv4 address is written as IPv6 in three ways", test_disguises },
};

int main(int argc, char **argv)
{
    return suite_run("peer_ranges", tests, G_N_ELEMENTS(tests), argc, argv);
}
