/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and TURN messages: reading, building, proving who wrote them, and saying in one
 * line what they are.
 *
 *     struct stunmsg m;
 *     struct endpoint mapped;
 *     if (stunmsg_decode(datagram, size, &m) == STUNMSG_OK &&
 *         stunmsg_get_address(&m, STUNMSG_XOR_MAPPED_ADDRESS, &mapped) == STUNMSG_OK)
 *         …
 *
 * Nothing here allocates (the hashes of GLib apart), logs or keeps state; what a decoder
 * hands out points into the bytes it was given. Outputs stay untouched on failure.
 *
 * RFC 8489 (STUN), 8656 (TURN), 8445 (ICE), 5780 (behaviour discovery), 6062 (TURN over
 * TCP), 8016 (mobility). The numbers are those of IANA's registry "STUN Parameters".
 */
#ifndef RTCLAB_WIRE_STUNMSG_H
#define RTCLAB_WIRE_STUNMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "wire/address.h"

#define STUNMSG_HEADER_SIZE      20
#define STUNMSG_TRANSACTION_SIZE 12
#define STUNMSG_COOKIE           0x2112a442u /**< RFC 8489 §5 */
#define STUNMSG_KEY_SIZE         16          /**< a long-term key: an MD5 */
#define STUNMSG_SHA1_SIZE        20
#define STUNMSG_SHA256_SIZE      32

enum stunmsg_error {
    STUNMSG_OK = 0,
    STUNMSG_SHORT,     /**< the bytes end before the message does */
    STUNMSG_TRAILING,  /**< the message ends before the bytes do */
    STUNMSG_NOT_STUN,  /**< the first two bits, the cookie or the length say so */
    STUNMSG_MALFORMED, /**< an attribute runs past the end, or its value is not of its
                          form */
    STUNMSG_ABSENT,    /**< there is no such attribute */
    STUNMSG_MISMATCH,  /**< FINGERPRINT or MESSAGE-INTEGRITY is there and wrong */
    STUNMSG_NO_SPACE,  /**< the output has no room for it */
    STUNMSG_N_ERRORS
};

/** The four classes; the values are those of the class bits C1 C0 (RFC 8489 §5). */
enum stunmsg_class {
    STUNMSG_REQUEST = 0,
    STUNMSG_INDICATION = 1,
    STUNMSG_SUCCESS = 2,
    STUNMSG_FAILURE = 3,
};

/* symbol, number, name */
#define STUNMSG_METHODS(X)                            \
    X(BINDING, 0x001, "Binding")                      \
    X(ALLOCATE, 0x003, "Allocate")                    \
    X(REFRESH, 0x004, "Refresh")                      \
    X(SEND, 0x006, "Send")                            \
    X(DATA_INDICATION, 0x007, "Data")                 \
    X(CREATE_PERMISSION, 0x008, "CreatePermission")   \
    X(CHANNEL_BIND, 0x009, "ChannelBind")             \
    X(CONNECT, 0x00a, "Connect")                      \
    X(CONNECTION_BIND, 0x00b, "ConnectionBind")       \
    X(CONNECTION_ATTEMPT, 0x00c, "ConnectionAttempt") \
    X(GOOG_PING, 0x080, "GOOG-PING")

enum stunmsg_method {
#define X(symbol, number, name) STUNMSG_##symbol = number,
    STUNMSG_METHODS(X)
#undef X
};

/** What an attribute's value looks like. */
enum stunmsg_form {
    STUNMSG_FORM_FLAG,        /**< no value: its presence says it */
    STUNMSG_FORM_OCTET,       /**< 1 byte */
    STUNMSG_FORM_U8,          /**< 1 byte, 3 reserved */
    STUNMSG_FORM_U16,         /**< 2 bytes, 2 reserved */
    STUNMSG_FORM_U32,         /**< 4 bytes */
    STUNMSG_FORM_U64,         /**< 8 bytes */
    STUNMSG_FORM_ADDRESS,     /**< RFC 8489 §14.1 */
    STUNMSG_FORM_XOR_ADDRESS, /**< RFC 8489 §14.2 */
    STUNMSG_FORM_ERROR,       /**< RFC 8489 §14.8 */
    STUNMSG_FORM_TYPES,       /**< attribute types, 2 bytes each */
    STUNMSG_FORM_TEXT,        /**< UTF-8 */
    STUNMSG_FORM_BYTES,       /**< anything else */
};

