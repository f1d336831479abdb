/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard that is wrong loses calls in silence, or has each machine make all of them. So
 * whatever is half said or contradicts itself is an error, and each message ends with the
 * option that settles it.
 *
 * Sources: GitLab, "Predefined CI/CD variables"; Kubernetes, "Job", completion mode;
 * sbatch(1), "OUTPUT ENVIRONMENT VARIABLES".
 */
#include "command/shard_choice.h"

#include <string.h>

#include "base/error.h"
#include "call/shards.h"
#include "cli/options.h"

#define INDEX_MAX (INT64_C(1) << 32) /* Slurm's go to 4,000,000 */

gboolean shard_take(const char *text, void *place, GError **error)
{
    uint64_t shard[2];
    g_auto(GStrv) parts = g_strsplit(text, "/", -1);
    if (g_strv_length(parts) == 2 &&
        option_read_whole(parts[1], 1, SHARDS_MAX, &shard[1], NULL) &&
        option_read_whole(parts[0], 1, shard[1], &shard[0], NULL)) {
        memcpy(place, shard, sizeof shard);
        return TRUE;
    }
    return rtc_fail_usage(error, "must be K/N with K from 1 to N, is \"%s\"", text);
}

gboolean shard_take_count(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, SHARDS_MAX, place, error);
}

static gboolean read_variable(shard_lookup look_up, const char *name, uint64_t least,
                              uint64_t most, uint64_t *ret, GError **error)
{
    const char *text = look_up(name);
    if (!text || !*text)
        return rtc_fail_usage(error, "%s is not set (--shard K/N says it, 1/1 runs all)",
                              name);
    g_autoptr(GError) problem = NULL;
    if (option_read_whole(text, least, most, ret, &problem))
        return TRUE;
    return rtc_fail_usage(error, "%s %s (--shard K/N says it, 1/1 runs all)", name,
                          problem->message);
}

static gboolean check_count(uint64_t wanted, uint64_t found, const char *name,
                            GError **error)
{
    if (wanted == 0 || wanted == found)
        return TRUE;
    return rtc_fail_usage(error,
                          "--shards is %" G_GUINT64_FORMAT " and %s %" G_GUINT64_FORMAT
                          " (--shard K/N says which it is)",
                          wanted, name, found);
}

static gboolean ask_gitlab(shard_lookup look_up, uint64_t wanted,
                           struct shard_choice *ret, GError **error)
{
    uint64_t count, index;
    if (!read_variable(look_up, "CI_NODE_TOTAL", 1, SHARDS_MAX, &count, error) ||
        !check_count(wanted, count, "CI_NODE_TOTAL", error) ||
        !read_variable(look_up, "CI_NODE_INDEX", 1, count, &index, error))
        return FALSE;
    *ret = (struct shard_choice){ (unsigned)index, (unsigned)count,
                                  "CI_NODE_INDEX and CI_NODE_TOTAL" };
    return TRUE;
}

static gboolean ask_kubernetes(shard_lookup look_up, uint64_t wanted,
                               struct shard_choice *ret, GError **error)
{
    uint64_t count = wanted, index;
    const char *text = look_up(SHARD_COUNT_VARIABLE);
    if (count == 0 && (!text || !*text))
        return rtc_fail_usage(error,
                              "JOB_COMPLETION_INDEX is set, and Kubernetes does not tell "
                              "of how many: give --shards N or " SHARD_COUNT_VARIABLE
                              ", or --shard 1/1 to run all");
    if (count == 0 &&
        !read_variable(look_up, SHARD_COUNT_VARIABLE, 1, SHARDS_MAX, &count, error))
        return FALSE;
    if (!read_variable(look_up, "JOB_COMPLETION_INDEX", 0, count - 1, &index, error))
        return FALSE;
    *ret = (struct shard_choice){ (unsigned)index + 1, (unsigned)count,
                                  wanted ? "JOB_COMPLETION_INDEX"
                                         : "JOB_COMPLETION_INDEX "
                                           "and " SHARD_COUNT_VARIABLE };
    return TRUE;
}

/* An array of 0-7, 1-8 or 10-80:10. One of "1,3,4" leaves gaps, and nobody knows which.
 */
static gboolean ask_slurm(shard_lookup look_up, uint64_t wanted, struct shard_choice *ret,
                          GError **error)
{
    uint64_t least, most, count, id;
    if (!read_variable(look_up, "SLURM_ARRAY_TASK_MIN", 0, INDEX_MAX, &least, error) ||
        !read_variable(look_up, "SLURM_ARRAY_TASK_MAX", least, INDEX_MAX, &most, error) ||
        !read_variable(look_up, "SLURM_ARRAY_TASK_COUNT", 1, SHARDS_MAX, &count, error) ||
        !check_count(wanted, count, "SLURM_ARRAY_TASK_COUNT", error) ||
        !read_variable(look_up, "SLURM_ARRAY_TASK_ID", least, most, &id, error))
        return FALSE;
    uint64_t step = count > 1 ? (most - least) / (count - 1) : 1;
    if (step == 0 || least + step * (count - 1) != most || (id - least) % step != 0)
        return rtc_fail_usage(error,
                              "the tasks of this Slurm array are not evenly spaced: "
                              "give --shard K/N");
    *ret = (struct shard_choice){ (unsigned)((id - least) / step) + 1, (unsigned)count,
                                  "SLURM_ARRAY_TASK_ID" };
    return TRUE;
}

gboolean shard_from_environment(shard_lookup look_up, uint64_t n_shards,
                                struct shard_choice *ret, GError **error)
{
    static const struct {
        const char *variable;
        gboolean (*ask)(shard_lookup, uint64_t, struct shard_choice *, GError **);
    } systems[] = {
        { "CI_NODE_INDEX", ask_gitlab },
        { "JOB_COMPLETION_INDEX", ask_kubernetes },
        { "SLURM_ARRAY_TASK_ID", ask_slurm },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(systems); i++) {
        const char *text = look_up(systems[i].variable);
        if (text && *text)
            return systems[i].ask(look_up, n_shards, ret, error);
    }
    if (n_shards > 1)
        return rtc_fail_usage(
            error, "--shards says of how many, and nothing says which: none of "
                   "CI_NODE_INDEX, JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID "
                   "is set (give --shard K/N)");
    *ret = (struct shard_choice){ 1, 1, NULL };
    return TRUE;
}
