/* SPDX-License-Identifier: Apache-2.0 */
/* wire/stunmsg.h: RFC 5769's vectors, truncation, mutation, round trips and names. */
#include "suite.h"

#include <string.h>

#include "base/rng.h"
#include "wire/stunmsg.h"
#include "wire/stunmsg_vectors.h"

static const struct {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} vectors[] = {
    { "2.1", vector_request, sizeof vector_request },
    { "2.2", vector_response_ipv4, sizeof vector_response_ipv4 },
    { "2.3", vector_response_ipv6, sizeof vector_response_ipv6 },
    { "2.4", vector_request_long_term, sizeof vector_request_long_term },
};

static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";

static struct stunmsg decoded(const uint8_t *bytes, size_t size)
{
    struct stunmsg m = { 0 };
    CU_ASSERT_EQUAL_FATAL(stunmsg_decode(bytes, size, &m), STUNMSG_OK);
    return m;
}

static bool is_text(const struct stunmsg *m, uint16_t type, const char *expected)
{
    struct stunmsg_text text;
    return stunmsg_get_text(m, type, &text) == STUNMSG_OK &&
           text.size == strlen(expected) && memcmp(text.at, expected, text.size) == 0;
}

static struct endpoint endpoint_of(const char *text, uint16_t port)
{
    struct endpoint e = { .port = port };
    CU_ASSERT_TRUE_FATAL(address_parse(text, &e.address));
    return e;
}

/* ---- RFC 5769 ---- */

static void test_request(void)
{
    struct stunmsg m = decoded(vector_request, sizeof vector_request);
    uint32_t priority;
    uint64_t tie_breaker;
    CU_ASSERT_EQUAL(m.method, STUNMSG_BINDING);
    CU_ASSERT_EQUAL(m.class, STUNMSG_REQUEST);
    CU_ASSERT_EQUAL(m.size, sizeof vector_request);
    CU_ASSERT_EQUAL(memcmp(m.transaction, vector_request + 8, 12), 0);
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_SOFTWARE, "STUN test client"));
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_USERNAME, "evtj:h6vY"));
    CU_ASSERT_EQUAL(stunmsg_get_u32(&m, STUNMSG_PRIORITY, &priority), STUNMSG_OK);
    CU_ASSERT_EQUAL(priority, 0x6e0001ff);
    CU_ASSERT_EQUAL(stunmsg_get_u64(&m, STUNMSG_ICE_CONTROLLED, &tie_breaker),
                    STUNMSG_OK);
    CU_ASSERT_EQUAL(tie_breaker, UINT64_C(0x932ff9b151263b36));
    CU_ASSERT_FALSE(stunmsg_has(&m, STUNMSG_USE_CANDIDATE));
}

static void test_responses(void)
{
    struct endpoint mapped, expected = endpoint_of("192.0.2.1", 32853);
    struct stunmsg m = decoded(vector_response_ipv4, sizeof vector_response_ipv4);
    CU_ASSERT_EQUAL(m.class, STUNMSG_SUCCESS);
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_SOFTWARE, "test vector"));
    CU_ASSERT_EQUAL(stunmsg_get_address(&m, STUNMSG_XOR_MAPPED_ADDRESS, &mapped),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&mapped, &expected));

    m = decoded(vector_response_ipv6, sizeof vector_response_ipv6);
    expected = endpoint_of("2001:db8:1234:5678:11:2233:4455:6677", 32853);
    CU_ASSERT_EQUAL(stunmsg_get_address(&m, STUNMSG_XOR_MAPPED_ADDRESS, &mapped),
                    STUNMSG_OK);
    CU_ASSERT_TRUE(endpoint_equal(&mapped, &expected));
}

