/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as text that may be shown. */
#ifndef RTCLAB_BASE_JSON_TEXT_H
#define RTCLAB_BASE_JSON_TEXT_H

#include <jansson.h>

/**
 * JSON in which what moves a terminal (base/text.h), and what YAML does not take, is
 * escaped as JSON does it: the same value. Caller owns; g_free().
 *
 * @param flags of json_dumps(); real numbers have twelve digits
 */
char *json_text_dump(const json_t *value, size_t flags);

#endif
