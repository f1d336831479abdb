/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate made for the occasion, and its key. */
#ifndef RTCLAB_TLS_CERTIFICATE_H
#define RTCLAB_TLS_CERTIFICATE_H

#include <stdint.h>

#include <glib.h>

#include "wire/address.h"

enum { CERTIFICATE_SEED_BYTES = 32 };

struct certificate {
    char *pem;     /**< the certificate */
    char *key_pem; /**< a secret */
};

/** Whose it is and when it holds; all borrowed. */
struct certificate_subject {
    const char *common_name;
    const char *const *names; /**< DNS names (RFC 5280 §4.2.1.6), NULL-ended; or NULL */
    const struct address *addresses; /**< those of no family are left out */
    size_t n_addresses;
    int64_t from_s, until_s; /**< of the calendar, since 1970-01-01 UTC */
};

/**
 * Makes a certificate that signs itself. All of it comes from the seed and the subject,
 * so that a call's packets do, too: the key is Ed25519 (RFC 8032), which any 32 bytes are
 * a key of, and whose signatures (RFC 8410) have neither chance in them nor a length that
 * varies.
 *
 * @param ret_certificate clear it with certificate_clear()
 * @return FALSE with RTC_ERROR_ENVIRONMENT
 */
gboolean certificate_make(const uint8_t seed[CERTIFICATE_SEED_BYTES],
                          const struct certificate_subject *subject,
                          struct certificate *ret_certificate, GError **error);
void certificate_clear(struct certificate *certificate);

#endif