/* symbol, type, name, form */
#define STUNMSG_ATTRIBUTES(X)                                                      \
    /* RFC 8489 §14 */                                                            \
    X(MAPPED_ADDRESS, 0x0001, "MAPPED-ADDRESS", ADDRESS)                           \
    X(USERNAME, 0x0006, "USERNAME", TEXT)                                          \
    X(MESSAGE_INTEGRITY, 0x0008, "MESSAGE-INTEGRITY", BYTES)                       \
    X(ERROR_CODE, 0x0009, "ERROR-CODE", ERROR)                                     \
    X(UNKNOWN_ATTRIBUTES, 0x000a, "UNKNOWN-ATTRIBUTES", TYPES)                     \
    X(REALM, 0x0014, "REALM", TEXT)                                                \
    X(NONCE, 0x0015, "NONCE", TEXT)                                                \
    X(MESSAGE_INTEGRITY_SHA256, 0x001c, "MESSAGE-INTEGRITY-SHA256", BYTES)         \
    X(PASSWORD_ALGORITHM, 0x001d, "PASSWORD-ALGORITHM", BYTES)                     \
    X(USERHASH, 0x001e, "USERHASH", BYTES)                                         \
    X(XOR_MAPPED_ADDRESS, 0x0020, "XOR-MAPPED-ADDRESS", XOR_ADDRESS)               \
    X(PASSWORD_ALGORITHMS, 0x8002, "PASSWORD-ALGORITHMS", BYTES)                   \
    X(ALTERNATE_DOMAIN, 0x8003, "ALTERNATE-DOMAIN", TEXT)                          \
    X(SOFTWARE, 0x8022, "SOFTWARE", TEXT)                                          \
    X(ALTERNATE_SERVER, 0x8023, "ALTERNATE-SERVER", ADDRESS)                       \
    X(FINGERPRINT, 0x8028, "FINGERPRINT", U32)                                     \
    /* RFC 8656 §18 */                                                            \
    X(CHANNEL_NUMBER, 0x000c, "CHANNEL-NUMBER", U16)                               \
    X(LIFETIME, 0x000d, "LIFETIME", U32)                                           \
    X(XOR_PEER_ADDRESS, 0x0012, "XOR-PEER-ADDRESS", XOR_ADDRESS)                   \
    X(DATA, 0x0013, "DATA", BYTES)                                                 \
    X(XOR_RELAYED_ADDRESS, 0x0016, "XOR-RELAYED-ADDRESS", XOR_ADDRESS)             \
    X(REQUESTED_ADDRESS_FAMILY, 0x0017, "REQUESTED-ADDRESS-FAMILY", U8)            \
    X(EVEN_PORT, 0x0018, "EVEN-PORT", OCTET)                                       \
    X(REQUESTED_TRANSPORT, 0x0019, "REQUESTED-TRANSPORT", U8)                      \
    X(DONT_FRAGMENT, 0x001a, "DONT-FRAGMENT", FLAG)                                \
    X(RESERVATION_TOKEN, 0x0022, "RESERVATION-TOKEN", U64)                         \
    X(ADDITIONAL_ADDRESS_FAMILY, 0x8000, "ADDITIONAL-ADDRESS-FAMILY", U8)          \
    X(ADDRESS_ERROR_CODE, 0x8001, "ADDRESS-ERROR-CODE", ERROR)                     \
    X(ICMP, 0x8004, "ICMP", BYTES)                                                 \
    /* RFC 8445 §16.1 */                                                          \
    X(PRIORITY, 0x0024, "PRIORITY", U32)                                           \
    X(USE_CANDIDATE, 0x0025, "USE-CANDIDATE", FLAG)                                \
    X(ICE_CONTROLLED, 0x8029, "ICE-CONTROLLED", U64)                               \
    X(ICE_CONTROLLING, 0x802a, "ICE-CONTROLLING", U64)                             \
    /* RFC 5780 §7 */                                                             \
    X(CHANGE_REQUEST, 0x0003, "CHANGE-REQUEST", U32)                               \
    X(PADDING, 0x0026, "PADDING", BYTES)                                           \
    X(RESPONSE_PORT, 0x0027, "RESPONSE-PORT", U16)                                 \
    X(RESPONSE_ORIGIN, 0x802b, "RESPONSE-ORIGIN", ADDRESS)                         \
    X(OTHER_ADDRESS, 0x802c, "OTHER-ADDRESS", ADDRESS)                             \
    /* RFC 6062 §6.2, RFC 7635 §6, RFC 7982 §3, RFC 8016 §3 */                 \
    X(CONNECTION_ID, 0x002a, "CONNECTION-ID", U32)                                 \
    X(ACCESS_TOKEN, 0x001b, "ACCESS-TOKEN", BYTES)                                 \
    X(THIRD_PARTY_AUTHORIZATION, 0x802e, "THIRD-PARTY-AUTHORIZATION", TEXT)        \
    X(TRANSACTION_TRANSMIT_COUNTER, 0x8025, "TRANSACTION_TRANSMIT_COUNTER", BYTES) \
    X(MOBILITY_TICKET, 0x8030, "MOBILITY-TICKET", BYTES)                           \
    /* RFC 3489 §11.2, still sent by servers that serve old clients too */        \
    X(SOURCE_ADDRESS, 0x0004, "SOURCE-ADDRESS", ADDRESS)                           \
    X(CHANGED_ADDRESS, 0x0005, "CHANGED-ADDRESS", ADDRESS)                         \
    /* libwebrtc's, registered without an RFC */                                   \
    X(GOOG_NETWORK_INFO, 0xc057, "GOOG-NETWORK-INFO", U32)                         \
    X(GOOG_MESSAGE_INTEGRITY_32, 0xc060, "GOOG-MESSAGE-INTEGRITY-32", BYTES)

