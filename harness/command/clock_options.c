/* SPDX-License-Identifier: Apache-2.0 */
#include "command/clock_options.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "lab/lab.h"

/* 64 bits of nanoseconds reach into 2262. */
#define CALENDAR_MIN_YEAR 1970
#define CALENDAR_MAX_YEAR 2199

gboolean option_take_clock(const char *text, void *place, GError **error)
{
    for (enum lab_clock clock = 0; clock < LAB_N_CLOCKS; clock++) {
        if (strcmp(text, lab_clock_names[clock]) == 0) {
            *(enum lab_clock *)place = clock;
            return TRUE;
        }
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be virtual or wall, is \"%s\"",
                text);
    return FALSE;
}

gboolean option_take_calendar(const char *text, void *place, GError **error)
{
    /* GLib alone would take weeks, days of the year and other zones as well. */
    g_autoptr(GDateTime) at = NULL;
    if (g_regex_match_simple("^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$", text,
                             G_REGEX_DOLLAR_ENDONLY, 0))
        at = g_date_time_new_from_iso8601(text, NULL);
    if (at && g_date_time_get_year(at) >= CALENDAR_MIN_YEAR &&
        g_date_time_get_year(at) <= CALENDAR_MAX_YEAR) {
        *(int64_t *)place = g_date_time_to_unix(at) * NS_PER_S;
        return TRUE;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "must be a UTC time from %d to %d such as 2025-01-01T00:00:00Z, is "
                "\"%s\"",
                CALENDAR_MIN_YEAR, CALENDAR_MAX_YEAR, text);
    return FALSE;
}
