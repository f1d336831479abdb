/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab's entry; its subcommands are in harness/command/. */
#include <locale.h>

#include "command/command.h"

int main(int argc, char **argv)
{
    /* Only for the system's messages: numbers are read and written the same everywhere.
     */
    setlocale(LC_MESSAGES, "");
    return command_main(argc, argv);
}
