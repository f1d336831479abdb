/* SPDX-License-Identifier: Apache-2.0 */
/* What was found comes before what was not looked at: a failure in half a run is one. */
#include "command/exit_status.h"

#include <stdbool.h>

#include <glib.h>

#include "base/error.h"
#include "call/known.h"
#include "scenario/scenario.h"

static bool is_text(const json_t *object, const char *key, const char *text)
{
    return g_strcmp0(json_string_value(json_object_get(object, key)), text) == 0;
}

/* A shard may have nothing to do, where there are more machines than experiments; a run
   that has nothing to do tests nothing. */
static bool is_empty_shard(const json_t *run)
{
    const json_t *plan = json_object_get(run, "plan");
    return json_object_get(run, "shard") &&
           json_integer_value(json_object_get(plan, "calls")) > 0;
}

int exit_status_of(const json_t *results)
{
    const json_t *run = json_object_get(results, "run");
    const json_t *calls = json_object_get(results, "calls");
    const json_t *baseline = json_object_get(results, "baseline");
    bool has_error = false;
    bool has_unexpected = is_text(baseline, "verdict", "failed");
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        bool is_error = is_text(call, "outcome", outcome_names[OUTCOME_ERROR]);
        if (known_excuses(call) ||
            is_text(call, "outcome", outcome_names[OUTCOME_UNSUPPORTED]))
            continue;
        has_error |= is_error;
        has_unexpected |=
            !is_error && !json_is_true(json_object_get(call, "as_expected"));
    }
    if (json_is_true(json_object_get(run, "interrupted")))
        return EXIT_INTERRUPTED;
    if (has_error)
        return EXIT_ENVIRONMENT;
    if (has_unexpected)
        return EXIT_UNEXPECTED;
    if (is_text(baseline, "verdict", "regressed"))
        return EXIT_REGRESSION;
    if (!json_is_true(json_object_get(run, "complete")) ||
        (json_array_size(calls) == 0 && !is_empty_shard(run)))
        return EXIT_INCOMPLETE;
    return is_text(baseline, "verdict", "inconclusive") ? EXIT_INCONCLUSIVE
                                                        : EXIT_AS_EXPECTED;
}

int exit_status_of_baseline(const json_t *baseline)
{
    static const struct {
        const char *verdict;
        int status;
    } statuses[] = {
        { "failed", EXIT_UNEXPECTED },
        { "regressed", EXIT_REGRESSION },
        { "inconclusive", EXIT_INCONCLUSIVE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (is_text(baseline, "verdict", statuses[i].verdict))
            return statuses[i].status;
    return EXIT_AS_EXPECTED;
}
