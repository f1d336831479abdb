/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lab/sandbox.c takes for granted of namespaces and of the death of parents: that is
 * why nothing can be left over, whoever is killed.
 */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

enum { QUOTA = 4, DID_NOT_HOLD = 1, CANNOT_TELL = 2 };

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
}

/* In a child: a user namespace in which only QUOTA network namespaces may be. */
static int enter_quota(void)
{
    if (unshare(CLONE_NEWUSER) != 0 || write_text("/proc/self/uid_map", "0 0 1") != 0)
        return -1;
    return write_text("/proc/sys/user/max_net_namespaces", "4");
}

/* The kernel takes a namespace apart a little after its last user has gone. */
static gboolean make_namespace(int patience_ms)
{
    for (; unshare(CLONE_NEWNET) != 0; patience_ms -= 10) {
        if (errno != ENOSPC || patience_ms <= 0)
            return FALSE;
        poll(NULL, 0, 10);
    }
    return TRUE;
}

static int leave_many(void)
{
    if (enter_quota() != 0)
        return CANNOT_TELL;
    for (unsigned i = 0; i < 5 * QUOTA; i++)
        if (!make_namespace(SOON_MS))
            return DID_NOT_HOLD;
    return 0;
}

static int hold_many(void)
{
    if (enter_quota() != 0)
        return CANNOT_TELL;
    for (unsigned i = 0; i < QUOTA; i++)
        if (!make_namespace(SOON_MS) || open("/proc/self/ns/net", O_RDONLY) < 0)
            return DID_NOT_HOLD;
    return make_namespace(NEVER_MS) ? DID_NOT_HOLD : 0;
}

static void assert_holds(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    int status = 0;
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_TELL)
        puts("  cannot tell here: no user namespaces");
    else
        CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void test_namespace_vanishes(void)
{
    assert_holds(leave_many);
}

static void test_descriptor_holds_it(void)
{
    assert_holds(hold_many);
}

/* ---- processes ---- */

/* A process that only SIGKILL ends, in a session of its own, with one of a pipe. */
static void linger(int pipe_end)
{
    signal(SIGTERM, SIG_IGN);
    setsid();
    if (write(pipe_end, "g", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/* The first process of a PID namespace, child of a process that is told by `keeper`. */
static pid_t start_first(void (*be_first)(int), int pipe_end, pid_t *ret_keeper)
{
    int ids[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ids, O_CLOEXEC), 0);
    pid_t keeper = fork();
    if (keeper == 0) {
        if (unshare(CLONE_NEWPID) != 0)
            _exit(1);
        pid_t first = fork();
        if (first == 0) {
            be_first(pipe_end);
            _exit(0);
        }
        if (write(ids[1], &first, sizeof first) != sizeof first)
            _exit(1);
        waitpid(first, NULL, 0);
        _exit(0);
    }
    pid_t first = 0;
    CU_ASSERT_EQUAL_FATAL(read(ids[0], &first, sizeof first), sizeof first);
    close(ids[0]);
    close(ids[1]);
    *ret_keeper = keeper;
    return first;
}

static void be_parent_of_two(int pipe_end)
{
    for (unsigned i = 0; i < 2; i++)
        if (fork() == 0)
            linger(pipe_end);
    for (;;)
        pause();
}

static void test_first_process(void)
{
    int fds[2];
    pid_t keeper;
    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    pid_t first = start_first(be_parent_of_two, fds[1], &keeper);
    close(fds[1]);
    CU_ASSERT_EQUAL(read_byte(fds[0]), 'g');
    CU_ASSERT_EQUAL(read_byte(fds[0]), 'g');
    CU_ASSERT_EQUAL(kill(first, SIGKILL), 0);
    /* Its parent sees its end only when all the others are gone. */
    CU_ASSERT_EQUAL(waitpid(keeper, NULL, 0), keeper);
    CU_ASSERT_TRUE_FATAL(is_readable(fds[0], 0));
    CU_ASSERT_EQUAL(read_byte(fds[0]), 0);
    close(fds[0]);
}

static int handler_pipe;

static void on_term(int number)
{
    (void)number;
    if (write(handler_pipe, "t", 1) != 1)
        _exit(1);
    _exit(0);
}

static void wait_for_death_of_parent(int pipe_end)
{
    handler_pipe = pipe_end;
    signal(SIGTERM, on_term);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (write(pipe_end, "r", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void ignore_death_of_parent(int pipe_end)
{
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (write(pipe_end, "r", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void test_death_signal(void)
{
    int fds[2];
    pid_t keeper;
    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    start_first(wait_for_death_of_parent, fds[1], &keeper);
    close(fds[1]);
    CU_ASSERT_EQUAL(read_byte(fds[0]), 'r');
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
    CU_ASSERT_EQUAL(read_byte(fds[0]), 't');
    CU_ASSERT_EQUAL(read_byte(fds[0]), 0);
    close(fds[0]);
}

static void test_death_signal_needs_a_handler(void)
{
    int fds[2];
    pid_t keeper;
    CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
    pid_t first = start_first(ignore_death_of_parent, fds[1], &keeper);
    close(fds[1]);
    CU_ASSERT_EQUAL(read_byte(fds[0]), 'r');
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
    CU_ASSERT_FALSE(is_readable(fds[0], NEVER_MS));
    CU_ASSERT_EQUAL(kill(first, SIGKILL), 0);
    CU_ASSERT_EQUAL(read_byte(fds[0]), 0);
    close(fds[0]);
}

static const struct test tests[] = {
    { "a namespace without a name is gone with its last process",
      test_namespace_vanishes },
    { "a descriptor of it keeps it", test_descriptor_holds_it },
    { "when the first process of a PID namespace is killed, all in it end first",
      test_first_process },
    { "the parent's death reaches a first process that has a handler",
      test_death_signal },
    { "and not one that has none", test_death_signal_needs_a_handler },
};

int main(int argc, char **argv)
{
    platform_require();
    return suite_run("platform-namespace", tests, G_N_ELEMENTS(tests), argc, argv);
}
