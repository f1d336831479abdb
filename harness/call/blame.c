/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a call's set-up: the walk from its end to its start (blame_walk.h), and
 * their sums.
 *
 * The parts are cut from one interval, so they sum to it. Where the record does not show
 * what was waited for, the rest is the stack's.
 */
#include "call/blame.h"

#include <math.h>
#include <string.h>

#include "call/blame_walk.h"

const char *const blame_part_names[BLAME_N_PARTS] = {
#define X(symbol, name, meaning) [BLAME_##symbol] = name,
    BLAME_PARTS(X)
#undef X
};

static void step_clear(gpointer data)
{
    struct blame_step *step = data;
    g_free(step->text);
    if (step->packets)
        g_array_unref(step->packets);
}

void walk_back(struct walk *walk, enum blame_part part, int64_t from_us, enum role who,
               GArray *packets, char *text)
{
    struct blame_step step = { .part = part,
                               .from_us = MAX(from_us, 0),
                               .to_us = walk->at_us,
                               .who = who,
                               .text = text,
                               .packets = packets };
    if (step.from_us >= step.to_us) {
        step_clear(&step);
        return;
    }
    g_array_append_val(walk->steps, step);
    walk->at_us = step.from_us;
}

/* The peer that was connected last, and when. */
static bool find_later(const struct timeline *timeline, int64_t setup_us,
                       enum role *ret_role)
{
    int64_t connected_us[N_ROLES] = { TIMELINE_NEVER, TIMELINE_NEVER };
    for (unsigned i = 0; i < timeline->events->len; i++) {
        const struct timeline_event *event =
            &g_array_index(timeline->events, struct timeline_event, i);
        const char *state = json_string_value(json_object_get(event->data, "state"));
        if (event->kind != EVENT_PEER_CONNECTION_STATE ||
            g_strcmp0(state, "connected") != 0 || event->t_us > setup_us)
            continue;
        for (enum role role = 0; role < N_ROLES; role++)
            if (strcmp(event->src, role_names[role]) == 0 &&
                connected_us[role] == TIMELINE_NEVER)
                connected_us[role] = event->t_us;
    }
    enum role later = connected_us[ROLE_ANSWERER] > connected_us[ROLE_OFFERER]
                          ? ROLE_ANSWERER
                          : ROLE_OFFERER;
    *ret_role = later;
    return connected_us[later] != TIMELINE_NEVER;
}

static json_t *milliseconds(int64_t us)
{
    return json_real((double)us / 1000.0);
}

static json_t *describe_step(const struct blame_step *step)
{
    json_t *packets = json_array();
    for (unsigned i = 0; step->packets && i < step->packets->len; i++)
        json_array_append_new(packets,
                              json_integer(g_array_index(step->packets, uint32_t, i)));
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:o}", "part",
                     blame_part_names[step->part], "from_us", (json_int_t)step->from_us,
                     "to_us", (json_int_t)step->to_us, "who", role_names[step->who],
                     "text", step->text, "packets", packets);
}

static json_t *describe_walk(const struct walk *walk)
{
    int64_t parts_us[BLAME_N_PARTS] = { 0 };
    json_t *path = json_array();
    for (unsigned i = walk->steps->len; i-- > 0;) {
        const struct blame_step *step = &g_array_index(walk->steps, struct blame_step, i);
        parts_us[step->part] += step->to_us - step->from_us;
        json_array_append_new(path, describe_step(step));
    }
    json_t *parts = json_object();
    for (unsigned i = 0; i < BLAME_N_PARTS; i++)
        json_object_set_new(parts, blame_part_names[i], milliseconds(parts_us[i]));
    return json_pack("{s:o, s:o}", "parts_ms", parts, "path", path);
}

static enum mode mode_of(const json_t *call)
{
    const char *name = json_string_value(json_object_get(call, "mode"));
    for (enum mode mode = 0; mode < N_MODES; mode++)
        if (g_strcmp0(name, mode_names[mode]) == 0)
            return mode;
    return MODE_TRICKLE;
}

json_t *blame_setup(const struct timeline *timeline, const json_t *call)
{
    const json_t *setup_ms = json_object_get(call, "setup_ms");
    if (!json_is_number(setup_ms))
        return NULL;
    int64_t setup_us = llround(json_number_value(setup_ms) * 1000.0);
    struct walk walk = { .timeline = timeline,
                         .mode = mode_of(call),
                         .at_us = setup_us,
                         .steps = g_array_new(FALSE, FALSE, sizeof(struct blame_step)) };
    g_array_set_clear_func(walk.steps, step_clear);
    enum role later;
    if (find_later(timeline, setup_us, &later)) {
        if (!walk_dtls(&walk, later))
            walk_ice(&walk, later);
    }
    walk_back(&walk, BLAME_STACK, 0, ROLE_OFFERER, NULL,
              g_strdup("what the record does not explain"));
    json_t *result = describe_walk(&walk);
    g_array_unref(walk.steps);
    return result;
}
