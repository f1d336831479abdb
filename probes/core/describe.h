/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STUN or ChannelData message in full: each attribute with what its value says, what is
 * wrong and at which byte, whether its checksums hold. For any bytes: what is malformed
 * is described as far as it can be read.
 *
 * As JSON:
 *
 *     {"kind": "stun" | "channel-data" | "other",
 *      "what": "Binding request" | "ChannelData" | "DTLS", "size": 28,
 *      "method", "class", "transaction", "attributes": [     // of "stun"
 *        {"at": 20, "type": "0x8028", "name": "FINGERPRINT", "size": 4,
 *         "value": …, "text": "0x5cf1b5a0, valid", "padding": "2020", "ignored": true,
 *         "hex": "…"}],
 *      "fingerprint", "integrity", "integrity_sha256": "valid" | "wrong" | "malformed" |
 *        "unchecked",                                         // if there is one
 *      "channel": "0x4000", "data_size": 12,                  // of "channel-data"
 *      "problems": [{"at": 2, "text": "…"}]}                  // if there are any
 *
 * "at" counts bytes from the start of the message. An ACCESS-TOKEN's value is in neither
 * JSON nor text.
 */
#ifndef RTCLAB_PROBES_CORE_DESCRIBE_H
#define RTCLAB_PROBES_CORE_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/** More attributes are counted only. */
#define DESCRIBE_MAX_ATTRIBUTES 256

/** What integrity is checked with. */
struct describe_credentials {
    const char *password; /**< prepared, see credentials_prepare() */
    const char *user;     /**< NULL: the message's USERNAME */
    const char *realm;    /**< NULL: the message's REALM */
};

/** Describes a message; a new reference. Where Jansson finds no memory it lacks
 * something, or is NULL. */
json_t *describe_message(const uint8_t *bytes, size_t size);

/** The same; checks the integrity with long-term and with short-term keys. */
json_t *describe_message_with(const uint8_t *bytes, size_t size,
                              const struct describe_credentials *credentials);

/**
 * What describe_message() says, in lines, safe for a terminal.
 * @param has_hex whether the bytes of values are shown below them
 * @return caller owns
 */
char *describe_to_text(const json_t *description, bool has_hex);

/** Both in one, without bytes; caller owns. */
char *describe_message_text(const uint8_t *bytes, size_t size);

/** Overwrites what must not be shown of a message by zeros: ACCESS-TOKEN's value. */
void describe_hide(uint8_t *bytes, size_t size);

#endif
