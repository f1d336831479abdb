/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With GnuTLS, which GIO's TLS is made of: it must take what is made here. A certificate
 * is its own authority; whoever shall trust it is handed it.
 */
#include "tls/certificate.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/error.h"

/* The key as PKCS #8 (RFC 8410 §7): all but the 32 bytes is the same. */
static int import_key(gnutls_x509_privkey_t key,
                      const uint8_t seed[CERTIFICATE_SEED_BYTES])
{
    uint8_t der[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
                      0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0,    0,    0,    0,
                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                      0,    0,    0,    0,    0,    0,    0,    0 };
    G_STATIC_ASSERT(sizeof der == 16 + CERTIFICATE_SEED_BYTES);
    memcpy(der + 16, seed, CERTIFICATE_SEED_BYTES);
    const gnutls_datum_t datum = { der, sizeof der };
    return gnutls_x509_privkey_import_pkcs8(key, &datum, GNUTLS_X509_FMT_DER, NULL,
                                            GNUTLS_PKCS_PLAIN);
}

static int set_names(gnutls_x509_crt_t certificate,
                     const struct certificate_subject *subject)
{
    int status = 0;
    for (const char *const *name = subject->names; name && *name && status == 0; name++)
        status = gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME,
                                                      *name, (unsigned)strlen(*name),
                                                      GNUTLS_FSAN_APPEND);
    for (size_t i = 0; i < subject->n_addresses && status == 0; i++) {
        const struct address *a = &subject->addresses[i];
        if (a->family != ADDRESS_NONE)
            status = gnutls_x509_crt_set_subject_alt_name(
                certificate, GNUTLS_SAN_IPADDRESS, a->bytes, (unsigned)address_size(a),
                GNUTLS_FSAN_APPEND);
    }
    return status;
}

static int fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                const struct certificate_subject *subject)
{
    static const uint8_t serial[] = { 1 };
    int status = gnutls_x509_crt_set_version(certificate, 3);
    if (status == 0)
        status = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME,
                                               0, subject->common_name,
                                               (unsigned)strlen(subject->common_name));
    if (status == 0)
        status = set_names(certificate, subject);
    if (status == 0)
        status = gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
    if (status == 0)
        status =
            gnutls_x509_crt_set_activation_time(certificate, (time_t)subject->from_s);
    if (status == 0)
        status =
            gnutls_x509_crt_set_expiration_time(certificate, (time_t)subject->until_s);
    if (status == 0)
        status = gnutls_x509_crt_set_key(certificate, key);
    if (status == 0)
        status =
            gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA512, 0);
    return status;
}

static char *take_text(gnutls_datum_t *datum)
{
    char *text = g_strndup((const char *)datum->data, datum->size);
    gnutls_free(datum->data);
    return text;
}

static int export(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                  struct certificate *ret)
{
    gnutls_datum_t pem, key_pem;
    int status = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem);
    if (status != 0)
        return status;
    status = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                               GNUTLS_PKCS_PLAIN, &key_pem);
    if (status != 0) {
        gnutls_free(pem.data);
        return status;
    }
    ret->pem = take_text(&pem);
    ret->key_pem = take_text(&key_pem);
    return 0;
}

gboolean certificate_make(const uint8_t seed[CERTIFICATE_SEED_BYTES],
                          const struct certificate_subject *subject,
                          struct certificate *ret_certificate, GError **error)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    int status = gnutls_x509_privkey_init(&key);
    if (status == 0)
        status = gnutls_x509_crt_init(&certificate);
    if (status == 0)
        status = import_key(key, seed);
    if (status == 0)
        status = fill(certificate, key, subject);
    if (status == 0)
        status = export(certificate, key, ret_certificate);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    if (status == 0)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot make a certificate: %s",
                gnutls_strerror(status));
    return FALSE;
}

void certificate_clear(struct certificate *certificate)
{
    g_free(certificate->pem);
    g_free(certificate->key_pem);
    *certificate = (struct certificate){ 0 };
}
