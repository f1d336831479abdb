/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `rtclab run`, and the struct run_options made from them. */
#ifndef RTCLAB_COMMAND_RUN_OPTIONS_H
#define RTCLAB_COMMAND_RUN_OPTIONS_H

#include "call/run.h"
#include "cli/options.h"
#include "command/baseline_command.h"

/** What the options fill. */
struct run_values {
    const char *peers;
    bool modes[N_MODES];
    uint64_t repeat, seed, jobs, retries;
    uint64_t shard[2]; /* K and N */
    uint64_t n_shards; /* N alone; 0: not given */
    double timeout_s;
    enum lab_clock clock;
    int64_t calendar_ns;
    bool all_repeats, has_kernel_random, audits_clock;
    const char *out;
    const char *folder;
    const char *known;
    const char *durations, *resume;
    struct baseline_values baseline;
};

#define RUN_N_OPTIONS 22
extern const struct option run_option_table[RUN_N_OPTIONS];

/** A call's key, taken apart: "OFFERER~ANSWERER/SCENARIO/MODE/REPEAT". */
struct call_key {
    char *offerer, *answerer; /**< neither holds a slash; the offerer no tilde */
    char *scenario;
    enum mode mode;
    unsigned repeat; /**< from 1 */
};

/** The words of a command line: keys of calls, and what selects scenarios. */
struct run_words {
    GPtrArray *keys; /**< struct call_key, owned */
    GPtrArray
        *key_texts; /**< const char *, the same as they were typed; NULL-ended too */
    GPtrArray *selectors; /**< const char *, NULL-ended too */
};

/** Tells keys from selectors; the words are borrowed. Cleared by run_words_clear(). */
void run_words_sort(const GPtrArray *words, struct run_words *ret);
void run_words_clear(struct run_words *words);

/** Whether the stacks must be examined to know who calls whom: "--peers all". */
bool run_options_want_stacks(const struct run_values *values,
                             const struct run_words *words);

/**
 * Makes the options of a run, all but `out`. What the keys say fills in for --peers and
 * --repeat where those are not given.
 *
 * @param stacks struct stack_status (call/stacks.h); NULL: run_options_want_stacks()
 *               said no
 * @param ret    its strings live as long as the other arguments; cleared by
 *               run_options_clear()
 * @return FALSE with RTC_ERROR_USAGE, or with RTC_ERROR_ENVIRONMENT: no stack is there
 */
gboolean run_options_make(const struct run_values *values,
                          const struct arguments *arguments,
                          const struct run_words *words, const GPtrArray *stacks,
                          struct run_options *ret, GError **error);
void run_options_clear(struct run_options *options);

/**
 * Makes the folder of a run, and never one that holds another run.
 *
 * @param wanted  NULL: a new one in rtclab-out, named after the time
 * @param resumed the one whose run shall go on; NULL: none
 * @return its path, caller owns; NULL with RTC_ERROR_ENVIRONMENT, or with RTC_ERROR_USAGE
 *         if both are given and differ
 */
char *run_make_folder(const char *wanted, const char *resumed, GError **error);

#endif
