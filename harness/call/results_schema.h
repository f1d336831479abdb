/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_CALL_RESULTS_SCHEMA_H
#define RTCLAB_CALL_RESULTS_SCHEMA_H

#include <jansson.h>

/** JSON Schema (draft 2020-12) of results.json; caller owns. */
json_t *results_schema(void);

#endif
