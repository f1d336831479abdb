/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are decimal, with a point whatever the locale; units are those of SI and min.
 */
#include "probes/commands/quantity.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

static const struct {
    const char *name;
    double ns;
} units[] = {
    { "us", 1e3 }, { "ms", 1e6 },   { "s", 1e9 },
    { "", 1e9 },   { "min", 60e9 }, { "h", 3600e9 },
};

#define MOST_NS (366.0 * 86400 * 1e9)

/* Reads digits and perhaps a point; what follows them is *ret_rest. */
static bool read_number(const char *text, double *ret, const char **ret_rest)
{
    size_t length = strspn(text, "0123456789.");
    char *end;
    double number = g_ascii_strtod(text, &end);
    /* strtod takes exponents, signs and names too, which end elsewhere. */
    if (length == 0 || end != text + length || !isfinite(number))
        return false;
    *ret = number;
    *ret_rest = end;
    return true;
}

gboolean quantity_read_duration(const char *text, int64_t *ret_ns, GError **error)
{
    double number;
    const char *unit;
    if (read_number(text, &number, &unit)) {
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
            if (strcmp(unit, units[i].name) == 0 && number * units[i].ns <= MOST_NS) {
                *ret_ns = llround(number * units[i].ns);
                return TRUE;
            }
        }
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "must be a time such as 80ms, 1.5s or 5min, is \"%s\"", text);
    return FALSE;
}

gboolean quantity_take_duration(const char *text, void *place, GError **error)
{
    int64_t ns;
    if (!quantity_read_duration(text, &ns, error))
        return FALSE;
    if (ns == 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be longer than 0, is \"%s\"",
                    text);
        return FALSE;
    }
    *(int64_t *)place = ns;
    return TRUE;
}

gboolean quantity_take_share_gate(const char *text, void *place, GError **error)
{
    double percent;
    const char *rest;
    if (!read_number(text, &percent, &rest) || strcmp(rest, "%") != 0 || percent > 100) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be from 0%% to 100%%, is \"%s\"", text);
        return FALSE;
    }
    *(struct share_gate *)place = (struct share_gate){ percent / 100, true };
    return TRUE;
}

gboolean quantity_take_time_gate(const char *text, void *place, GError **error)
{
    double percentile = 100;
    const char *rest = text;
    int64_t ns;
    bool is_good = true;
    if (*text == 'p') {
        is_good = read_number(text + 1, &percentile, &rest) && *rest == '=' &&
                  percentile <= 100;
        rest++;
    }
    if (!is_good || !quantity_read_duration(rest, &ns, NULL)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be a time such as 80ms, or of a percentile, p95=80ms, is "
                    "\"%s\"",
                    text);
        return FALSE;
    }
    *(struct time_gate *)place = (struct time_gate){ percentile, ns, true };
    return TRUE;
}

char *quantity_format_ns(int64_t ns)
{
    if (ns >= 100 * NS_PER_S)
        return g_strdup_printf("%.0f s", (double)ns / 1e9);
    if (ns >= 10 * NS_PER_S)
        return g_strdup_printf("%.1f s", (double)ns / 1e9);
    if (ns >= NS_PER_S)
        return g_strdup_printf("%.2f s", (double)ns / 1e9);
    if (ns >= NS_PER_MS)
        return g_strdup_printf("%.1f ms", (double)ns / 1e6);
    return g_strdup_printf("%.1f us", (double)ns / 1e3);
}