enum stunmsg_attribute_type {
#define X(symbol, type, name, form) STUNMSG_##symbol = type,
    STUNMSG_ATTRIBUTES(X)
#undef X
};

#define STUNMSG_CHANGE_IP   0x4u /**< bits of CHANGE-REQUEST (RFC 5780 §7.2) */
#define STUNMSG_CHANGE_PORT 0x2u
#define STUNMSG_FAMILY_IPV4 0x01 /**< address families on the wire (RFC 8489 §14.1) */
#define STUNMSG_FAMILY_IPV6 0x02

/* symbol, code, recommended reason: RFC 8489 §14.8, 8656 §19, 8445 §16.2, 6062, 8016 */
#define STUNMSG_CODES(X)                                                 \
    X(TRY_ALTERNATE, 300, "Try Alternate")                               \
    X(BAD_REQUEST, 400, "Bad Request")                                   \
    X(UNAUTHENTICATED, 401, "Unauthenticated")                           \
    X(FORBIDDEN, 403, "Forbidden")                                       \
    X(MOBILITY_FORBIDDEN, 405, "Mobility Forbidden")                     \
    X(UNKNOWN_ATTRIBUTE, 420, "Unknown Attribute")                       \
    X(ALLOCATION_MISMATCH, 437, "Allocation Mismatch")                   \
    X(STALE_NONCE, 438, "Stale Nonce")                                   \
    X(ADDRESS_FAMILY_NOT_SUPPORTED, 440, "Address Family not Supported") \
    X(WRONG_CREDENTIALS, 441, "Wrong Credentials")                       \
    X(UNSUPPORTED_TRANSPORT, 442, "Unsupported Transport Protocol")      \
    X(PEER_ADDRESS_FAMILY_MISMATCH, 443, "Peer Address Family Mismatch") \
    X(CONNECTION_ALREADY_EXISTS, 446, "Connection Already Exists")       \
    X(CONNECTION_TIMEOUT, 447, "Connection Timeout or Failure")          \
    X(ALLOCATION_QUOTA_REACHED, 486, "Allocation Quota Reached")         \
    X(ROLE_CONFLICT, 487, "Role Conflict")                               \
    X(SERVER_ERROR, 500, "Server Error")                                 \
    X(INSUFFICIENT_CAPACITY, 508, "Insufficient Capacity")

enum stunmsg_code {
#define X(symbol, code, reason) STUNMSG_CODE_##symbol = code,
    STUNMSG_CODES(X)
#undef X
};

/* ---- Reading (stunmsg.c) ---------------------------------------------------------- */

/** A message that has been found well-formed; it borrows the bytes it was read from. */
struct stunmsg {
    uint16_t method; /**< an enum stunmsg_method, or one that we have no name for */
    uint8_t class;   /**< an enum stunmsg_class */
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    const uint8_t *bytes; /**< the header and all attributes */
    size_t size;          /**< a multiple of 4 */
};

