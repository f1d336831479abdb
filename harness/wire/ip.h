/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200) datagrams and what a middlebox needs of the UDP,
 * TCP and ICMP in them: read into small views, rewritten in place. A view borrows
 * nothing: it holds offsets and values, and the rewriting functions keep it true.
 */
#ifndef RTCLAB_WIRE_IP_H
#define RTCLAB_WIRE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

/** What a codec says of its input. */
enum ip_status {
    IP_OK,
    IP_SHORT,    /**< it ends before its own headers say */
    IP_BAD,      /**< a field has a value that cannot be */
    IP_PROTOCOL, /**< a transport protocol that is not read here */
};

enum { IP_V4_HEADER = 20, IP_V6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20 };
enum { ICMP_HEADER = 8 };

struct ip_view {
    uint8_t version;  /**< 4 or 6, as an enum address_family */
    uint8_t protocol; /**< IPPROTO_*, after IPv6's extension headers */
    uint8_t ttl;      /**< or hop limit */
    bool dont_fragment;
    bool more_fragments;
    uint16_t header_bytes;    /**< where the transport header, or its fragment, starts */
    uint32_t total_bytes;     /**< as the header says */
    uint32_t available_bytes; /**< of those, how many there are; less only in a quote */
    uint32_t fragment_offset; /**< in bytes */
    uint32_t fragment_id;
    struct address source;
    struct address destination;
};

enum icmp_kind {
    ICMP_KIND_REQUEST, /**< a query, such as echo */
    ICMP_KIND_REPLY,   /**< its answer */
    ICMP_KIND_ERROR,   /**< quotes the datagram that it is about */
    ICMP_KIND_OTHER,   /**< neither: redirects, router discovery, … */
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct transport_view {
    uint8_t protocol;
    uint32_t at;          /**< offset of the header in the datagram */
    uint32_t bytes;       /**< header and payload present, without padding after UDP */
    uint32_t checksum_at; /**< offset of the checksum; 0: not present */
    uint16_t source_port; /**< of an ICMP query the identifier, in both fields */
    uint16_t destination_port;
    uint8_t tcp_flags;        /**< 0 in a quote too short to hold them */
    uint8_t tcp_header_bytes; /**< likewise */
    uint8_t icmp_type;
    uint8_t icmp_code;
    enum icmp_kind icmp_kind;
};

/** Which end of a datagram to rewrite. */
enum ip_end { IP_SOURCE, IP_DESTINATION };

/** True for ICMP and ICMPv6. */
bool ip_is_icmp(uint8_t protocol);

/**
 * Reads an IP header; bytes after the datagram's own length are not looked at.
 *
 * @param bytes borrowed
 * @return IP_OK, IP_SHORT or IP_BAD; `ret_view` is untouched but for IP_OK
 */
enum ip_status ip_parse(const uint8_t *bytes, size_t size, struct ip_view *ret_view);

/** The same for the start of a datagram as quoted in an ICMP error (RFC 792, RFC 1812
 * §4.3.2.3): the datagram's end may be missing. */
enum ip_status ip_parse_quote(const uint8_t *bytes, size_t size,
                              struct ip_view *ret_view);

/**
 * Reads the transport header of a whole datagram or of its first fragment.
 *
 * @param bytes the datagram that `ip` was read from
 * @return also IP_PROTOCOL, for what is not UDP, TCP, ICMP or ICMPv6
 */
enum ip_status ip_parse_transport(const uint8_t *bytes, const struct ip_view *ip,
                                  struct transport_view *ret_view);

/** The same in a quote, where eight bytes of it are enough. */
enum ip_status ip_parse_transport_quote(const uint8_t *bytes, const struct ip_view *ip,
                                        struct transport_view *ret_view);

/** True if IPv4's header checksum holds; IPv6 has none. */
bool ip_header_checksum_holds(const uint8_t *bytes, const struct ip_view *ip);

/**
 * True if the transport checksum of an unfragmented datagram holds, or if it is UDP over
 * IPv4 sent without one (RFC 768).
 */
bool ip_transport_checksum_holds(const uint8_t *bytes, const struct ip_view *ip,
                                 const struct transport_view *transport);

/** Computes and stores the transport checksum of an unfragmented datagram. */
void ip_set_transport_checksum(uint8_t *bytes, const struct ip_view *ip,
                               const struct transport_view *transport);

/** Computes and stores IPv4's header checksum; does nothing to IPv6. */
void ip_set_header_checksum(uint8_t *bytes, const struct ip_view *ip);

/** Lowers TTL or hop limit by one and updates the header checksum (RFC 1624). */
void ip_decrement_ttl(uint8_t *bytes, struct ip_view *ip);

/**
 * Gives one end of a datagram another address and port and updates the checksums by the
 * difference (RFC 1624; RFC 3022 §4.2): a wrong one stays wrong, UDP's 0 stays 0.
 *
 * @param transport NULL for a later fragment: only the address changes then
 * @param to        of the datagram's own family; for ICMP queries the port is the
 *                  identifier
 */
void ip_rewrite(uint8_t *bytes, struct ip_view *ip, struct transport_view *transport,
                enum ip_end end, const struct endpoint *to);

#endif
