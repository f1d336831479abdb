/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line (harness/call/progress.h). */
#include "suite.h"

#include <string.h>

#include "call/progress.h"

static const char *const keys[] = { "a~b/nat/one/full/1", "a~b/nat/two/full/1",
                                    "a~b/nat/three/full/1", NULL };

static struct progress halfway(void)
{
    return (struct progress){
        .done = 10, .planned = 30, .jobs = 4, .finished_s = 25, .running = keys
    };
}

static void test_wide(void)
{
    struct progress p = halfway();
    g_autofree char *line = progress_format(&p, 120);
    ASSERT_TEXT(line, "10 of 30 calls, about 12 s left: a~b/nat/one/full/1, "
                      "a~b/nat/two/full/1, a~b/nat/three/full/1");
}

static void test_narrow(void)
{
    struct progress p = halfway();
    g_autofree char *line = progress_format(&p, 70);
    ASSERT_TEXT(line, "10 of 30 calls, about 12 s left: a~b/nat/one/full/1 and 2 more");
    g_autofree char *narrower = progress_format(&p, 50);
    ASSERT_TEXT(narrower, "10 of 30 calls, about 12 s left; 3 running");
}

static void test_fits(void)
{
    struct progress p = halfway();
    for (unsigned columns = 40; columns < 140; columns++) {
        g_autofree char *line = progress_format(&p, columns);
        CU_ASSERT(strlen(line) < columns);
    }
}

static void test_first(void)
{
    struct progress p = halfway();
    p.done = 0;
    p.finished_s = 0;
    g_autofree char *line = progress_format(&p, 60);
    ASSERT_TEXT(line, "0 of 30 calls: a~b/nat/one/full/1 and 2 more");
}

static const struct test tests[] = {
    { "a wide terminal shows every call that runs", test_wide },
    { "a narrow one shows fewer, and how many more", test_narrow },
    { "the line never wraps", test_fits },
    { "nothing is said of the time left before a call has ended", test_first },
};

int main(int argc, char **argv)
{
    return suite_run("progress", tests, G_N_ELEMENTS(tests), argc, argv);
}
