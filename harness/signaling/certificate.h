/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate for one call, and its key. */
#ifndef RTCLAB_SIGNALING_CERTIFICATE_H
#define RTCLAB_SIGNALING_CERTIFICATE_H

#include <stdint.h>

#include <glib.h>

enum { CERTIFICATE_SEED_BYTES = 32 };

struct certificate {
    char *pem;     /**< the certificate */
    char *key_pem; /**< a secret */
};

/**
 * Makes a certificate that signs itself. All of it comes from the seed, so that a call's
 * packets do, too: the key is Ed25519 (RFC 8032), which any 32 bytes are a key of, and
 * whose signatures (RFC 8410) have neither chance in them nor a length that varies.
 *
 * @param ret_certificate clear it with certificate_clear()
 * @return FALSE with RTC_ERROR_ENVIRONMENT
 */
gboolean certificate_make(const uint8_t seed[CERTIFICATE_SEED_BYTES],
                          struct certificate *ret_certificate, GError **error);
void certificate_clear(struct certificate *certificate);

#endif
