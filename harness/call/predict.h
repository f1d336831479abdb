/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What full gathering should cost over trickle, before any call is made: from what the
 * stacks are known to do (one table, each constant with its source) and the paths of the
 * scenario's network. The measured saving less this is what neither explains.
 *
 *     full:    the answerer knows all of the offerer's candidates when the offerer has
 *              gathered and the offer has come; the offerer all of the answerer's when
 *              that has gathered, too, and the answer has come
 *     trickle: each knows the candidates that decide as soon as those are found and sent
 *
 * What comes after that, checks and DTLS, takes the same in both, but for a stack that
 * waits for checks of host candidates that lead nowhere: those are waited for by the peer
 * whose they are, from when it knows the other's.
 */
#ifndef RTCLAB_CALL_PREDICT_H
#define RTCLAB_CALL_PREDICT_H

#include "lab/lab.h"
#include "scenario/scenario.h"

/** What a stack does while it gathers. */
struct predict_stack {
    const char *name;      /**< as in --peers */
    unsigned pacing_ms;    /**< Ta: from one tick to the next; a tick sends one request */
    unsigned silent_ms;    /**< a server that is silent over UDP is given up after it */
    unsigned stream_ms;    /**< likewise over TCP */
    unsigned resend_ms[2]; /**< after the first request, over UDP */
    bool loses_stun_beside_turn; /**< a STUN server's answer counts for nothing if there
                                      is a TURN server over UDP */
    bool waits_for_dead_pairs;   /**< connected only when no pair of higher priority is
                                      being checked, so that host candidates decide, and
                                      one that leads nowhere costs `silent_ms` */
};
extern const struct predict_stack predict_stacks[];
extern const size_t predict_n_stacks;

/** The way from a peer to a server and back. */
struct predict_path {
    bool is_open;    /**< an answer comes back */
    bool is_refused; /**< TCP: a reset comes back */
    int64_t there_ns, round_trip_ns;
};

/**
 * Sends a packet through the scenario's network, without chance, and its answer back
 * (predict_path.c).
 *
 * @param network  of a scenario
 * @param from     the number of the sender's interface
 * @param to       that of the receiver
 * @param endpoint the receiver's address on it, and the port
 * @param is_tcp   a SYN instead of a datagram
 */
struct predict_path predict_path(const struct network_config *network, unsigned from,
                                 unsigned to, const struct endpoint *endpoint,
                                 bool is_tcp);

/**
 * Whether what one host sends to the address of another comes there, once that one has
 * sent something this way, too (predict_path.c).
 *
 * @param from,to numbers of their interfaces
 */
bool predict_reaches(const struct network_config *network, unsigned from, unsigned to,
                     bool is_tcp);

/** A STUN or TURN server as a peer finds it. */
struct predict_server {
    bool is_turn, is_tcp;
    struct predict_path path;
};

/** When a peer's candidates are there, in milliseconds from when it begins to gather. */
struct predict_gathering {
    int64_t complete_ms;
    int64_t reflexive_ms, relayed_ms; /**< -1: never */
};

/** How a stack gathers from these servers (predict_gathering.c). */
struct predict_gathering predict_gather(const struct predict_stack *stack,
                                        const struct predict_server *servers,
                                        unsigned n_servers);

struct prediction {
    struct predict_gathering gathering[N_ROLES];
    double full_ms, trickle_ms; /**< until what decides has been checked, without what
                                     takes the same in both */
    double saving_ms;           /**< full minus trickle */
};

/**
 * Predicts what trickle saves.
 *
 * @param names of the two stacks, as in --peers
 * @param clock that the calls run on
 * @param ret_why set if nothing can be predicted: why; caller owns
 */
bool predict_saving(const struct scenario *scenario, const char *const names[N_ROLES],
                    enum lab_clock clock, struct prediction *ret_prediction,
                    char **ret_why);

/** A prediction in one line; caller owns. */
char *predict_describe(const struct prediction *prediction);

#endif