static void test_proofs(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct stunmsg m = decoded(vectors[i].bytes, vectors[i].size);
        CU_ASSERT_EQUAL(
            stunmsg_check_integrity(&m, VECTOR_PASSWORD, strlen(VECTOR_PASSWORD)),
            STUNMSG_OK);
        CU_ASSERT_EQUAL(stunmsg_check_integrity(&m, "wrong", 5), STUNMSG_MISMATCH);
        CU_ASSERT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_OK);
        CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&m, "wrong", 5), STUNMSG_ABSENT);
    }
}

static void test_long_term(void)
{
    struct stunmsg m = decoded(vector_request_long_term, sizeof vector_request_long_term);
    uint8_t key[STUNMSG_KEY_SIZE];
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_USERNAME, VECTOR_LONG_USERNAME));
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_NONCE, VECTOR_LONG_NONCE));
    CU_ASSERT_TRUE(is_text(&m, STUNMSG_REALM, VECTOR_LONG_REALM));
    stunmsg_long_term_key(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM, VECTOR_LONG_PASSWORD,
                          key);
    CU_ASSERT_EQUAL(stunmsg_check_integrity(&m, key, sizeof key), STUNMSG_OK);
    stunmsg_long_term_key(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM, "TheMatrix", key);
    CU_ASSERT_EQUAL(stunmsg_check_integrity(&m, key, sizeof key), STUNMSG_MISMATCH);
    CU_ASSERT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_ABSENT);
}

static void test_known_key(void)
{
    /* The example of RFC 5389 §15.4: MD5("user:realm:pass"). */
    static const uint8_t expected[STUNMSG_KEY_SIZE] = {
        0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
        0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb,
    };
    uint8_t key[STUNMSG_KEY_SIZE];
    stunmsg_long_term_key("user", "realm", "pass", key);
    CU_ASSERT_EQUAL(memcmp(key, expected, sizeof key), 0);
}

static void test_crc(void)
{
    /* The check value of this CRC, by which catalogues tell CRCs apart. */
    CU_ASSERT_EQUAL(stunmsg_crc32((const uint8_t *)"123456789", 9), 0xcbf43926u);
    CU_ASSERT_EQUAL(stunmsg_crc32(NULL, 0), 0);
}

static void test_vector_rebuilt(void)
{
    uint8_t out[sizeof vector_request_long_term], key[STUNMSG_KEY_SIZE];
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_long_term_key(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM, VECTOR_LONG_PASSWORD,
                          key);
    stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST,
                  vector_request_long_term + 8);
    stunmsg_add_text(&b, STUNMSG_USERNAME, VECTOR_LONG_USERNAME);
    stunmsg_add_text(&b, STUNMSG_NONCE, VECTOR_LONG_NONCE);
    stunmsg_add_text(&b, STUNMSG_REALM, VECTOR_LONG_REALM);
    stunmsg_add_integrity(&b, key, sizeof key);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_OK);
    CU_ASSERT_EQUAL(size, sizeof vector_request_long_term);
    CU_ASSERT_EQUAL(memcmp(out, vector_request_long_term, sizeof out), 0);
}

/* ---- Truncation and mutation ---- */

static void test_prefixes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        for (size_t n = 0; n < vectors[i].size; n++) {
            g_autofree uint8_t *copy = g_memdup2(vectors[i].bytes, n);
            struct stunmsg m = { .size = 4711 };
            char line[80] = "untouched";
            CU_ASSERT_EQUAL(stunmsg_decode(copy, n, &m), STUNMSG_SHORT);
            CU_ASSERT_EQUAL(m.size, 4711);
            CU_ASSERT_EQUAL(stunmsg_describe(copy, n, line, sizeof line), STUNMSG_SHORT);
            ASSERT_TEXT(line, "untouched");
        }
    }
}

