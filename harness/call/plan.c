/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a run. Repeats are the outermost loop, so that a run that is cut short has
 * something of each scenario, and drift of the machine falls on all modes alike.
 */
#include "call/plan.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "call/peer_link.h"
#include "call/plan_note.h"
#include "call/shards.h"
#include "lab/preload.h"
#include "peer/stack.h"

/* Two peers of the plan, borrowed. */
struct pair {
    const struct plan_peer *roles[N_ROLES];
};

/* ---- peers ---- */

static void peer_free(gpointer data)
{
    struct plan_peer *peer = data;
    g_free(peer->peer);
    g_free(peer->name);
    g_free(peer->program);
    g_free(peer->missing);
    g_free(peer->wall_why);
    g_free(peer);
}

/* Why a peer whose program is there cannot be on the virtual clock; NULL: it can. */
static char *find_wall_why(const struct plan_peer *peer)
{
    g_autofree char *why = NULL;
    if (preload_check(peer->program, &why))
        return NULL;
    return g_strdup_printf("%s %s", peer->peer, why);
}

/* A peer of the plan, added to it if it is new; NULL with an error: there is no such. */
static const struct plan_peer *find_peer(struct plan *plan, const char *asked_for,
                                         enum lab_clock clock, GError **error)
{
    for (unsigned i = 0; i < plan->peers->len; i++) {
        const struct plan_peer *known = plan->peers->pdata[i];
        if (strcmp(known->peer, asked_for) == 0)
            return known;
    }
    char *program = NULL;
    if (!peer_link_find_program(asked_for, &program, error))
        return NULL;
    struct plan_peer *peer = g_new0(struct plan_peer, 1);
    g_ptr_array_add(plan->peers, peer);
    peer->peer = g_strdup(asked_for);
    peer->name = peer_link_name(asked_for);
    peer->program = program;
    const struct stack *stack = stack_find(asked_for);
    peer->is_browser = stack && stack->is_browser;
    if (!program)
        peer->missing = stack_describe_missing(stack);
    else if (clock == LAB_CLOCK_VIRTUAL)
        peer->wall_why = find_wall_why(peer);
    return peer;
}

/* ---- calls ---- */

static uint64_t make_seed(const struct pair *pair, const struct run_options *options,
                          const struct scenario *scenario, unsigned repeat)
{
    struct rng run = rng_seed(options->seed);
    g_autofree char *name =
        g_strdup_printf("%s~%s/%s/%u", pair->roles[ROLE_OFFERER]->name,
                        pair->roles[ROLE_ANSWERER]->name, scenario->id, repeat);
    struct rng call = rng_fork(&run, name);
    return call.seed;
}

static const char *clock_why(const struct pair *pair, const struct scenario *scenario)
{
    if (scenario->needs_wall_clock)
        return "the scenario says so";
    const char *offerer_why = pair->roles[ROLE_OFFERER]->wall_why;
    return offerer_why ? offerer_why : pair->roles[ROLE_ANSWERER]->wall_why;
}

/* The clock that was asked for, unless something of this call cannot run on it. */
static void choose_clock(const struct pair *pair, const struct run_options *options,
                         struct call_spec *spec)
{
    spec->clock = options->clock;
    if (options->clock == LAB_CLOCK_WALL)
        return;
    spec->clock_why = clock_why(pair, spec->scenario);
    if (spec->clock_why) {
        spec->clock = LAB_CLOCK_WALL;
        return;
    }
    spec->calendar_ns = options->calendar_ns;
    spec->has_kernel_random = options->has_kernel_random;
    if (options->audits_clock) {
        /* Absolute: programs of the lab may go to other folders. */
        g_autofree char *path = g_build_filename(spec->folder, RUN_AUDIT_FILE, NULL);
        spec->audit_path = g_canonicalize_filename(path, NULL);
    }
}

