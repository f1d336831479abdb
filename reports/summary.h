/* SPDX-License-Identifier: Apache-2.0 */
/* summary.md: a run on one page of GitHub-flavoured Markdown. */
#ifndef RTCLAB_REPORTS_SUMMARY_H
#define RTCLAB_REPORTS_SUMMARY_H

#include <stddef.h>

#include <jansson.h>

/**
 * The headline; what was not as expected, with cause and the command that makes it again;
 * what changed against the baseline; flaky calls and known failures; the matrix of
 * scenarios and modes with what trickle saves. Strings of others are text: no markup, no
 * link, no mention, no HTML.
 *
 * @param results results.json
 * @return Markdown, UTF-8, whole lines; caller owns
 */
char *summary_format(const json_t *results);

/**
 * As much of a summary as fits, whole lines, and a last one that says that it was cut.
 *
 * @param most_bytes what the text may have
 * @return caller owns; "" if not even that line fits
 */
char *summary_cut(const char *summary, size_t most_bytes);

#endif
