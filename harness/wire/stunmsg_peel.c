/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stunmsg_peel.h"

/* What a TURN message carries, if it carries something. */
static void unwrap(struct stunmsg_peeled *p)
{
    struct stunmsg_channel_data channel;
    struct stunmsg m;
    struct stunmsg_text data;
    switch (stunmsg_classify(p->bytes, p->size)) {
    case STUNMSG_TRAFFIC_CHANNEL:
        if (stunmsg_channel_data_decode(p->bytes, p->size, &channel) == STUNMSG_OK &&
            channel.size > 0) {
            p->is_relayed = true;
            p->channel = channel.channel;
            p->bytes = channel.data;
            p->size = channel.size;
        }
        break;
    case STUNMSG_TRAFFIC_STUN:
        if (stunmsg_decode(p->bytes, p->size, &m) == STUNMSG_OK &&
            m.class == STUNMSG_INDICATION &&
            stunmsg_get_text(&m, STUNMSG_DATA, &data) == STUNMSG_OK && data.size > 0) {
            p->is_relayed = true;
            stunmsg_get_address(&m, STUNMSG_XOR_PEER_ADDRESS, &p->peer);
            p->bytes = (const uint8_t *)data.at;
            p->size = data.size;
        }
        break;
    case STUNMSG_TRAFFIC_OTHER:
    case STUNMSG_TRAFFIC_ZRTP:
    case STUNMSG_TRAFFIC_DTLS:
    case STUNMSG_TRAFFIC_RTP:
    case STUNMSG_TRAFFIC_RTCP:
    case STUNMSG_N_TRAFFIC:
        break;
    }
}

void stunmsg_peel(const uint8_t *bytes, size_t size, struct stunmsg_peeled *ret_peeled)
{
    *ret_peeled = (struct stunmsg_peeled){ .bytes = bytes, .size = size, .taken = size };
    unwrap(ret_peeled);
}

bool stunmsg_peel_segment(const uint8_t *bytes, size_t size,
                          struct stunmsg_peeled *ret_peeled)
{
    enum { FRAME_HEADER = 2 };
    size_t length;
    if (stunmsg_classify(bytes, size) != STUNMSG_TRAFFIC_OTHER &&
        stunmsg_frame_size(bytes, size, &length) == STUNMSG_OK && length <= size) {
        stunmsg_peel(bytes, length, ret_peeled);
        return true;
    }
    if (size <= FRAME_HEADER)
        return false;
    length = load_be16(bytes);
    if (length == 0 || length > size - FRAME_HEADER)
        return false;
    stunmsg_peel(bytes + FRAME_HEADER, length, ret_peeled);
    ret_peeled->is_framed = true;
    ret_peeled->taken = FRAME_HEADER + length;
    return true;
}
