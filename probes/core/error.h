/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong between a client and a server. Finer than the exit statuses of
 * RTC_ERROR, since a case of conformance must tell silence from refusal.
 */
#ifndef RTCLAB_PROBES_ERROR_H
#define RTCLAB_PROBES_ERROR_H

#include <glib.h>

#define PROBE_ERROR (probe_error_quark())
GQuark probe_error_quark(void);

enum probe_error {
    PROBE_ERROR_RESOLVE, /**< the name has no address, or DNS does not answer */
    PROBE_ERROR_SILENT,  /**< nothing came before the deadline */
    PROBE_ERROR_REFUSED, /**< no connection, an ICMP error: port or host unreachable */
    PROBE_ERROR_CLOSED,  /**< the server ended a connection, in order or by a reset */
    PROBE_ERROR_TLS,     /**< the handshake or the certificate */
    PROBE_ERROR_GARBAGE, /**< a stream in which no further message can be found */
    PROBE_ERROR_CREDENTIALS, /**< 401 or 441 to an authenticated request, or none given */
    PROBE_ERROR_REDIRECTED,  /**< 300: the server sends us to another one */
    PROBE_ERROR_ANSWER,      /**< another error response, or one that makes no sense */
    PROBE_ERROR_LOCAL,       /**< this machine: no socket, no such local address */
    PROBE_ERROR_INTERRUPTED, /**< Ctrl-C */
};

/**
 * The exit status that an error stands for (3 unreachable, 4 credentials, 5 TLS, 6
 * inconclusive, 130): of PROBE_ERROR and RTC_ERROR; 3 for any other.
 */
int probe_error_exit_status(const GError *error);

#endif
