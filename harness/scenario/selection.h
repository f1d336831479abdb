/* SPDX-License-Identifier: Apache-2.0 */
/* Finding scenarios by id, by a glob over ids, by file or by folder. */
#ifndef RTCLAB_SCENARIO_SELECTION_H
#define RTCLAB_SCENARIO_SELECTION_H

#include <stdbool.h>

#include <glib.h>

/** A file that a selector named. */
struct scenario_ref {
    char *id;
    char *path;
};

/**
 * The folder that holds the shipped scenarios: `explicit_folder` if not NULL, else
 * $RTCLAB_SCENARIOS, else ./scenarios, else ../../scenarios beside the program (a build
 * folder), else the installed share folder.
 * @return caller owns, or NULL with RTC_ERROR_USAGE saying where it looked
 */
char *selection_find_folder(const char *explicit_folder, GError **error);

/** Whether the selectors can mean scenarios of the scenario folder: none at all, or one
 *  that is neither a ".json" path nor a folder that is there. */
bool selection_needs_folder(const char *const *selectors);

/**
 * Finds the files that the selectors name. A selector is a scenario's id, a glob over ids
 * (its star matches a slash too), a path that ends in ".json", or a folder. Each file
 * comes once, in the order of the selectors, ids sorted within one.
 *
 * @param folder    the scenario folder; may be NULL when selection_needs_folder() says so
 * @param selectors NULL-ended; none at all: every file of the folder
 * @return array of struct scenario_ref, caller owns; NULL with RTC_ERROR_USAGE when a
 *         selector matches nothing (the message suggests the nearest id)
 */
GPtrArray *selection_resolve(const char *folder, const char *const *selectors,
                             GError **error);

#endif
