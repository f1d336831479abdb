/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts that hold a call's details each: data, in a literal that no byte leaves. */
#ifndef RTCLAB_REPORTS_HTML_DETAILS_H
#define RTCLAB_REPORTS_HTML_DETAILS_H

#include <glib.h>
#include <jansson.h>

/**
 * Writes calls/000000.js and so on, a script for each call:
 * rtclabCall(INDEX, 'its entry as JSON', "its timeline as JSON, packed, in base64" or
 * null, its size unpacked, 'the command that makes it again');
 *
 * @param folder the run's: timelines are read from inside it only
 * @param report where to make the folder calls/
 * @return FALSE with RTC_ERROR_ENVIRONMENT: one could not be written
 */
gboolean html_details_write(const json_t *results, const char *folder, const char *report,
                            GError **error);

/**
 * Appends bytes to JavaScript as a literal in single quotes that has just these bytes,
 * whatever they are.
 */
void html_details_append_literal(GString *out, const char *bytes, gsize size);

#endif
