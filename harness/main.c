/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab's entry; its subcommands are in harness/command/. */
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "command/command.h"

/* A caller may have closed some of 0, 1 and 2. What is opened next would take their
   numbers, and output meant for the terminal would go into a pipe or a record. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= STDIN_FILENO && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard_files();
    /* Only for the system's messages: numbers are read and written the same everywhere.
     */
    setlocale(LC_MESSAGES, "");
    return command_main(argc, argv);
}
