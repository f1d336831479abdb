/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes made small, fast: the LZ4 block format. */
#ifndef RTCLAB_REPORTS_PACK_H
#define RTCLAB_REPORTS_PACK_H

#include <stdint.h>

#include <glib.h>

/** The most bytes that pack_block() makes of `size` bytes. */
size_t pack_bound(size_t size);

/**
 * Packs bytes into one LZ4 block, as https://github.com/lz4/lz4 describes it in
 * doc/lz4_Block_format.md: any reader of that format reads it.
 *
 * @param out room for pack_bound(size) bytes
 * @return how many bytes it took
 */
size_t pack_block(const uint8_t *in, size_t size, uint8_t *out);

#endif
