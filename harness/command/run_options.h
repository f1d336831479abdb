/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `rtclab run`, and the struct run_options made from them. */
#ifndef RTCLAB_COMMAND_RUN_OPTIONS_H
#define RTCLAB_COMMAND_RUN_OPTIONS_H

#include "call/run.h"
#include "command/options.h"

/** What the options fill. */
struct run_values {
    const char *peers;
    bool modes[N_MODES];
    uint64_t repeat, seed, jobs;
    uint64_t shard[2]; /* K and N */
    double timeout_s;
    const char *out;
    const char *folder;
};

#define RUN_N_OPTIONS 11
extern const struct option run_option_table[RUN_N_OPTIONS];

/** A call's key, taken apart: "OFFERER~ANSWERER/SCENARIO/MODE/REPEAT". */
struct call_key {
    char *offerer, *answerer; /**< neither holds a slash; the offerer no tilde */
    char *scenario;
    enum mode mode;
    unsigned repeat; /**< from 1 */
};

/**
 * Takes keys apart.
 * @param keys const char *; all valid, as option --only has checked
 * @return array of struct call_key; caller owns
 */
GPtrArray *call_keys_parse(const GPtrArray *keys);

/**
 * Makes the options of a run, all but `out`. What `keys` say fills in for --peers and
 * --repeat where those are not given.
 *
 * @param ret its strings live as long as `values`, `arguments` and `keys`
 * @return FALSE with RTC_ERROR_USAGE
 */
gboolean run_options_make(const struct run_values *values,
                          const struct arguments *arguments, const GPtrArray *keys,
                          struct run_options *ret, GError **error);

/**
 * Makes the folder of a run, and never one that holds another run.
 *
 * @param wanted NULL: a new one in rtclab-out, named after the time
 * @return its path, caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
char *run_make_folder(const char *wanted, GError **error);

#endif
