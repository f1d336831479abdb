/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams through a relay and back, between two allocations of ours: no peer is needed.
 *
 *     a ──Send/ChannelData──► server: a's relayed address ──► b's ──Data/ChannelData──► b
 *
 * b sends back what it got, so a's clock alone measures the round trip, and a loss is
 * told on which of the two ways it happened. Each payload has a number and a hash, so
 * that what was altered, doubled or out of order is seen.
 */
#ifndef RTCLAB_PROBES_RELAY_RUN_H
#define RTCLAB_PROBES_RELAY_RUN_H

#include "probes/core/samples.h"
#include "probes/core/turn.h"

#define RELAY_MIN_SIZE 28 /**< of a payload: who, number, time and hash */

struct relay_options {
    unsigned count;      /**< payloads; 0: until end_ns */
    int64_t interval_ns; /**< between two of them; 0: as fast as `window` lets */
    unsigned window;     /**< with interval 0: at most so many on their way */
    size_t size;         /**< of a payload, RELAY_MIN_SIZE to TURN_MAX_DATA */
    int64_t end_ns;      /**< nothing is sent after it; CLOCK_NEVER: only `count` */
    int64_t linger_ns;   /**< how long the last answers are waited for */
    bool uses_channels;  /**< ChannelData, not Send and Data indications */
    bool is_one_way;     /**< b keeps what it gets: throughput; no round trips */
    /** Told each time a payload is back, or NULL. */
    void (*on_return)(uint32_t number, int64_t rtt_ns, void *data);
    void *data;
};

struct relay_result {
    uint64_t sent;          /**< by a */
    uint64_t arrived;       /**< at b, each number once */
    uint64_t returned;      /**< back at a, likewise */
    uint64_t duplicates;    /**< at either */
    uint64_t reordered;     /**< at either: a number lower than one before */
    uint64_t corrupted;     /**< at either: ours by its mark, but its hash is wrong */
    uint64_t bytes_arrived; /**< payload bytes at b */
    int64_t started_ns, ended_ns; /**< from the first payload sent to the last come */
    struct samples rtt;
};
void relay_result_clear(struct relay_result *result);

/** Two clients whose allocations may talk to each other. */
struct relay_pair {
    struct client *a, *b;
    struct allocation at_a, at_b;
    int64_t allocate_ns;   /**< of a's Allocate, its challenge included */
    int64_t permission_ns; /**< of a's CreatePermission, or ChannelBind */
};

/**
 * Opens both, allocates, and permits or binds each other's relayed address.
 * @param options of both clients, and their server
 * @return FALSE as client_open() and turn_allocate(), the message saying which step
 */
gboolean relay_pair_open(const struct client_options *options, bool uses_channels,
                         struct relay_pair *ret, GError **error);

/** Gives both allocations back and closes. */
void relay_pair_close(struct relay_pair *pair);

/**
 * Runs.
 * @param ret filled also when it fails in the middle, or is interrupted; clear it
 * @return FALSE with what broke the path: PROBE_ERROR_CLOSED, _INTERRUPTED, …
 */
gboolean relay_run(struct relay_pair *pair, const struct relay_options *options,
                   struct relay_result *ret, GError **error);

#endif
