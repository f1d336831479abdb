/* SPDX-License-Identifier: Apache-2.0 */
/* What options say of the clock, for each command that has one. */
#ifndef RTCLAB_COMMAND_CLOCK_OPTIONS_H
#define RTCLAB_COMMAND_CLOCK_OPTIONS_H

#include <glib.h>

#define OPTION_CALENDAR_PRESET "2025-01-01T00:00:00Z"

/** `take` for a clock: an enum lab_clock. */
gboolean option_take_clock(const char *text, void *place, GError **error);

/** `take` for a time of the calendar, ISO 8601 in UTC: an int64_t in ns since 1970. */
gboolean option_take_calendar(const char *text, void *place, GError **error);

#endif
