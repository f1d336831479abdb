/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a worker ready for its next task. As the first process of its PID namespace it
 * can name all the others at once (kill(2) with -1 leaves out the caller), and inherits
 * those whose parents have ended, so that waiting for its children waits for all.
 *
 * Network namespaces end with the last process and descriptor that is in them.
 */
#include "lab/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

/* Only its first process may end everything in a PID namespace: outside of one of its own
   this would be the machine. */
static gboolean end_others(GError **error)
{
    if (getpid() != 1) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "not the first process of a PID namespace");
        return FALSE;
    }
    do {
        if (kill(-1, SIGKILL) != 0 && errno != ESRCH) {
            rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                                "cannot end what the worker has started");
            return FALSE;
        }
    } while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
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
        file_remove_tree(path);
    }
    g_dir_rewind(folder);
    name = g_dir_read_name(folder);
    if (!name)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot remove %s/%s", scratch,
                name);
    return FALSE;
}

gboolean sandbox_clear(GError **error)
{
    return end_others(error) && empty_scratch(error);
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
