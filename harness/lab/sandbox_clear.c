/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a worker ready for its next task. As the first process of its PID namespace it
 * inherits those whose parents have ended, so that in the end each process is its child.
 *
 * Network namespaces end with the last process and descriptor that is in them.
 */
#include "lab/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "lab/forkserver.h"

enum { MAX_ROUNDS = 20 };

/* One round; returns how many there were. A child of another process is not waited for:
   that ends too, and leaves it to the worker. */
static unsigned end_each(bool (*is_kept)(pid_t pid))
{
    unsigned n = 0;
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;
    while (processes && (name = g_dir_read_name(processes))) {
        pid_t pid = (pid_t)strtol(name, NULL, 10);
        if (pid <= 1 || (is_kept && is_kept(pid)))
            continue;
        n++;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return n;
}

/* Where /proc is not this namespace's: everybody but the caller, as kill(2) has it. */
static void end_all(void)
{
    do
        kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* Only its first process may end everything in a PID namespace: outside of one of its own
   this would be the machine. */
static gboolean end_others(bool (*is_kept)(pid_t pid), GError **error)
{
    if (getpid() != 1) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "not the first process of a PID namespace");
        return FALSE;
    }
    g_autofree char *self = g_file_read_link("/proc/self", NULL);
    bool has_proc = g_strcmp0(self, "1") == 0;
    for (unsigned i = 0; has_proc && i < MAX_ROUNDS; i++)
        if (end_each(is_kept) == 0)
            return TRUE;
    /* One that forks faster than its children are listed is ended with all of them at
       once, and so is what was to be kept. */
    forkserver_forget_all();
    end_all();
    return TRUE;
}

/* Not the folder itself: it is where the tmpfs is mounted. */
static gboolean empty_scratch(GError **error)
{
    const char *scratch = sandbox_scratch_folder();
    if (!scratch)
        return TRUE;
    g_autoptr(GDir) folder = g_dir_open(scratch, 0, error);
    if (!folder)
        return FALSE;
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(scratch, name, NULL);
        if (!g_str_has_prefix(name, SANDBOX_KEPT))
            file_remove_tree(path);
    }
    g_dir_rewind(folder);
    while ((name = g_dir_read_name(folder)) && g_str_has_prefix(name, SANDBOX_KEPT))
        ;
    if (!name)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot remove %s/%s", scratch,
                name);
    return FALSE;
}

gboolean sandbox_clear(bool (*is_kept)(pid_t pid), GError **error)
{
    return end_others(is_kept, error) && empty_scratch(error);
}

pid_t sandbox_last_id(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/sys/kernel/ns_last_pid", &text, NULL, NULL))
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

void sandbox_restart_ids(pid_t last)
{
    int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    char text[16];
    int size = snprintf(text, sizeof text, "%d", (int)last);
    if (fd < 0 || write(fd, text, (size_t)size) != size)
        g_debug("process ids will not repeat: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
}
