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
