/* SPDX-License-Identifier: Apache-2.0 */
/* wire/stunmsg.h: RFC 5769's vectors, truncation, mutation, round trips and names. */
#include "suite.h"

#include <string.h>

#include "base/rng.h"
#include "stun_vectors.h"
#include "wire/stunmsg.h"

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

/* ---- Framing ---- */

static void test_classify(void)
{
    static const struct {
        uint8_t start[4];
        size_t size;
        enum stunmsg_traffic traffic;
    } cases[] = {
        { { 22, 254, 253, 0 }, 13, STUNMSG_TRAFFIC_DTLS },
        { { 22, 254, 253, 0 }, 12, STUNMSG_TRAFFIC_OTHER },
        { { 63, 0, 0, 0 }, 40, STUNMSG_TRAFFIC_DTLS },
        { { 20, 0, 0, 0 }, 40, STUNMSG_TRAFFIC_DTLS },
        { { 19, 0, 0, 0 }, 40, STUNMSG_TRAFFIC_ZRTP },
        { { 15, 0, 0, 0 }, 40, STUNMSG_TRAFFIC_OTHER },
        { { 0, 1, 0, 0 }, 20, STUNMSG_TRAFFIC_OTHER }, /* no cookie */
        { { 0x40, 0, 0, 4 }, 8, STUNMSG_TRAFFIC_CHANNEL },
        { { 0x4f, 0xff, 0, 4 }, 12, STUNMSG_TRAFFIC_CHANNEL },
        { { 0x40, 0, 0, 5 }, 8, STUNMSG_TRAFFIC_OTHER },
        { { 0x50, 0, 0, 0 }, 8, STUNMSG_TRAFFIC_OTHER },
        { { 0x80, 96, 0, 1 }, 12, STUNMSG_TRAFFIC_RTP },
        { { 0x80, 96 | 0x80, 0, 1 }, 12, STUNMSG_TRAFFIC_RTP }, /* with its marker bit */
        { { 0x80, 96, 0, 1 }, 11, STUNMSG_TRAFFIC_OTHER },
        { { 0x81, 200, 0, 6 }, 28, STUNMSG_TRAFFIC_RTCP },
        { { 0xbf, 0, 0, 0 }, 12, STUNMSG_TRAFFIC_RTP },
        { { 0xc0, 0, 0, 0 }, 12, STUNMSG_TRAFFIC_OTHER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree uint8_t *datagram = g_malloc0(cases[i].size);
        memcpy(datagram, cases[i].start, 4);
        ASSERT_TEXT(stunmsg_traffic_name(stunmsg_classify(datagram, cases[i].size)),
                    stunmsg_traffic_name(cases[i].traffic));
    }
    CU_ASSERT_EQUAL(stunmsg_classify(vector_request, sizeof vector_request),
                    STUNMSG_TRAFFIC_STUN);
    for (size_t n = 0; n < 20; n++) {
        g_autofree uint8_t *copy = g_memdup2(vector_request, n);
        CU_ASSERT_EQUAL(stunmsg_classify(copy, n), STUNMSG_TRAFFIC_OTHER);
    }
}

static void test_channel_data(void)
{
    uint8_t bytes[12] = { 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o' };
    struct stunmsg_channel_data data = { 0 };
    size_t size = 0;
    stunmsg_channel_data_header(bytes, 0x4001, 5);
    CU_ASSERT_EQUAL(stunmsg_channel_data_decode(bytes, 9, &data), STUNMSG_OK);
    CU_ASSERT_EQUAL(data.channel, 0x4001);
    CU_ASSERT_TRUE(data.size == 5 && memcmp(data.data, "hello", 5) == 0);
    CU_ASSERT_EQUAL(stunmsg_channel_data_decode(bytes, 12, &data), STUNMSG_OK);
    for (size_t n = 0; n < 9; n++) {
        g_autofree uint8_t *copy = g_memdup2(bytes, n);
        CU_ASSERT_EQUAL(stunmsg_channel_data_decode(copy, n, &data), STUNMSG_SHORT);
    }
    CU_ASSERT_EQUAL(stunmsg_frame_size(bytes, 4, &size), STUNMSG_OK);
    CU_ASSERT_EQUAL(size, 12);
    /* 0x5000 to 0x7fff are reserved (RFC 8656 §12). */
    stunmsg_channel_data_header(bytes, 0x5000, 5);
    CU_ASSERT_EQUAL(stunmsg_channel_data_decode(bytes, 9, &data), STUNMSG_NOT_STUN);
    CU_ASSERT_EQUAL(stunmsg_frame_size(bytes, 4, &size), STUNMSG_NOT_STUN);
}

static void test_stream(void)
{
    size_t size = 4711;
    for (size_t n = 0; n < 4; n++) {
        g_autofree uint8_t *copy = g_memdup2(vector_request, n);
        CU_ASSERT_EQUAL(stunmsg_frame_size(copy, n, &size), STUNMSG_SHORT);
    }
    CU_ASSERT_EQUAL(size, 4711);
    CU_ASSERT_EQUAL(stunmsg_frame_size(vector_request, 4, &size), STUNMSG_OK);
    CU_ASSERT_EQUAL(size, sizeof vector_request);
    static const uint8_t odd[4] = { 0, 1, 0, 7 };
    CU_ASSERT_EQUAL(stunmsg_frame_size(odd, 4, &size), STUNMSG_NOT_STUN);
}

/* ---- Words ---- */

static void test_names(void)
{
    ASSERT_TEXT(stunmsg_method_name(STUNMSG_CREATE_PERMISSION), "CreatePermission");
    ASSERT_TEXT(stunmsg_method_name(0xfff), NULL);
    ASSERT_TEXT(stunmsg_class_name(STUNMSG_FAILURE), "error response");
    ASSERT_TEXT(stunmsg_attribute_name(0x0020), "XOR-MAPPED-ADDRESS");
    ASSERT_TEXT(stunmsg_attribute_name(0x8030), "MOBILITY-TICKET");
    ASSERT_TEXT(stunmsg_attribute_name(0xffff), NULL);
    ASSERT_TEXT(stunmsg_code_reason(438), "Stale Nonce");
    ASSERT_TEXT(stunmsg_code_reason(499), NULL);
    ASSERT_TEXT(stunmsg_error_text(STUNMSG_SHORT), "ends too early");
    CU_ASSERT_EQUAL(stunmsg_attribute_form(0xffff), STUNMSG_FORM_BYTES);
}

static void test_describe(void)
{
    char line[256];
    uint8_t out[256];
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, sizeof out, STUNMSG_BINDING, STUNMSG_REQUEST, transaction);
    stunmsg_add_number(&b, STUNMSG_PRIORITY, 1853824767);
    stunmsg_add_number(&b, STUNMSG_USE_CANDIDATE, 0);
    stunmsg_end(&b, &size);
    CU_ASSERT_EQUAL(stunmsg_describe(out, size, line, sizeof line), STUNMSG_OK);
    ASSERT_TEXT(line, "Binding request, PRIORITY 1853824767, USE-CANDIDATE");

    const struct endpoint relayed = endpoint_of("2001:db8::1", 49152);
    stunmsg_begin(&b, out, sizeof out, STUNMSG_ALLOCATE, STUNMSG_SUCCESS, transaction);
    stunmsg_add_address(&b, STUNMSG_XOR_RELAYED_ADDRESS, &relayed);
    stunmsg_add_number(&b, STUNMSG_LIFETIME, 600);
    stunmsg_add(&b, STUNMSG_MAPPED_ADDRESS, "?", 1);
    stunmsg_add(&b, 0xffee, "?", 1);
    stunmsg_add_integrity(&b, "key", 3);
    stunmsg_add_number(&b, STUNMSG_CHANNEL_NUMBER, 0x4000);
    stunmsg_end(&b, &size);
    CU_ASSERT_EQUAL(stunmsg_describe(out, size, line, sizeof line), STUNMSG_OK);
    ASSERT_TEXT(line,
                "Allocate success response, XOR-RELAYED-ADDRESS [2001:db8::1]:49152, "
                "LIFETIME 600, MAPPED-ADDRESS (malformed), attribute 0xffee, "
                "MESSAGE-INTEGRITY, CHANNEL-NUMBER 0x4000 (after the integrity)");

    stunmsg_begin(&b, out, sizeof out, STUNMSG_REFRESH, STUNMSG_FAILURE, transaction);
    stunmsg_add_error(&b, 438, NULL);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, "a\"b\n\x1b");
    stunmsg_end(&b, &size);
    CU_ASSERT_EQUAL(stunmsg_describe(out, size, line, sizeof line), STUNMSG_OK);
    ASSERT_TEXT(line, "Refresh error response, ERROR-CODE 438 \"Stale Nonce\", "
                      "SOFTWARE \"a\\x22b\\x0a\\x1b\"");

    stunmsg_channel_data_header(out, 0x4001, 100);
    CU_ASSERT_EQUAL(stunmsg_describe(out, 104, line, sizeof line), STUNMSG_OK);
    ASSERT_TEXT(line, "ChannelData 0x4001, 100 bytes");
    CU_ASSERT_EQUAL(
        stunmsg_describe((const uint8_t *)"SSH-2.0-OpenSSH_9.2.", 20, line, sizeof line),
        STUNMSG_NOT_STUN);
}

