/* SPDX-License-Identifier: Apache-2.0 */
/* What events of peers hold (harness/peer/README.md), for peers in C. */
#ifndef RTCLAB_PEER_PEER_EVENT_H
#define RTCLAB_PEER_PEER_EVENT_H

#include <stddef.h>

#include <jansson.h>

#include "wire/candidate.h"

/**
 * A candidate.
 * @param text  "candidate:…", of which `candidate` was read
 * @return {"candidate","type","protocol","address","port","tcptype"?}; caller owns
 */
json_t *peer_event_candidate(const struct candidate *candidate, const char *text);

/** A message, cut after its first 4 KiB. @return caller owns */
json_t *peer_event_message(const void *bytes, size_t size);

/** "udp" or "tcp". */
const char *peer_event_protocol(const struct candidate *candidate);

#endif
