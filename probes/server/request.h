/* SPDX-License-Identifier: Apache-2.0 */
/* A request being handled, who made it, and building the reply. */
#ifndef RTCLAB_PROBES_SERVER_REQUEST_H
#define RTCLAB_PROBES_SERVER_REQUEST_H

#include "probes/server/state.h"

enum {
    SRV_MAX_USER_BYTES = 513, /* RFC 8489 §14.3, with its NUL */
    SRV_MAX_KEY_BYTES = 64,
    SRV_MAX_REPLY_BYTES = SRV_MAX_MESSAGE_BYTES,
};

struct srv_request {
    const struct srv_path *path;
    struct stunmsg message; /* its bytes are gone when Connect is answered */
    bool has_fingerprint;
    /* Set by srv_auth_check(); before it the reply has no integrity. */
    bool is_proven;
    bool replies_by_sha256; /* MESSAGE-INTEGRITY-SHA256 in the reply (RFC 8489 §9.2.4) */
    char user[SRV_MAX_USER_BYTES];
    uint8_t key[SRV_MAX_KEY_BYTES];
    size_t key_size;
};

struct srv_reply {
    struct stunmsg_builder b;
    uint8_t bytes[SRV_MAX_REPLY_BYTES];
};

/* Starts a response; attributes are added to `r->b`. */
void srv_reply_begin(const struct probe_server *s, const struct srv_request *q,
                     enum stunmsg_class class, struct srv_reply *r);

/* Starts one of our own to a client: Data, ConnectionAttempt. */
void srv_indication_begin(struct srv_reply *r, uint16_t method);

/* Adds an address: as stunmsg_add_address(), but for DEFECT_IPV6_XOR_COOKIE_ONLY. */
void srv_reply_add_address(const struct probe_server *s, struct srv_reply *r,
                           uint16_t type, const struct endpoint *endpoint);

/* Adds ERROR-CODE; `reason` NULL stands for the recommended one. */
void srv_reply_add_error(const struct probe_server *s, struct srv_reply *r, unsigned code,
                         const char *reason);

/* Adds what each response ends with: SOFTWARE, the integrity, FINGERPRINT. Returns the
 * size of all, 0 if something did not fit. */
size_t srv_reply_end(const struct probe_server *s, const struct srv_request *q,
                     struct srv_reply *r);

/* Ends a response, sends it and, if the request was proven, remembers it. */
void srv_reply_send(struct probe_server *s, const struct srv_request *q,
                    struct srv_reply *r);

/* A whole error response without more than its code. */
void srv_reply_error(struct probe_server *s, const struct srv_request *q, unsigned code);

/* Sends an indication: it has neither integrity nor FINGERPRINT. */
void srv_indication_send(struct probe_server *s, const struct srv_path *path,
                         const struct srv_reply *r, uint8_t tos);

/* Sends the reply that the same request got before; false if there was none. */
bool srv_reply_repeat(struct probe_server *s, const struct srv_request *q);

#endif