/* The same, with a header that admits the shorter length: the attributes must notice. */
static void test_cut_attributes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        unsigned well_formed = 0, malformed = 0;
        for (size_t n = STUNMSG_HEADER_SIZE; n < vectors[i].size; n += 4) {
            g_autofree uint8_t *copy = g_memdup2(vectors[i].bytes, n);
            struct stunmsg m;
            store_be16(copy + 2, (uint16_t)(n - STUNMSG_HEADER_SIZE));
            enum stunmsg_error error = stunmsg_decode(copy, n, &m);
            CU_ASSERT_TRUE(error == STUNMSG_OK || error == STUNMSG_MALFORMED);
            if (error == STUNMSG_OK) {
                well_formed++;
                CU_ASSERT_NOT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_OK);
            } else {
                malformed++;
            }
        }
        /* One good cut before each attribute. */
        CU_ASSERT_TRUE(well_formed >= 4 && well_formed <= 6);
        CU_ASSERT_TRUE(malformed > 0);
    }
}

static void test_trailing(void)
{
    uint8_t longer[sizeof vector_request + 1] = { 0 };
    struct stunmsg m;
    memcpy(longer, vector_request, sizeof vector_request);
    CU_ASSERT_EQUAL(stunmsg_decode(longer, sizeof longer, &m), STUNMSG_TRAILING);
}

static void test_not_stun(void)
{
    static const size_t places[] = { 0, 3, 4, 7 }; /* type, length, cookie */
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        uint8_t copy[sizeof vector_request];
        struct stunmsg m;
        memcpy(copy, vector_request, sizeof copy);
        copy[places[i]] ^= 0x81;
        CU_ASSERT_EQUAL(stunmsg_decode(copy, sizeof copy, &m), STUNMSG_NOT_STUN);
    }
}

static void test_bit_flips(void)
{
    /* No single wrong bit before FINGERPRINT's own value gets past it. */
    for (size_t bit = 0; bit < 8 * sizeof vector_request; bit++) {
        g_autofree uint8_t *copy = g_memdup2(vector_request, sizeof vector_request);
        struct stunmsg m;
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (stunmsg_decode(copy, sizeof vector_request, &m) == STUNMSG_OK)
            CU_ASSERT_NOT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_OK);
    }
}

static void use_everything(const struct stunmsg *m, const uint8_t *bytes, size_t size)
{
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    unsigned sum = 0;
    while (stunmsg_next(&i, &a)) {
        CU_ASSERT_TRUE(a.value >= bytes && a.value + a.size <= bytes + size);
        for (size_t k = 0; k < a.size; k++)
            sum += a.value[k];
        uint16_t types[4];
        uint32_t u32;
        uint64_t u64;
        size_t count;
        struct endpoint e;
        struct stunmsg_error_code code;
        struct stunmsg_icmp icmp;
        stunmsg_get_address(m, a.type, &e);
        stunmsg_get_u32(m, a.type, &u32);
        stunmsg_get_u64(m, a.type, &u64);
        stunmsg_get_error(m, a.type, &code);
        stunmsg_get_unknown(m, types, G_N_ELEMENTS(types), &count);
        stunmsg_get_icmp(m, &icmp);
    }
    CU_ASSERT_TRUE(sum <= 255 * size);
    CU_ASSERT_NOT_EQUAL(stunmsg_check_integrity(m, "not the key", 11), STUNMSG_OK);
    stunmsg_check_fingerprint(m);
}

static void test_mutations(void)
{
    struct rng rng = rng_seed(8489);
    unsigned survived = 0;
    for (unsigned round = 0; round < 20000; round++) {
        size_t which = rng_below(&rng, G_N_ELEMENTS(vectors));
        size_t size = vectors[which].size;
        g_autofree uint8_t *copy = g_memdup2(vectors[which].bytes, size);
        for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--)
            copy[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
        char line[60];
        struct stunmsg m;
        if (stunmsg_decode(copy, size, &m) == STUNMSG_OK) {
            survived++;
            use_everything(&m, copy, size);
        }
        if (stunmsg_describe(copy, size, line, sizeof line) == STUNMSG_OK) {
            CU_ASSERT_TRUE(strlen(line) < sizeof line);
            for (const char *at = line; *at; at++)
                CU_ASSERT_TRUE(*at >= 0x20 && *at < 0x7f);
        }
    }
    CU_ASSERT_TRUE(survived > 1000);
}

