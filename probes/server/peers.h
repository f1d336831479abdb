/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_PEERS_H
#define RTCLAB_PROBES_SERVER_PEERS_H

#include "probes/server/state.h"

/* Whether clients may talk to an address through the server. */
bool srv_peers_allow(const struct probe_server *s, const struct address *peer);

#endif