static void add_call(struct plan *plan, const struct run_options *options,
                     const struct pair *pair, const struct scenario *scenario,
                     enum mode mode, unsigned repeat)
{
    g_autofree char *key = g_strdup_printf(
        "%s~%s/%s/%s/%u", pair->roles[ROLE_OFFERER]->name,
        pair->roles[ROLE_ANSWERER]->name, scenario->id, mode_names[mode], repeat);
    if (options->only_keys && !g_strv_contains(options->only_keys, key))
        return;
    struct call_spec spec = {
        .scenario = scenario,
        .mode = mode,
        .repeat = repeat,
        .seed = make_seed(pair, options, scenario, repeat),
        .timeout_ns = (int64_t)(options->timeout_s * (double)NS_PER_S),
        .key = g_steal_pointer(&key),
    };
    spec.folder = g_build_filename(options->out, "calls", spec.key, NULL);
    choose_clock(pair, options, &spec);
    for (unsigned role = N_ROLES; role-- > 0;) {
        const struct plan_peer *peer = pair->roles[role];
        spec.names[role] = peer->name;
        spec.programs[role] = peer->program;
        spec.has_browser |= peer->is_browser;
        if (peer->missing)
            spec.missing = peer->missing;
    }
    g_array_append_val(plan->calls, spec);
}

static void spec_clear(gpointer data)
{
    struct call_spec *spec = data;
    g_free((char *)spec->key);
    g_free((char *)spec->folder);
    g_free((char *)spec->audit_path);
}

static gboolean check_keys(const struct plan *plan, const struct run_options *options,
                           GError **error)
{
    for (const char *const *key = options->only_keys; key && *key; key++) {
        bool found = false;
        for (unsigned i = 0; i < plan->calls->len && !found; i++)
            found =
                g_str_equal(g_array_index(plan->calls, struct call_spec, i).key, *key);
        if (!found) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                        "no call of this run has the key %s; see --peers, --modes and "
                        "--repeat",
                        *key);
            return FALSE;
        }
    }
    return TRUE;
}

static void keep_shard(struct plan *plan, const unsigned *shards, unsigned shard)
{
    for (unsigned i = plan->calls->len; i-- > 0;)
        if (shards[i] != shard)
            g_array_remove_index(plan->calls, i);
}

static gboolean find_pairs(struct plan *plan, const struct run_options *options,
                           struct pair *ret_pairs, GError **error)
{
    for (unsigned i = 0; i < options->n_pairs; i++)
        for (unsigned role = 0; role < N_ROLES; role++) {
            const struct plan_peer *peer =
                find_peer(plan, options->pairs[i].peers[role], options->clock, error);
            if (!peer)
                return FALSE;
            ret_pairs[i].roles[role] = peer;
        }
    return TRUE;
}

static void add_scenario(struct plan *plan, const struct run_options *options,
                         const struct pair *pairs, const struct scenario *scenario,
                         unsigned repeat)
{
    for (unsigned pair = 0; pair < options->n_pairs; pair++)
        for (unsigned mode = 0; mode < N_MODES; mode++)
            if (options->modes[mode])
                add_call(plan, options, &pairs[pair], scenario, mode, repeat);
}

struct plan *plan_new(const GPtrArray *scenarios, const struct run_options *options,
                      GError **error)
{
    struct plan *plan = g_new0(struct plan, 1);
    plan->peers = g_ptr_array_new_with_free_func(peer_free);
    plan->calls = g_array_new(FALSE, FALSE, sizeof(struct call_spec));
    g_array_set_clear_func(plan->calls, spec_clear);
    g_autofree struct pair *pairs = g_new0(struct pair, options->n_pairs);
    gboolean ok = find_pairs(plan, options, pairs, error);
    for (unsigned repeat = 1; ok && repeat <= options->repeat; repeat++)
        for (unsigned s = 0; s < scenarios->len; s++)
            add_scenario(plan, options, pairs, scenarios->pdata[s], repeat);
    if (!ok || !check_keys(plan, options, error)) {
        plan_free(plan);
        return NULL;
    }
    g_autofree unsigned *shards =
        options->n_shards > 1 ? shards_deal(plan->calls, options) : NULL;
    plan->note = plan_note_make(plan->calls, scenarios, options, shards);
    if (shards)
        keep_shard(plan, shards, options->shard);
    return plan;
}

void plan_leave_virtual_clock(struct plan *plan, const char *why)
{
    for (unsigned i = 0; i < plan->calls->len; i++) {
        struct call_spec *spec = &g_array_index(plan->calls, struct call_spec, i);
        if (spec->clock != LAB_CLOCK_VIRTUAL)
            continue;
        if (!plan->wall_why)
            plan->wall_why = g_strdup(why);
        spec->clock = LAB_CLOCK_WALL;
        spec->clock_why = plan->wall_why;
        g_clear_pointer((char **)&spec->audit_path, g_free);
    }
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    g_array_unref(plan->calls);
    g_ptr_array_unref(plan->peers);
    json_decref(plan->note);
    g_free(plan->wall_why);
    g_free(plan);
}
