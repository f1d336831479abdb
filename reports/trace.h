/* SPDX-License-Identifier: Apache-2.0 */
/* A call for trace viewers: ui.perfetto.dev, chrome://tracing. */
#ifndef RTCLAB_REPORTS_TRACE_H
#define RTCLAB_REPORTS_TRACE_H

#include <jansson.h>

/**
 * The timeline of a call in the Trace Event Format's JSON object form. Processes are the
 * call (set-up, where its time went), each peer (states, phases, events, signals,
 * transactions), the network (mappings, what was dropped) and the wire (a thread a tap, a
 * slice a packet, and a flow from tap to tap). Args of a packet have "frame", its number
 * in trace.pcapng.
 *
 * Times are microseconds from the earliest event; "otherData" has "start_us", where the
 * call's own zero is among them. Events are ordered by time; slices of a thread nest.
 *
 * @param timeline timeline.json; whatever is wrong in it is left out
 * @return one line of JSON; caller owns
 */
char *trace_format(const json_t *timeline);

#endif
