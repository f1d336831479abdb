/* SPDX-License-Identifier: Apache-2.0 */
/* What a careless server makes of messages that are none: the defects of reading. */
#ifndef RTCLAB_PROBES_SERVER_MEND_H
#define RTCLAB_PROBES_SERVER_MEND_H

#include "probes/server/state.h"

/* Makes a message of bytes that stunmsg_decode() has refused with `found`, if the server
 * has a defect that does. Returns what `ret_message` points into, the caller's; or NULL.
 */
uint8_t *srv_mend(struct probe_server *s, enum stunmsg_error found, const uint8_t *bytes,
                  size_t size, struct stunmsg *ret_message);

/* Whether an attribute's padding is not zeros. */
bool srv_mend_has_padding(const struct stunmsg *m);

/* Leaves of each attribute only the last, but for XOR-PEER-ADDRESS, which may be repeated
 * (RFC 8656 §10.1). Returns what `m` then points into, the caller's. */
uint8_t *srv_mend_keep_last(struct stunmsg *m);

#endif