struct stunmsg_attribute {
    uint16_t type;        /**< an enum stunmsg_attribute_type, or an unknown one */
    uint16_t size;        /**< of the value, without its padding */
    const uint8_t *value; /**< borrowed from the message */
    /** It follows MESSAGE-INTEGRITY and so proves nothing: a receiver must ignore it
     *  (RFC 8489 §14.5, §14.6). Getters do; only the iterator shows it. */
    bool ignored;
};

struct stunmsg_iterator {
    struct cursor at;
    uint16_t sealed_by; /**< the last integrity attribute passed, or 0 */
};

/**
 * Reads a datagram that holds one message and nothing else (RFC 8489 §5, §6.3, §14). All
 * attributes are walked, so that a later iteration cannot fail; values are not looked at.
 * Messages without the magic cookie (RFC 3489) are STUNMSG_NOT_STUN.
 *
 * @param bytes        the datagram; borrowed by `ret_message`
 * @param ret_message  set on STUNMSG_OK only
 */
enum stunmsg_error stunmsg_decode(const uint8_t *bytes, size_t size,
                                  struct stunmsg *ret_message);

/** Starts an iteration over all attributes of `m`, in their order. */
struct stunmsg_iterator stunmsg_attributes(const struct stunmsg *m);

/** The next attribute; false, with `ret_attribute` untouched, after the last. */
bool stunmsg_next(struct stunmsg_iterator *i, struct stunmsg_attribute *ret_attribute);

/**
 * The first attribute of a type that is not to be ignored. Where a type is repeated, only
 * the first counts unless its RFC says otherwise (RFC 8489 §14).
 * @return STUNMSG_OK or STUNMSG_ABSENT
 */
enum stunmsg_error stunmsg_find(const struct stunmsg *m, uint16_t type,
                                struct stunmsg_attribute *ret_attribute);

/** True if stunmsg_find() finds it: for USE-CANDIDATE and DONT-FRAGMENT. */
bool stunmsg_has(const struct stunmsg *m, uint16_t type);

/*
 * The getters below return STUNMSG_OK, STUNMSG_ABSENT, or STUNMSG_MALFORMED when the
 * value is not of the form that the attribute has.
 */

/** An address of either form, by the type of the attribute; XOR is undone. */
enum stunmsg_error stunmsg_get_address(const struct stunmsg *m, uint16_t type,
                                       struct endpoint *ret_endpoint);

/** The same for an attribute at hand: CreatePermission has several (RFC 8656 §10.1). */
enum stunmsg_error stunmsg_read_address(const struct stunmsg *m,
                                        const struct stunmsg_attribute *attribute,
                                        struct endpoint *ret_endpoint);

/** A number of form OCTET, U8, U16 or U32: LIFETIME, PRIORITY, CHANNEL-NUMBER, … */
enum stunmsg_error stunmsg_get_u32(const struct stunmsg *m, uint16_t type,
                                   uint32_t *ret_value);

/** A number of form U64: ICE-CONTROLLING, ICE-CONTROLLED, RESERVATION-TOKEN. */
enum stunmsg_error stunmsg_get_u64(const struct stunmsg *m, uint16_t type,
                                   uint64_t *ret_value);

/** Text of the message: not NUL-terminated, not checked to be UTF-8. */
struct stunmsg_text {
    const char *at; /**< borrowed from the message */
    size_t size;
};

/** A value as it stands: USERNAME, REALM, NONCE, SOFTWARE, DATA, MOBILITY-TICKET, … */
enum stunmsg_error stunmsg_get_text(const struct stunmsg *m, uint16_t type,
                                    struct stunmsg_text *ret_text);

struct stunmsg_error_code {
    unsigned code;              /**< 300 to 699 */
    uint8_t family;             /**< ADDRESS-ERROR-CODE: on the wire's scale; else 0 */
    struct stunmsg_text reason; /**< what the server says; see stunmsg_code_reason() */
};

/** ERROR-CODE (RFC 8489 §14.8) or ADDRESS-ERROR-CODE (RFC 8656 §18.12). */
enum stunmsg_error stunmsg_get_error(const struct stunmsg *m, uint16_t type,
                                     struct stunmsg_error_code *ret_error);

/**
 * The types in UNKNOWN-ATTRIBUTES (RFC 8489 §14.13).
 *
 * @param types      room for `capacity` of them
 * @param ret_count  how many the message names; may exceed `capacity`, and then only the
 *                   first are in `types`
 */
enum stunmsg_error stunmsg_get_unknown(const struct stunmsg *m, uint16_t *types,
                                       size_t capacity, size_t *ret_count);

