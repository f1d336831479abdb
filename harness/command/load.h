/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios that a command line names, read and checked. */
#ifndef RTCLAB_COMMAND_LOAD_H
#define RTCLAB_COMMAND_LOAD_H

#include <stdbool.h>

#include <glib.h>

#include "scenario/known_failures.h"

struct loaded {
    GPtrArray *scenarios; /**< struct scenario *: those without a mistake; owned */
    unsigned n_files;     /**< that the selectors named */
    unsigned n_invalid;   /**< of them, with a mistake */
    unsigned n_mistakes;
};

/**
 * Reads the scenarios that the selectors name and prints each mistake in them as one line
 * on standard error.
 *
 * @param folder    of the scenarios; NULL: where they are usually found
 * @param selectors NULL-ended; none at all: every scenario of the folder
 * @param ret       filled; the caller clears it with loaded_clear()
 * @return FALSE with RTC_ERROR_USAGE if a selector names nothing; mistakes in scenarios
 *         are no error of this function
 */
gboolean load_scenarios(const char *folder, const char *const *selectors,
                        struct loaded *ret, GError **error);

/**
 * Reads a file of known failures and prints each mistake in it as one line on standard
 * error.
 *
 * @param path   NULL: that of the scenarios' folder, if it has one
 * @param folder as for load_scenarios()
 * @param ret    NULL if there is no such file; caller frees with known_failures_free()
 * @return how many mistakes there are
 */
unsigned load_known_failures(const char *path, const char *folder,
                             struct known_failures **ret);

/** Leaves only the scenarios with a tag. */
void loaded_keep_tagged(struct loaded *loaded, const char *tag);

void loaded_clear(struct loaded *loaded);

#endif
