/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate that signs itself, new for each server, for its addresses and two names;
 * RFC 8489 §6.2.3 has clients check name and chain. ALPN: RFC 7443.
 */
#include "probes/server/tls.h"

#include "base/error.h"
#include "tls/certificate.h"

enum { DAY_SECONDS = 24 * 3600, COOKIE_KEY_BYTES = 16 };

static gboolean make_certificate(struct probe_server *s, struct certificate *ret,
                                 GError **error)
{
    static const char *const names[] = { "rtclab.test", "localhost", NULL };
    static const char *const other_names[] = { "elsewhere.test", NULL };
    const struct probe_server_options *o = &s->options;
    const struct address addresses[] = { o->primary, o->alternate, o->ipv6 };
    bool is_misnamed = srv_has(s, DEFECT_CERTIFICATE_MISNAMED);
    bool is_expired = srv_has(s, DEFECT_CERTIFICATE_EXPIRED);
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    const struct certificate_subject subject = {
        .common_name = is_misnamed ? other_names[0] : names[0],
        .names = is_misnamed ? other_names : names,
        .addresses = addresses,
        .n_addresses = is_misnamed ? 0 : G_N_ELEMENTS(addresses),
        .from_s = now_s - 2 * DAY_SECONDS,
        .until_s = now_s + (is_expired ? -1 : 365) * DAY_SECONDS,
    };
    uint8_t seed[CERTIFICATE_SEED_BYTES];
    rng_entropy(seed, sizeof seed);
    return certificate_make(seed, &subject, ret, error);
}

gboolean srv_tls_start(struct probe_server *s, GError **error)
{
    struct certificate certificate;
    if (!make_certificate(s, &certificate, error))
        return FALSE;
    struct srv_tls *tls = g_new0(struct srv_tls, 1);
    s->tls = tls;
    tls->certificate_pem = g_strdup(certificate.pem);
    const gnutls_datum_t pem = { (uint8_t *)certificate.pem,
                                 (unsigned)strlen(certificate.pem) };
    const gnutls_datum_t key = { (uint8_t *)certificate.key_pem,
                                 (unsigned)strlen(certificate.key_pem) };
    int status = gnutls_certificate_allocate_credentials(&tls->credentials);
    if (status == 0)
        status = gnutls_certificate_set_x509_key_mem(tls->credentials, &pem, &key,
                                                     GNUTLS_X509_FMT_PEM);
    if (status == 0)
        status = gnutls_key_generate(&tls->cookie_key, COOKIE_KEY_BYTES);
    certificate_clear(&certificate);
    if (status == 0)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot start TLS: %s",
                gnutls_strerror(status));
    return FALSE;
}

void srv_tls_free(struct srv_tls *tls)
{
    if (!tls)
        return;
    if (tls->credentials)
        gnutls_certificate_free_credentials(tls->credentials);
    gnutls_free(tls->cookie_key.data);
    g_free(tls->certificate_pem);
    g_free(tls);
}

gnutls_session_t srv_tls_session(struct probe_server *s, unsigned flags)
{
    static const gnutls_datum_t ours[] = {
        { (uint8_t *)"stun.turn", 9 },
        { (uint8_t *)"stun.nat-discovery", 18 },
    };
    static const gnutls_datum_t others[] = { { (uint8_t *)"http/1.1", 8 } };
    gnutls_session_t session;
    if (gnutls_init(&session, flags) != 0)
        g_error("gnutls_init: no memory");
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, s->tls->credentials);
    if (srv_has(s, DEFECT_ALPN_REFUSED))
        gnutls_alpn_set_protocols(session, others, 1, GNUTLS_ALPN_MANDATORY);
    else
        gnutls_alpn_set_protocols(session, ours, G_N_ELEMENTS(ours), 0);
    return session;
}
