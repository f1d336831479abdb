/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline of a call: what its record, events.jsonl and trace.pcapng, says happened,
 * taken apart and put together again: packets as each tap saw them, STUN messages in
 * words, transactions with their retransmissions, candidates, pairs, NAT mappings.
 *
 * A pure function of the record: the same files give the same timeline. A file that is
 * damaged or hostile gives what can be read of it.
 *
 * All times are microseconds from the start of the call, as in events.jsonl;
 * TIMELINE_NEVER where something did not happen. Texts are UTF-8 and owned by the
 * timeline.
 */
#ifndef RTCLAB_CALL_TIMELINE_H
#define RTCLAB_CALL_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "base/event.h"
#include "scenario/scenario.h"

#define TIMELINE_FILE "timeline.json"

#define TIMELINE_NEVER INT64_MIN
#define TIMELINE_NONE  UINT32_MAX /**< an index of nothing */

/** A line of events.jsonl. */
struct timeline_event {
    int64_t t_us;
    const char *src; /**< "offerer", "home-a/nat", … */
    enum event_kind kind;
    const json_t *data; /**< an object */
};

enum timeline_verdict {
    TIMELINE_PASSED,
    TIMELINE_TRANSLATED,
    TIMELINE_DROPPED,
    TIMELINE_LATE, /**< lost, and its retransmission stands for it (packet.late) */
    TIMELINE_N_VERDICTS
};

/** A packet at one tap. The same packet at other taps has the same `id`. */
struct timeline_packet {
    uint32_t number; /**< from 1, as Wireshark's frame.number in trace.pcapng */
    int64_t t_us;
    uint32_t tap;     /**< index in taps */
    bool is_outward;  /**< away from the host that the tap belongs to */
    uint64_t id;      /**< frame.packet_id */
    uint32_t size;    /**< of the IP datagram, bytes */
    uint8_t protocol; /**< IPPROTO_…; 0: not IP */
    char *src, *dst;  /**< "192.168.1.2:45620"; without a port where there is none */
    char *summary; /**< one line: "Binding request", "DTLS ClientHello", "TCP SYN", … */
    enum timeline_verdict verdict;
    char *note;    /**< dropped, late or translated: by whom and why, the capture's words;
                      else NULL */
    char *element; /**< dropped or late: who did it, such as "home-b/nat"; else NULL */
    char *reason;  /**< dropped or late: "nat-filtered", … (net/network.h); else NULL */
    uint32_t message; /**< index in messages; TIMELINE_NONE: no STUN in it */
};

enum timeline_integrity {
    TIMELINE_INTEGRITY_ABSENT,
    TIMELINE_INTEGRITY_VERIFIED,
    TIMELINE_INTEGRITY_WRONG,
    TIMELINE_INTEGRITY_UNKNOWN, /**< the record does not hold the key */
    TIMELINE_N_INTEGRITIES
};

/** A STUN or TURN message, once for each packet id; the inner one of a relayed packet. */
struct timeline_message {
    uint16_t method; /**< enum of wire/stunmsg.h */
    uint8_t class;
    char transaction[25]; /**< 24 hexadecimal digits */
    GPtrArray *
        attributes; /**< char *: name and value in turn, as rtcprobe decode prints them */
    enum timeline_integrity integrity;
    bool has_fingerprint, is_fingerprint_right;
    bool is_check;   /**< connectivity check (RFC 8445 §7): Binding with USERNAME, or its
                        answer */
    bool is_relayed; /**< came inside a Send/Data indication or ChannelData */
    char *peer; /**< then: the relayed packet's other end, "ADDRESS:PORT"; else NULL */
};

enum timeline_use {
    TIMELINE_CHECK,
    TIMELINE_GATHERING,
    TIMELINE_TURN,
    TIMELINE_KEEPALIVE,
    TIMELINE_N_USES
};

/** Words of timeline.json: "dropped", "verified", "gathering". */
extern const char *const timeline_verdict_names[TIMELINE_N_VERDICTS];
extern const char *const timeline_integrity_names[TIMELINE_N_INTEGRITIES];
extern const char *const timeline_use_names[TIMELINE_N_USES];

