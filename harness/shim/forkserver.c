/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forking a program that stands before its main(), instead of starting it again for each
 * call: the dynamic linker has done its work and the libraries' constructors have run,
 * which is most of what a start costs.
 *
 * The fork is one of fork(2): the process that results is orphaned at once, so that it
 * becomes a child of its PID namespace's first process, the worker, as one that the
 * worker has started itself.
 *
 * What constructors read (the time, random numbers, the environment) is the server's, and
 * the same in each of its children; everything from main() on is the child's own. A
 * program that has more than one thread before main() cannot be forked, and says so.
 *
 * Nothing is allocated in the server between two forks, so that its children are all
 * alike.
 */
#include "shim/forkserver.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/shim.h"

typedef int main_function(int argc, char **argv, char **environment);

int SHIM_EXPORT __libc_start_main(main_function *program, int argc, char **argv,
                                  void (*init)(void), void (*fini)(void),
                                  void (*linker_fini)(void), void *stack_end);

enum { MAX_DESCRIPTORS = 3, EXTRA_FD = 3, HIGH_FD = 500 };

static main_function *program_main;
static char message[FORKSERVER_MAX_REQUEST];
static size_t message_bytes;
static int descriptors[MAX_DESCRIPTORS];
static unsigned n_descriptors;
static int socket_fd;
/* Kept, as those of any process are: what looks for leaks must find them referred to. */
static char **arguments;
static char **environment;

static void answer(int32_t pid, long problem)
{
    struct forkserver_answer a = { .pid = pid, .problem = (int32_t)problem };
    RAW(SYS_write, socket_fd, &a, sizeof a);
}

static long n_threads(void)
{
    struct stat status;
    /* A folder for each thread, and the folder's own two links. */
    return stat("/proc/self/task", &status) == 0 ? (long)status.st_nlink - 2 : 0;
}

/* ---- in the server ---- */

static bool take_request(void)
{
    union {
        char bytes[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr align;
    } control;
    struct iovec into = { message, sizeof message };
    struct msghdr header = {
        .msg_iov = &into,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    long n = RAW(SYS_recvmsg, socket_fd, &header, MSG_CMSG_CLOEXEC);
    message_bytes = n > 0 ? (size_t)n : 0;
    n_descriptors = 0;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    if (c && c->cmsg_type == SCM_RIGHTS) {
        n_descriptors = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof descriptors[0]);
        memcpy(descriptors, CMSG_DATA(c), n_descriptors * sizeof descriptors[0]);
    }
    return n > 0;
}

static void close_descriptors(void)
{
    for (unsigned i = 0; i < n_descriptors; i++)
        RAW(SYS_close, descriptors[i]);
}

/* ---- in the child ---- */

/* The strings of a request as a NULL-ended list. */
static char **take_strings(char **at, const char *end, uint32_t n)
{
    char **list = calloc(n + 1, sizeof *list);
    for (uint32_t i = 0; list && i < n && *at < end; i++) {
        list[i] = strdup(*at);
        *at += strlen(*at) + 1;
    }
    return list;
}

/* As a process that the worker executes (lab/process.c). Returns 0 or an errno. */
static int become(const char *folder, bool has_extra)
{
    if (setns(descriptors[0], CLONE_NEWNET) != 0)
        return errno;
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || dup2(in, 0) < 0 || dup2(descriptors[1], 1) < 0 ||
        dup2(descriptors[1], 2) < 0)
        return errno;
    close(in);
    if (*folder && chdir(folder) != 0)
        return errno;
    close(descriptors[0]); /* one of these may be EXTRA_FD */
    close(descriptors[1]);
    if (has_extra && descriptors[2] != EXTRA_FD) {
        if (dup2(descriptors[2], EXTRA_FD) < 0)
            return errno;
        close(descriptors[2]);
    } else if (has_extra) {
        fcntl(EXTRA_FD, F_SETFD, 0);
    }
    setsid();
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    return 0;
}

static int run_child(void)
{
    struct forkserver_request request;
    char *at = message + sizeof request;
    const char *end = message + message_bytes;
    memcpy(&request, message, sizeof request);
    const char *folder = at;
    at += strlen(at) + 1;
    arguments = take_strings(&at, end, request.n_arguments);
    environment = take_strings(&at, end, request.n_environment);
    int problem = arguments && environment ? become(folder, request.has_extra) : ENOMEM;
    if (problem != 0) {
        answer(0, problem);
        _exit(127);
    }
    environ = environment;
    random_restart();
    answer((int32_t)RAW(SYS_getpid), 0);
    RAW(SYS_close, socket_fd);
    return program_main((int)request.n_arguments, arguments, environment);
}

/* ---- serving ---- */

static int serve_or_run(int argc, char **argv, char **own_environment)
{
    const char *number = getenv(FORKSERVER_VARIABLE);
    if (!number || !shim_is_on())
        return program_main(argc, argv, own_environment);
    int low = atoi(number);
    socket_fd = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
    close(low);
    if (socket_fd < 0)
        _exit(127);
    if (n_threads() != 1) {
        answer(0, EBUSY);
        _exit(127);
    }
    answer(0, 0);
    while (take_request()) {
        pid_t between = fork();
        if (between == 0) {
            pid_t child = fork();
            if (child == 0)
                exit(run_child());
            if (child < 0)
                answer(0, errno);
            RAW(SYS_exit_group, 0);
        }
        if (between < 0)
            answer(0, errno);
        else
            RAW(SYS_wait4, between, NULL, 0, NULL);
        close_descriptors();
        answer(0, 0);
    }
    _exit(0); /* the worker is gone */
}

int __libc_start_main(main_function *program, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*linker_fini)(void), void *stack_end)
{
    program_main = program;
    return REAL(__libc_start_main)(serve_or_run, argc, argv, init, fini, linker_fini,
                                   stack_end);
}