/* ---- What a receiver must ignore ---- */

static void test_after_integrity(void)
{
    uint8_t out[200];
    size_t size = 0;
    uint32_t value = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
    stunmsg_add_integrity(&b, "key", 3);
    stunmsg_add_number(&b, STUNMSG_PRIORITY, 1);
    stunmsg_add_integrity_sha256(&b, "key", 3);
    stunmsg_add_number(&b, STUNMSG_USE_CANDIDATE, 0);
    stunmsg_add_integrity(&b, "other", 5);
    stunmsg_add_fingerprint(&b);
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);

    struct stunmsg m = decoded(out, size);
    CU_ASSERT_EQUAL(stunmsg_get_u32(&m, STUNMSG_PRIORITY, &value), STUNMSG_ABSENT);
    CU_ASSERT_FALSE(stunmsg_has(&m, STUNMSG_USE_CANDIDATE));
    CU_ASSERT_EQUAL(stunmsg_check_integrity(&m, "key", 3), STUNMSG_OK);
    CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&m, "key", 3), STUNMSG_OK);
    CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&m, "yek", 3), STUNMSG_MISMATCH);
    CU_ASSERT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_OK);

    static const bool ignored[] = { false, true, false, true, true, false };
    struct stunmsg_iterator i = stunmsg_attributes(&m);
    struct stunmsg_attribute a;
    size_t n = 0;
    for (; stunmsg_next(&i, &a) && n < G_N_ELEMENTS(ignored); n++)
        CU_ASSERT_EQUAL(a.ignored, ignored[n]);
    CU_ASSERT_EQUAL(n, G_N_ELEMENTS(ignored));
}

static void test_fingerprint_not_last(void)
{
    uint8_t out[64];
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
    stunmsg_add_fingerprint(&b);
    stunmsg_add_number(&b, STUNMSG_USE_CANDIDATE, 0);
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    struct stunmsg m = decoded(out, size);
    CU_ASSERT_EQUAL(stunmsg_check_fingerprint(&m), STUNMSG_MALFORMED);
}

/* ---- HMAC-SHA256 ---- */

/*
 * The credentials of RFC 8489 appendix B.1 (see its erratum 6268) without an algorithm:
 * the expected value comes from Python's hmac.
 */
static void test_sha256_vector(void)
{
    static const char nonce[] = "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA";
    static const uint8_t userhash[] = {
        0x4a, 0x3c, 0xf3, 0x8f, 0xef, 0x69, 0x92, 0xbd, 0xa9, 0x52, 0xc6,
        0x78, 0x04, 0x17, 0xda, 0x0f, 0x24, 0x81, 0x94, 0x15, 0x56, 0x9e,
        0x60, 0xb2, 0x05, 0xc4, 0x6e, 0x41, 0x40, 0x7f, 0x17, 0x04,
    };
    static const struct {
        size_t key_size;
        const char *expected;
    } cases[] = {
        { STUNMSG_KEY_SIZE,
          "fd8c273860d2e18ebca4c89b6973befa7ee8ecc69e9642db326fab65a0b955ba" },
        { STUNMSG_SHA256_SIZE,
          "234112fbd4e27f983eb4032836f998216f5b23f8d927753fbc4f882bfbdf0dec" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t out[156], key[STUNMSG_SHA256_SIZE];
        size_t size = 0;
        struct stunmsg_builder b;
        if (cases[i].key_size == STUNMSG_KEY_SIZE)
            stunmsg_long_term_key(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM,
                                  VECTOR_LONG_PASSWORD, key);
        else
            stunmsg_long_term_key_sha256(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM,
                                         VECTOR_LONG_PASSWORD, key);
        stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST,
                      vector_request_long_term + 8);
        stunmsg_add(&b, STUNMSG_USERHASH, userhash, sizeof userhash);
        stunmsg_add_text(&b, STUNMSG_NONCE, nonce);
        stunmsg_add_text(&b, STUNMSG_REALM, VECTOR_LONG_REALM);
        stunmsg_add_integrity_sha256(&b, key, cases[i].key_size);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        g_autoptr(GString) hex = g_string_new(NULL);
        for (size_t k = size - STUNMSG_SHA256_SIZE; k < size; k++)
            g_string_append_printf(hex, "%02x", out[k]);
        ASSERT_TEXT(hex->str, cases[i].expected);
        struct stunmsg m = decoded(out, size);
        CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&m, key, cases[i].key_size),
                        STUNMSG_OK);
    }
}

