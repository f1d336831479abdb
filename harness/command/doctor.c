/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab doctor: what this machine can do; the looking is done in lab/doctor.c, and the
 * asking of stacks in call/stacks.c. With
 * --audit-clock: what a program does behind the virtual clock's back (call/audit.c).
 */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "call/audit.h"
#include "call/stacks.h"
#include "lab/doctor.h"

struct doctor_values {
    bool audits_clock;
};

static const struct option options[] = {
    { .name = "audit-clock",
      .help = "List what CMD does that bypasses the virtual clock",
      .take = option_take_flag,
      .offset = offsetof(struct doctor_values, audits_clock) },
};

static gboolean audit(char *const *command, int *ret_status, GError **error)
{
    g_autoptr(GPtrArray) findings = NULL;
    int command_status;
    if (!audit_clock(command, &command_status, &findings, error))
        return FALSE;
    fflush(stdout);
    for (unsigned i = 0; i < findings->len; i++) {
        const struct audit_finding *f = findings->pdata[i];
        fprintf(stderr, "bypassed  %6u x  %-18s %s\n", f->count, f->call, f->place);
    }
    if (command_status != 0)
        fprintf(stderr, "The command exited with %d.\n", command_status);
    if (findings->len > 0)
        fputs("These waits and clocks were the real ones: on the virtual clock this\n"
              "program's times cannot be relied on. Use --clock wall for it.\n",
              stderr);
    else
        fputs("No timed system call bypassed the virtual clock.\n", stderr);
    *ret_status = findings->len > 0 ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
    return TRUE;
}

/* A line for each stack. FALSE: there is none, so nobody could call. */
static gboolean show_stacks(void)
{
    g_autoptr(GPtrArray) stacks = stacks_examine();
    gboolean is_any_there = FALSE;
    for (guint i = 0; i < stacks->len; i++) {
        const struct stack_status *stack = stacks->pdata[i];
        g_autofree char *what = g_strconcat("peer ", stack->name, NULL);
        g_autofree char *shown = text_escape(what);
        g_autofree char *detail = text_escape(stack->detail);
        static const char *const states[] = {
            [STACK_PRESENT] = "ok",
            [STACK_MISSING] = "missing",
            [STACK_SILENT] = "unclear",
        };
        doctor_print(shown, states[stack->presence], detail);
        is_any_there |= stack->presence != STACK_MISSING;
    }
    return is_any_there;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct doctor_values *values = data;
    bool has_command = arguments->rest && arguments->rest[0];
    if (values->audits_clock != has_command) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "--audit-clock and a command belong together: "
                    "rtclab doctor --audit-clock -- CMD [ARG...]");
        return FALSE;
    }
    if (has_command)
        return audit(arguments->rest, ret_status, error);
    gboolean can_run = doctor_examine();
    can_run = show_stacks() && can_run;
    puts(can_run ? "Calls can run here." : "Calls cannot run here yet.");
    *ret_status = can_run ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
    return TRUE;
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "[--audit-clock -- CMD [ARG...]]",
    .summary = "Say what this machine can do, and what to install",
    .description =
        "With --audit-clock it runs a program on the virtual clock, in a host without\n"
        "a network, and lists each timed system call of it that did not go through\n"
        "the C library's functions, and so was not on that clock.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct doctor_values),
    .takes_rest = true,
    .may_lack_rest = true,
    .execute = execute,
};
