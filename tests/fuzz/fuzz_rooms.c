/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What members of a room send: each line is a message, of the one member and the other in
 * turn. What comes out must be JSON, whatever went in.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "signaling/rooms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_actions(struct rooms *rooms)
{
    struct rooms_action action;
    while (rooms_next(rooms, &action)) {
        if (action.kind == ROOMS_SEND) {
            g_autoptr(json_t) message = json_loads(action.text, 0, NULL);
            if (json_object_size(message) != 1)
                abort();
        }
        g_free(action.text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char members[2];
    struct rooms *rooms = rooms_new();
    unsigned turn = 0;
    rooms_join(rooms, "room", "a", &members[0]);
    for (const uint8_t *end = data + size; data < end; turn++) {
        const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
        const uint8_t *stop = newline ? newline : end;
        rooms_take(rooms, &members[turn % 2], (const char *)data, (size_t)(stop - data));
        if (turn == 1) /* what was said before is kept for this one */
            rooms_join(rooms, "room", NULL, &members[1]);
        check_actions(rooms);
        data = newline ? newline + 1 : end;
    }
    rooms_leave(rooms, &members[0], "the end");
    check_actions(rooms);
    rooms_free(rooms);
    return 0;
}