static void test_truncated_sha256(void)
{
    /* A usage may cut HMAC-SHA256; the header's length then says so, and is hashed. */
    for (size_t kept = 12; kept <= 36; kept += 4) {
        uint8_t out[120], digest[STUNMSG_SHA256_SIZE];
        gsize digest_size = sizeof digest;
        size_t size = 0;
        struct stunmsg_builder b;
        stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
        store_be16(out + 2, (uint16_t)(4 + kept));
        GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)"key", 3);
        g_hmac_update(hmac, out, STUNMSG_HEADER_SIZE);
        g_hmac_get_digest(hmac, digest, &digest_size);
        g_hmac_unref(hmac);
        uint8_t value[36] = { 0 };
        memcpy(value, digest, sizeof digest);
        stunmsg_add(&b, STUNMSG_MESSAGE_INTEGRITY_SHA256, value, kept);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        struct stunmsg m = decoded(out, size);
        CU_ASSERT_EQUAL(stunmsg_check_integrity_sha256(&m, "key", 3),
                        kept >= 16 && kept <= 32 ? STUNMSG_OK : STUNMSG_MALFORMED);
    }
}

/* ---- Round trips ---- */

static void test_type_bits(void)
{
    for (unsigned method = 0; method < 0x1000; method++) {
        for (unsigned class = 0; class < 4; class ++) {
            uint8_t out[STUNMSG_HEADER_SIZE];
            size_t size = 0;
            struct stunmsg_builder b;
            stunmsg_begin(&b, out, sizeof out, (uint16_t)method,
                          (enum stunmsg_class) class, transaction);
            CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
            struct stunmsg m = decoded(out, size);
            CU_ASSERT_TRUE(m.method == method && m.class == class);
        }
    }
}

static void test_addresses(void)
{
    static const uint16_t types[] = {
        STUNMSG_MAPPED_ADDRESS,      STUNMSG_XOR_MAPPED_ADDRESS, STUNMSG_XOR_PEER_ADDRESS,
        STUNMSG_XOR_RELAYED_ADDRESS, STUNMSG_RESPONSE_ORIGIN,    STUNMSG_OTHER_ADDRESS,
        STUNMSG_ALTERNATE_SERVER,
    };
    const struct endpoint endpoints[] = { endpoint_of("203.0.113.9", 65535),
                                          endpoint_of("2001:db8::1", 1) };
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(types); i++) {
        uint8_t out[64];
        size_t size = 0;
        struct endpoint back;
        struct stunmsg_builder b;
        stunmsg_begin(&b, out, sizeof out, STUNMSG_ALLOCATE, STUNMSG_SUCCESS,
                      transaction);
        stunmsg_add_address(&b, types[i / 2], &endpoints[i % 2]);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        struct stunmsg m = decoded(out, size);
        CU_ASSERT_EQUAL(stunmsg_get_address(&m, types[i / 2], &back), STUNMSG_OK);
        CU_ASSERT_TRUE(endpoint_equal(&back, &endpoints[i % 2]));
        /* XOR or not is to be seen on the wire. */
        bool plain = load_be16(out + 26) == endpoints[i % 2].port;
        CU_ASSERT_EQUAL(plain,
                        stunmsg_attribute_form(types[i / 2]) == STUNMSG_FORM_ADDRESS);
    }
}

