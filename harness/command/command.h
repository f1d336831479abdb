/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab's subcommands: one file and one row in the table of command.c each. To add one,
 * write its file, declare it here, and add it to the table.
 */
#ifndef RTCLAB_COMMAND_COMMAND_H
#define RTCLAB_COMMAND_COMMAND_H

#include <glib.h>

#include "command/options.h"

struct command {
    const char *name;
    const char *usage;       /**< its arguments, such as "[SELECTOR...]" */
    const char *summary;     /**< one line for the list of commands */
    const char *description; /**< more, for its own help; may be NULL */
    struct option_list options;
    size_t values_size;   /**< of the struct that the options fill */
    unsigned least_words; /**< of the arguments */
    unsigned most_words;
    bool takes_rest;    /**< must be followed by "-- CMD" */
    bool may_lack_rest; /**< and need not be there */
    /**
     * Does it.
     * @param values     what the options filled
     * @param arguments  the words
     * @param ret_status the exit status, 0 at the start
     * @return FALSE with an error whose code is the exit status
     */
    gboolean (*execute)(const void *values, const struct arguments *arguments,
                        int *ret_status, GError **error);
};

extern const struct command command_run, command_list, command_show, command_check,
    command_exec, command_signaling, command_doctor;

/** All subcommands, NULL-ended. */
extern const struct command *const command_table[];

/** The text of `rtclab help NAME`; caller owns. */
char *command_format_help(const struct command *command);

/**
 * rtclab's main(): finds the subcommand, parses its options and does it. An error is one
 * line on standard error.
 * @return the exit status
 */
int command_main(int argc, char **argv);

#endif
