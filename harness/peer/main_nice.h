/* SPDX-License-Identifier: Apache-2.0 */
/* The libnice peer: what its files share. */
#ifndef RTCLAB_PEER_MAIN_NICE_H
#define RTCLAB_PEER_MAIN_NICE_H

#include <nice/agent.h>

#include "peer/contract_loop.h"
#include "peer/sdp.h"

#define NICE_PEER_COMPONENT 1 /**< the only component of the only stream */

struct nice_peer {
    struct contract_loop *loop;
    struct contract_peer *contract; /**< the loop's */

    bool offerer, udp, tcp;
    bool echoes;      /**< sends back what comes */
    NiceAgent *agent; /**< NULL until configured */
    guint stream;
    GPtrArray *turn_urls;
    bool has_relayed; /**< a relayed candidate was gathered */
    bool gathering, gathered, closing;
    bool was_connecting; /**< since the last (re)start: W3C's "checking" follows "new" */
    const char *connection_state; /**< last reported */

    /* The session: ours, and the other's. */
    struct sdp_session local;
    uint64_t session_id;
    unsigned session_version;
    bool has_remote, awaits_answer, remote_ended;
    char remote_ufrag[SDP_CREDENTIAL_SIZE];
    unsigned n_remote; /**< candidates taken in, of this generation */
    GPtrArray *early;  /**< candidates that came before their description */
    bool no_pair_reported;
};

/* main_nice_agent.c: the agent, and what it reports */

/** Makes the agent. @return false, after telling the harness why, if it cannot */
bool nice_peer_make_agent(struct nice_peer *peer,
                          const struct contract_configuration *configuration);
/** Starts gathering, or after a restart reports again what was gathered. */
void nice_peer_gather(struct nice_peer *peer);
/** Sends a datagram over the selected pair. */
void nice_peer_send(struct nice_peer *peer, const char *bytes, size_t size);
/** Reports a connection state, if it changed. */
void nice_peer_report_connection(struct nice_peer *peer, const char *state);
/** Reports a check list that failed because it is and will remain empty. */
void nice_peer_check_pairs(struct nice_peer *peer);

/* main_nice_signal.c: descriptions and candidates, out and in */

/** Sends our description with the agent's present credentials. */
void nice_peer_describe(struct nice_peer *peer, bool offer);
/** Sends and reports a local candidate. */
void nice_peer_tell_candidate(struct nice_peer *peer, const NiceCandidate *candidate);
/** Sends end-of-candidates. */
void nice_peer_tell_end(struct nice_peer *peer);
/** Takes a description or candidate of the other peer in. */
void nice_peer_take_signal(struct nice_peer *peer,
                           const struct contract_message *message);
/** Restarts ICE and makes a new offer. */
void nice_peer_restart(struct nice_peer *peer);

#endif
