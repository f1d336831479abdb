/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a connection share:
 *
 *     connection.c          opening, sending, receiving, whatever it runs over
 *     connection_socket.c   UDP and TCP: sockets, and errno in words
 *     connection_peer.c     UDP sockets that speak with anyone
 *     connection_tls.c      TLS and DTLS over such a socket
 *     tls_certificate.c     what a certificate is worth
 */
#ifndef RTCLAB_PROBES_CONNECTION_INTERNAL_H
#define RTCLAB_PROBES_CONNECTION_INTERNAL_H

#include <poll.h>
#include <sys/types.h>

#include <gnutls/gnutls.h>

#include "probes/core/connection.h"
#include "probes/core/stream_frames.h"

struct connection {
    int fd;
    enum probe_transport transport;
    bool is_peer;
    struct endpoint local, server; /* a peer has no server */
    struct transcript *transcript;
    struct connection_counts counts;

    gnutls_session_t session; /* NULL: not secure, or its handshake is not done */
    int socket_errno;         /* of the last read or write below GnuTLS */
    bool is_full;             /* the last write below GnuTLS found no room */
    uint8_t first_byte;       /* what the server began with, to tell TLS from others */
    bool has_first_byte;
    int64_t handshake_deadline_ns; /* 0: there is no handshake now */

    struct stream_frames frames; /* a stream's */
    bool is_broken;              /* half a message went out: no other can follow */
    uint8_t *datagram;           /* CONNECTION_MAX_MESSAGE bytes; a stream has none */
    struct datagram_marks marks;

    int64_t late_deadline_ns; /* the last deadline after which something was tried for */
    unsigned n_late;          /* how often, for that deadline */
};

/** What reading or writing came to. */
enum io {
    IO_DONE,
    IO_PARTIAL, /* something, but no message yet: to be tried again at once */
    IO_AGAIN,   /* nothing now */
    IO_ENDED,   /* the server ended it in order */
    IO_FAILED   /* the error is set */
};

/* ---- connection_socket.c ---------------------------------------------------------- */

/** A non-blocking socket, bound to `local` if that has an address or a port. */
int connection_socket_make(enum probe_transport transport, const struct endpoint *local,
                           enum address_family family, GError **error);

/** connect(2), with TCP's handshake. `c` has its fd, transport and server. */
gboolean connection_socket_connect(struct connection *c, int64_t deadline_ns,
                                   GError **error);

/** @param ret_size set on IO_DONE */
enum io connection_socket_read(struct connection *c, uint8_t *out, size_t size,
                               size_t *ret_size, GError **error);
enum io connection_socket_write(struct connection *c, const uint8_t *bytes, size_t size,
                                size_t *ret_size, GError **error);

/**
 * Sets the error that an errno of a socket stands for, as "PHASE: cause".
 * @param phase what was being done: "TCP connect to 192.0.2.1:3478"
 */
void connection_set_errno_error(const struct connection *c, int errno_value,
                                const char *phase, GError **error);

/**
 * Waits until it can be read or written.
 * @param phase what was being done, for the error; NULL: connection_name()
 * @return FALSE with _SILENT or _INTERRUPTED
 */
gboolean connection_wait(const struct connection *c, short events, int64_t deadline_ns,
                         const char *phase, GError **error);

/**
 * To be asked before each try to receive: FALSE with _INTERRUPTED, or with _SILENT when
 * CONNECTION_LATE_MESSAGES were tried for since this deadline.
 */
gboolean connection_may_take(struct connection *c, int64_t deadline_ns, GError **error);

/** "TCP to 192.0.2.1:3478", with a name for TLS and DTLS too; caller owns. */
char *connection_name(const struct connection *c);

/** For the transcript. */
struct transcript_path connection_path(const struct connection *c);

/* ---- connection_tls.c -------------------------------------------------------------- */

/** The handshake and the verification; sets c->session when both are well. */
gboolean connection_tls_open(struct connection *c, const struct tls_options *options,
                             int64_t deadline_ns, struct connection_times *times,
                             struct tls_report *report, GError **error);
void connection_tls_close(struct connection *c, bool says_goodbye);
enum io connection_tls_read(struct connection *c, uint8_t *out, size_t size,
                            size_t *ret_size, GError **error);
enum io connection_tls_write(struct connection *c, const uint8_t *bytes, size_t size,
                             size_t *ret_size, GError **error);

/* ---- tls_certificate.c ---------------------------------------------------------- */

/** The list of known CAs, read once for each file; NULL: the system's. Borrowed. */
gnutls_certificate_credentials_t
tls_certificate_credentials(const struct tls_options *options, GError **error);

/**
 * Judges what the server showed: subject, trust, name, times and the problem in words.
 * @param name      a DNS name, or an address in text
 * @param now_s     calendar time
 */
void tls_certificate_judge(gnutls_session_t session, const char *name, int64_t now_s,
                           struct tls_report *report);

#endif
