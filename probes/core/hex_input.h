/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that people copied from somewhere, as hexadecimal digits. */
#ifndef RTCLAB_PROBES_CORE_HEX_INPUT_H
#define RTCLAB_PROBES_CORE_HEX_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/**
 * Reads digits in any grouping, with blanks, commas, colons, "0x" and "\x" between them,
 * and the dumps of xxd, hexdump -C and od -A x -t x1, whose offsets and
 * characters are left out. Lines that begin with a # are comments.
 *
 * @param text     NUL-ended
 * @param ret_size how many bytes there are; at least 1
 * @return NULL with RTC_ERROR_USAGE and the line; caller owns
 */
uint8_t *hex_input_parse(const char *text, size_t *ret_size, GError **error);

#endif
