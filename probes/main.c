/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtcprobe's entry; its subcommands are in probes/commands/.
 *
 * Jansson allocates as GLib does: where there is no memory left the program says so and
 * ends, and no report is printed that lacks something.
 */
#include <glib.h>
#include <jansson.h>

#include "probes/commands/commands.h"

int main(int argc, char **argv)
{
    json_set_alloc_funcs(g_malloc, g_free);
    return program_main(&rtcprobe_program, argc, argv);
}
