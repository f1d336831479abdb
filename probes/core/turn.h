/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TURN client (RFC 8656; RFC 6062 and RFC 8016 where a case builds on them):
 * well-behaved requests by client_request(), whose errors these functions pass on. What a
 * conformance case wants to be wrong it builds itself.
 */
#ifndef RTCLAB_PROBES_TURN_H
#define RTCLAB_PROBES_TURN_H

#include "probes/core/client.h"

/** IP protocol numbers of REQUESTED-TRANSPORT. */
enum { TURN_PROTOCOL_UDP = 17, TURN_PROTOCOL_TCP = 6 };

#define TURN_DEFAULT_LIFETIME_S    600 /**< of an allocation, RFC 8656 §6 */
#define TURN_PERMISSION_LIFETIME_S 300 /**< §9 */
#define TURN_CHANNEL_LIFETIME_S    600 /**< §12 */

/** All zero: a plain allocation of UDP. */
struct allocate_options {
    uint8_t protocol;          /**< 0: TURN_PROTOCOL_UDP */
    uint8_t family;            /**< enum address_family; ADDRESS_NONE: not asked for */
    uint8_t additional_family; /**< the same */
    bool is_even;              /**< EVEN-PORT */
    bool reserves;             /**< with its R bit */
    bool does_not_fragment;    /**< DONT-FRAGMENT */
    bool is_mobile;            /**< an empty MOBILITY-TICKET */
    uint32_t lifetime_s;       /**< 0: not asked for */
    const uint8_t *token;      /**< 8 bytes of a RESERVATION-TOKEN; NULL: none */
};

struct allocation {
    struct endpoint relayed;    /**< family ADDRESS_NONE: the server named none */
    struct endpoint additional; /**< of ADDITIONAL-ADDRESS-FAMILY, likewise */
    struct endpoint mapped;     /**< of the client, likewise */
    uint32_t lifetime_s;        /**< 0: the server named none */
    uint8_t token[8];           /**< of the reserved port */
    bool has_token;
};

/** Adds the attributes of an Allocate. */
void turn_add_allocate(struct stunmsg_builder *b, const struct allocate_options *options);

/** What a success response to an Allocate says. */
void turn_read_allocation(const struct stunmsg *m, struct allocation *ret);

/** Allocates. @param options NULL: a plain one */
gboolean turn_allocate(struct client *c, const struct allocate_options *options,
                       struct allocation *ret, GError **error);

/**
 * Opens a client and allocates. Where the 5-tuple still has an allocation (437) another
 * one is taken, as RFC 8656 §7.4 advises, a few times.
 * @param options  of client_open()
 * @return as turn_allocate() and client_open(); caller owns
 */
struct client *turn_open(const struct client_options *options,
                         const struct allocate_options *allocate, struct allocation *ret,
                         GError **error);

/** Refreshes. @param lifetime_s asked for; 0 ends it  @param ret_granted_s NULL: not
 * wanted */
gboolean turn_refresh(struct client *c, uint32_t lifetime_s, uint32_t *ret_granted_s,
                      GError **error);

/** Ends the allocation, if there is one, without waiting for long: nothing is told. */
void turn_release(struct client *c);

gboolean turn_permit(struct client *c, const struct endpoint *peers, size_t n_peers,
                     GError **error);
gboolean turn_bind(struct client *c, uint16_t channel, const struct endpoint *peer,
                   GError **error);

/** Sends to a peer: in a Send indication, */
gboolean turn_send(struct client *c, const struct endpoint *peer, const uint8_t *data,
                   size_t size, GError **error);
/** or in ChannelData, padded over streams. At most TURN_MAX_DATA bytes. */
gboolean turn_send_channel(struct client *c, uint16_t channel, const uint8_t *data,
                           size_t size, GError **error);
#define TURN_MAX_DATA 65000

/** What a peer sent. */
struct turn_data {
    struct endpoint peer; /**< family ADDRESS_NONE: it came by a channel */
    uint16_t channel;     /**< 0: it came in a Data indication */
    const uint8_t *bytes; /**< inside `inbound` */
    size_t size;
    int64_t at_ns;
    struct inbound inbound; /**< owns the bytes */
};
void turn_data_clear(struct turn_data *data);
typedef struct turn_data auto_turn_data; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_turn_data, turn_data_clear)

/** Reads a Data indication with peer and DATA, or ChannelData; takes the inbound. */
bool turn_read_data(struct inbound *inbound_consumed, struct turn_data *ret);

/**
 * The next data from a peer; other messages on the way to it are dropped.
 * @return FALSE with PROBE_ERROR_SILENT at the deadline, or as connection_receive()
 */
gboolean turn_receive(struct client *c, int64_t deadline_ns, struct turn_data *ret,
                      GError **error);

#endif
