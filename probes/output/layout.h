/* SPDX-License-Identifier: Apache-2.0 */
/* How text stands on a terminal: its width, wrapped paragraphs, coloured verdicts. */
#ifndef RTCLAB_PROBES_LAYOUT_H
#define RTCLAB_PROBES_LAYOUT_H

#include <stdbool.h>

#include "probes/output/report.h"

/** How many columns standard output has; 80 if it is no terminal. */
unsigned layout_columns(void);

/**
 * A paragraph: `text` broken at blanks so that no line is wider than `columns`, apart
 * from single words that are.
 *
 * @param text   escaped already (base/text.h); its own line ends count as blanks
 * @param first  what the first line begins with; the others are indented as far
 * @return lines, each with its newline; caller owns
 */
char *layout_wrap(const char *first, const char *text, unsigned columns);

/** Text in a verdict's colour; caller owns. */
char *layout_paint(enum verdict verdict, const char *text, bool in_colour);

/** "PASS", "FAIL", … in its colour; caller owns. */
char *layout_verdict(enum verdict verdict, bool in_colour);

#endif
