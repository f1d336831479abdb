/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a comparison with a baseline, and what commands do with them. */
#ifndef RTCLAB_COMMAND_BASELINE_COMMAND_H
#define RTCLAB_COMMAND_BASELINE_COMMAND_H

#include "call/run.h"
#include "cli/options.h"
#include "reports/baseline.h"

/** What the options fill. */
struct baseline_values {
    const char *path; /**< NULL: no baseline */
    double margin;    /**< percentage points */
    double effect[2]; /**< percent, milliseconds */
};

gboolean baseline_take_margin(const char *text, void *place, GError **error);
gboolean baseline_take_effect(const char *text, void *place, GError **error);

/* Rows of a table of options, for a struct baseline_values inside `type`. */
#define BASELINE_OPTION_MARGIN(type, member)                                         \
    {                                                                                \
        .name = "margin", .argument = "POINTS", .preset = "10",                      \
        .help = "How many calls of 100 may be lost", .take = baseline_take_margin,   \
        .offset = offsetof(type, member) + offsetof(struct baseline_values, margin), \
    }
#define BASELINE_OPTION_EFFECT(type, member)                                         \
    {                                                                                \
        .name = "min-effect", .argument = "PERCENT,MS", .preset = "10,25",           \
        .help = "How much slower is no matter", .take = baseline_take_effect,        \
        .offset = offsetof(type, member) + offsetof(struct baseline_values, effect), \
    }
#define BASELINE_OPTION_PATH(type, member)                                              \
    {                                                                                   \
        .name = "baseline", .argument = "DIR", .help = "Compare with that earlier run", \
        .take = option_take_text,                                                       \
        .offset = offsetof(type, member) + offsetof(struct baseline_values, path),      \
    }

/** A baseline that was read. */
struct baseline_held {
    json_t *results; /**< NULL: none */
    char *folder;
    struct baseline_options options; /**< folder_after is the caller's */
};

/**
 * Reads the baseline that the options name.
 * @param ret cleared by baseline_release() in any case
 * @return FALSE with RTC_ERROR_USAGE
 */
gboolean baseline_hold(const struct baseline_values *values, struct baseline_held *ret,
                       GError **error);
void baseline_release(struct baseline_held *held);

/** Compares: results.json gets its "baseline". Nothing is done where there is none. */
void baseline_apply(const struct baseline_held *held, json_t *results,
                    const char *folder);

#define BASELINE_AGAIN_FOLDER "again" /* in a run's folder */

/**
 * Makes the calls of suspected groups once more, with the baseline's seed, and keeps only
 * the suspicions that these show too. Their records go to the folder "again" of the
 * run's. What hinders that is a warning on standard error, and the suspicions stay.
 *
 * @param options how the run was made
 */
void baseline_check_suspicions(const struct baseline_held *held, json_t *results,
                               const GPtrArray *scenarios,
                               const struct run_options *options);

#endif
