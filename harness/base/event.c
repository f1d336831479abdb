/* SPDX-License-Identifier: Apache-2.0 */
#include "base/event.h"

#include <string.h>

static const struct {
    const char *name;
    const char *meaning;
} kinds[] = {
#define X(symbol, name, meaning) [EVENT_##symbol] = { name, meaning },
    EVENT_KINDS(X)
#undef X
};

const char *event_kind_name(enum event_kind kind)
{
    return kinds[kind].name;
}

const char *event_kind_meaning(enum event_kind kind)
{
    return kinds[kind].meaning;
}

bool event_kind_from_name(const char *name, enum event_kind *ret_kind)
{
    for (unsigned i = 0; i < EVENT_N_KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *ret_kind = (enum event_kind)i;
            return true;
        }
    }
    return false;
}

json_t *event_schema(void)
{
    json_t *each = json_array();
    for (unsigned i = 0; i < EVENT_N_KINDS; i++)
        json_array_append_new(each, json_pack("{s:s, s:s}", "const", kinds[i].name,
                                              "description", kinds[i].meaning));
    return json_pack("{s:s, s:s, s:s, s:{s:{s:s, s:s}, s:{s:s, s:s}, s:{s:o}, s:{s:s}},"
                     " s:[s, s, s, s], s:b}",
                     "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
                     "An event of a call: a line of events.jsonl", "type", "object",
                     "properties", "t_us", "type", "integer", "description",
                     "microseconds since the start of the call", "src", "type", "string",
                     "description", "the peer, server or element of the network", "kind",
                     "oneOf", each, "data", "type", "object", "required", "t_us", "src",
                     "kind", "data", "additionalProperties", 0);
}