struct stunmsg_icmp {
    uint8_t type;
    uint8_t code;
    uint32_t data; /**< the next hop's MTU for "packet too big", else 0 */
};

/** ICMP (RFC 8656 §18.13): why a datagram of ours did not get to the peer. */
enum stunmsg_error stunmsg_get_icmp(const struct stunmsg *m,
                                    struct stunmsg_icmp *ret_icmp);

/* ---- Proof (stunmsg_proof.c) ------------------------------------------------------ */

/**
 * FINGERPRINT (RFC 8489 §14.7).
 * @return STUNMSG_OK, _ABSENT, _MISMATCH; _MALFORMED if it has a wrong size or is not the
 *         last attribute
 */
enum stunmsg_error stunmsg_check_fingerprint(const struct stunmsg *m);

/**
 * MESSAGE-INTEGRITY, HMAC-SHA1 (RFC 8489 §14.5).
 *
 * @param key  the password for short-term credentials (RFC 8489 §9.1.1), else
 *             stunmsg_long_term_key()
 * @return STUNMSG_OK, _ABSENT, _MISMATCH or _MALFORMED
 */
enum stunmsg_error stunmsg_check_integrity(const struct stunmsg *m, const void *key,
                                           size_t key_size);

/** The same for MESSAGE-INTEGRITY-SHA256, whole or truncated (RFC 8489 §14.6). */
enum stunmsg_error stunmsg_check_integrity_sha256(const struct stunmsg *m,
                                                  const void *key, size_t key_size);

/**
 * The key of long-term credentials: MD5(username ":" realm ":" password) (RFC 8489
 * §9.2.2). The texts are taken as they are: OpaqueString (RFC 8265) is the caller's.
 */
void stunmsg_long_term_key(const char *username, const char *realm, const char *password,
                           uint8_t ret_key[STUNMSG_KEY_SIZE]);

/** The same with SHA-256, for PASSWORD-ALGORITHM 2 (RFC 8489 §18.5.1.2). */
void stunmsg_long_term_key_sha256(const char *username, const char *realm,
                                  const char *password,
                                  uint8_t ret_key[STUNMSG_SHA256_SIZE]);

/** CRC-32 of ITU-T V.42, as FINGERPRINT uses it before the XOR. */
uint32_t stunmsg_crc32(const uint8_t *bytes, size_t size);

/* ---- Building (stunmsg_build.c) --------------------------------------------------- */

/**
 * A message being built. What does not fit is remembered and said by stunmsg_end(), so
 * that the calls between need no check. The header's length is right after each call.
 *
 * The order is the caller's, and a wrong order is built as asked: tests of servers need
 * wrong messages too.
 */
struct stunmsg_builder {
    struct writer out;
};

/**
 * Starts a message in `out`.
 * @param method       an enum stunmsg_method or any number of 12 bits
 * @param class        an enum stunmsg_class
 * @param transaction  its 12 bytes (chance is the caller's)
 */
void stunmsg_begin(struct stunmsg_builder *b, void *out, size_t size, uint16_t method,
                   enum stunmsg_class class,
                   const uint8_t transaction[STUNMSG_TRANSACTION_SIZE]);

/** Any attribute, from its value; the padding is zeros (RFC 8489 §14). */
void stunmsg_add(struct stunmsg_builder *b, uint16_t type, const void *value,
                 size_t size);

/** Text without its NUL. */
void stunmsg_add_text(struct stunmsg_builder *b, uint16_t type, const char *text);

/** A flag (`value` is not used) or a number, laid out by the form of its type. */
void stunmsg_add_number(struct stunmsg_builder *b, uint16_t type, uint64_t value);

/** An address; XORed if the type is of that form. */
void stunmsg_add_address(struct stunmsg_builder *b, uint16_t type,
                         const struct endpoint *endpoint);

/** ERROR-CODE; `reason` NULL stands for the recommended one. */
void stunmsg_add_error(struct stunmsg_builder *b, unsigned code, const char *reason);

/** UNKNOWN-ATTRIBUTES. */
void stunmsg_add_unknown(struct stunmsg_builder *b, const uint16_t *types, size_t count);

/** MESSAGE-INTEGRITY over what has been added so far. */
void stunmsg_add_integrity(struct stunmsg_builder *b, const void *key, size_t key_size);

/** MESSAGE-INTEGRITY-SHA256, whole, over what has been added so far. */
void stunmsg_add_integrity_sha256(struct stunmsg_builder *b, const void *key,
                                  size_t key_size);

