/* SPDX-License-Identifier: Apache-2.0 */
/* libnice's candidates and ours; for the peers that have libnice inside. */
#ifndef RTCLAB_PEER_MAIN_NICE_CANDIDATE_H
#define RTCLAB_PEER_MAIN_NICE_CANDIDATE_H

#include <jansson.h>
#include <nice/agent.h>

#include "wire/candidate.h"

struct candidate candidate_from_nice(const NiceCandidate *nice);

/** @return caller owns: nice_candidate_free() */
NiceCandidate *candidate_to_nice(const struct candidate *candidate, guint stream);

/** As peer_event_candidate(); caller owns. */
json_t *nice_candidate_event(const NiceCandidate *nice);

#endif
