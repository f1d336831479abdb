/* SPDX-License-Identifier: Apache-2.0 */
/* The end of each command that has results: what it leaves behind, prints and exits with.
 */
#ifndef RTCLAB_COMMAND_FINISH_H
#define RTCLAB_COMMAND_FINISH_H

#include <glib.h>
#include <jansson.h>

/**
 * Writes results.json and all that is made of it into a folder: junit.xml, results.tap,
 * summary.md, report/; appends the summary to the file that GITHUB_STEP_SUMMARY names;
 * prints the table.
 *
 * @param results    results.json, with "baseline" if there was one
 * @param folder     the run's, as the user knows it; exists
 * @param ret_status exit_status_of() the results
 * @return FALSE with RTC_ERROR_ENVIRONMENT: a file cannot be written. results.json is
 *         written first.
 */
gboolean finish_results(const json_t *results, const char *folder, int *ret_status,
                        GError **error);

/** Writes what is made of the results: junit.xml, results.tap, summary.md, report/.
 *  @return FALSE with RTC_ERROR_ENVIRONMENT */
gboolean finish_write_reports(const json_t *results, const char *folder, GError **error);

#endif
