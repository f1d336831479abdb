/* SPDX-License-Identifier: Apache-2.0 */
/* What a script's first line says of who runs it (harness/base/script.h). */
#include "suite.h"

#include <glib/gstdio.h>

#include "base/script.h"

static void assert_script(const char *start, const char *interpreter, bool uses_env,
                          bool has_target)
{
    struct script script;
    CU_ASSERT_TRUE_FATAL(script_read(start, &script));
    ASSERT_TEXT(script.interpreter, interpreter);
    CU_ASSERT_EQUAL(script.uses_env, uses_env);
    CU_ASSERT_EQUAL(script.target != NULL, has_target);
    script_clear(&script);
}

static void test_first_lines(void)
{
    struct script script;
    assert_script("#!/bin/sh\nexit 0\n", "/bin/sh", false, false);
    assert_script("#! /usr/bin/python3 -EsB", "/usr/bin/python3", false, false);
    assert_script("#!/usr/bin/env sh\n", "/usr/bin/env", true, true);
    assert_script("#!/usr/bin/env -S --unset=A B=c sh -e\n", "/usr/bin/env", true, true);
    assert_script("#!/usr/bin/env no-such-interpreter\n", "/usr/bin/env", true, false);
    assert_script("#!/usr/bin/env", "/usr/bin/env", true, false);
    assert_script("#!\nsh\n", "", false, false);
    CU_ASSERT_FALSE(script_read("", &script));
    CU_ASSERT_FALSE(script_read("#", &script));
    CU_ASSERT_FALSE(script_read(" #!/bin/sh\n", &script));
}

static bool can_run(const char *text)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtclab-script-XXXXXX", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    g_close(fd, NULL);
    CU_ASSERT_TRUE(g_file_set_contents(path, text, -1, NULL));
    bool result = script_can_run(path);
    g_unlink(path);
    return result;
}

static void test_can_run(void)
{
    CU_ASSERT_TRUE(can_run("#!/bin/sh\n"));
    CU_ASSERT_TRUE(can_run("#!/usr/bin/env sh\n"));
    CU_ASSERT_TRUE(can_run("no script"));
    CU_ASSERT_TRUE(can_run(""));
    CU_ASSERT_FALSE(can_run("#!/no/such/interpreter\n"));
    CU_ASSERT_FALSE(can_run("#!/usr/bin/env no-such-interpreter\n"));
    CU_ASSERT_FALSE(can_run("#!\n"));
    CU_ASSERT_TRUE(script_can_run("/no/such/file"));
}

static const struct test tests[] = {
    { "the first line names who runs a script", test_first_lines },
    { "a script without its interpreter cannot run", test_can_run },
};

int main(int argc, char **argv)
{
    return suite_run("script", tests, G_N_ELEMENTS(tests), argc, argv);
}
