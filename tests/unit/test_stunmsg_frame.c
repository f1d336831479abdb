/* SPDX-License-Identifier: Apache-2.0 */
/* wire/stunmsg.h: what shares a port with STUN, streams, names and descriptions. */
#include "suite.h"

#include <string.h>

#include "wire/stunmsg.h"
#include "wire/stunmsg_vectors.h"

static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";

static struct endpoint endpoint_of(const char *text, uint16_t port)
{
    struct endpoint e = { .port = port };
    CU_ASSERT_TRUE_FATAL(address_parse(text, &e.address));
    return e;
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
        { "traffic on one port is told apart", test_classify },
        { "ChannelData is read, padded or not", test_channel_data },
        { "a stream's next message is measured", test_stream },
        { "numbers have names", test_names },
        { "a message is described in one line", test_describe },
        { "a description is cut, not overrun", test_describe_cut },
    };
    return suite_run("stunmsg_frame", tests, G_N_ELEMENTS(tests), argc, argv);
}
