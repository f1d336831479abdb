/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 5-tuple to a server: a UDP socket, a TCP connection, TLS over it, or DTLS. What is
 * received comes as whole messages, streams being framed by RFC 8489 §6.2.2 and RFC 8656
 * §12.5.
 *
 * All waiting is bounded by deadlines on clock_now_ns()'s clock, and ends on an
 * interrupt. A connection belongs to one thread at a time.
 */
#ifndef RTCLAB_PROBES_CONNECTION_H
#define RTCLAB_PROBES_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/clock.h"
#include "probes/core/transcript.h"
#include "probes/core/transport.h"
#include "wire/address.h"

/** Nothing longer is received: the largest STUN message and ChannelData fit. */
#define CONNECTION_MAX_MESSAGE 65556

/** How long a stream may take none of what is sent before it counts as stuck. */
#define CONNECTION_SEND_NS (5 * NS_PER_S)

struct tls_options {
    const char *server_name; /**< SNI and the name to verify; NULL: the address */
    const char *ca_file;     /**< PEM; NULL: the system's */
    const char *ca_pem;      /**< PEM itself; it goes before the file; NULL: none */
    const char *const *alpn; /**< NULL-ended, RFC 7443: "stun.turn"; NULL: none offered */
    bool accepts_any;        /**< --insecure: problems are told, not fatal */
};

/** What the handshake showed. Texts may come from the server: escape them in output. */
struct tls_report {
    char *version; /**< "TLS1.3" */
    char *cipher;
    char *alpn;      /**< chosen; NULL: none */
    char *subject;   /**< of the certificate */
    bool is_trusted; /**< the chain leads to a known CA, and all are in time */
    bool is_name_ok;
    bool is_expired, is_early; /**< of any in the chain: not valid any more, or not yet */
    int64_t not_after_s;       /**< calendar time: the earliest in the chain sent */
    char *problem;             /**< in words; NULL: none */
};
void tls_report_clear(struct tls_report *report);

/** Whether CAs can be read from a file: FALSE with PROBE_ERROR_LOCAL, which says why. */
gboolean tls_read_ca_file(const char *path, GError **error);

struct connection_options {
    enum probe_transport transport;
    struct endpoint server;
    struct endpoint local;         /**< family ADDRESS_NONE: any; port 0: any */
    const struct tls_options *tls; /**< for TLS and DTLS; NULL: the defaults */
    struct transcript *transcript; /**< borrowed; NULL: none is kept */
};

struct connection;

/** What opening took; those that did not happen are 0. */
struct connection_times {
    int64_t connect_ns; /**< TCP's handshake */
    int64_t tls_ns;     /**< the TLS or DTLS handshake */
    bool is_connected;  /**< what fails after this is TLS or DTLS */
};

/**
 * Opens it, with its handshakes. Which is bound is known afterwards, even over UDP, whose
 * socket is connected, so that ICMP errors are seen and nothing but the server is heard.
 *
 * @param ret_times  filled as far as it came, also on failure; NULL: not wanted
 * @param ret_report for TLS and DTLS: filled as far as it came, also on failure;
 *                   the caller clears it; NULL: not wanted
 * @return NULL with PROBE_ERROR_SILENT, _REFUSED, _CLOSED, _TLS, _LOCAL, _INTERRUPTED,
 * the message saying which phase and what; caller owns
 */
struct connection *connection_open(const struct connection_options *options,
                                   int64_t deadline_ns,
                                   struct connection_times *ret_times,
                                   struct tls_report *ret_report, GError **error);
void connection_close(struct connection *c);
typedef struct connection auto_connection; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_connection, connection_close)

/** Closes TCP with a reset, without TLS's goodbye: what a crash looks like. */
void connection_abort(struct connection *c);

enum probe_transport connection_transport(const struct connection *c);
/** Where it is bound; the address is a concrete one. */
struct endpoint connection_local(const struct connection *c);
struct endpoint connection_server(const struct connection *c);
/** The socket, to wait for several connections at once; see connection_has_message(). */
int connection_fd(const struct connection *c);

/**
 * Sends bytes as they are: one datagram, or a piece of the stream.
 * @param note  for the transcript; NULL: none
 * @return FALSE with PROBE_ERROR_REFUSED, _CLOSED, _SILENT (the stream is stuck), …
 */
gboolean connection_send(struct connection *c, const uint8_t *bytes, size_t size,
                         const char *note, GError **error);

/**
 * Sends each byte in a segment of its own (TCP_NODELAY), or a TLS record of its own. For
 * streams alone.
 */
gboolean connection_send_bytewise(struct connection *c, const uint8_t *bytes, size_t size,
                                  GError **error);

#define CONNECTION_LATE_MESSAGES 64

struct received {
    const uint8_t *bytes; /**< borrowed until the next call on the connection */
    size_t size;
    int64_t at_ns; /**< when it was read */
};

/**
 * The next message: a datagram as it came, or one STUN or ChannelData message of a stream
 * with its padding. What is there already is handed out even at or after the deadline (0:
 * do not wait at all), but no more than CONNECTION_LATE_MESSAGES for one deadline: a
 * server that floods cannot keep who waits for one answer until a deadline.
 * @return FALSE with PROBE_ERROR_SILENT at the deadline; _REFUSED, _CLOSED; _GARBAGE for
 * a stream that is lost
 */
gboolean connection_receive(struct connection *c, int64_t deadline_ns,
                            struct received *ret, GError **error);

/** Whether connection_receive() can hand out something without reading from the socket.
 */
bool connection_has_message(const struct connection *c);

/**
 * A plain UDP socket: a peer, or a client that receives from anywhere (RFC 5780).
 * connection_receive_from() and connection_send_to() are for it alone.
 * @param local port 0: any
 */
struct connection *connection_open_peer(const struct endpoint *local,
                                        struct transcript *transcript, GError **error);
gboolean connection_send_to(struct connection *c, const struct endpoint *to,
                            const uint8_t *bytes, size_t size, GError **error);
/**
 * Opens the way through a NAT before this machine: a datagram to where answers will come
 * from, of a few bytes that mean nothing (an empty one ends more than one server).
 */
void connection_punch(struct connection *c, const struct endpoint *to);
/** Whether a payload is such a one: a server may pass it on after all. */
bool connection_is_punch(const uint8_t *bytes, size_t size);
gboolean connection_receive_from(struct connection *c, int64_t deadline_ns,
                                 struct received *ret, struct endpoint *ret_from,
                                 GError **error);

/** What is heard besides, for a peer: RFC 8656 §14. */
struct datagram_marks {
    int tos; /**< the byte with DSCP and ECN; -1: not known */
    int ttl; /**< or hop limit; -1: not known */
};
/** Of the datagram that connection_receive_from() handed out last. */
struct datagram_marks connection_last_marks(const struct connection *c);

/** How many datagrams and bytes were sent and received, for gains. */
struct connection_counts {
    uint64_t sent, received, sent_bytes, received_bytes;
};
struct connection_counts connection_counts(const struct connection *c);

#endif
