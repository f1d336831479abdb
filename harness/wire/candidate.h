/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICE candidates as they stand in SDP and in signalling (RFC 8839 §5.1, RFC 6544 §4.5):
 *
 *     candidate:1 1 UDP 2130706431 192.168.1.2 5000 typ host
 *     candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998
 *     candidate:3 1 TCP 2124414975 192.168.1.2 9 typ host tcptype active
 */
#ifndef RTCLAB_WIRE_CANDIDATE_H
#define RTCLAB_WIRE_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

#define CANDIDATE_FOUNDATION_SIZE 33   /**< 1*32ice-char and a NUL */
#define CANDIDATE_NAME_SIZE       254  /**< a host name (RFC 1035 §2.3.4) and a NUL */
#define CANDIDATE_EXTENSIONS_SIZE 512  /**< what we keep of extensions, and a NUL */
#define CANDIDATE_LINE_SIZE       1536 /**< room for any candidate in text, and a NUL */

enum candidate_error {
    CANDIDATE_OK = 0,
    CANDIDATE_MALFORMED,    /**< not what the grammar says */
    CANDIDATE_OUT_OF_RANGE, /**< a number beyond what it may be */
    CANDIDATE_TOO_LONG,     /**< the line, or a part of it */
    CANDIDATE_UNKNOWN_KIND, /**< well-formed up to a transport or type we do not know; RFC
                                 8839 §5.1 has an agent ignore such a line */
    CANDIDATE_NO_SPACE,     /**< the output has no room for it */
    CANDIDATE_N_ERRORS
};

enum candidate_transport { CANDIDATE_UDP, CANDIDATE_TCP, CANDIDATE_N_TRANSPORTS };

enum candidate_type {
    CANDIDATE_HOST,
    CANDIDATE_SRFLX, /**< server-reflexive */
    CANDIDATE_PRFLX, /**< peer-reflexive */
    CANDIDATE_RELAY,
    CANDIDATE_N_TYPES
};

/** RFC 6544 §4.5; CANDIDATE_TCP_NONE for UDP. */
enum candidate_tcp_type {
    CANDIDATE_TCP_NONE,
    CANDIDATE_TCP_ACTIVE,
    CANDIDATE_TCP_PASSIVE,
    CANDIDATE_TCP_SO,
    CANDIDATE_N_TCP_TYPES
};

/** Where a candidate is: an address, or a name that has yet to be resolved (mDNS). */
struct candidate_place {
    char name[CANDIDATE_NAME_SIZE]; /**< empty if `endpoint` has the address */
    struct endpoint endpoint;       /**< of family ADDRESS_NONE if there is a name */
};

struct candidate {
    char foundation[CANDIDATE_FOUNDATION_SIZE];
    uint16_t component; /**< 1 to 256 */
    enum candidate_transport transport;
    uint32_t priority; /**< 1 to 2^31 - 1 */
    struct candidate_place place;
    enum candidate_type type;
    bool is_related;                /**< whether `related` is there */
    struct candidate_place related; /**< raddr and rport */
    enum candidate_tcp_type tcp_type;
    /** The other extensions as they stood, separated by one space: "generation 0 ufrag x"
     */
    char extensions[CANDIDATE_EXTENSIONS_SIZE];
};

/**
 * Reads a candidate, with or without "a=" and "candidate:" before it and a line's end
 * after it.
 *
 * raddr and rport must come together or not at all. Words that the grammar fixes are read
 * in any case (RFC 5234 §2.3).
 *
 * @param text           not NUL-terminated
 * @param size           its length in bytes
 * @param ret_candidate  set on CANDIDATE_OK only; holds no pointer into `text`
 */
enum candidate_error candidate_parse(const char *text, size_t size,
                                     struct candidate *ret_candidate);

/**
 * Writes "candidate:…", without "a=" or a line's end.
 *
 * @param out       untouched on failure
 * @param out_size  its size; CANDIDATE_LINE_SIZE is always enough
 * @return CANDIDATE_OK or CANDIDATE_NO_SPACE
 */
enum candidate_error candidate_format(const struct candidate *candidate, char *out,
                                      size_t out_size);

/**
 * The value of an extension: "0" for "generation".
 *
 * @param ret_size  the value's length
 * @return borrowed from `candidate`, not NUL-terminated; NULL if there is no such
 * extension
 */
const char *candidate_extension(const struct candidate *candidate, const char *name,
                                size_t *ret_size);

/** "UDP" or "TCP". */
const char *candidate_transport_name(enum candidate_transport transport);

/** "host", "srflx", "prflx" or "relay". */
const char *candidate_type_name(enum candidate_type type);

/** Looks a type up, in any case; false, with `ret_type` untouched, if there is none. */
bool candidate_type_from_name(const char *name, enum candidate_type *ret_type);

/** "active", "passive" or "so"; "" for CANDIDATE_TCP_NONE. */
const char *candidate_tcp_type_name(enum candidate_tcp_type type);

/** What an enum candidate_error means, in a few words. */
const char *candidate_error_text(enum candidate_error error);

#endif
