/* SPDX-License-Identifier: Apache-2.0 */
/* What `conform` and `audit` share: from options and URIs to tried cases and a report. */
#ifndef RTCLAB_PROBES_CONFORMANCE_H
#define RTCLAB_PROBES_CONFORMANCE_H

#include "cli/command.h"
#include "probes/cases/case.h"
#include "probes/commands/target_options.h"

/** The options that both have; a command composes them as it does TARGET_OPTIONS. */
struct conformance_options {
    const char *other_user, *other_pass_file, *other_pass_env;
    const char *token_key_file; /**< NULL: none */
    const char *known_file, *baseline_file;
    uint64_t jobs;
    bool includes_slow, includes_intrusive;
    double max_gain;
};

gboolean conformance_take_jobs(const char *text, void *place, GError **error);
gboolean conformance_take_gain(const char *text, void *place, GError **error);

#define CONFORMANCE_TEXT_OPTION(T, name_, argument_, help_, field)                     \
    {                                                                                  \
        .name = name_, .argument = argument_, .help = help_, .take = option_take_text, \
        .offset = offsetof(T, conformance.field), .changes_a_call = true               \
    }

#define CONFORMANCE_OPTIONS(T)                                                        \
    CONFORMANCE_TEXT_OPTION(T, "other-user", "NAME",                                  \
                            "A second user of the server, for what is not his",       \
                            other_user),                                              \
        CONFORMANCE_TEXT_OPTION(T, "other-pass-file", "FILE",                         \
                                "Whose password is its first line", other_pass_file), \
        CONFORMANCE_TEXT_OPTION(T, "other-pass-env", "NAME",                          \
                                "Whose password is this environment variable",        \
                                other_pass_env),                                      \
        CONFORMANCE_TEXT_OPTION(T, "access-token-key-file", "FILE",                   \
                                "Make access tokens (RFC 7635) with the key in it",   \
                                token_key_file),                                      \
        { .name = "known",                                                            \
          .argument = "FILE",                                                         \
          .help = "Verdicts that are known, with reasons: only others fail",          \
          .take = option_take_text,                                                   \
          .offset = offsetof(T, conformance.known_file) },                            \
        { .name = "baseline",                                                         \
          .argument = "FILE",                                                         \
          .help = "An earlier run's -o json: only what is worse fails",               \
          .take = option_take_text,                                                   \
          .offset = offsetof(T, conformance.baseline_file) },                         \
        { .name = "max-gain",                                                         \
          .argument = "N",                                                            \
          .preset = "3",                                                              \
          .help = "Answers over UDP may be this much larger than requests",           \
          .take = conformance_take_gain,                                              \
          .offset = offsetof(T, conformance.max_gain),                                \
          .changes_a_call = true },                                                   \
        { .name = "intrusive",                                                        \
          .help = "Also what other users of the server may feel",                     \
          .take = option_take_flag,                                                   \
          .offset = offsetof(T, conformance.includes_intrusive),                      \
          .changes_a_call = true },                                                   \
    {                                                                                 \
        .name = "jobs", .argument = "N", .preset = "8", .help = "Cases side by side", \
        .take = conformance_take_jobs, .offset = offsetof(T, conformance.jobs)        \
    }

/** One run of cases. */
struct conformance {
    const char *command; /**< "conform" */
    const struct target_options *target;
    const struct conformance_options *options;
    const struct arguments *arguments;    /**< for the line that repeats a case */
    const char *const *uris;              /**< NULL-ended; the first is tried, the
                                               others say where it is over other
                                               transports */
    const struct test_case *const *cases; /**< NULL-ended */
    bool shows_messages;                  /**< to people, below each verdict */
    bool shows_observed;                  /**< the same, what was observed */
};

/**
 * Resolves, explores, tries and reports.
 * @param ret_status 0; 1 if a MUST or a gate failed; 3 if the program failed; 4 if
 *                   credentials are missing; 6 if a verdict lacks its evidence; 130
 * @return FALSE if the server does not answer, or refuses the credentials
 */
gboolean conformance_run(const struct conformance *conformance, int *ret_status,
                         GError **error);

/** The cases that selectors choose, NULL-ended; caller frees the array. */
const struct test_case **conformance_choose(const char *const *selectors,
                                            const struct conformance_options *options,
                                            GError **error);

#endif
