/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtcprobe's subcommands: one file and one row in the table of commands.c each. To add
 * one, write its file, declare it here, and add it to the table. They are called
 * probe_command_X, since rtclab has commands of the same names.
 */
#ifndef RTCLAB_PROBES_COMMANDS_COMMANDS_H
#define RTCLAB_PROBES_COMMANDS_COMMANDS_H

#include "cli/command.h"

/* One a line. */
extern const struct command probe_command_audit;
extern const struct command probe_command_bench;
extern const struct command probe_command_check;
extern const struct command probe_command_conform;
extern const struct command probe_command_cred;
extern const struct command probe_command_decode;
extern const struct command probe_command_gather;
extern const struct command probe_command_list;
extern const struct command probe_command_nat;
extern const struct command probe_command_ping;
extern const struct command probe_command_relay;
extern const struct command probe_command_selftest;
extern const struct command probe_command_serve;

/** All subcommands, NULL-ended. */
extern const struct command *const probe_command_table[];

/** rtcprobe, for program_main(). */
extern const struct program rtcprobe_program;

#endif
