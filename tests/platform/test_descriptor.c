/* SPDX-License-Identifier: Apache-2.0 */
/* What lab/process.c and lab/coturn.c take for granted of descriptors across exec(). */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

/* Starts a program that waits on its standard input, as process_start() does it: errno
   of a failed exec() comes through `ret_report`. */
static pid_t start(const char *program, int input, int *ret_report)
{
    int report[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(report, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(input, STDIN_FILENO);
        execlp(program, program, NULL);
        int problem = errno;
        _exit(write(report[1], &problem, sizeof problem) > 0 ? 127 : 126);
    }
    close(report[1]);
    *ret_report = report[0];
    return pid;
}

static void test_report_closes(void)
{
    int input[2];
    int report;
    int problem = 0;
    CU_ASSERT_EQUAL_FATAL(pipe2(input, O_CLOEXEC), 0);
    pid_t pid = start("cat", input[0], &report);
    CU_ASSERT_TRUE_FATAL(is_readable(report, SOON_MS));
    CU_ASSERT_EQUAL(read(report, &problem, sizeof problem), 0);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, WNOHANG), 0); /* and it runs */
    close(report);
    close(input[0]);
    close(input[1]);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

static void test_report_tells(void)
{
    int report;
    int problem = 0;
    pid_t pid = start("no-such-program-here", STDIN_FILENO, &report);
    CU_ASSERT_EQUAL(read(report, &problem, sizeof problem), sizeof problem);
    CU_ASSERT_EQUAL(problem, ENOENT);
    close(report);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

/* coturn opens its configuration more than once, each time from the start. */
static void test_memfd(void)
{
    static const char text[] = "listening-port=3478\n";
    int fd = memfd_create("text", MFD_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    int out[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        if (fd == 3)
            fcntl(fd, F_SETFD, 0);
        else
            dup2(fd, 3);
        execlp("cat", "cat", "/proc/self/fd/3", "/proc/self/fd/3", NULL);
        _exit(127);
    }
    close(out[1]);
    close(fd);
    g_autofree char *twice = g_strconcat(text, text, NULL);
    char got[128] = "";
    size_t n = 0;
    ssize_t size;
    while ((size = read(out[0], got + n, sizeof got - 1 - n)) > 0)
        n += (size_t)size;
    ASSERT_TEXT(got, twice);
    close(out[0]);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

static const struct test tests[] = {
    { "exec() closes the report pipe while the program runs on", test_report_closes },
    { "a failed exec() is told through it", test_report_tells },
    { "another process reads a memfd by its path, from the start, twice", test_memfd },
};

int main(int argc, char **argv)
{
    return suite_run("platform-descriptor", tests, G_N_ELEMENTS(tests), argc, argv);
}
