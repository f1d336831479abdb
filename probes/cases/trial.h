/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case being tried: clients, peers and expectations that say what came out.
 *
 *     static void refresh_without_allocation(struct trial *t)
 *     {
 *         struct draft request;
 *         struct client *c = trial_challenged(t);
 *         if (!c)
 *             return;
 *         client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
 *         client_sign(c, &request);
 *         trial_expect_code(t, c, &request, STUNMSG_CODE_ALLOCATION_MISMATCH);
 *     }
 *
 * Whatever is opened belongs to the trial, and is closed after it; allocations are given
 * back. Functions that return NULL or false have said the verdict already.
 */
#ifndef RTCLAB_PROBES_TRIAL_H
#define RTCLAB_PROBES_TRIAL_H

#include "probes/cases/case.h"
#include "probes/core/turn.h"
#include "probes/output/report.h"

/** The case's server, its table row, and chance of its own (from the seed and the id). */
const struct subject *trial_subject(const struct trial *t);
struct rng *trial_rng(struct trial *t);

/* ---- Verdicts --------------------------------------------------------------------- */

/*
 * The observed, in words, without what was expected: "400 (Bad Request)". The last one
 * said counts, but nothing weakens a failure.
 */
void trial_pass(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** Not as the clause says: `fail`, or `non-strict` for a SHOULD. */
void trial_fail(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** Allowed, but worth telling: `non-strict` whatever the level. */
void trial_warn(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
void trial_info(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
void trial_unsupported(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
void trial_inconclusive(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The machine or this program failed. */
void trial_error(struct trial *t, const GError *error);
/** An exchange failed: silence and closing are inconclusive, TLS too; what is this
 * machine's fault is an error. @param doing "asking for a permission" */
void trial_say_error(struct trial *t, const char *doing, const GError *error);

/** Tells how much larger than what asked for it an answer was, beside any verdict.
 * @param kind "binding", for the metric rtcprobe_response_gain_ratio */
void trial_gain(struct trial *t, const char *kind, double gain);

/** The verdict so far; VERDICT_N: none yet. */
enum verdict trial_verdict(const struct trial *t);

/* ---- Clients and peers ------------------------------------------------------------ */

/** A client over the URI's transport; NULL: inconclusive, or error. Trial's. */
struct client *trial_client(struct trial *t);
struct client *trial_client_over(struct trial *t, enum probe_transport transport);
/** With options of the case's own; start from trial_client_options(). */
struct client *trial_client_with(struct trial *t, const struct client_options *options);
struct client_options trial_client_options(struct trial *t,
                                           enum probe_transport transport);
/** Closes one before the trial ends, without giving an allocation back. */
void trial_close(struct trial *t, struct client *c);
/** Closes it like a crash does: connection_abort(). */
void trial_abort(struct trial *t, struct client *c);

/** A client that has got its realm and nonce, and so can sign. */
struct client *trial_challenged(struct trial *t);
/** Gets one for a client at hand. */
bool trial_challenge(struct trial *t, struct client *c);

/** A client with an allocation. @param options NULL: a plain one */
struct client *trial_allocated(struct trial *t, const struct allocate_options *options,
                               struct allocation *ret);
/** Allocates for a client at hand; the trial will give it back. */
bool trial_allocate(struct trial *t, struct client *c,
                    const struct allocate_options *options, struct allocation *ret);

/** What an allocation asks for that is to reach peers of ours: their address family. */
struct allocate_options trial_peer_options(const struct trial *t);

/** A UDP socket that plays a peer. */
struct peer {
    struct connection *connection;
    struct endpoint address; /**< as the server sees it */
};
/** Trial's; NULL: inconclusive, or error. */
struct peer *trial_peer(struct trial *t);
/** A second one on the same address and another port. */
struct peer *trial_peer_beside(struct trial *t, const struct peer *first);
/** Closes a peer's socket before the trial ends; its address stays, as that of nobody. */
void trial_close_peer(struct peer *peer);

/** What is called for most: a client with an allocation and a permission for a peer whose
 * NAT, if it has one, is opened towards the relay. */
struct relay {
    struct client *client;
    struct allocation allocation;
    struct peer *peer;
};
bool trial_relay(struct trial *t, struct relay *ret);
/** The same over another transport than the URI's. */
bool trial_relay_over(struct trial *t, enum probe_transport transport, struct relay *ret);
/** Has a permission made. */
bool trial_permit(struct trial *t, struct client *c, const struct peer *peer);

/* ---- Exchanges and what to expect ------------------------------------------------- */

/**
 * Sends a request and gets the response. Silence that a Binding after it disproves as a
 * loss is a failure ("no answer, though a Binding after it was answered"); else it is
 * inconclusive. So is 486 (Allocation Quota Reached) to an Allocate.
 */
bool trial_exchange(struct trial *t, struct client *c, const struct draft *request,
                    struct answer *ret);

/** What a well-behaved client's request came to. */
struct outcome {
    unsigned code;        /**< of the error response; 0: a success */
    char *said;           /**< in words, the method first if it is an error */
    struct answer answer; /**< the success response */
};
void outcome_clear(struct outcome *outcome);
typedef struct outcome auto_outcome; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_outcome, outcome_clear)

/**
 * The same with client_request(): the request has no credentials yet, and a challenge or
 * a stale nonce is answered.
 */
bool trial_request(struct trial *t, struct client *c, const struct draft *request,
                   struct outcome *ret);
/** Whether it came to a code, 0 being a success: passes or fails. */
bool trial_expect_outcome(struct trial *t, const struct outcome *outcome, unsigned code);

/** An error response with one of these codes, 0-ended: passes or fails. Where the request
 * was signed the response must be too, when `checks` says so: see A09. */
bool trial_expect_codes(struct trial *t, struct client *c, const struct draft *request,
                        const unsigned *codes);
bool trial_expect_code(struct trial *t, struct client *c, const struct draft *request,
                       unsigned code);
/** A success response, handed out for more checks; passes or fails. */
bool trial_expect_success(struct trial *t, struct client *c, const struct draft *request,
                          struct answer *ret);

enum silence {
    SILENCE_PROVEN,   /**< a Binding after it on the same path was answered, it was not */
    SILENCE_BROKEN,   /**< something came */
    SILENCE_CLOSED,   /**< the stream was closed, or refused */
    SILENCE_UNPROVEN, /**< the Binding was not answered either */
};
/**
 * Sends bytes that must not be answered, several times if the path loses packets, and
 * each time a Binding after it. What comes and is not that Binding's answer breaks the
 * silence.
 * @param ret_broken  what came; the caller clears it in any case; may be NULL
 */
enum silence trial_silence(struct trial *t, struct client *c, const uint8_t *bytes,
                           size_t size, struct inbound *ret_broken);
/** The same with a verdict: passes, fails or is inconclusive. A stream may be closed. */
bool trial_expect_silence(struct trial *t, struct client *c, const uint8_t *bytes,
                          size_t size);

/** Whether the server still answers a Binding on a client's path. */
bool trial_is_answered(struct client *c);

/** How long to wait for something that should come at once, or must not come at all: some
 * round trips, at least 200 ms. A deadline from now. */
int64_t trial_soon_ns(const struct trial *t);

/** Waits in real, or virtual, time; false: interrupted, and the verdict said. */
bool trial_wait_s(struct trial *t, double seconds);

/* ---- Data through a relay --------------------------------------------------------- */

/** A payload that nothing else sends: 24 bytes of the trial's chance. */
#define TRIAL_PAYLOAD_SIZE 24
void trial_payload(struct trial *t, uint8_t out[TRIAL_PAYLOAD_SIZE]);

/** How a payload went: in ways that a case can name. */
enum passage {
    PASSAGE_ARRIVED,
    PASSAGE_NOT, /**< it did not come; proven where a Binding after it was answered */
    PASSAGE_UNPROVEN, /**< nor did anything else: the path may be broken */
};
/**
 * Client to peer by a Send indication (channel 0) or ChannelData.
 * @param ret_from the relayed address that the peer saw; NULL: not wanted
 */
enum passage trial_client_to_peer(struct trial *t, struct client *c, uint16_t channel,
                                  const struct peer *peer, struct endpoint *ret_from);
/**
 * Peer to the client's relayed address.
 * @param ret  how it came; the caller clears it in any case; may be NULL
 */
enum passage trial_peer_to_client(struct trial *t, struct client *c,
                                  const struct allocation *allocation,
                                  const struct peer *peer, struct turn_data *ret);

#endif
