/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab's subcommands: one file and one row in the table of command.c each. To add one,
 * write its file, declare it here, and add it to the table.
 */
#ifndef RTCLAB_COMMAND_COMMAND_H
#define RTCLAB_COMMAND_COMMAND_H

#include "cli/command.h"

extern const struct command command_run, command_list, command_show, command_check,
    command_report, command_merge, command_compare, command_judge, command_ratchet,
    command_export, command_exec, command_signaling, command_doctor;

/** All subcommands, NULL-ended. */
extern const struct command *const command_table[];

/** rtclab, for program_main(). */
extern const struct program rtclab_program;

#endif
