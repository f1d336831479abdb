/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTML report of a run: FOLDER/report/, which opens from disk without a server.
 *
 *     report/index.html        the page, with all that its lists and charts show
 *     report/calls/NNNNNN.js   of call number NNNNNN of "calls": its entry and its
 *                              timeline, loaded when it is opened
 */
#ifndef RTCLAB_REPORTS_HTML_H
#define RTCLAB_REPORTS_HTML_H

#include <glib.h>
#include <jansson.h>

/**
 * Writes the report in place of the one that was there, which stays whole until the new
 * one is.
 *
 * @param results results.json; what is missing in it is left out of the page
 * @param folder  the run's: holds the timelines that `results` names, and no other file
 * is read
 * @return FALSE with RTC_ERROR_ENVIRONMENT: it could not be written
 */
gboolean html_write_report(const json_t *results, const char *folder, GError **error);

#endif
