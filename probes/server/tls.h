/* SPDX-License-Identifier: Apache-2.0 */
/* What TLS and DTLS share: the certificate, and how a session starts. */
#ifndef RTCLAB_PROBES_SERVER_TLS_H
#define RTCLAB_PROBES_SERVER_TLS_H

#include <gnutls/gnutls.h>

#include "probes/server/state.h"

struct srv_tls {
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t cookie_key; /* of DTLS */
    char *certificate_pem;
};

/* Makes a certificate, and the server's TLS. */
gboolean srv_tls_start(struct probe_server *s, GError **error);
void srv_tls_free(struct srv_tls *tls);

/* A session with the server's certificate; gnutls_deinit() it. */
gnutls_session_t srv_tls_session(struct probe_server *s, unsigned flags);

#endif
