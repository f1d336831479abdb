/* SPDX-License-Identifier: Apache-2.0 */
/* The results.json of a run made before, or on another machine. */
#ifndef RTCLAB_COMMAND_RESULTS_FILE_H
#define RTCLAB_COMMAND_RESULTS_FILE_H

#include <glib.h>
#include <jansson.h>

/**
 * Reads the results of a run.
 *
 * @param path the run's folder, or its results.json
 * @return caller owns; NULL with RTC_ERROR_USAGE: there are none, or they are no
 *         "rtclab/results/1"
 */
json_t *results_file_read(const char *path, GError **error);

/** The folder of a run that is named so; caller owns. */
char *results_file_folder(const char *path);

#endif
