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
 * Starts a worker.
 *
 * @param body     run in the worker; its value is the worker's exit status
 * @param data     given to `body`
 * @param keep_fd  for `body`; everything above 2 but this is closed; -1: none
 * @return its process id, or -1 with RTC_ERROR_ENVIRONMENT
 */
pid_t sandbox_start(int (*body)(void *data), void *data, int keep_fd, GError **error);

/** True, in a worker, once its parent is gone or SIGTERM came: end in good order. */
gboolean sandbox_must_end(void);

#endif
