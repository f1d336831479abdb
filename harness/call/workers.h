/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes, each with one call at a time (worker.h): started when there is
 * something to do, replaced when they end. Answers come out, nothing calls back:
 *
 *     while (workers_have_room(workers)) workers_give(workers, call, &error);
 *     workers_wait(workers, wake_fd, timeout_ms);
 *     while (workers_pop(workers, &answer)) …
 */
#ifndef RTCLAB_CALL_WORKERS_H
#define RTCLAB_CALL_WORKERS_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "call/call.h"

struct workers;

struct workers_answer {
    unsigned call;    /**< its index in the plan */
    json_t *result;   /**< caller owns; NULL: the worker ended without one */
    json_t *cost;     /**< of real time (call.h); caller owns; NULL: it was not started */
    char *why;        /**< then: how it ended, in words; caller owns */
    bool told_to_end; /**< the worker was, before it answered */
    double elapsed_s; /**< in real time */
};

/**
 * @param calls struct call_spec: the plan; borrowed, and not changed any more
 * @param clock of all calls that they will get
 * @param n     how many, at most
 * @return caller owns
 */
struct workers *workers_new(const GArray *calls, enum lab_clock clock, unsigned n);

/** Ends all of them, and waits until they are gone. */
void workers_free(struct workers *workers);

/** Whether one has nothing to do, or may be started. */
bool workers_have_room(const struct workers *workers);

/** How many calls are being made. */
unsigned workers_n_busy(const struct workers *workers);

/** The calls that are being made: keys, oldest first, NULL-ended; caller owns the array.
 */
const char **workers_list_busy(const struct workers *workers);

/**
 * Has a call made. There must be room.
 * @return FALSE with RTC_ERROR_ENVIRONMENT: no worker could be started
 */
gboolean workers_give(struct workers *workers, unsigned call, GError **error);

/** Waits for answers, at most so long or until `wake_fd` is readable; ends the workers
 *  whose call has taken too long. */
void workers_wait(struct workers *workers, int wake_fd, int timeout_ms);

/** The next answer; false: there is none. */
bool workers_pop(struct workers *workers, struct workers_answer *ret);

/** Tells all to end. Those that make a call still answer. */
void workers_tell_to_end(struct workers *workers);

#endif
