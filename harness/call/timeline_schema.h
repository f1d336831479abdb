/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_CALL_TIMELINE_SCHEMA_H
#define RTCLAB_CALL_TIMELINE_SCHEMA_H

#include <jansson.h>

/** JSON Schema (draft 2020-12) of timeline.json; caller owns. */
json_t *timeline_schema(void);

#endif
