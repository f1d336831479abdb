/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: one GError domain whose codes are the exit codes of both programs
 * (harness/README.md, "Verdicts and exit codes"), so that an error that reaches main()
 * needs no table to become an exit status.
 */
#ifndef RTCLAB_BASE_ERROR_H
#define RTCLAB_BASE_ERROR_H

#include <glib.h>

#define RTC_ERROR (rtc_error_quark())
GQuark rtc_error_quark(void);

/** Error codes; the value is the exit status. */
enum rtc_error {
    RTC_ERROR_USAGE = 2,       /**< the command line or a scenario is wrong */
    RTC_ERROR_ENVIRONMENT = 3, /**< the machine or the harness failed */
    /* The rest is rtcprobe's. */
    RTC_ERROR_UNREACHABLE = 3,  /**< no way to the server, or no answer in time */
    RTC_ERROR_CREDENTIALS = 4,  /**< the server rejected them */
    RTC_ERROR_TLS = 5,          /**< TLS or DTLS failed, or the certificate is bad */
    RTC_ERROR_INCONCLUSIVE = 6, /**< what was seen proves nothing */
    /* Of both. */
    RTC_ERROR_INTERRUPTED = 130,
};

/** Exit codes that are no GError. */
enum exit_code {
    EXIT_AS_EXPECTED = 0,
    EXIT_UNEXPECTED = 1,
    EXIT_USAGE = RTC_ERROR_USAGE,
    EXIT_ENVIRONMENT = RTC_ERROR_ENVIRONMENT,
    EXIT_REGRESSION = 4, /**< rtclab: slower than the baseline */
    EXIT_INCOMPLETE = 5, /**< rtclab: not all of a run was made */
    EXIT_INCONCLUSIVE = RTC_ERROR_INCONCLUSIVE,
    EXIT_INTERRUPTED = RTC_ERROR_INTERRUPTED,
};

/**
 * Sets an error whose message ends in the text of an errno value.
 *
 * @param error      where to store it; may be NULL
 * @param code       an enum rtc_error
 * @param errno_value the errno; its text is appended as ": No such file or directory"
 * @param format     printf format of what failed
 */
void rtc_set_errno_error(GError **error, int code, int errno_value, const char *format,
                         ...) G_GNUC_PRINTF(4, 5);

/**
 * Sets RTC_ERROR_USAGE with a message as printf makes it.
 * @return FALSE, so that a reader can end with it
 */
gboolean rtc_fail_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