static void test_several_peers(void)
{
    uint8_t out[80];
    size_t size = 0;
    unsigned seen = 0;
    const struct endpoint peers[] = { endpoint_of("192.0.2.7", 0),
                                      endpoint_of("::1", 9) };
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, sizeof out, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST,
                  transaction);
    stunmsg_add_address(&b, STUNMSG_XOR_PEER_ADDRESS, &peers[0]);
    stunmsg_add_address(&b, STUNMSG_XOR_PEER_ADDRESS, &peers[1]);
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    struct stunmsg m = decoded(out, size);
    struct stunmsg_iterator i = stunmsg_attributes(&m);
    struct stunmsg_attribute a;
    for (; stunmsg_next(&i, &a) && seen < 2; seen++) {
        struct endpoint peer;
        CU_ASSERT_EQUAL(stunmsg_read_address(&m, &a, &peer), STUNMSG_OK);
        CU_ASSERT_TRUE(endpoint_equal(&peer, &peers[seen]));
    }
    CU_ASSERT_EQUAL(seen, 2);
}

static void test_numbers(void)
{
    static const struct {
        uint16_t type;
        uint64_t value;
        size_t wire_bytes;
    } numbers[] = {
        { STUNMSG_PRIORITY, 0x7effffff, 4 },
        { STUNMSG_LIFETIME, 600, 4 },
        { STUNMSG_CONNECTION_ID, 0xdeadbeef, 4 },
        { STUNMSG_CHANGE_REQUEST, STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT, 4 },
        { STUNMSG_CHANNEL_NUMBER, 0x4001, 4 },
        { STUNMSG_RESPONSE_PORT, 65535, 4 },
        { STUNMSG_REQUESTED_TRANSPORT, 17, 4 },
        { STUNMSG_REQUESTED_ADDRESS_FAMILY, STUNMSG_FAMILY_IPV6, 4 },
        { STUNMSG_EVEN_PORT, 0x80, 1 },
        { STUNMSG_ICE_CONTROLLING, UINT64_C(0x8000000000000001), 8 },
        { STUNMSG_RESERVATION_TOKEN, UINT64_C(0x0123456789abcdef), 8 },
        { STUNMSG_DONT_FRAGMENT, 0, 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uint8_t out[40];
        size_t size = 0;
        uint16_t type = numbers[i].type;
        struct stunmsg_builder b;
        struct stunmsg_attribute a;
        stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
        stunmsg_add_number(&b, type, numbers[i].value);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        struct stunmsg m = decoded(out, size);
        CU_ASSERT_EQUAL_FATAL(stunmsg_find(&m, type, &a), STUNMSG_OK);
        CU_ASSERT_EQUAL(a.size, numbers[i].wire_bytes);
        uint32_t u32 = 0;
        uint64_t u64 = 0;
        if (numbers[i].wire_bytes == 8) {
            CU_ASSERT_EQUAL(stunmsg_get_u64(&m, type, &u64), STUNMSG_OK);
        } else if (numbers[i].wire_bytes > 0) {
            CU_ASSERT_EQUAL(stunmsg_get_u32(&m, type, &u32), STUNMSG_OK);
        }
        CU_ASSERT_EQUAL(u64 + u32, numbers[i].value);
    }
}

static void test_errors(void)
{
    uint8_t out[80];
    size_t size = 0, count = 0;
    uint16_t types[1] = { 0 };
    static const uint16_t unknown[] = { 0x7fff, 0x0031, 0x0032 };
    struct stunmsg_error_code code;
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, sizeof out, STUNMSG_ALLOCATE, STUNMSG_FAILURE, transaction);
    stunmsg_add_error(&b, STUNMSG_CODE_UNKNOWN_ATTRIBUTE, NULL);
    stunmsg_add_unknown(&b, unknown, G_N_ELEMENTS(unknown));
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    struct stunmsg m = decoded(out, size);
    CU_ASSERT_EQUAL(stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code), STUNMSG_OK);
    CU_ASSERT_EQUAL(code.code, 420);
    CU_ASSERT_TRUE(code.reason.size == 17 &&
                   !memcmp(code.reason.at, "Unknown Attribute", 17));
    CU_ASSERT_EQUAL(stunmsg_get_unknown(&m, types, 1, &count), STUNMSG_OK);
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(types[0], 0x7fff);
    CU_ASSERT_EQUAL(stunmsg_get_error(&m, STUNMSG_ADDRESS_ERROR_CODE, &code),
                    STUNMSG_ABSENT);
}

