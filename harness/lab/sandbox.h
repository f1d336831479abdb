/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a lab lives: a worker process that is the first of its own PID namespace, with
 * its own mounts and an empty network. When it ends, however it ends, the kernel ends all
 * that it started and the namespaces are gone; when its parent ends, it ends. Nothing has
 * a name outside (no `ip netns`), so nothing can be left over.
 *
 * Root is not needed where the kernel gives unprivileged user namespaces and
 * /dev/net/tun can be opened: sandbox_prepare() then enters a user namespace of its own.
 */
#ifndef RTCLAB_LAB_SANDBOX_H
#define RTCLAB_LAB_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

/**
 * Gets what namespaces need: does nothing with CAP_SYS_ADMIN and CAP_NET_ADMIN, else
 * enters a user namespace in which the caller is root. Once, before any thread.
 * @return FALSE with RTC_ERROR_ENVIRONMENT that says what to do
 */
gboolean sandbox_prepare(GError **error);

/**
 * Tries, in a child, everything a lab needs: the namespaces, a TUN, loopback.
 * @return FALSE with RTC_ERROR_ENVIRONMENT that says what is missing and what to do
 */
gboolean sandbox_probe(GError **error);

/**
 * Tries something in a worker of its own.
 * @return FALSE with its error, or with one that says what a worker lacks
 */
gboolean sandbox_try(gboolean (*attempt)(GError **error), GError **error);

/**
 * What a worker does.
 *
 * @param data    as given to sandbox_start()
 * @param problem NULL; else the namespaces could not be made, and all that is left to do
 *                is to tell the parent, in whatever way the two have agreed on
 * @return the worker's exit status, 0 to 127
 */
typedef int (*sandbox_body)(void *data, const GError *problem);

/**
 * Starts a worker. It ignores SIGINT (a terminal sends it to the whole group; the parent
 * decides) and takes SIGTERM, or its parent's death, as the order to end: see
 * sandbox_must_end(). If it has not ended five seconds after that, it is ended.
 *
 * @param body run in the worker
 * @param data given to `body`
 * @return the id of a process that ends when the worker has ended and all that it
 *         started is gone, with the worker's status, or 128 + N when signal N ended it;
 *         send it SIGTERM to end the worker. -1 with RTC_ERROR_ENVIRONMENT
 */
pid_t sandbox_start(sandbox_body body, void *data, GError **error);

/** In a worker: true once it shall end in good order. */
gboolean sandbox_must_end(void);

/**
 * In a worker: an eventfd(2) that becomes readable when sandbox_must_end() may have
 * become true and when a child has ended; the reader clears it.
 */
int sandbox_wake_fd(void);

/**
 * In a worker: a folder in memory that only it and what it starts can see, and that is
 * gone with it; borrowed. NULL where none could be mounted.
 */
const char *sandbox_scratch_folder(void);

/** Files of the scratch folder whose names begin so outlive sandbox_clear(). */
#define SANDBOX_KEPT "kept-"

/**
 * In a worker whose namespaces could be made: ends all else that is in them, and waits
 * until it is gone; empties the scratch folder. The worker is then as it was at its
 * start, but for what its own code keeps.
 *
 * @param is_kept whether a process shall live on; NULL: none. When others fork faster
 * than they can be ended one by one, all are ended, the servers of lab/forkserver.h as
 * well
 * @return FALSE with an error when something is left: it should take no further task
 */
gboolean sandbox_clear(bool (*is_kept)(pid_t pid), GError **error);

/** In a worker: the id of the process that was started last; 0: not known. */
pid_t sandbox_last_id(void);

/**
 * In a worker: gives the next process that is started the first free id above `last`, so
 * that ids repeat. Where that is not allowed, it does nothing.
 */
void sandbox_restart_ids(pid_t last);

#endif
