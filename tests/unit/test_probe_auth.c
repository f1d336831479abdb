/* SPDX-License-Identifier: Apache-2.0 */
/* Long-term credentials of a client: what is learnt from a challenge and how requests are
 * signed. */
#include "probes/core/auth.h"

#include <string.h>

#include "suite.h"

static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = { 1, 2, 3 };

struct built {
    uint8_t bytes[1024];
    struct stunmsg_builder b;
    struct stunmsg m;
};

static void begin(struct built *built, enum stunmsg_class class)
{
    stunmsg_begin(&built->b, built->bytes, sizeof built->bytes, STUNMSG_ALLOCATE, class,
                  transaction);
}

static void end(struct built *built)
{
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&built->b, &size), STUNMSG_OK);
    CU_ASSERT_EQUAL_FATAL(stunmsg_decode(built->bytes, size, &built->m), STUNMSG_OK);
}

/* A 401 as a server sends it; texts may be NULL. */
static void make_challenge(struct built *built, const char *realm, const char *nonce,
                           const uint8_t *algorithms, size_t size)
{
    begin(built, STUNMSG_FAILURE);
    stunmsg_add_error(&built->b, 401, NULL);
    if (realm)
        stunmsg_add_text(&built->b, STUNMSG_REALM, realm);
    if (nonce)
        stunmsg_add_text(&built->b, STUNMSG_NONCE, nonce);
    if (size > 0)
        stunmsg_add(&built->b, STUNMSG_PASSWORD_ALGORITHMS, algorithms, size);
    end(built);
}

static const uint8_t sha256_and_md5[] = { 0, 2, 0, 0, 0, 1, 0, 0 };
static const uint8_t unknown_with_parameters[] = { 0, 9, 0, 3, 1, 2, 3, 0, 0, 1, 0, 0 };

/* "gAAA" is 0x800000: PASSWORD-ALGORITHMS; "wAAA" has USERHASH too. */
static void test_features(void)
{
    uint32_t bits = 7;
    CU_ASSERT_TRUE(auth_nonce_features("obMatJos2gAAAxyz", &bits));
    CU_ASSERT_EQUAL(bits, AUTH_FEATURE_ALGORITHMS);
    CU_ASSERT_TRUE(auth_nonce_features("obMatJos2wAAA", &bits));
    CU_ASSERT_EQUAL(bits, AUTH_FEATURE_ALGORITHMS | AUTH_FEATURE_ANONYMITY);
    bits = 7;
    CU_ASSERT_FALSE(auth_nonce_features("obMatJos2gAA", &bits));
    CU_ASSERT_FALSE(auth_nonce_features("obMatJos2gA=A", &bits));
    CU_ASSERT_FALSE(auth_nonce_features("obMatJos1gAAA", &bits));
    CU_ASSERT_FALSE(auth_nonce_features("", &bits));
    CU_ASSERT_EQUAL(bits, 7);
}

static void test_learns_and_signs(void)
{
    struct built challenge, request;
    struct auth auth;
    auth_init(&auth, "joe", "secret", true);
    CU_ASSERT_FALSE(auth_is_ready(&auth));
    make_challenge(&challenge, "example.org", "abc", NULL, 0);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_TRUE(auth_is_ready(&auth));
    begin(&request, STUNMSG_REQUEST);
    auth_add(&auth, &request.b, AUTH_ALL);
    end(&request);
    uint8_t key[STUNMSG_KEY_SIZE];
    stunmsg_long_term_key("joe", "example.org", "secret", key);
    CU_ASSERT_EQUAL(stunmsg_check_integrity(&request.m, key, sizeof key), STUNMSG_OK);
    CU_ASSERT_EQUAL(auth_check(&auth, &request.m), STUNMSG_OK);
    CU_ASSERT_FALSE(stunmsg_has(&request.m, STUNMSG_PASSWORD_ALGORITHM));
    auth_clear(&auth);
}

static void test_takes_sha256(void)
{
    struct built challenge, request;
    struct auth auth;
    uint8_t key[STUNMSG_SHA256_SIZE];
    auth_init(&auth, "joe", "secret", true);
    make_challenge(&challenge, "r", "obMatJos2gAAAx", sha256_and_md5,
                   sizeof sha256_and_md5);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_EQUAL(auth.algorithm, AUTH_ALGORITHM_SHA256);
    begin(&request, STUNMSG_REQUEST);
    auth_add(&auth, &request.b, AUTH_ALL);
    end(&request);
    CU_ASSERT_EQUAL(auth_key(&auth, key), STUNMSG_SHA256_SIZE);
    CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&request.m, key, sizeof key),
                    STUNMSG_OK);
    struct stunmsg_text list;
    CU_ASSERT_EQUAL(stunmsg_get_text(&request.m, STUNMSG_PASSWORD_ALGORITHMS, &list),
                    STUNMSG_OK);
    CU_ASSERT_EQUAL(list.size, sizeof sha256_and_md5);
    auth_clear(&auth);
}

