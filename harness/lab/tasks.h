/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of all processes in the worker's PID namespace, the worker's own left out,
 * and whether any of them runs or is about to.
 */
#ifndef RTCLAB_LAB_TASKS_H
#define RTCLAB_LAB_TASKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

struct tasks;

struct task {
    pid_t tid, pid;
    uint64_t netns;    /**< inode of its process' network namespace */
    int scheduling_fd; /**< /proc/PID/task/TID/schedstat */
    int call_fd;       /**< …/syscall */
    int state_fd;      /**< …/stat */
    uint64_t n_runs;   /**< how often it had been put on a processor when it was last
                            looked at */
    char state;        /**< as of stat(5), at `n_runs` */
    bool is_proven;    /**< it slept at `n_runs` */
    bool has_clock;    /**< of a process' first: for the coordinator's use */
};

/**
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT: /proc is not this namespace's or
 *         lacks what is needed
 */
struct tasks *tasks_new(GError **error);
void tasks_free(struct tasks *tasks);

/** Which processes are none of the lab's business. */
void tasks_set_ignored(struct tasks *tasks, bool (*is_ignored)(pid_t pid));

/** Tells of a host, by the inode of its network namespace. */
void tasks_add_host(struct tasks *tasks, uint64_t netns);

/** A host's processes may have been woken; TASKS_ALL_HOSTS: those of every host. */
void tasks_touch(struct tasks *tasks, uint64_t netns);
#define TASKS_ALL_HOSTS 0

enum tasks_verdict {
    TASKS_QUIET, /**< at one moment during this call every thread was asleep, and nothing
                      but the caller, or a kernel timer, can have woken any since */
    TASKS_BUSY,  /**< something runs, or may: ask again */
};

/**
 * Looks at the threads of the touched hosts; when they are quiet, no host is touched any
 * more.
 * @param ret_busy TASKS_BUSY: the first thread found running, borrowed until the next
 *                 look; NULL when that is not known
 */
enum tasks_verdict tasks_look(struct tasks *tasks, const struct task **ret_busy);

/** True once after threads have come or gone. */
bool tasks_have_changed(struct tasks *tasks);

/** All threads there are, by process and age: array of struct task; borrowed. */
const GArray *tasks_all(const struct tasks *tasks);

/** A thread, or with `tid` 0 a process' first that is known; NULL: there is none. */
const struct task *tasks_find(const struct tasks *tasks, pid_t pid, pid_t tid);

/** Processor time of a thread so far, in ns; 0 when it is gone. */
int64_t task_processor_ns(const struct task *task);

/** Its name as in /proc/PID/comm; caller owns. */
char *task_name(const struct task *task);

#endif
