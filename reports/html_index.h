/* SPDX-License-Identifier: Apache-2.0 */
/* What the report's page shows at once, out of results.json: small, however many calls.
 */
#ifndef RTCLAB_REPORTS_HTML_INDEX_H
#define RTCLAB_REPORTS_HTML_INDEX_H

#include <glib.h>
#include <jansson.h>

/**
 * The page's data (reports/page/README.md, "Data"): calls as columns, values that come
 * again and again as indices, long texts cut.
 *
 * @return a JSON object; caller owns
 */
json_t *html_index_make(const json_t *results);

/**
 * A JSON value as text that can stand inside <script type="application/json">: ASCII, and
 * without "<", ">" and "&".
 *
 * @return caller owns
 */
char *html_index_format(const json_t *value);

#endif
