/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known not to work between two stacks, with its reason. A file beside the
 * scenarios says it; harness/README.md, "Known failures", says what becomes of it.
 */
#ifndef RTCLAB_SCENARIO_KNOWN_FAILURES_H
#define RTCLAB_SCENARIO_KNOWN_FAILURES_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "scenario/scenario.h"

/** Where the file is, in the folder of the scenarios. No scenario is called so. */
#define KNOWN_FAILURES_NAME "known-failures.json"
#define KNOWN_FAILURES_PATH "interop/" KNOWN_FAILURES_NAME

/** Calls that are known to come to something else than their scenario expects. */
struct known_failure {
    const char *offerer, *answerer; /**< globs over peers' names */
    const char *scenario;           /**< a glob over scenarios' ids */
    unsigned modes;                 /**< bit enum mode; 0: all */
    enum outcome outcome;           /**< what comes instead */
    const char *why;    /**< what the call's why must have in it; NULL: anything */
    const char *reason; /**< why that is so */
};

struct known_failures {
    const char *path;
    struct known_failure *entries;
    unsigned n_entries;
};

/**
 * Reads such a file.
 * @param problem_lines of char *: each mistake, one line
 * @return caller owns; NULL: there are mistakes
 */
struct known_failures *known_failures_load(const char *path, GPtrArray *problem_lines);

/** The same from text; `path` is for the messages. */
struct known_failures *known_failures_parse(const char *text, size_t size,
                                            const char *path, GPtrArray *problem_lines);
void known_failures_free(struct known_failures *known);

/** The JSON Schema of such a file; caller owns. */
json_t *known_failures_schema(void);

/** Whether an entry is about the calls of a scenario between two peers in a mode. */
bool known_failure_is_about(const struct known_failure *entry, const char *scenario,
                            const char *offerer, const char *answerer, enum mode mode);

#endif
