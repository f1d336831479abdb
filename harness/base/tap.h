/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of TAP (testanything.org). What is written is the same in versions 13, which all
 * harnesses know, and 14.
 */
#ifndef RTCLAB_BASE_TAP_H
#define RTCLAB_BASE_TAP_H

#include <glib.h>
#include <jansson.h>

/** Appends a description or a directive's reason: one line, in which # and \ mean
 *  something and are escaped, and nothing moves a terminal. */
void tap_append_description(GString *out, const char *text);

/**
 * Appends a diagnostic, an object as YAML of the little that Perl's reader of it knows,
 * too: indented keys and dashes, and scalars as JSON has them. Whole lines.
 *
 * @param object its keys are words that need no quotes
 */
void tap_append_yaml(GString *out, const json_t *object);

#endif