/** FINGERPRINT over what has been added so far; must come last to be of use. */
void stunmsg_add_fingerprint(struct stunmsg_builder *b);

/** @return STUNMSG_OK with the message's size, or STUNMSG_NO_SPACE */
enum stunmsg_error stunmsg_end(const struct stunmsg_builder *b, size_t *ret_size);

/* ---- Framing and telling apart (stunmsg_frame.c) ---------------------------------- */

#define STUNMSG_CHANNEL_HEADER_SIZE 4
#define STUNMSG_CHANNEL_MIN         0x4000 /**< RFC 8656 §12 */
#define STUNMSG_CHANNEL_MAX         0x4fff

/** What a datagram is, by its first byte (RFC 7983 §7) and the size of its header. */
enum stunmsg_traffic {
    STUNMSG_TRAFFIC_OTHER,
    STUNMSG_TRAFFIC_STUN,
    STUNMSG_TRAFFIC_ZRTP,
    STUNMSG_TRAFFIC_DTLS,
    STUNMSG_TRAFFIC_CHANNEL, /**< TURN ChannelData */
    STUNMSG_TRAFFIC_RTP,
    STUNMSG_TRAFFIC_RTCP, /**< told from RTP by its packet type (RFC 5761 §4) */
    STUNMSG_N_TRAFFIC
};

/** Tells traffic on one port apart. STUN needs the magic cookie too (RFC 8489 §6.3). */
enum stunmsg_traffic stunmsg_classify(const uint8_t *bytes, size_t size);

/** "STUN", "DTLS", "ChannelData", …; never NULL. */
const char *stunmsg_traffic_name(enum stunmsg_traffic traffic);

struct stunmsg_channel_data {
    uint16_t channel;
    uint16_t size;       /**< of the application's data */
    const uint8_t *data; /**< borrowed from the input */
};

/**
 * Reads a ChannelData message (RFC 8656 §12.4). Bytes after the data are padding and not
 * an error: over UDP there may be some, over TCP there must be up to 3.
 * @return STUNMSG_OK, STUNMSG_SHORT, or STUNMSG_NOT_STUN for another first byte
 */
enum stunmsg_error stunmsg_channel_data_decode(const uint8_t *bytes, size_t size,
                                               struct stunmsg_channel_data *ret_data);

/**
 * Writes the header of a ChannelData message. The data, and over TCP the padding, follow.
 */
void stunmsg_channel_data_header(uint8_t out[STUNMSG_CHANNEL_HEADER_SIZE],
                                 uint16_t channel, uint16_t data_size);

/**
 * How long the message at the start of a TCP or TLS stream is, padding included (RFC 8489
 * §6.2.2, RFC 8656 §12.5), be it STUN or ChannelData.
 *
 * @param size  how many bytes have come in; 4 are enough for an answer
 * @return STUNMSG_OK, STUNMSG_SHORT (wait for more), or STUNMSG_NOT_STUN (the stream is
 *         lost: there is no way to find the next message)
 */
enum stunmsg_error stunmsg_frame_size(const uint8_t *bytes, size_t size,
                                      size_t *ret_size);

/* ---- Names (stunmsg_names.c) ------------------------------------------------------ */

/** "Binding"; NULL for a method without a name here. */
const char *stunmsg_method_name(uint16_t method);

/** "request", "indication", "success response" or "error response". */
const char *stunmsg_class_name(enum stunmsg_class class);

/** "XOR-MAPPED-ADDRESS"; NULL for a type without a name here. */
const char *stunmsg_attribute_name(uint16_t type);

/** The form of a type's value; STUNMSG_FORM_BYTES for a type without a name here. */
enum stunmsg_form stunmsg_attribute_form(uint16_t type);

/** The recommended reason phrase of an error code; NULL for one without. */
const char *stunmsg_code_reason(unsigned code);

/** What an enum stunmsg_error means, in a few words. */
const char *stunmsg_error_text(enum stunmsg_error error);

/**
 * Says in one line what a STUN or ChannelData message is: "Binding request, PRIORITY
 * 1853824767, USE-CANDIDATE". Printable whatever is in the message; cut with "..." where
 * there is no room.
 *
 * @param out_size  of `out`, with its NUL; 160 is enough for nearly all
 * @return STUNMSG_OK, or why it is no such message
 */
enum stunmsg_error stunmsg_describe(const uint8_t *bytes, size_t size, char *out,
                                    size_t out_size);

#endif