/* Every value that has a fixed form is refused at every other size. */
static void test_wrong_sizes(void)
{
    static const uint8_t bytes[24] = { 0, 1, 4, 4 };
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t out[300];
        size_t total = 0;
        struct stunmsg_builder b;
        stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_SUCCESS, transaction);
        stunmsg_add(&b, STUNMSG_XOR_MAPPED_ADDRESS, bytes, size);
        stunmsg_add(&b, STUNMSG_PRIORITY, bytes, size);
        stunmsg_add(&b, STUNMSG_ICE_CONTROLLING, bytes, size);
        stunmsg_add(&b, STUNMSG_EVEN_PORT, bytes, size);
        stunmsg_add(&b, STUNMSG_ERROR_CODE, bytes, size);
        stunmsg_add(&b, STUNMSG_UNKNOWN_ATTRIBUTES, bytes, size);
        stunmsg_add(&b, STUNMSG_ICMP, bytes, size);
        stunmsg_add(&b, STUNMSG_MESSAGE_INTEGRITY, bytes, size);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &total), STUNMSG_OK);
        g_autofree uint8_t *copy = g_memdup2(out, total);
        struct stunmsg m = decoded(copy, total);

        struct endpoint e = { .port = 7 };
        struct stunmsg_error_code code = { .code = 7 };
        struct stunmsg_icmp icmp = { .type = 7 };
        uint32_t u32 = 7;
        uint64_t u64 = 7;
        size_t count = 7;
        uint16_t types[12];
#define EXPECTED(fits) ((fits) ? STUNMSG_OK : STUNMSG_MALFORMED)
        CU_ASSERT_EQUAL(stunmsg_get_address(&m, STUNMSG_XOR_MAPPED_ADDRESS, &e),
                        EXPECTED(size == 8));
        CU_ASSERT_EQUAL(e.port == 7, size != 8);
        CU_ASSERT_EQUAL(stunmsg_get_u32(&m, STUNMSG_PRIORITY, &u32), EXPECTED(size == 4));
        CU_ASSERT_EQUAL(u32 == 7, size != 4);
        CU_ASSERT_EQUAL(stunmsg_get_u32(&m, STUNMSG_EVEN_PORT, &u32),
                        EXPECTED(size == 1));
        CU_ASSERT_EQUAL(stunmsg_get_u64(&m, STUNMSG_ICE_CONTROLLING, &u64),
                        EXPECTED(size == 8));
        CU_ASSERT_EQUAL(u64 == 7, size != 8);
        CU_ASSERT_EQUAL(stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code),
                        EXPECTED(size >= 4));
        CU_ASSERT_EQUAL(code.code, size >= 4 ? 404 : 7);
        CU_ASSERT_EQUAL(stunmsg_get_unknown(&m, types, G_N_ELEMENTS(types), &count),
                        EXPECTED(size % 2 == 0));
        CU_ASSERT_EQUAL(count, size % 2 == 0 ? size / 2 : 7);
        CU_ASSERT_EQUAL(stunmsg_get_icmp(&m, &icmp), EXPECTED(size == 8));
        CU_ASSERT_EQUAL(icmp.type, size == 8 ? 4 : 7);
        CU_ASSERT_EQUAL(stunmsg_check_integrity(&m, "key", 3),
                        size == 20 ? STUNMSG_MISMATCH : STUNMSG_MALFORMED);
