/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ChannelData, where a message ends in a stream, and what shares a port with STUN.
 *
 * WebRTC runs STUN, DTLS, SRTP and TURN channels on one port and tells them apart by the
 * first byte. Here the fixed header must be there too, and STUN must have its cookie: a
 * stray byte is "other", not an empty DTLS record.
 *
 * It does not look into DTLS or RTP, and does not know QUIC (RFC 9443), which nothing in
 * this suite speaks.
 *
 * RFC 7983 §7, RFC 5761 §4, RFC 8656 §12.4, §12.5, RFC 8489 §6.2.2.
 */
#include "wire/stunmsg.h"

enum { DTLS_HEADER_SIZE = 13, RTP_HEADER_SIZE = 12, RTCP_HEADER_SIZE = 8 };

enum stunmsg_traffic stunmsg_classify(const uint8_t *bytes, size_t size)
{
    if (size < 4)
        return STUNMSG_TRAFFIC_OTHER;
    uint8_t first = bytes[0];
    if (first <= 3) {
        if (size >= STUNMSG_HEADER_SIZE && load_be32(bytes + 4) == STUNMSG_COOKIE)
            return STUNMSG_TRAFFIC_STUN;
    } else if (first >= 16 && first <= 19) {
        return STUNMSG_TRAFFIC_ZRTP;
    } else if (first >= 20 && first <= 63) {
        if (size >= DTLS_HEADER_SIZE)
            return STUNMSG_TRAFFIC_DTLS;
    } else if (first >= 64 && first <= 79) {
        if (load_be16(bytes + 2) <= size - STUNMSG_CHANNEL_HEADER_SIZE)
            return STUNMSG_TRAFFIC_CHANNEL;
    } else if (first >= 128 && first <= 191) {
        /* RTCP's packet types 192 to 223 are payload types 64 to 95 of RTP, which must
         * not be used where both share a port. */
        bool is_rtcp = bytes[1] >= 192 && bytes[1] <= 223;
        if (is_rtcp && size >= RTCP_HEADER_SIZE)
            return STUNMSG_TRAFFIC_RTCP;
        if (!is_rtcp && size >= RTP_HEADER_SIZE)
            return STUNMSG_TRAFFIC_RTP;
    }
    return STUNMSG_TRAFFIC_OTHER;
}

const char *stunmsg_traffic_name(enum stunmsg_traffic traffic)
{
    static const char *const names[] = {
        [STUNMSG_TRAFFIC_OTHER] = "other", [STUNMSG_TRAFFIC_STUN] = "STUN",
        [STUNMSG_TRAFFIC_ZRTP] = "ZRTP",   [STUNMSG_TRAFFIC_DTLS] = "DTLS",
        [STUNMSG_TRAFFIC_RTP] = "RTP",     [STUNMSG_TRAFFIC_CHANNEL] = "ChannelData",
        [STUNMSG_TRAFFIC_RTCP] = "RTCP",
    };
    _Static_assert(sizeof names / sizeof *names == STUNMSG_N_TRAFFIC, "one name each");
    return names[traffic];
}

enum stunmsg_error stunmsg_channel_data_decode(const uint8_t *bytes, size_t size,
                                               struct stunmsg_channel_data *ret_data)
{
    struct cursor c = cursor_over(bytes, size);
    uint16_t channel = cursor_u16(&c);
    uint16_t data_size = cursor_u16(&c);
    if (c.bad)
        return STUNMSG_SHORT;
    if (channel < STUNMSG_CHANNEL_MIN || channel > STUNMSG_CHANNEL_MAX)
        return STUNMSG_NOT_STUN;
    const uint8_t *data = cursor_take(&c, data_size);
    if (!data)
        return STUNMSG_SHORT;
    *ret_data = (struct stunmsg_channel_data){ .channel = channel,
                                               .size = data_size,
                                               .data = data };
    return STUNMSG_OK;
}

void stunmsg_channel_data_header(uint8_t out[STUNMSG_CHANNEL_HEADER_SIZE],
                                 uint16_t channel, uint16_t data_size)
{
    store_be16(out, channel);
    store_be16(out + 2, data_size);
}

enum stunmsg_error stunmsg_frame_size(const uint8_t *bytes, size_t size, size_t *ret_size)
{
    struct cursor c = cursor_over(bytes, size);
    uint16_t start = cursor_u16(&c);
    size_t length = cursor_u16(&c);
    if (c.bad)
        return STUNMSG_SHORT;
    if (start < 0x4000 && length % 4 == 0)
        *ret_size = STUNMSG_HEADER_SIZE + length;
    else if (start >= STUNMSG_CHANNEL_MIN && start <= STUNMSG_CHANNEL_MAX)
        *ret_size = STUNMSG_CHANNEL_HEADER_SIZE + ((length + 3) & ~(size_t)3);
    else
        return STUNMSG_NOT_STUN;
    return STUNMSG_OK;
}
