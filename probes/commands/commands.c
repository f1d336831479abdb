/* SPDX-License-Identifier: Apache-2.0 */
/* What rtcprobe is made of. */
#include "probes/commands/commands.h"

#include "probes/commands/error_report.h"
#include "probes/core/error.h"

/* One row a line, so that each can be added by itself. */
/* clang-format off */
const struct command *const probe_command_table[] = {
    &probe_command_check,
    &probe_command_ping,
    &probe_command_relay,
    &probe_command_bench,
    &probe_command_nat,
    &probe_command_gather,
    &probe_command_conform,
    &probe_command_audit,
    &probe_command_selftest,
    &probe_command_list,
    &probe_command_cred,
    &probe_command_decode,
    &probe_command_serve,
    NULL,
};
/* clang-format on */

static const struct topic topics[] = {
    { "URI", "A URI is stun:HOST[:PORT] or turn:HOST[:PORT][?transport=udp|tcp], or the "
             "same\nwith stuns: and turns:, over TLS or DTLS.\n" },
    { "SELECTOR", "A SELECTOR is a case's id such as L05, a section such as turn/12.2, a "
                  "tag such as\n"
                  "@auth, or, behind a !, what is left out: !@slow.\n" },
    { NULL, NULL },
};

const struct program rtcprobe_program = {
    .name = "rtcprobe",
    .summary = "Asks STUN and TURN servers, measures them, and holds them against their "
               "RFCs.\n",
    .commands = probe_command_table,
    .topics = topics,
    .exit_status = probe_error_exit_status,
    .tell_error = error_report,
};
