/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options, declared once: the same table gives the parsing, the defaults, the help text
 * and what the test of the manual page looks for.
 */
#ifndef RTCLAB_CLI_OPTIONS_H
#define RTCLAB_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct option {
    const char *name;     /**< without its two dashes */
    char letter;          /**< "-4" for it too; 0: it has none. 'h' is taken */
    const char *argument; /**< "N"; NULL: a flag */
    const char *preset;   /**< read like an argument if the option is not given */
    const char *help;     /**< what it does, short */
    /**
     * Reads the argument.
     * @param text  the argument; NULL for a flag
     * @param place where the value goes
     * @return FALSE with a message that goes on from the option's name: "must be …, is …"
     */
    gboolean (*take)(const char *text, void *place, GError **error);
    size_t offset;       /**< of the value in the command's struct */
    bool changes_a_call; /**< a command that repeats a call must have it too */
};

struct option_list {
    const struct option *options;
    size_t count;
};

/** What was on a command line beside the values of options. */
struct arguments {
    const char *program; /**< as it was called */
    GPtrArray *words;    /**< const char *, borrowed; NULL-ended too */
    char *const *rest;   /**< what follows "--"; NULL: there was none */
    GString *rerun;      /**< the options given that change a call, quoted, each
                                after a blank */
    guint64 given;       /**< bit i: option i was given */
    bool is_help_wanted; /**< -h or --help was there */
};

void arguments_clear(struct arguments *arguments);

/**
 * Parses a command line, NULL-ended, without the command's name. Options are
 * "--name VALUE" or "--name=VALUE", and with a letter "-n VALUE" or "-nVALUE", anywhere
 * before a "--".
 *
 * @param list      the options there are, at most 64
 * @param argv      what to parse; the strings must outlive what is returned
 * @param values    the command's struct of values
 * @param arguments filled; the NULL that ends an array is not in its length. Must be
 *                  cleared by the caller in any case.
 * @return FALSE with RTC_ERROR_USAGE
 */
gboolean options_parse(const struct option_list *list, char *const *argv, void *values,
                       struct arguments *arguments, GError **error);

/** Whether the option of that name was given. */
bool options_were_given(const struct option_list *list, const struct arguments *arguments,
                        const char *name);

#define OPTIONS_HELP_COLUMNS 80 /**< no line of a help text is longer */

/** The lines on each option, aligned; caller owns. */
char *options_format_help(const struct option_list *list);

/** `take` for a const char *, borrowed from the command line. */
gboolean option_take_text(const char *text, void *place, GError **error);

/** `take` for a flag: a bool. */
gboolean option_take_flag(const char *text, void *place, GError **error);

/** `take` for a seed: a uint64_t. */
gboolean option_take_seed(const char *text, void *place, GError **error);

/**
 * Reads a whole number in decimal digits.
 * @return FALSE with RTC_ERROR_USAGE, "must be a whole number from 1 to 9, is …"
 */
gboolean option_read_whole(const char *text, uint64_t least, uint64_t most,
                           uint64_t *ret_value, GError **error);

#endif
