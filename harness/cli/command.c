/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command line to a subcommand. Everything that can be wrong with a command line
 * ends here as one line, "PROGRAM COMMAND: --repeat must be …, is …", with where to read
 * more.
 */
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"

static const struct command *find_command(const struct program *program, const char *name)
{
    for (size_t i = 0; program->commands[i]; i++)
        if (strcmp(program->commands[i]->name, name) == 0)
            return program->commands[i];
    return NULL;
}

static char *format_overview(const struct program *program)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Usage: %s COMMAND [ARGUMENT...]\n\n%s\nCommands:\n",
                           program->name, program->summary);
    for (size_t i = 0; program->commands[i]; i++)
        g_string_append_printf(out, "  %-9s  %s\n", program->commands[i]->name,
                               program->commands[i]->summary);
    g_string_append_printf(out, "  help       Explain a command: %s help COMMAND\n\n",
                           program->name);
    g_string_append(out, "Options:\n"
                         "  --help     Print this\n"
                         "  --version  Print the version\n");
    return g_string_free(out, FALSE);
}

/* Lines run together into paragraphs of the help text's width. An empty line ends one;
   what begins with a blank stays as it is. */
static void append_paragraphs(GString *out, const char *text)
{
    g_autoptr(GString) paragraph = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        bool is_apart = **line == ' ' || !**line;
        if (!is_apart)
            g_string_append_printf(paragraph, "%s%s", paragraph->len ? " " : "", *line);
        if (paragraph->len && (is_apart || !line[1])) {
            text_append_wrapped(out, paragraph->str, 0, OPTIONS_HELP_COLUMNS);
            g_string_append_c(out, '\n');
            g_string_truncate(paragraph, 0);
        }
        if (is_apart && line[1])
            g_string_append_printf(out, "%s\n", *line);
    }
}

char *program_format_help(const struct program *program, const struct command *command)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Usage: %s %s%s%s%s\n\n%s.\n", program->name,
                           command->name, command->options.count ? " [OPTION...]" : "",
                           *command->usage ? " " : "", command->usage, command->summary);
    if (command->description)
        append_paragraphs(out, command->description);
    for (const struct topic *topic = program->topics; topic->word; topic++)
        if (strstr(command->usage, topic->word)) {
            g_string_append_c(out, '\n');
            append_paragraphs(out, topic->text);
        }
    if (command->options.count > 0) {
        g_autofree char *options = options_format_help(&command->options);
        g_string_append_printf(out, "\nOptions (and what holds without them):\n%s",
                               options);
    }
    return g_string_free(out, FALSE);
}

static void print_owned(char *text_consumed)
{
    fputs(text_consumed, stdout);
    g_free(text_consumed);
}

static int print_error(const struct program *program, const char *who,
                       const GError *error, const char *more)
{
    g_autofree char *message = text_escape(error->message);
    fprintf(stderr, "%s: %s%s\n", who, message, more);
    if (error->domain == RTC_ERROR)
        return error->code;
    return program->exit_status ? program->exit_status(error) : EXIT_ENVIRONMENT;
}

static gboolean check_words(const struct program *program, const struct command *command,
                            const struct arguments *arguments, GError **error)
{
    const char *problem = NULL;
    if (arguments->words->len < command->least_words)
        problem = "arguments are missing";
    else if (arguments->words->len > command->most_words)
        problem = command->takes_rest ? "the command must follow a \"--\""
                                      : "too many arguments";
    else if (command->takes_rest && !command->may_lack_rest &&
             (!arguments->rest || !arguments->rest[0]))
        problem = "a command must follow a \"--\"";
    else if (!command->takes_rest && arguments->rest && arguments->rest[0])
        problem = "nothing may follow a \"--\"";
    if (!problem)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: %s %s%s%s", problem,
                program->name, command->name, *command->usage ? " " : "", command->usage);
    return FALSE;
}

static int end_in_error(const struct program *program, const struct command *command,
                        const void *values, const struct arguments *arguments,
                        const GError *error, const char *more)
{
    g_autofree char *who = g_strdup_printf("%s %s", program->name, command->name);
    int status = print_error(program, who, error, more);
    return program->tell_error
               ? program->tell_error(command, values, arguments, error, status)
               : status;
}

static int execute_parsed(const struct program *program, const struct command *command,
                          const void *values, const struct arguments *arguments,
                          GError *parse_error_consumed)
{
    g_autoptr(GError) error = parse_error_consumed;
    if (arguments->is_help_wanted) {
        print_owned(program_format_help(program, command));
        return EXIT_AS_EXPECTED;
    }
    if (error || !check_words(program, command, arguments, &error)) {
        g_autofree char *more =
            g_strdup_printf(" (see %s help %s)", program->name, command->name);
        return end_in_error(program, command, values, arguments, error, more);
    }
    int status = EXIT_AS_EXPECTED;
    if (!command->execute(values, arguments, &status, &error))
        return end_in_error(program, command, values, arguments, error, "");
    return status;
}

static int execute(const struct program *program, const struct command *command,
                   const char *called_as, char *const *argv)
{
    g_autofree void *values = g_malloc0(MAX(command->values_size, 1));
    struct arguments arguments;
    GError *error = NULL;
    options_parse(&command->options, argv, values, &arguments, &error);
    arguments.program = called_as;
    int status = execute_parsed(program, command, values, &arguments, error);
    arguments_clear(&arguments);
    return status;
}

static int fail_unknown(const struct program *program, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (size_t i = 0; program->commands[i]; i++)
        g_ptr_array_add(names, (gpointer)program->commands[i]->name);
    g_ptr_array_add(names, NULL);
    g_autofree char *shown = text_escape(name);
    g_autofree char *hint = nearest_hint(name, (const char *const *)names->pdata);
    fprintf(stderr, "%s: there is no command \"%s\"%s (see %s help)\n", program->name,
            shown, hint, program->name);
    return EXIT_USAGE;
}

static int print_help(const struct program *program, const char *name)
{
    if (!name) {
        print_owned(format_overview(program));
        return EXIT_AS_EXPECTED;
    }
    const struct command *command = find_command(program, name);
    if (!command)
        return fail_unknown(program, name);
    print_owned(program_format_help(program, command));
    return EXIT_AS_EXPECTED;
}

static int dispatch(const struct program *program, const char *called_as, char **argv)
{
    const char *name = argv[0];
    if (!name) {
        g_autofree char *overview = format_overview(program);
        fputs(overview, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("%s %s\n", program->name, RTCLAB_VERSION);
        return EXIT_AS_EXPECTED;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0)
        return print_help(program, argv[1]);
    const struct command *command = find_command(program, name);
    return command ? execute(program, command, called_as, argv + 1)
                   : fail_unknown(program, name);
}

/* A caller may have closed some of 0, 1 and 2. What is opened next would take their
   numbers, and output meant for the terminal would go into a pipe or a record. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= STDIN_FILENO && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int program_main(const struct program *program, int argc, char **argv)
{
    open_standard_files();
    /* Only for the system's messages: numbers are read and written the same everywhere.
     */
    setlocale(LC_MESSAGES, "");
    int status =
        dispatch(program, argc > 0 ? argv[0] : program->name, argv + MIN(argc, 1));
    /* A full disk behind standard output must not look like success. */
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write to standard output: %s\n", program->name,
                g_strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    return status;
}
