/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a JSON object as text is made from them: what is not there is "" or 0. */
#ifndef RTCLAB_PROBES_FIELDS_H
#define RTCLAB_PROBES_FIELDS_H

#include <jansson.h>

/** Borrowed from the object; "" if there is no such text. */
static inline const char *field_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static inline double field_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static inline long long field_whole(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

#endif
