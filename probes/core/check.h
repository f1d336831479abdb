/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a server serves, phase by phase: name, connection, TLS, challenge, allocation,
 * permission, relay; for stun: a Binding. Every address that the name has is tried, and
 * the first that works decides. `check` prints what comes of it, `serve` exports it.
 */
#ifndef RTCLAB_PROBES_CHECK_H
#define RTCLAB_PROBES_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "probes/core/client.h"
#include "probes/core/credentials.h"
#include "probes/core/relay_run.h"
#include "probes/core/resolve.h"
#include "probes/output/report.h"
#include "wire/ice_url.h"

/** How far a check goes. A stun: URI is never taken further than CHECK_ANSWERS. */
enum check_scope {
    CHECK_ANSWERS,   /**< a Binding is answered: needs no credentials */
    CHECK_ALLOCATES, /**< there is an allocation */
    CHECK_RELAYS,    /**< payloads cross it unharmed */
};

/* symbol, name: in the order in which they happen */
#define CHECK_PHASES(X)         \
    X(DNS, "dns")               \
    X(CONNECT, "connect")       \
    X(TLS, "tls")               \
    X(BINDING, "binding")       \
    X(CHALLENGE, "challenge")   \
    X(ALLOCATE, "allocate")     \
    X(PERMISSION, "permission") \
    X(RELAY, "relay")

enum check_phase {
#define X(symbol, name) CHECK_PHASE_##symbol,
    CHECK_PHASES(X)
#undef X
        CHECK_N_PHASES
};
const char *check_phase_name(enum check_phase phase);

struct check_options {
    const char *uri; /**< as given */
    struct ice_url url;
    struct resolve_options resolve;
    /** Of each client: without the server, the transport and chance. */
    struct client_options client;
    const struct credentials *credentials; /**< NULL: none */
    enum check_scope scope;
    unsigned n_payloads;    /**< for CHECK_RELAYS; each crosses the relay both ways */
    unsigned payload_bytes; /**< at least RELAY_MIN_SIZE */
    int64_t interval_ns;    /**< between payloads */
    struct rng rng;
    int64_t deadline_ns; /**< of everything; CLOCK_NEVER: each phase has its own alone */
};

enum check_state { CHECK_NOT_TRIED, CHECK_DONE, CHECK_FAILED };

struct check_step {
    enum check_state state;
    int64_t duration_ns;
    char *text; /**< what it showed; NULL: nothing; not escaped */
};

/** What came of payloads. */
struct check_relay {
    bool was_measured;
    struct relay_result result; /**< with `was_measured` */
    bool is_own;     /**< one allocation talked to itself: a second was refused */
    char *not_tried; /**< why not, in words; NULL: it was, or was not asked for */
};

/** One of the server's addresses. Texts are owned, and not escaped if from the server. */
struct check_address {
    struct endpoint endpoint;
    enum probe_transport transport;
    char *how;                  /**< resolved_address.how: escaped */
    struct endpoint redirected; /**< where a 300 sent us; family ADDRESS_NONE: nowhere */
    struct check_step steps[CHECK_N_PHASES];
    GError *error;           /**< NULL: it works */
    enum check_phase failed; /**< with `error`: in which phase */
    bool is_answered;        /**< with `error`: something came, but not what was asked */
    unsigned code;           /**< of the error response behind `error`; 0: none */
    char *advice;            /**< with `error`: what to look at; "" if nothing */
    struct tls_report tls;
    bool has_tls;
    char *realm, *software;       /**< NULL: none */
    struct endpoint mapped;       /**< family ADDRESS_NONE: not known */
    struct allocation allocation; /**< relayed.address.family ADDRESS_NONE: none */
    int64_t rtt_ns;               /**< of the first request; -1: not sure */
    struct check_relay relay;
    int64_t duration_ns;
};

struct check_result {
    char *uri;
    struct check_step dns;
    struct check_address *addresses; /**< in the resolver's order */
    unsigned n_addresses;
    /** The first that works, or else the first of those that got furthest; NULL: there
     *  is no address. */
    const struct check_address *chosen;
    GError *error;       /**< of `chosen`, or of the resolver; NULL: it works */
    char *advice;        /**< with `error` */
    GPtrArray *warnings; /**< char *: may be added to; not escaped */
    GPtrArray *failures; /**< char *: gates that were not passed; added by the caller */
    char *user;          /**< NULL: none */
    int64_t expires_s;   /**< of the user name; 0: never, as far as it says */
    int64_t duration_ns;
};

/**
 * Checks one URI. It sends to the server's addresses, and to those that it redirects to,
 * at most four allocations for each: all of them are given back.
 * @return never NULL; caller frees
 */
struct check_result *check_run(const struct check_options *options);
void check_result_free(struct check_result *result);
typedef struct check_result auto_check_result; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_check_result, check_result_free)

/** Neither an error nor a gate's failure. */
bool check_is_good(const struct check_result *result);

/** 0, 1 for a gate, or what the error stands for. */
int check_exit_status(const struct check_result *result);

/** Days until the first certificate of the chain expires, rounded down. */
int64_t check_days_left(const struct tls_report *tls);

/** The share of payloads that did not come back, from 0 to 1. */
double check_loss(const struct check_relay *relay);

/** As an item of a report. New reference. */
json_t *check_to_json(const struct check_result *result);

/** As metrics. @param target  the label "target"; NULL: none */
void check_add_metrics(const struct check_result *result, struct metrics *metrics,
                       const char *target);

#endif
