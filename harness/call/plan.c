/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a run. Repeats are the outermost loop, so that a run that is cut short has
 * something of each scenario, and drift of the machine falls on all modes alike.
 */
#include "call/plan.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "call/peer_link.h"
#include "lab/preload.h"

static uint64_t make_seed(const struct plan *plan, const struct run_options *options,
                          const struct scenario *scenario, unsigned repeat)
{
    struct rng run = rng_seed(options->seed);
    g_autofree char *name =
        g_strdup_printf("%s~%s/%s/%u", plan->names[ROLE_OFFERER],
                        plan->names[ROLE_ANSWERER], scenario->id, repeat);
    struct rng call = rng_fork(&run, name);
    return call.seed;
}

/* The clock that was asked for, unless something of this call cannot run on it. */
static void choose_clock(const struct plan *plan, const struct run_options *options,
                         struct call_spec *spec)
{
    spec->clock = options->clock;
    if (options->clock == LAB_CLOCK_WALL)
        return;
    spec->clock_why =
        spec->scenario->needs_wall_clock ? "the scenario says so" : plan->wall_why;
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
                     const struct scenario *scenario, enum mode mode, unsigned repeat)
{
    g_autofree char *key = g_strdup_printf("%s~%s/%s/%s/%u", plan->names[ROLE_OFFERER],
                                           plan->names[ROLE_ANSWERER], scenario->id,
                                           mode_names[mode], repeat);
    if (options->only_keys && !g_strv_contains(options->only_keys, key))
        return;
    struct call_spec spec = {
        .scenario = scenario,
        .mode = mode,
        .repeat = repeat,
        .seed = make_seed(plan, options, scenario, repeat),
        .timeout_ns = (int64_t)(options->timeout_s * (double)NS_PER_S),
        .key = g_steal_pointer(&key),
    };
    spec.folder = g_build_filename(options->out, "calls", spec.key, NULL);
    choose_clock(plan, options, &spec);
    for (unsigned role = 0; role < N_ROLES; role++) {
        spec.names[role] = plan->names[role];
        spec.programs[role] = plan->programs[role];
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

static char *find_wall_why(const struct plan *plan, const struct run_options *options)
{
    for (unsigned role = 0; role < N_ROLES; role++) {
        g_autofree char *why = NULL;
        if (!preload_check(plan->programs[role], &why))
            return g_strdup_printf("%s (%s) %s", role_names[role], options->peers[role],
                                   why);
    }
    return NULL;
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

/* Keeps the calls of every n-th experiment. The modes of one stay together: their
   comparison needs them all, and on one machine. */
static void keep_shard(struct plan *plan, unsigned shard, unsigned n_shards)
{
    const struct call_spec *all = (const struct call_spec *)plan->calls->data;
    g_autofree unsigned *experiments = g_new0(unsigned, plan->calls->len + 1);
    for (unsigned i = 1; i < plan->calls->len; i++) {
        bool is_same =
            all[i].scenario == all[i - 1].scenario && all[i].repeat == all[i - 1].repeat;
        experiments[i] = experiments[i - 1] + !is_same;
    }
    for (unsigned i = plan->calls->len; i-- > 0;)
        if (experiments[i] % n_shards != shard - 1)
            g_array_remove_index(plan->calls, i);
}

struct plan *plan_new(const GPtrArray *scenarios, const struct run_options *options,
                      GError **error)
{
    struct plan *plan = g_new0(struct plan, 1);
    plan->calls = g_array_new(FALSE, FALSE, sizeof(struct call_spec));
    g_array_set_clear_func(plan->calls, spec_clear);
    gboolean ok = TRUE;
    for (unsigned role = 0; role < N_ROLES && ok; role++) {
        plan->names[role] = peer_link_name(options->peers[role]);
        plan->programs[role] = peer_link_find_program(options->peers[role], error);
        ok = plan->programs[role] != NULL;
    }
    if (ok && options->clock == LAB_CLOCK_VIRTUAL)
        plan->wall_why = find_wall_why(plan, options);
    for (unsigned repeat = 1; ok && repeat <= options->repeat; repeat++)
        for (unsigned s = 0; s < scenarios->len; s++)
            for (unsigned mode = 0; mode < N_MODES; mode++)
                if (options->modes[mode])
                    add_call(plan, options, scenarios->pdata[s], mode, repeat);
    if (ok && !check_keys(plan, options, error))
        ok = FALSE;
    if (!ok) {
        plan_free(plan);
        return NULL;
    }
    keep_shard(plan, options->shard, options->n_shards);
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
    g_free(plan->wall_why);
    for (unsigned role = 0; role < N_ROLES; role++) {
        g_free(plan->names[role]);
        g_free(plan->programs[role]);
    }
    g_free(plan);
}
