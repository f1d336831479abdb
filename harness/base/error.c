/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

/* The name is no expression, whatever a formatter takes it for. */
/* clang-format off */
G_DEFINE_QUARK(rtc-error-quark, rtc_error)
/* clang-format on */

void rtc_set_errno_error(GError **error, int code, int errno_value, const char *format,
                         ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, RTC_ERROR, code, "%s: %s", what, g_strerror(errno_value));
}

gboolean rtc_fail_usage(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE, message);
    return FALSE;
}
