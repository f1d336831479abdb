/* SPDX-License-Identifier: Apache-2.0 */
/* The order to end a worker (harness/lab/sandbox.h), given as early as it can be. */
#include "platform.h"

#include <signal.h>

#include "lab/sandbox.h"

enum { TOLD = 0, NOT_TOLD = 1, NO_SANDBOX = 2, ROUNDS = 20 };

static void ignore_it(int number)
{
    (void)number;
}

static int await_the_order(void *data, const GError *problem)
{
    (void)data;
    if (problem)
        return NO_SANDBOX;
    if (!sandbox_must_end())
        is_readable(sandbox_wake_fd(), SOON_MS / 2); /* or the signal ends the wait */
    return sandbox_must_end() ? TOLD : NOT_TOLD;
}

/* A parent with a handler of its own, as a run has: a fork inherits it. */
static void test_early_order(void)
{
    void (*before)(int) = signal(SIGTERM, ignore_it);
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t pid = sandbox_start(await_the_order, NULL, NULL);
        CU_ASSERT_TRUE_FATAL(pid > 0);
        kill(pid, SIGTERM);
        int status = 0;
        CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
        CU_ASSERT_TRUE(WIFEXITED(status));
        CU_ASSERT_EQUAL(WEXITSTATUS(status), TOLD);
    }
    signal(SIGTERM, before);
}

static const struct test tests[] = {
    { "an order to end reaches a worker that is still being forked", test_early_order },
};

int main(int argc, char **argv)
{
    platform_require();
    return suite_run("platform-sandbox", tests, G_N_ELEMENTS(tests), argc, argv);
}
