/* SPDX-License-Identifier: Apache-2.0 */
/* The call itself: its set-up, and the parts that its time went for. */
#include "reports/trace.h"

#include <math.h>

#include "reports/call_words.h"
#include "reports/trace_writer.h"

static void find_earliest(const json_t *list, int64_t *earliest_us)
{
    size_t i;
    json_t *object;
    int64_t t_us;
    json_array_foreach(list, i,
                       object) if (trace_time(object, "t_us", &t_us)) *earliest_us =
        MIN(*earliest_us, t_us);
}

/* A value that the timeline may lack. */
static json_t *copy_of(const json_t *value)
{
    return value ? json_incref((json_t *)value) : json_null();
}

static void add_call(struct trace *trace, const json_t *timeline)
{
    const json_t *setup = json_object_get(timeline, "setup_ms");
    const json_t *blame = json_object_get(timeline, "blame");
    const json_t *cause = json_object_get(timeline, "cause");
    unsigned thread = trace_thread(trace, TRACE_CALL, "set-up");
    int64_t end_us = 0;
    trace_time(timeline, "end_us", &end_us);
    const char *outcome = call_text(timeline, "outcome", "?");
    json_t *args = json_pack("{s:O?, s:O?, s:O?, s:O?}", "outcome",
                             json_object_get(timeline, "outcome"), "why",
                             json_object_get(timeline, "why"), "parts_ms",
                             json_object_get(blame, "parts_ms"), "cause", cause);
    if (json_is_number(setup) && fabs(json_number_value(setup)) < 1e9)
        trace_slice(trace, TRACE_CALL, thread, "set-up", 0,
                    llround(json_number_value(setup) * 1e3), args);
    else
        trace_slice(trace, TRACE_CALL, thread, outcome, 0, end_us, args);
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(blame, "path"), i, step)
    {
        int64_t from_us, to_us;
        if (!trace_time(step, "from_us", &from_us) || !trace_time(step, "to_us", &to_us))
            continue;
        trace_lane_slice(trace, TRACE_CALL, "where the time went",
                         call_text(step, "part", "?"), from_us, to_us,
                         json_pack("{s:o, s:o, s:o}", "who",
                                   copy_of(json_object_get(step, "who")), "text",
                                   copy_of(json_object_get(step, "text")), "frames",
                                   copy_of(json_object_get(step, "packets"))));
    }
}

char *trace_format(const json_t *timeline)
{
    int64_t zero_us = 0;
    find_earliest(json_object_get(timeline, "events"), &zero_us);
    find_earliest(json_object_get(timeline, "packets"), &zero_us);
    struct trace *trace = trace_new(zero_us);
    add_call(trace, timeline);
    trace_add_peers(trace, timeline);
    trace_add_network(trace, timeline);
    return trace_end(trace, json_pack("{s:s, s:o, s:o, s:I}", "tool", "rtclab", "key",
                                      copy_of(json_object_get(timeline, "key")), "seed",
                                      copy_of(json_object_get(timeline, "seed")),
                                      "start_us", (json_int_t)-zero_us));
}
