/* SPDX-License-Identifier: Apache-2.0 */
/* rtcprobe's entry; its subcommands are in probes/commands/. */
#include "probes/commands/commands.h"

int main(int argc, char **argv)
{
    return program_main(&rtcprobe_program, argc, argv);
}
