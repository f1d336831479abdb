/* SPDX-License-Identifier: Apache-2.0 */
/* What the files timeline_*.c share while a timeline is made; for no one else. */
#ifndef RTCLAB_CALL_TIMELINE_MAKE_H
#define RTCLAB_CALL_TIMELINE_MAKE_H

#include <netinet/in.h>
#include <string.h>

#include "call/timeline.h"
#include "wire/address.h"
#include "wire/candidate.h"
#include "wire/pcapng_read.h"
#include "wire/stunmsg_peel.h"

/* What a record that is too large, or means harm, can cost at most. What is beyond is
   left out, and the timeline `is_cut`. */
enum {
    TIMELINE_MAX_EVENT_BYTES = 3 << 20,
    TIMELINE_MAX_MESSAGES = 6000,
    TIMELINE_MAX_MESSAGE_TEXT = 1 << 20, /* of attributes, bytes */
    TIMELINE_MAX_CANDIDATES = 256,       /* of each peer */
    TIMELINE_MAX_PAIRS = 2000,           /* of each peer */
    TIMELINE_MAX_DESCRIPTIONS = 256,
    TIMELINE_MAX_ALLOCATIONS = 256,
    TIMELINE_MAX_CHANNELS = 1024,
    TIMELINE_MAX_NOTE = 400, /* bytes */
};

/* What is known of a packet beside its line: same index as timeline.packets. */
struct timeline_seen {
    struct endpoint src, dst;
};

/* What is known of a message beside its words: same index as timeline.messages. */
struct timeline_fact {
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    struct stunmsg_peeled peeled; /* its bytes stand in the capture */
    struct endpoint peer;         /* of a relayed one; ADDRESS_NONE: not known */
    struct endpoint mapped;       /* XOR-MAPPED-ADDRESS or MAPPED-ADDRESS */
    struct endpoint relayed;      /* XOR-RELAYED-ADDRESS */
    uint32_t priority;            /* PRIORITY; 0: none */
    unsigned error_code;
    unsigned n_following; /* messages behind it in the same TCP segment */
    bool nominates;
    bool is_controlling;
    bool has_username;
};

/* An allocation of a TURN server, by its answer. */
struct timeline_allocation {
    enum role role;
    struct endpoint client; /* at the client's own tap */
    struct endpoint server;
    struct endpoint relayed;
};

/* A channel of one, by its ChannelBind request. */
struct timeline_channel {
    struct endpoint client, server;
    uint16_t number;
    struct endpoint peer;
};

/* Where a candidate is, and what it stems from: same index as timeline.candidates. */
struct timeline_place {
    struct endpoint at;   /* ADDRESS_NONE: an mDNS name; port as signalled */
    struct endpoint base; /* raddr and rport */
    enum candidate_type type;
    enum candidate_transport transport;
    enum candidate_tcp_type tcp_type;
    uint16_t component;
    int64_t seen_us; /* the other peer learned of it by a check */
    bool is_signalled;
};

/* What is known of a pair beside what it shows: same index as timeline.pairs. */
struct timeline_pair_state {
    int64_t asked_us; /* a check that nominates it came in */
    uint32_t
        checked; /* the pair whose check made this one valid; TIMELINE_NONE: itself */
};

struct timeline_maker {
    struct timeline *timeline;
    char *capture; /* the file */
    gsize capture_size;
    GArray *seen;             /* struct timeline_seen */
    GArray *facts;            /* struct timeline_fact */
    GArray *allocations;      /* struct timeline_allocation */
    GArray *channels;         /* struct timeline_channel */
    GArray *places[N_ROLES];  /* struct timeline_place */
    char *tap_names[N_ROLES]; /* as the record says; NULL: it does not */
    GArray *states[N_ROLES];  /* struct timeline_pair_state */
    uint32_t taps[N_ROLES];   /* a peer's own; TIMELINE_NONE: not known */
    GArray *asked; /* uint32_t, of each transaction: its first request in messages */
    GHashTable *by_transaction; /* of a fact's: index in transactions + 1 */
    GHashTable *messages_by_id; /* packet id: index in messages + 1 */
    size_t message_text;        /* bytes of attributes so far */
    bool has_start;             /* timeline.start_ns is known */
};

/* What a timeline has of its call's entry in results.json. */
enum { TIMELINE_N_CALL_KEYS = 14 };
extern const char *const timeline_call_keys[TIMELINE_N_CALL_KEYS];

#define timeline_at(array, type, i) (&g_array_index(array, type, i))

static inline struct timeline_packet *maker_packet(const struct timeline_maker *m,
                                                   uint32_t i)
{
    return &g_array_index(m->timeline->packets, struct timeline_packet, i);
}

static inline struct timeline_seen *maker_seen(const struct timeline_maker *m, uint32_t i)
{
    return &g_array_index(m->seen, struct timeline_seen, i);
}

