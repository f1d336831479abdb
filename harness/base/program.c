/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <glib.h>

const char *program_folder(void)
{
    static char *folder;
    if (!folder) {
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        folder = self ? g_path_get_dirname(self) : g_strdup(".");
    }
    return folder;
}
