/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's own side: calls made one after the other in one sandbox. Its parent's side
 * is workers.h.
 *
 * Both speak over a stream socket. The parent sends the index of a call in the plan, an
 * unsigned in the machine's byte order; the worker answers with JSON on one line,
 * the call's entries as {"result":…,"cost":…}; a cost is null if it was not started. A
 * line that is not ended before the stream is, is a worker's last answer.
 */
#ifndef RTCLAB_CALL_WORKER_H
#define RTCLAB_CALL_WORKER_H

#include <glib.h>

#include "call/call.h"

struct worker_task {
    const GArray *calls;  /**< struct call_spec: the plan */
    enum lab_clock clock; /**< of all calls that it will get */
    unsigned number;      /**< of the worker, from 0: which processor it stays on */
    int fd;
};

/**
 * Makes calls until the stream ends, or until it cannot be as new any more.
 * @param problem see sandbox_body
 * @return an exit status
 */
int worker_run(const struct worker_task *task, const GError *problem);

#endif
