/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the members of a room send each other: a JSON object with one key, whose value is
 * W3C's RTCSessionDescriptionInit or RTCIceCandidateInit.
 *
 *     {"offer":{"type":"offer","sdp":"v=0\r\n…"}}
 *     {"answer":{"type":"answer","sdp":"v=0\r\n…"}}
 *     {"new-ice-candidate":{"candidate":"candidate:…","sdpMid":"0","sdpMLineIndex":0}}
 *
 * A candidate that is null, or whose text is "", is end-of-candidates.
 */
#ifndef RTCLAB_SIGNALING_ROOM_MESSAGE_H
#define RTCLAB_SIGNALING_ROOM_MESSAGE_H

#include <glib.h>
#include <jansson.h>

enum room_message_kind {
    ROOM_OFFER,
    ROOM_ANSWER,
    ROOM_CANDIDATE,
    ROOM_N_MESSAGE_KINDS,
};

/** "offer", "answer", "new-ice-candidate". */
extern const char *const room_message_names[ROOM_N_MESSAGE_KINDS];

/**
 * Reads a message that may be hostile.
 *
 * @param text     need not be NUL-terminated
 * @param ret_kind untouched on failure
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT, whose message is one line of
 * UTF-8 that says what was wanted
 */
json_t *room_message_parse(const char *text, size_t size,
                           enum room_message_kind *ret_kind, GError **error);

/**
 * A signal of the peer contract as a message of a room.
 * @param signal with "description" or "candidate"; borrowed
 * @return caller owns; NULL if it is neither
 */
json_t *room_message_from_signal(const json_t *signal);

/**
 * A message as a signal of the peer contract: {"type":"signal","description":{…}}.
 * @param message one that room_message_parse() has made; borrowed
 * @return caller owns
 */
json_t *room_message_to_signal(const json_t *message, enum room_message_kind kind);

#endif