static void test_describe_cut(void)
{
    char whole[256];
    CU_ASSERT_EQUAL_FATAL(
        stunmsg_describe(vector_request, sizeof vector_request, whole, sizeof whole),
        STUNMSG_OK);
    size_t length = strlen(whole);
    for (size_t room = 0; room <= length + 1; room++) {
        g_autofree char *line = g_malloc(room ? room : 1);
        enum stunmsg_error error =
            stunmsg_describe(vector_request, sizeof vector_request, line, room);
        CU_ASSERT_EQUAL(error, room == 0 ? STUNMSG_NO_SPACE : STUNMSG_OK);
        if (room == 0)
            continue;
        CU_ASSERT_EQUAL(strlen(line), MIN(room - 1, length));
        if (room > length)
            ASSERT_TEXT(line, whole);
        else if (room > 3)
            ASSERT_TEXT(line + room - 4, "...");
    }
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
        { "traffic on one port is told apart", test_classify },
        { "ChannelData is read, padded or not", test_channel_data },
        { "a stream's next message is measured", test_stream },
        { "numbers have names", test_names },
        { "a message is described in one line", test_describe },
        { "a description is cut, not overrun", test_describe_cut },
    };
    return suite_run("stunmsg", tests, G_N_ELEMENTS(tests), argc, argv);
}
