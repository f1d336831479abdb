/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the Trace Event Format as they are needed by trace*.c. Slices are complete
 * events ("X"): those of one thread must nest, or viewers drop them. What may overlap
 * goes to lanes, each a thread.
 */
#ifndef RTCLAB_REPORTS_TRACE_WRITER_H
#define RTCLAB_REPORTS_TRACE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

enum trace_process {
    TRACE_CALL = 1, /* 0 is the idle process to viewers */
    TRACE_OFFERER,
    TRACE_ANSWERER,
    TRACE_NETWORK,
    TRACE_WIRE,
    TRACE_N_PROCESSES
};

struct trace;

/** @param zero_us the earliest time there is: 0 in the trace */
struct trace *trace_new(int64_t zero_us);

/** Ends it. @param other "otherData"; consumed. @return JSON; caller owns */
char *trace_end(struct trace *trace_consumed, json_t *other_consumed);

/** The thread of that name, made if need be; threads stand in the order they are made. */
unsigned trace_thread(struct trace *trace, enum trace_process process, const char *name);

/** A slice, of at least 1 us: viewers make instants of shorter ones, to which no flow
 *  can be tied. */
void trace_slice(struct trace *trace, enum trace_process process, unsigned thread,
                 const char *name, int64_t from_us, int64_t to_us, json_t *args_consumed);

/** The same in the first lane "NAME", "NAME 2", ... in which nothing is at that time.
 *  Of each name they come ordered by `from_us`. */
void trace_lane_slice(struct trace *trace, enum trace_process process, const char *lane,
                      const char *name, int64_t from_us, int64_t to_us,
                      json_t *args_consumed);

void trace_instant(struct trace *trace, enum trace_process process, unsigned thread,
                   const char *name, int64_t t_us, json_t *args_consumed);

/**
 * A point of a flow, tied to the slice that was added to the thread just before.
 * @param phase 's' begins, 't' goes on, 'f' ends
 * @param id    of the flow, the same at each point
 */
void trace_flow(struct trace *trace, enum trace_process process, unsigned thread,
                char phase, int64_t t_us, const char *id);

/** A time of an object; false: there is none, or none that can be. */
bool trace_time(const json_t *object, const char *key, int64_t *ret_us);

/** The parts of a trace; see trace.h. */
void trace_add_peers(struct trace *trace, const json_t *timeline);
void trace_add_network(struct trace *trace, const json_t *timeline);

#endif
