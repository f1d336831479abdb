/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of summary.md; for summary.c alone. */
#ifndef RTCLAB_REPORTS_SUMMARY_MATRIX_H
#define RTCLAB_REPORTS_SUMMARY_MATRIX_H

#include <glib.h>
#include <jansson.h>

#define SUMMARY_GOOD "\xe2\x9c\x85"             /* a check mark */
#define SUMMARY_BAD  "\xe2\x9d\x8c"             /* a cross */
#define SUMMARY_ODD  "\xe2\x9a\xa0\xef\xb8\x8f" /* a warning sign */
#define SUMMARY_NOTE "\xe2\x84\xb9\xef\xb8\x8f" /* an i */

/** Appends a row a scenario and pair of peers: what each mode came to and its median,
 * what trickle saves and what was predicted. A long matrix is folded. */
void summary_append_matrix(GString *out, const json_t *results);

#endif
