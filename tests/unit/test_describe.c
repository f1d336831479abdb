/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in words: the vectors of RFC 5769, what is wrong with malformed ones and
 * where, and that nothing in any of them is shown that must not be.
 */
#include "suite.h"

#include <string.h>

#include "base/file.h"
#include "probes/core/describe.h"
#include "wire/stunmsg_vectors.h"
#include "wire/stunmsg.h"

static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_vectors(void)
{
    const struct describe_credentials credentials = { .password = VECTOR_PASSWORD };
    g_autoptr(json_t) m =
        describe_message_with(vector_request, sizeof vector_request, &credentials);
    g_autofree char *text = describe_to_text(m, true);
    ASSERT_TEXT(text, "Binding request, 108 bytes, transaction b7e7a701bc34d686fa87dfae\n"
                      "  20  0x8022  SOFTWARE             16  \"STUN test client\"\n"
                      "          53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74\n"
                      "  40  0x0024  PRIORITY              4  1845494271\n"
                      "          6e 00 01 ff\n"
                      "  48  0x8029  ICE-CONTROLLED        8  0x932ff9b151263b36\n"
                      "          93 2f f9 b1 51 26 3b 36\n"
                      "  60  0x0006  USERNAME              9  \"evtj:h6vY\"\n"
                      "          65 76 74 6a 3a 68 36 76 59\n"
                      "          padding 202020\n"
                      "  76  0x0008  MESSAGE-INTEGRITY    20  valid\n"
                      "          9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49\n"
                      "          c1 b5 71 a2\n"
                      " 100  0x8028  FINGERPRINT           4  0xe57a3bcf, valid\n"
                      "          e5 7a 3b cf\n");
    g_autofree char *brief =
        describe_message_text(vector_response_ipv6, sizeof vector_response_ipv6);
    CU_ASSERT_PTR_NOT_NULL(strstr(brief,
                                  "XOR-MAPPED-ADDRESS    20  "
                                  "[2001:db8:1234:5678:11:2233:4455:6677]:32853\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(brief, "MESSAGE-INTEGRITY     20  unchecked\n"));
}

/* One message of each attribute whose value is told in words of its own. */
static void test_values(void)
{
    static const struct {
        uint16_t type;
        const char *value;
        size_t size;
        const char *text; /* NULL: none */
    } rows[] = {
        { STUNMSG_REQUESTED_TRANSPORT, "\x11\0\0", 4, "17 (UDP)" },
        { STUNMSG_REQUESTED_TRANSPORT, "\xff\0\0", 4, "255 (unknown)" },
        { STUNMSG_REQUESTED_ADDRESS_FAMILY, "\2\0\0", 4, "2 (IPv6)" },
        { STUNMSG_EVEN_PORT, "\x80", 1, "an even port, the next one reserved" },
        { STUNMSG_EVEN_PORT, "\0", 1, "an even port" },
        { STUNMSG_CHANNEL_NUMBER, "\x40\0\0", 4, "0x4000" },
        { STUNMSG_LIFETIME, "\0\0\2\x58", 4, "600 s" },
        { STUNMSG_CHANGE_REQUEST, "\0\0\0\2", 4, "change port" },
        { STUNMSG_RESERVATION_TOKEN, "\1\2\3\4\5\6\7\x08", 8, "0x0102030405060708" },
        { STUNMSG_ERROR_CODE,
          "\0\0\4\x25"
          "Stale",
          9, "437 \"Stale\"" },
        { STUNMSG_ADDRESS_ERROR_CODE, "\2\0\4\x28", 4, "IPv6: 440 \"\"" },
        { STUNMSG_UNKNOWN_ATTRIBUTES, "\0\x18\x7f\xff", 4,
          "EVEN-PORT, attribute 0x7fff" },
        { STUNMSG_PASSWORD_ALGORITHMS, "\0\2\0\1x\0\0\0\0\1\0", 12, "SHA-256, MD5" },
        { STUNMSG_PASSWORD_ALGORITHM, "\0\7\0", 4, "algorithm 0x0007" },
        { STUNMSG_ICMP, "\0\0\3\3\0\0\0", 8, "type 3, code 3, data 0" },
        { STUNMSG_TRANSACTION_TRANSMIT_COUNTER, "\0\0\2\1", 4, "request 2, response 1" },
        { STUNMSG_NONCE, "obMatJos2wAAA;x", 15,
          "\"obMatJos2wAAA;x\" (RFC 8489, password algorithms, anonymous user names)" },
        { STUNMSG_NONCE, "obMatJos2AAAA", 13, "\"obMatJos2AAAA\" (RFC 8489)" },
        { STUNMSG_NONCE, "obMatJos2", 9, "\"obMatJos2\"" },
        { STUNMSG_DONT_FRAGMENT, "", 0, NULL },
        { 0x7777, "abc", 3, NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t bytes[128];
        size_t size = 0;
        struct stunmsg_builder b;
        stunmsg_begin(&b, bytes, sizeof bytes, STUNMSG_ALLOCATE, STUNMSG_REQUEST,
                      transaction);
        stunmsg_add(&b, rows[i].type, rows[i].value, rows[i].size);
        CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
        g_autoptr(json_t) m = describe_message(bytes, size);
        const json_t *a = json_array_get(json_object_get(m, "attributes"), 0);
        ASSERT_TEXT(text_of(a, "text"), rows[i].text);
        CU_ASSERT_PTR_NULL(json_object_get(m, "problems"));
    }
}

/* "at AT: TEXT; at AT: …" */
static char *problems_of(const json_t *m)
{
    const json_t *problem;
    size_t i;
    GString *out = g_string_new(NULL);
    json_array_foreach(json_object_get(m, "problems"), i, problem)
    {
        g_string_append_printf(out, "%sat %d: %s", i ? "; " : "",
                               (int)json_integer_value(json_object_get(problem, "at")),
                               text_of(problem, "text"));
    }
    return g_string_free(out, FALSE);
}

#define HEADER(length)               \
    "\0\1" length "\x21\x12\xa4\x42" \
    "transaction\0"
#define BYTES(text) (const uint8_t *)text, sizeof text - 1

static void test_what_is_wrong_and_where(void)
{
    static const struct {
        const uint8_t *bytes;
        size_t size;
        const char *what, *problems;
    } rows[] = {
        { BYTES(""), "no STUN message", "at 0: there are no bytes" },
        { BYTES("\0\1\0\0\x21\x12\xa4\x42"), "no STUN message",
          "at 8: a header has 20 bytes, there are 8" },
        { BYTES(HEADER("\0\0")), "Binding request", "" },
        { BYTES("\0\1\0\0\x21\x12\xa4\x43"
                "transaction\0"),
          "Binding request", "at 4: the cookie is 0x2112a443, must be 0x2112a442" },
        { BYTES(HEADER("\0\x05") "\x80\x22\0\0x"), "Binding request",
          "at 2: the length is 5, no multiple of 4; at 24: an attribute needs 4 bytes at "
          "least, 1 are left" },
        { BYTES(HEADER("\0\x08") "\x80\x22\0\0"), "Binding request",
          "at 2: the length is 8, and 4 bytes follow the header" },
        { BYTES(HEADER("\0\0") "more"), "Binding request",
          "at 20: 4 bytes follow the end of the message" },
        { BYTES(HEADER("\0\x08") "\0\6\0\x05"
                                 "user"),
          "Binding request", "at 22: USERNAME has 5 bytes, 4 are left" },
        { BYTES(HEADER("\0\x08") "\x77\x77\xff\xff"
                                 "user"),
          "Binding request", "at 22: attribute 0x7777 has 65535 bytes, 4 are left" },
        { BYTES(HEADER("\0\x08") "\0\x0d\0\3"
                                 "abc\0"),
          "Binding request", "at 22: LIFETIME must have 4 bytes, has 3" },
        { BYTES(HEADER("\0\x0c") "\0\x20\0\x08"
                                 "\0\3\0\0abcd"),
          "Binding request",
          "at 24: XOR-MAPPED-ADDRESS is no IPv4 address of 8 bytes and no IPv6 address "
          "of "
          "20" },
        { BYTES(HEADER("\0\x08") "\0\x09\0\4"
                                 "\0\0\2\x64"),
          "Binding request",
          "at 26: an error has class 3 to 6 and number 0 to 99, not 2 and 100" },
        { BYTES(HEADER("\0\x08") "\0\x0a\0\3"
                                 "\0\1\0\0"),
          "Binding request", "at 22: types take 2 bytes each, there are 3" },
        { BYTES(HEADER("\0\x08") "\x80\x22\0\1"
                                 "\xff\0\0\0"),
          "Binding request", "at 24: SOFTWARE is not UTF-8" },
        { BYTES(HEADER("\0\x08") "\x80\x02\0\4"
                                 "\0\2\0\1"),
          "Binding request",
          "at 28: an algorithm's parameters end behind the attribute" },
        { BYTES(HEADER("\0\x0c") "\x80\x28\0\4"
                                 "\0\0\0\0"
                                 "\x80\x22\0\0"),
          "Binding request", "at 20: FINGERPRINT is not the last attribute" },
        { BYTES("\x40\0\0\5hello\0\0\0"), "ChannelData", "" },
        { BYTES("\x40\0\0\5hell"), "ChannelData",
          "at 2: the length is 5, and 4 bytes follow the header" },
        { BYTES("\x40\0\0\1hello"), "ChannelData",
          "at 5: 4 bytes follow the end of the message" },
        { BYTES("\x50\0\0\0"), "ChannelData",
          "at 0: channel 0x5000 is reserved: they end at 0x4fff" },
        { BYTES("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\1\1"), "DTLS", "" },
        { BYTES("\xff\xff\xff\xff"), "no STUN message", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree uint8_t *exact = g_memdup2(rows[i].bytes, rows[i].size);
        g_autoptr(json_t) m = describe_message(exact, rows[i].size);
        g_autofree char *problems = problems_of(m);
        ASSERT_TEXT(text_of(m, "what"), rows[i].what);
        ASSERT_TEXT(problems, rows[i].problems);
    }
}

/* Cut anywhere, a message has something wrong that is named. */
static void test_every_prefix(void)
{
    for (size_t n = 0; n < sizeof vector_request; n++) {
        g_autofree uint8_t *exact = g_memdup2(vector_request, n);
        g_autoptr(json_t) m = describe_message(exact, n);
        CU_ASSERT_TRUE(json_array_size(json_object_get(m, "problems")) > 0);
        CU_ASSERT_PTR_NULL(json_object_get(m, "fingerprint"));
        g_autofree char *text = describe_to_text(m, true);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nat byte "));
    }
}

static size_t build_signed(uint8_t *bytes, size_t room, const void *key, size_t key_size)
{
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, bytes, room, STUNMSG_ALLOCATE, STUNMSG_REQUEST, transaction);
    stunmsg_add_text(&b, STUNMSG_USERNAME, "alice");
    stunmsg_add_text(&b, STUNMSG_REALM, "example.org");
    stunmsg_add_integrity(&b, key, key_size);
    stunmsg_add_integrity_sha256(&b, key, key_size);
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    return size;
}

static void test_integrity(void)
{
    uint8_t bytes[256], key[STUNMSG_SHA256_SIZE];
    const struct {
        struct describe_credentials credentials;
        const char *status;
    } rows[] = {
        { { .password = "secret" }, "valid" },
        { { .password = "secret", .user = "alice", .realm = "example.org" }, "valid" },
        { { .password = "wrong" }, "wrong" },
        { { .password = "secret", .user = "bob" }, "wrong" },
        { { .password = "secret", .realm = "example.com" }, "wrong" },
    };
    for (unsigned is_sha = 0; is_sha < 2; is_sha++) {
        size_t key_size = is_sha ? STUNMSG_SHA256_SIZE : STUNMSG_KEY_SIZE;
        if (is_sha)
            stunmsg_long_term_key_sha256("alice", "example.org", "secret", key);
        else
            stunmsg_long_term_key("alice", "example.org", "secret", key);
        size_t size = build_signed(bytes, sizeof bytes, key, key_size);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            g_autoptr(json_t) m =
                describe_message_with(bytes, size, &rows[i].credentials);
            ASSERT_TEXT(text_of(m, "integrity"), rows[i].status);
            ASSERT_TEXT(text_of(m, "integrity_sha256"), rows[i].status);
        }
    }
    size_t size = build_signed(bytes, sizeof bytes, "short", 5);
    const struct describe_credentials short_term = { .password = "short" };
    g_autoptr(json_t) m = describe_message_with(bytes, size, &short_term);
    ASSERT_TEXT(text_of(m, "integrity"), "valid");
}

static void test_what_is_not_shown(void)
{
    uint8_t bytes[256];
    size_t size = 0;
    struct stunmsg_builder b;
    stunmsg_begin(&b, bytes, sizeof bytes, STUNMSG_ALLOCATE, STUNMSG_REQUEST,
                  transaction);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, "a\x1b[2J\xff");
    stunmsg_add_text(&b, STUNMSG_ACCESS_TOKEN, "hush-hush");
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    g_autoptr(json_t) m = describe_message(bytes, size);
    g_autofree char *json = json_dumps(m, JSON_ENSURE_ASCII);
    g_autofree char *text = describe_to_text(m, true);
    CU_ASSERT_PTR_NULL(strstr(json, "hush"));
    CU_ASSERT_PTR_NULL(strstr(json, "68757368"));
    CU_ASSERT_PTR_NULL(strstr(text, "68 75 73 68"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACCESS-TOKEN     9  not shown\n"));
    CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"a\\x1b[2J\\xff\""));
    describe_hide(bytes, size);
    CU_ASSERT_PTR_NULL(memmem(bytes, size, "hush", 4));
    CU_ASSERT_PTR_NOT_NULL(memmem(bytes, size, "a\x1b[2J", 5));
    for (size_t n = 0; n < size; n++) {
        g_autofree uint8_t *exact = g_memdup2(bytes, n);
        describe_hide(exact, n);
    }
}

static void test_attributes_are_bounded(void)
{
    enum { COUNT = DESCRIBE_MAX_ATTRIBUTES + 1 };
    g_autofree uint8_t *bytes = g_malloc0(STUNMSG_HEADER_SIZE + 4 * COUNT);
    memcpy(bytes, vector_request, STUNMSG_HEADER_SIZE);
    store_be16(bytes + 2, 4 * COUNT);
    g_autoptr(json_t) m = describe_message(bytes, STUNMSG_HEADER_SIZE + 4 * COUNT);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(m, "attributes")),
                    DESCRIBE_MAX_ATTRIBUTES);
    g_autofree char *problems = problems_of(m);
    ASSERT_TEXT(problems, "at 1044: there are more than 256 attributes");
}

static const struct test tests[] = {
    { "the messages of RFC 5769 are told in full", test_vectors },
    { "values are told as their types have them", test_values },
    { "what is wrong is named, with its byte", test_what_is_wrong_and_where },
    { "every prefix of a message has something wrong", test_every_prefix },
    { "integrity is checked with long-term and short-term keys", test_integrity },
    { "tokens and terminal controls are not shown", test_what_is_not_shown },
    { "attributes are bounded", test_attributes_are_bounded },
};

int main(int argc, char **argv)
{
    return suite_run("describe", tests, G_N_ELEMENTS(tests), argc, argv);
}
