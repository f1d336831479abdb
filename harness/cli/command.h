/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of subcommands: what it is made of, and its main(). Each subcommand is a
 * struct; a table of them, with what is said about all, is a struct program.
 */
#ifndef RTCLAB_CLI_COMMAND_H
#define RTCLAB_CLI_COMMAND_H

#include <glib.h>

#include "cli/options.h"

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

/** What the help of each command says that has `word` in its usage. */
struct topic {
    const char *word; /**< "SELECTOR" */
    const char *text; /**< whole lines, the last one ended too */
};

struct program {
    const char *name;                      /**< "rtclab" */
    const char *summary;                   /**< whole lines, for the overview */
    const struct command *const *commands; /**< NULL-ended */
    const struct topic *topics;            /**< ended by one without a word */
    /** The exit status for an error that is not of RTC_ERROR; NULL: EXIT_ENVIRONMENT. */
    int (*exit_status)(const GError *error);
    /**
     * Told of an error of a command after its line on standard error, for programs whose
     * output is read by others; NULL: nothing more is done.
     * @param values what its options filled, as far as they were read
     * @param status the exit status so far
     * @return the exit status
     */
    int (*tell_error)(const struct command *command, const void *values,
                      const struct arguments *arguments, const GError *error, int status);
};

/** The text of `PROGRAM help NAME`; caller owns. */
char *program_format_help(const struct program *program, const struct command *command);

/**
 * A program's main(): finds the subcommand, parses its options and does it. An error is
 * one line on standard error. Standard files that the caller closed are opened first, so
 * that nothing else gets their numbers.
 * @return the exit status
 */
int program_main(const struct program *program, int argc, char **argv);

#endif
