/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab doctor: what this machine can do; the looking is done in lab/doctor.c. */
#include "command/command.h"

#include "base/error.h"
#include "lab/doctor.h"

static gboolean execute(const void *values, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    (void)values;
    (void)arguments;
    (void)error;
    *ret_status = doctor_examine() ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
    return TRUE;
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "",
    .summary = "Say what this machine can do, and what to install",
    .execute = execute,
};
