/* SPDX-License-Identifier: Apache-2.0 */
/* What an attribute's value says, as a text for people. */
#ifndef RTCLAB_WIRE_STUNMSG_VALUE_H
#define RTCLAB_WIRE_STUNMSG_VALUE_H

#include <glib.h>

#include "wire/stunmsg.h"

/** "XOR-PEER-ADDRESS", or "attribute 0x7777"; caller owns. */
char *stunmsg_type_text(uint16_t type);

/** "Binding request", "method 0x123 error response"; caller owns. */
char *stunmsg_message_text(const struct stunmsg *m);

/** A password algorithm: "MD5", "algorithm 0x0003" (RFC 8489 §18.5); caller owns. */
char *stunmsg_algorithm_text(uint16_t algorithm);

/**
 * What an attribute's value says: "203.0.113.10:3478", "600 s", "\"rtclab\"",
 * "401 \"Unauthorized\"". UTF-8; bytes that are none stand as "\xff".
 *
 * @return caller owns; "" where its presence says it all; NULL: not of the form that the
 *         attribute has, or nothing but bytes
 */
char *stunmsg_value_text(const struct stunmsg *m, const struct stunmsg_attribute *a);

#endif
