/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_NONCE_H
#define RTCLAB_PROBES_SERVER_NONCE_H

#include "probes/server/state.h"

enum { SRV_NONCE_BYTES = 40 }; /* with its NUL */

enum srv_nonce { SRV_NONCE_FRESH, SRV_NONCE_STALE, SRV_NONCE_FORGED };

/* Makes a nonce for a client. */
void srv_nonce_make(const struct probe_server *s, const struct srv_path *path,
                    char out[SRV_NONCE_BYTES]);

enum srv_nonce srv_nonce_check(const struct probe_server *s, const struct srv_path *path,
                               const struct stunmsg_text *nonce);

/* Whether a nonce starts with the cookie and says that there are password algorithms
 * (RFC 8489 §9.2). */
bool srv_nonce_has_algorithms(const struct stunmsg_text *nonce);

#endif
