/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STUN client on one 5-tuple: requests and their answers (RFC 8489 §6.2), signed when
 * the server asks for it (§9.2), and a bounded inbox for what comes besides.
 *
 *     struct draft request;
 *     client_begin(client, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
 *     if (client_exchange(client, &request, &answer, &error)) …
 *     answer_clear(&answer);
 */
#ifndef RTCLAB_PROBES_CLIENT_H
#define RTCLAB_PROBES_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/rng.h"
#include "probes/core/auth.h"
#include "probes/core/connection.h"
#include "wire/stunmsg.h"

/** RFC 8489 §6.2.1; over streams one transmission is made and all of the time waited. */
struct client_timing {
    unsigned rto_ms;     /**< before the first retransmission; doubles; 500 */
    unsigned rc;         /**< transmissions in all; 7 */
    unsigned rm;         /**< the last wait is this many rto_ms; 16 */
    unsigned timeout_ms; /**< of a transaction, and of a handshake, at most */
};
#define CLIENT_TIMING_DEFAULT \
    ((struct client_timing){ .rto_ms = 500, .rc = 7, .rm = 16, .timeout_ms = 10000 })

/** When the transmission after the n-th, or the end of waiting, is due over datagrams
 * (RFC 8489 §6.2.1). */
int64_t client_due_ns(const struct client_timing *timing, unsigned n, int64_t now_ns);

struct client_options {
    struct connection_options
        connection; /**< what it points to must outlive the client */
    struct client_timing timing;
    const char *username, *password; /**< NULL: none */
    bool is_modern;                  /**< profile 8489: SHA-256 where it is offered */
    struct rng rng;                  /**< transaction ids are drawn from it */
};

struct client;

/** Opens the connection within timing.timeout_ms; arguments as of connection_open(). */
struct client *client_open(const struct client_options *options,
                           struct connection_times *ret_times,
                           struct tls_report *ret_report, GError **error);
/** Closes it; allocations stay: see turn_release(). */
void client_close(struct client *c);
/** The same by connection_abort(). */
void client_abort(struct client *c);
typedef struct client auto_client; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_client, client_close)

struct connection *client_connection(struct client *c); /**< borrowed */
struct auth *client_auth(struct client *c);             /**< borrowed, may be changed */
struct client_timing *client_timing(struct client *c);  /**< borrowed, may be changed */
struct rng *client_rng(struct client *c);               /**< borrowed */

/** A message being written. */
#define DRAFT_SIZE 4096
struct draft {
    uint8_t bytes[DRAFT_SIZE];
    struct stunmsg_builder b; /**< for stunmsg_add_…() */
};

/** Starts a message with a transaction id that is drawn. */
void draft_begin(struct draft *draft, struct rng *rng, uint16_t method,
                 enum stunmsg_class class);

/** The same with the client's own chance. */
void client_begin(struct client *c, struct draft *draft, uint16_t method,
                  enum stunmsg_class class);

/** The size of a finished message: all that was added must have fitted. */
size_t draft_size(const struct draft *draft);

/** Its transaction id: 12 bytes, borrowed. */
const uint8_t *draft_transaction(const struct draft *draft);

/** An answer; its message points into its bytes. */
struct answer {
    uint8_t *bytes;
    struct stunmsg message;
    int64_t sent_ns; /**< the first transmission */
    int64_t received_ns;
    unsigned transmissions; /**< of the request; 1: the round trip is sure */
};
void answer_clear(struct answer *answer);
typedef struct answer auto_answer; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_answer, answer_clear)

/**
 * Whether what came is the response to a transaction, of either class; then a copy of it
 * and when it came are put into `ret`, whose other fields stay.
 */
bool answer_take(const struct received *received, const uint8_t *transaction,
                 struct answer *ret);

/** The code of an error response; 0 for a success, or one that has none. */
unsigned answer_code(const struct answer *answer);

/** "success", "437 (Allocation Mismatch)", "an error without a code"; caller owns, not
 * escaped: the reason is the recommended one unless the server's differs. */
char *answer_describe(const struct answer *answer);

/**
 * Sends a request as it is and waits for the response with its transaction id, sending it
 * again over datagrams. Any response counts, signed or not, be it success or error.
 *
 * @param ret  filled on success only; the caller clears it
 * @return FALSE with what connection_receive() says; PROBE_ERROR_SILENT has in its
 * message how often it was sent and for how long it was waited
 */
gboolean client_exchange(struct client *c, const struct draft *request,
                         struct answer *ret, GError **error);

/** The same for bytes that need not be a sane message. `transaction` tells the answer. */
gboolean client_exchange_bytes(struct client *c, const uint8_t *bytes, size_t size,
                               const uint8_t *transaction, struct answer *ret,
                               GError **error);

/**
 * A request as a well-behaved client makes it: `request` has no credentials in it; they
 * are added once the server has sent a challenge, and it is sent again (as a new
 * transaction) after the first 401, and after each 438, at most three times.
 *
 * @return TRUE with a success response whose integrity was checked if it was signed.
 * FALSE with PROBE_ERROR_CREDENTIALS, _REDIRECTED, _ANSWER (see client_last_code()),
 *         _SILENT, …
 */
gboolean client_request(struct client *c, const struct draft *request, struct answer *ret,
                        GError **error);

/** The code of the last error response that client_request() met; 0: none. */
unsigned client_last_code(const struct client *c);

/** Adds credentials to a draft, as far as they are known: see auth_add(). */
void client_sign(struct client *c, struct draft *draft);

/** Sends a finished message once and waits for nothing: indications. */
gboolean client_send(struct client *c, const struct draft *draft, GError **error);

/** What came besides answers: indications, ChannelData, late or doubled responses,
 * anything else. */
struct inbound {
    uint8_t *bytes; /**< owned: g_free() */
    size_t size;
    int64_t at_ns;
};
void inbound_clear(struct inbound *in);
typedef struct inbound auto_inbound;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_inbound, inbound_clear)

/** At most this many, of so many bytes in all, wait in the inbox; more are dropped. */
#define CLIENT_MAX_INBOX       1024
#define CLIENT_MAX_INBOX_BYTES ((size_t)2 << 20)

/** How many of them wait to be read. */
unsigned client_unread(const struct client *c);

/**
 * The next of them, in the order they came.
 * @return FALSE with PROBE_ERROR_SILENT at the deadline, or as connection_receive()
 */
gboolean client_next(struct client *c, int64_t deadline_ns, struct inbound *ret,
                     GError **error);

#endif
