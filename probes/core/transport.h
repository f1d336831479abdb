/* SPDX-License-Identifier: Apache-2.0 */
/* What carries STUN between a client and a server (RFC 8489 §6.2, RFC 7350 for DTLS). */
#ifndef RTCLAB_PROBES_TRANSPORT_H
#define RTCLAB_PROBES_TRANSPORT_H

#include <stdbool.h>

/* symbol, name in options and output, stream?, secure? */
#define PROBE_TRANSPORTS(X)     \
    X(UDP, "udp", false, false) \
    X(TCP, "tcp", true, false)  \
    X(TLS, "tls", true, true)   \
    X(DTLS, "dtls", false, true)

enum probe_transport {
#define X(symbol, name, stream, secure) PROBE_##symbol,
    PROBE_TRANSPORTS(X)
#undef X
        PROBE_N_TRANSPORTS
};

/** "udp", "tcp", "tls" or "dtls". */
const char *transport_name(enum probe_transport transport);

/** Reads a name. @return false, with `ret` untouched, if it is none */
bool transport_parse(const char *name, enum probe_transport *ret);

/** TCP and TLS: messages have to be framed, and are not sent again. */
bool transport_is_stream(enum probe_transport transport);

/** TLS and DTLS. */
bool transport_is_secure(enum probe_transport transport);

#endif
