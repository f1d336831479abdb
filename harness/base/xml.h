/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that others chose, as parts of an XML 1.0 document. */
#ifndef RTCLAB_BASE_XML_H
#define RTCLAB_BASE_XML_H

#include <glib.h>

/**
 * Appends UTF-8 text as the content of an element. What XML 1.0 section 2.2 does not
 * allow in any form (control characters, U+FFFE, U+FFFF) is left out; markup, and what
 * else moves a terminal (base/text.h), is a character reference; line ends stand as they
 * are.
 */
void xml_append_text(GString *out, const char *text);

/** Appends a blank, the name, and the text between quotes; there a line's end is a
 *  reference, or readers would make a blank of it (section 3.3.3). */
void xml_append_attribute(GString *out, const char *name, const char *text);

#endif
