/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of probes and the exit statuses that they stand for. */
#include "probes/core/error.h"

#include "base/error.h"

G_DEFINE_QUARK(rtcprobe - error, probe_error)

int probe_error_exit_status(const GError *error)
{
    if (error->domain == RTC_ERROR)
        return error->code;
    if (error->domain != PROBE_ERROR)
        return EXIT_ENVIRONMENT;
    switch ((enum probe_error)error->code) {
    case PROBE_ERROR_CREDENTIALS:
        return RTC_ERROR_CREDENTIALS;
    case PROBE_ERROR_TLS:
        return RTC_ERROR_TLS;
    case PROBE_ERROR_REDIRECTED:
    case PROBE_ERROR_ANSWER:
    case PROBE_ERROR_GARBAGE:
        return EXIT_UNEXPECTED;
    case PROBE_ERROR_INTERRUPTED:
        return EXIT_INTERRUPTED;
    case PROBE_ERROR_RESOLVE:
    case PROBE_ERROR_SILENT:
    case PROBE_ERROR_REFUSED:
    case PROBE_ERROR_CLOSED:
    case PROBE_ERROR_LOCAL:
        break;
    }
    return EXIT_ENVIRONMENT;
}