#undef EXPECTED
    }
}

static void test_error_range(void)
{
    static const uint8_t values[][4] = { { 0, 0, 2, 99 },
                                         { 0, 0, 7, 0 },
                                         { 0, 0, 4, 100 } };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        uint8_t out[40];
        size_t size = 0;
        struct stunmsg_error_code code;
        struct stunmsg_builder b;
        stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_FAILURE, transaction);
        stunmsg_add(&b, STUNMSG_ERROR_CODE, values[i], 4);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        struct stunmsg m = decoded(out, size);
        CU_ASSERT_EQUAL(stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code),
                        STUNMSG_MALFORMED);
    }
}

static void test_no_space(void)
{
    for (size_t room = 0; room < 60; room++) {
        g_autofree uint8_t *out = g_malloc(room ? room : 1);
        size_t size = 4711;
        struct stunmsg_builder b;
        stunmsg_begin(&b, out, room, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
        stunmsg_add_number(&b, STUNMSG_PRIORITY, 1);
        stunmsg_add_integrity(&b, "key", 3);
        stunmsg_add_fingerprint(&b);
        CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_NO_SPACE);
        CU_ASSERT_EQUAL(size, 4711);
    }
}

static void test_too_long(void)
{
    /* There is room, but not for the length in a header of 16 bits. */
    enum { ROOM = 140000, HALF = 40000 };
    g_autofree uint8_t *value = g_malloc0(70000);
    g_autofree uint8_t *out = g_malloc0(ROOM);
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, ROOM, STUNMSG_SEND, STUNMSG_INDICATION, transaction);
    stunmsg_add(&b, STUNMSG_DATA, value, HALF);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_OK);
    stunmsg_add(&b, STUNMSG_DATA, value, HALF);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_NO_SPACE);
    stunmsg_begin(&b, out, ROOM, STUNMSG_SEND, STUNMSG_INDICATION, transaction);
    stunmsg_add(&b, STUNMSG_DATA, value, 70000);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_NO_SPACE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "RFC 5769 2.1 is read", test_request },
        { "RFC 5769 2.2 and 2.3 give the mapped address", test_responses },
        { "RFC 5769 2.1 to 2.3 verify, and not with another password", test_proofs },
        { "RFC 5769 2.4 verifies with its long-term key", test_long_term },
        { "the long-term key is that of the RFC's example", test_known_key },
        { "the CRC is the one of FINGERPRINT", test_crc },
        { "RFC 5769 2.4 is built byte for byte", test_vector_rebuilt },
        { "every prefix of a message is refused", test_prefixes },
        { "an attribute that is cut off is noticed", test_cut_attributes },
        { "a byte after a message is refused", test_trailing },
        { "another type, length or cookie is not STUN", test_not_stun },
        { "no flipped bit gets past FINGERPRINT", test_bit_flips },
        { "mutated messages are read within their bounds", test_mutations },
        { "attributes after the integrity do not count", test_after_integrity },
        { "a FINGERPRINT that is not last is malformed", test_fingerprint_not_last },
        { "HMAC-SHA256 is that of another implementation", test_sha256_vector },
        { "HMAC-SHA256 may be cut to 16 bytes", test_truncated_sha256 },
        { "each method and class comes back", test_type_bits },
        { "addresses of both families come back", test_addresses },
        { "several peer addresses are seen", test_several_peers },
        { "numbers come back in the form of their type", test_numbers },
        { "errors and unknown attributes come back", test_errors },
        { "values of a wrong size are malformed", test_wrong_sizes },
        { "error codes outside 300 to 699 are malformed", test_error_range },
        { "a builder without room says so", test_no_space },
        { "a message longer than its header can say is refused", test_too_long },
    };
    return suite_run("stunmsg", tests, G_N_ELEMENTS(tests), argc, argv);
}
