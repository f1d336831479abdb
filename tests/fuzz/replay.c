/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files of a folder, where there is no libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    unsigned ran = 0;
    for (int i = 1; i < argc; i++) {
        g_autoptr(GDir) folder = g_dir_open(argv[i], 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *path = g_build_filename(argv[i], name, NULL);
            g_autofree char *data = NULL;
            size_t size;
            if (g_file_get_contents(path, &data, &size, NULL)) {
                /* An exact heap copy, so that a sanitizer sees a read past its end. */
                g_autofree uint8_t *copy = g_memdup2(data, size);
                LLVMFuzzerTestOneInput(copy, size);
                ran++;
            }
        }
    }
    printf("%u inputs replayed\n", ran);
    return ran > 0 ? 0 : 1;
}