static inline struct timeline_message *maker_message(const struct timeline_maker *m,
                                                     uint32_t i)
{
    return &g_array_index(m->timeline->messages, struct timeline_message, i);
}

static inline struct timeline_fact *maker_fact(const struct timeline_maker *m, uint32_t i)
{
    return &g_array_index(m->facts, struct timeline_fact, i);
}

static inline struct timeline_pair *maker_pair(const struct timeline_maker *m,
                                               enum role role, uint32_t i)
{
    return &g_array_index(m->timeline->pairs[role], struct timeline_pair, i);
}

static inline struct timeline_pair_state *maker_pair_state(const struct timeline_maker *m,
                                                           enum role role, uint32_t i)
{
    return &g_array_index(m->states[role], struct timeline_pair_state, i);
}

static inline int64_t timeline_sooner(int64_t a, int64_t b)
{
    return a == TIMELINE_NEVER ? b : b == TIMELINE_NEVER ? a : MIN(a, b);
}

static inline void timeline_set_first(int64_t *at_us, int64_t t_us)
{
    *at_us = timeline_sooner(*at_us, t_us);
}

/** The index behind that of a packet's last message; the first is its `message`. */
static inline uint32_t maker_messages_end(const struct timeline_maker *m,
                                          const struct timeline_packet *p)
{
    return p->message == TIMELINE_NONE
               ? TIMELINE_NONE
               : p->message + 1 + maker_fact(m, p->message)->n_following;
}

/** What is known of a transaction's first request. */
static inline const struct timeline_fact *maker_asked(const struct timeline_maker *m,
                                                      uint32_t transaction)
{
    return maker_fact(m, g_array_index(m->asked, uint32_t, transaction));
}

/** The role whose own tap this is; N_ROLES: nobody's. */
static inline enum role maker_role_of_tap(const struct timeline_maker *m, uint32_t tap)
{
    return tap == m->taps[ROLE_OFFERER]    ? ROLE_OFFERER
           : tap == m->taps[ROLE_ANSWERER] ? ROLE_ANSWERER
                                           : N_ROLES;
}

/* timeline_events.c */
gboolean timeline_load_events(struct timeline_maker *m, const char *folder,
                              GError **error);
/** A text of an event's data; NULL: there is none. */
const char *timeline_text(const struct timeline_event *event, const char *key);
/** The role that an event is of; N_ROLES: not a peer's. */
enum role timeline_role_of(const struct timeline_event *event);

/* timeline_packets.c */
gboolean timeline_load_packets(struct timeline_maker *m, const char *folder,
                               GError **error);

/* timeline_thin.c */
struct timeline_thinner;
struct timeline_thinner *timeline_thinner_new(const char *capture, size_t size);
void timeline_thinner_free(struct timeline_thinner *thinner);
/** Whether a packet is kept; asked once for each, in their order. */
bool timeline_thinner_keeps(struct timeline_thinner *thinner,
                            const struct pcapng_item *item, uint32_t number);

/* timeline_summary.c: what a packet is, in one line. */
char *timeline_summarise(const uint8_t *bytes, size_t size);

/* timeline_messages.c */
/** Of a hash table whose keys are the 12 bytes of transactions. */
guint timeline_hash_transaction(gconstpointer key);
gboolean timeline_equal_transactions(gconstpointer a, gconstpointer b);
/** @return index of the message in a packet's payload; TIMELINE_NONE: none */
uint32_t timeline_take_message(struct timeline_maker *m, uint64_t id,
                               const uint8_t *payload, size_t size, bool is_stream);
char *timeline_name_message(const struct timeline_maker *m, uint32_t index);

/* timeline_integrity.c */
void timeline_check_integrity(struct timeline_maker *m);

/* timeline_signals.c */
void timeline_make_descriptions(struct timeline_maker *m);
void timeline_make_candidates(struct timeline_maker *m);
/** The candidate of a role at a place; TIMELINE_NONE: none. */
uint32_t timeline_find_candidate(const struct timeline_maker *m, enum role role,
                                 const struct endpoint *at,
                                 enum candidate_transport transport);
/** Adds a peer-reflexive one; TIMELINE_NONE: there are too many. */
uint32_t timeline_add_reflexive(struct timeline_maker *m, enum role role,
                                const struct endpoint *at,
                                enum candidate_transport transport, uint32_t priority);

/* timeline_mappings.c */
void timeline_make_mappings(struct timeline_maker *m);

/* timeline_transactions.c */
void timeline_make_transactions(struct timeline_maker *m);

/* timeline_checks.c */
void timeline_take_checks(struct timeline_maker *m);

/* timeline_pairs.c */
/** Adds it if it is new. @return TIMELINE_NONE: there are too many */
uint32_t timeline_find_pair(struct timeline_maker *m, enum role role, uint32_t local,
                            uint32_t remote);
void timeline_make_pairs(struct timeline_maker *m);

#endif
