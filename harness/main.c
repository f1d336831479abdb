/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab's entry; its subcommands are in harness/command/. */
#include "command/command.h"

int main(int argc, char **argv)
{
    return program_main(&rtclab_program, argc, argv);
}