/* Without the bit in the nonce an attacker may have put the list there, or taken it out
   (RFC 8489 §9.2.1): it counts for nothing. */
static void test_list_without_bit(void)
{
    struct built challenge;
    struct auth auth;
    auth_init(&auth, "joe", "secret", true);
    make_challenge(&challenge, "r", "obMatJos2AAAAx", sha256_and_md5,
                   sizeof sha256_and_md5);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_EQUAL(auth.algorithm, AUTH_ALGORITHM_NONE);
    auth_clear(&auth);
    auth_init(&auth, "joe", "secret", false);
    make_challenge(&challenge, "r", "obMatJos2gAAAx", sha256_and_md5,
                   sizeof sha256_and_md5);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_EQUAL(auth.algorithm, AUTH_ALGORITHM_NONE);
    auth_clear(&auth);
}

static void test_skips_parameters(void)
{
    struct built challenge;
    struct auth auth;
    auth_init(&auth, "joe", "secret", true);
    make_challenge(&challenge, "r", "obMatJos2gAAAx", unknown_with_parameters,
                   sizeof unknown_with_parameters);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_EQUAL(auth.algorithm, AUTH_ALGORITHM_MD5);
    auth_clear(&auth);
}

static void test_refuses(void)
{
    struct built challenge;
    struct auth auth;
    g_autofree char *long_text = g_strnfill(764, 'x');
    auth_init(&auth, "joe", "secret", true);
    make_challenge(&challenge, NULL, "abc", NULL, 0);
    CU_ASSERT_FALSE(auth_learn(&auth, &challenge.m));
    make_challenge(&challenge, "r", NULL, NULL, 0);
    CU_ASSERT_FALSE(auth_learn(&auth, &challenge.m));
    make_challenge(&challenge, "r", long_text, NULL, 0);
    CU_ASSERT_FALSE(auth_learn(&auth, &challenge.m));
    CU_ASSERT_PTR_NULL(auth.realm);
    CU_ASSERT_PTR_NULL(auth.nonce);
    make_challenge(&challenge, "r", "first", NULL, 0);
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    make_challenge(&challenge, NULL, "second", NULL, 0); /* a 438 need not repeat it */
    CU_ASSERT_TRUE(auth_learn(&auth, &challenge.m));
    ASSERT_TEXT(auth.realm, "r");
    ASSERT_TEXT(auth.nonce, "second");
    auth_clear(&auth);
}

/* RFC 8489 appendix B.1: user name, realm and their USERHASH. */
static void test_userhash(void)
{
    static const uint8_t expected[] = { 0x4a, 0x3c, 0xf3, 0x8f, 0xef, 0x69, 0x92, 0xbd,
                                        0xa9, 0x52, 0xc6, 0x78, 0x04, 0x17, 0xda, 0x0f,
                                        0x24, 0x81, 0x94, 0x15, 0x56, 0x9e, 0x60, 0xb2,
                                        0x05, 0xc4, 0x6e, 0x41, 0x40, 0x7f, 0x17, 0x04 };
    struct built request;
    struct stunmsg_text hash;
    struct auth auth;
    auth_init(&auth, "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9", "TheMatrIX", true);
    auth.realm = g_strdup("example.org");
    auth.uses_userhash = true;
    begin(&request, STUNMSG_REQUEST);
    auth_add(&auth, &request.b, AUTH_USERNAME);
    end(&request);
    CU_ASSERT_EQUAL_FATAL(stunmsg_get_text(&request.m, STUNMSG_USERHASH, &hash),
                          STUNMSG_OK);
    CU_ASSERT_EQUAL_FATAL(hash.size, sizeof expected);
    CU_ASSERT_EQUAL(memcmp(hash.at, expected, hash.size), 0);
    CU_ASSERT_FALSE(stunmsg_has(&request.m, STUNMSG_USERNAME));
    auth_clear(&auth);
}

static const struct test tests[] = {
    { "a nonce's security features are read, or it is of RFC 5389", test_features },
    { "a challenge makes requests signed", test_learns_and_signs },
    { "SHA-256 is taken where it is offered", test_takes_sha256 },
    { "a list that the nonce does not announce counts for nothing",
      test_list_without_bit },
    { "algorithms with parameters are stepped over", test_skips_parameters },
    { "a challenge without realm or nonce, or with a long one, changes nothing",
      test_refuses },
    { "USERHASH is that of RFC 8489 B.1", test_userhash },
};

int main(int argc, char **argv)
{
    return suite_run("probe_auth", tests, G_N_ELEMENTS(tests), argc, argv);
}