/** A STUN transaction of one peer: a request, those sent again, what came back. */
struct timeline_transaction {
    enum role role; /**< who asked */
    enum timeline_use use;
    uint16_t method;
    char transaction[25];
    GArray *requests; /**< uint32_t: index in packets at the asker's own tap, outward */
    GArray *losses;   /**< uint32_t: index in packets: each that was dropped, requests and
                         answers */
    uint32_t
        answer; /**< index in packets at the asker's own tap, inward; TIMELINE_NONE */
    unsigned error_code; /**< of an error answer; 0: none */
    uint32_t pair;       /**< a check: index in pairs[role]; TIMELINE_NONE */
    bool nominates;      /**< it or its request has USE-CANDIDATE (RFC 8445 §8.1.1) */
    char *server; /**< gathering, TURN: the server's "ADDRESS:PORT"; NULL: a check */
};

/** A candidate of one peer. */
struct timeline_candidate {
    char *text;            /**< the a=candidate value; "" for a prflx nobody signalled */
    char *type, *protocol; /**< "host" "srflx" "prflx" "relay"; "udp" "tcp" */
    char *address;         /**< or an mDNS name */
    uint16_t port;
    uint32_t priority;
    char *foundation;
    char *base;           /**< raddr:rport; NULL: none */
    int64_t gathered_us;  /**< peer.candidate */
    int64_t sent_us;      /**< signal.sent, alone or in a description */
    int64_t delivered_us; /**< signal.delivered */
    int64_t taken_us;     /**< the other peer's peer.remote-candidate */
};

/** A candidate pair as one peer has it (RFC 8445 §6.1.2). */
struct timeline_pair {
    uint32_t local;      /**< index in candidates[role] */
    uint32_t remote;     /**< index in candidates[other role] */
    uint64_t priority;   /**< RFC 8445 §6.1.2.3; 0: not known */
    int64_t possible_us; /**< both candidates known to this peer */
    int64_t first_check_us, valid_us, nominated_us, failed_us, selected_us;
    GArray *checks; /**< uint32_t: index in transactions, of this peer */
};

/** A mapping of a NAT. */
struct timeline_mapping {
    char *nat, *protocol, *internal, *external, *remote;
    int64_t created_us, expired_us;
    GArray *refreshed_us; /**< int64_t */
};

struct timeline_description {
    enum role role; /**< whose */
    char *type;     /**< "offer", "answer" */
    char *sdp;      /**< as it was sent */
    int64_t made_us, sent_us,
        delivered_us; /**< made: the peer gave it (a description that is held back waits
                         from then on); NEVER: not known */
};

struct timeline {
    json_t *lines;               /**< what events' data is borrowed from */
    GArray *events;              /**< struct timeline_event, by time */
    GPtrArray *taps;             /**< char *: interface names, by number */
    GArray *packets;             /**< struct timeline_packet, in the capture's order */
    GArray *messages;            /**< struct timeline_message */
    GArray *transactions;        /**< struct timeline_transaction, by first request */
    GArray *candidates[N_ROLES]; /**< struct timeline_candidate */
    GArray *pairs[N_ROLES];      /**< struct timeline_pair */
    GArray *mappings;            /**< struct timeline_mapping */
    GArray *descriptions;        /**< struct timeline_description */
    int64_t start_ns;            /**< calendar time of t_us 0 in the capture */
    int64_t end_us;              /**< of the last event or packet */
    bool is_cut;                 /**< the record was too large for all of it */
};

/**
 * Reads a record.
 *
 * @param folder the call's: holds events.jsonl and trace.pcapng
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT: a file cannot be read at all
 */
struct timeline *timeline_read(const char *folder, GError **error);
void timeline_free(struct timeline *timeline);

/**
 * The timeline as JSON, schema "rtclab/timeline/1" (harness/README.md, "Timeline").
 *
 * @param call the call's entry of results.json, with its "blame" and "cause"; borrowed
 * @return caller owns
 */
json_t *timeline_format(const struct timeline *timeline, const json_t *call);

#endif
