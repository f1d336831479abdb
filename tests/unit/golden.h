/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts against files of tests/data. A difference is shown as one. With
 * RTCLAB_WRITE_GOLDEN in the environment the files are written anew, and git shows what
 * changed.
 */
#ifndef RTCLAB_TESTS_GOLDEN_H
#define RTCLAB_TESTS_GOLDEN_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "suite.h"

static inline void golden_show_difference(const char *golden, const char *text)
{
    g_autofree char *actual = NULL;
    int fd = g_file_open_tmp("golden-XXXXXX", &actual, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_TRUE(g_file_set_contents(actual, text, -1, NULL));
    char *argv[] = { "diff", "-u", (char *)golden, actual, NULL };
    g_autofree char *shown = NULL;
    if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &shown, NULL,
                     NULL, NULL))
        printf("\n%s", shown);
    unlink(actual);
}

/** The text must be the file's. @param name below TEST_DATA */
static inline void assert_golden_file(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(TEST_DATA, name, NULL);
    if (g_getenv("RTCLAB_WRITE_GOLDEN"))
        CU_ASSERT_TRUE(g_file_set_contents(path, text, -1, NULL));
    g_autofree char *wanted = NULL;
    g_file_get_contents(path, &wanted, NULL, NULL);
    if (g_strcmp0(text, wanted) != 0)
        golden_show_difference(path, text);
    CU_ASSERT_STRING_EQUAL(text, wanted ? wanted : "");
}

#endif
