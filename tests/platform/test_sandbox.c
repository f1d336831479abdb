/* SPDX-License-Identifier: Apache-2.0 */
/* A worker (harness/lab/sandbox.h): the order to end it, given as early as it can be; and
   that it is as new after sandbox_clear(). */
#include "platform.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A process that ends its session's ties, ignores what it can, and leaves a child. */
static void leave_something(void)
{
    if (fork() != 0)
        return;
    setsid();
    signal(SIGTERM, SIG_IGN);
    fork();
    for (;;)
        pause();
}

static bool is_empty(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    bool empty = folder && !g_dir_read_name(folder);
    if (folder)
        g_dir_close(folder);
    return empty;
}

/* The number of the first claim that does not hold. */
static int clear_thrice(void *data, const GError *problem)
{
    (void)data;
    if (problem)
        return NO_SANDBOX;
    const char *scratch = sandbox_scratch_folder();
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned j = 0; j < 10; j++)
            leave_something();
        if (scratch) {
            g_autofree char *path = g_build_filename(scratch, "a", "b", NULL);
            g_mkdir_with_parents(path, 0700);
        }
        if (kill(-1, 0) != 0)
            return 10;
        if (!sandbox_clear(NULL, NULL))
            return 11;
        if (kill(-1, 0) == 0)
            return 12;
        if (scratch && !is_empty(scratch))
            return 13;
        sandbox_restart_ids(100);
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
        if (pid != 101 && access("/proc/sys/kernel/ns_last_pid", W_OK) == 0)
            return 14;
    }
    return 0;
}

static void test_clear(void)
{
    pid_t pid = sandbox_start(clear_thrice, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(pid > 0);
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

/* A line of processes, each of which starts the next and ends. */
static void keep_forking(void)
{
    if (fork() == 0)
        for (;;)
            if (fork() > 0)
                _exit(0);
}

static int clear_what_forks(void *data, const GError *problem)
{
    (void)data;
    if (problem)
        return NO_SANDBOX;
    for (unsigned i = 0; i < 5; i++)
        keep_forking();
    if (!sandbox_clear(NULL, NULL))
        return 11;
    return kill(-1, 0) == 0 ? 12 : 0;
}

static void test_clear_what_forks(void)
{
    pid_t pid = sandbox_start(clear_what_forks, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(pid > 0);
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

/* Outside of a worker it must not do what it does inside. */
static void test_clear_outside(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE_FATAL(getpid() != 1);
    CU_ASSERT_FALSE(sandbox_clear(NULL, &error));
    CU_ASSERT_PTR_NOT_NULL(error);
}

static const struct test tests[] = {
    { "a worker that is cleared has no process, no file, and process ids start over",
      test_clear },
    { "processes that fork faster than they are ended one by one are ended",
      test_clear_what_forks },
    { "what is not in a namespace of its own ends nothing", test_clear_outside },
    { "an order to end reaches a worker that is still being forked", test_early_order },
};

int main(int argc, char **argv)
{
    platform_require();
    return suite_run("platform-sandbox", tests, G_N_ELEMENTS(tests), argc, argv);
}
