/* SPDX-License-Identifier: Apache-2.0 */
/* What rtclab is made of. */
#include "command/command.h"

const struct command *const command_table[] = {
    &command_run,     &command_list,
    &command_show,    &command_check,
    &command_report,  &command_merge,
    &command_compare, &command_judge,
    &command_ratchet, &command_export,
    &command_exec,    &command_signaling,
    &command_doctor,  NULL,
};

static const struct topic topics[] = {
    { "SELECTOR",
      "A SELECTOR is a scenario's id, a glob over ids such as 'nat/*', a JSON file or a\n"
      "folder of them.\n" },
    { NULL, NULL },
};

const struct program rtclab_program = {
    .name = "rtclab",
    .summary = "Sets up WebRTC calls in emulated networks, and says what happened.\n",
    .commands = command_table,
    .topics = topics,
};
