/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's random numbers. Its own generator takes in the CPU's cycle counter, and gives
 * each thread a generator that is seeded from a common one, in the order in which the
 * threads first ask: which of two that run side by side comes first would show.
 *
 * Harmless to programs without OpenSSL, which do not call these.
 */
#include "shim/shim.h"

SHIM_EXPORT int RAND_bytes(unsigned char *to, int bytes);
SHIM_EXPORT int RAND_priv_bytes(unsigned char *to, int bytes);
SHIM_EXPORT int RAND_pseudo_bytes(unsigned char *to, int bytes);
SHIM_EXPORT int RAND_bytes_ex(void *context, unsigned char *to, size_t bytes,
                              unsigned int strength);
SHIM_EXPORT int RAND_priv_bytes_ex(void *context, unsigned char *to, size_t bytes,
                                   unsigned int strength);

/* Whether it has been filled. */
static bool fill(unsigned char *to, int bytes)
{
    if (!random_is_seeded() || bytes < 0)
        return false;
    random_fill(to, (size_t)bytes);
    return true;
}

int RAND_bytes(unsigned char *to, int bytes)
{
    if (fill(to, bytes))
        return 1;
    return REAL(RAND_bytes) ? REAL(RAND_bytes)(to, bytes)
                            : random_fill_from_kernel(to, bytes);
}

int RAND_priv_bytes(unsigned char *to, int bytes)
{
    if (fill(to, bytes))
        return 1;
    return REAL(RAND_priv_bytes) ? REAL(RAND_priv_bytes)(to, bytes)
                                 : random_fill_from_kernel(to, bytes);
}

int RAND_pseudo_bytes(unsigned char *to, int bytes)
{
    if (fill(to, bytes))
        return 1;
    return REAL(RAND_pseudo_bytes) ? REAL(RAND_pseudo_bytes)(to, bytes)
                                   : random_fill_from_kernel(to, bytes);
}

int RAND_bytes_ex(void *context, unsigned char *to, size_t bytes, unsigned int strength)
{
    if (fill(to, (int)bytes))
        return 1;
    return REAL(RAND_bytes_ex) ? REAL(RAND_bytes_ex)(context, to, bytes, strength)
                               : random_fill_from_kernel(to, (int)bytes);
}

int RAND_priv_bytes_ex(void *context, unsigned char *to, size_t bytes,
                       unsigned int strength)
{
    if (fill(to, (int)bytes))
        return 1;
    return REAL(RAND_priv_bytes_ex)
               ? REAL(RAND_priv_bytes_ex)(context, to, bytes, strength)
               : random_fill_from_kernel(to, (int)bytes);
}
