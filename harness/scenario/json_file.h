/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from a file that somebody wrote by hand; what is wrong with it becomes a problem.
 */
#ifndef RTCLAB_SCENARIO_JSON_FILE_H
#define RTCLAB_SCENARIO_JSON_FILE_H

#include <jansson.h>

#include "scenario/problems.h"

/** The value of a text of at most DOCUMENT_MAX_BYTES; caller owns; NULL with a problem.
 */
json_t *json_file_parse(const char *text, size_t size, struct problems *problems);

/** The value of the file `problems->file`; caller owns; NULL with a problem. */
json_t *json_file_load(struct problems *problems);

#endif
