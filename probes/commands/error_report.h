/* SPDX-License-Identifier: Apache-2.0 */
/* An error in the format that was asked for, where no report was begun. */
#ifndef RTCLAB_PROBES_ERROR_REPORT_H
#define RTCLAB_PROBES_ERROR_REPORT_H

#include "cli/command.h"

/**
 * tell_error of struct program: what reads JUnit, JSON or Nagios' line finds in it what
 * standard error says.
 */
int error_report(const struct command *command, const void *values,
                 const struct arguments *arguments, const GError *error, int status);

#endif
