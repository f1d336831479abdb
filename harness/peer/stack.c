/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of stacks. It serves to say what could be installed, and in which order
 * stacks are shown; a stack that is not in it is a peer all the same, if its program is
 * there.
 */
#include "peer/stack.h"

#include <string.h>

#include <glib.h>

#include "base/nearest.h"
#include "base/program.h"
#include "base/script.h"

#define BUILD   "./quickstart.sh build"
#define INSTALL "./quickstart.sh deps --all && " BUILD

const struct stack stack_table[] = {
    { "nice", "libnice, an ICE agent", BUILD, false },
    { "gst", "GStreamer's webrtcbin", INSTALL, false },
    { "libwebrtc", "libwebrtc, in Node", INSTALL, false },
    { "aiortc", "aiortc, in Python", INSTALL, false },
    { "werift", "werift, in Node", INSTALL, false },
    { "chromium", "Chromium, headless", INSTALL, true },
    { "firefox", "Firefox, headless", INSTALL, true },
};
const size_t stack_count = G_N_ELEMENTS(stack_table);

const struct stack *stack_find(const char *name)
{
    for (size_t i = 0; i < stack_count; i++)
        if (strcmp(stack_table[i].name, name) == 0)
            return &stack_table[i];
    return NULL;
}

char *stack_hint(const char *name)
{
    const char *names[G_N_ELEMENTS(stack_table) + 2] = { STACK_ALL };
    for (size_t i = 0; i < stack_count; i++)
        names[i + 1] = stack_table[i].name;
    return nearest_hint(name, names);
}

char *stack_find_program(const char *name)
{
    g_autofree char *file = g_strconcat(STACK_PROGRAM_PREFIX, name, NULL);
    g_autofree char *program = g_build_filename(program_folder(), file, NULL);
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_free(program);
        program = g_find_program_in_path(file);
    }
    /* Of a script the stack's interpreter is a part: Node of libwebrtc. */
    if (program && stack_find(name) && !script_can_run(program))
        return NULL;
    return g_steal_pointer(&program);
}

char *stack_describe_missing(const struct stack *stack)
{
    return g_strdup_printf("%s (%s) is not installed; try: %s", stack->name, stack->what,
                           stack->install);
}
