/* SPDX-License-Identifier: Apache-2.0 */
/* What events of peers hold (harness/peer/README.md), for peers in C. */
#ifndef RTCLAB_PEER_PEER_EVENT_H
#define RTCLAB_PEER_PEER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "wire/candidate.h"

/**
 * A candidate.
 * @param text  "candidate:…", of which `candidate` was read
 * @return {"candidate","type","protocol","address","port","tcptype"?}; caller owns
 */
json_t *peer_event_candidate(const struct candidate *candidate, const char *text);

/**
 * A message, cut after its first 4 KiB.
 * @param binary  it came as bytes, not as a text
 * @return {"data" or "data_hex", "binary"?, "size_bytes"}; caller owns
 */
json_t *peer_event_message(const void *bytes, size_t size, bool binary);

/** "udp" or "tcp". */
const char *peer_event_protocol(const struct candidate *candidate);

#endif
