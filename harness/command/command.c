/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command line to a subcommand. Everything that can be wrong with a command line
 * ends here as one line, "rtclab run: --repeat must be …, is …", with where to read more.
 */
#include "command/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "reports/text.h"

const struct command *const command_table[] = {
    &command_run,  &command_list,      &command_show,   &command_check,
    &command_exec, &command_signaling, &command_doctor, NULL,
};

static const char selector_help[] =
    "A SELECTOR is a scenario's id, a glob over ids such as 'nat/*', a JSON file or a\n"
    "folder of them.\n";

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; command_table[i]; i++)
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    return NULL;
}

static char *format_overview(void)
{
    GString *out = g_string_new("Usage: rtclab COMMAND [ARGUMENT...]\n\n"
                                "Sets up WebRTC calls in emulated networks, and says "
                                "what happened.\n\nCommands:\n");
    for (size_t i = 0; command_table[i]; i++)
        g_string_append_printf(out, "  %-9s  %s\n", command_table[i]->name,
                               command_table[i]->summary);
    g_string_append(out, "  help       Explain a command: rtclab help run\n\n"
                         "Options:\n"
                         "  --help     Print this\n"
                         "  --version  Print the version\n");
    return g_string_free(out, FALSE);
}

char *command_format_help(const struct command *command)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Usage: rtclab %s%s%s%s\n\n%s.\n", command->name,
                           command->options.count ? " [OPTION...]" : "",
                           *command->usage ? " " : "", command->usage, command->summary);
    if (command->description)
        g_string_append_printf(out, "%s\n", command->description);
    if (strstr(command->usage, "SELECTOR"))
        g_string_append_printf(out, "\n%s", selector_help);
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

static int print_error(const char *who, const GError *error, const char *more)
{
    g_autofree char *message = text_escape(error->message);
    fprintf(stderr, "%s: %s%s\n", who, message, more);
    /* Only our own codes are exit statuses; another domain's error is a broken harness.
     */
    return error->domain == RTC_ERROR ? error->code : EXIT_ENVIRONMENT;
}

static gboolean check_words(const struct command *command,
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
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: rtclab %s%s%s", problem,
                command->name, *command->usage ? " " : "", command->usage);
    return FALSE;
}

static int execute_parsed(const struct command *command, const void *values,
                          const struct arguments *arguments, GError *parse_error_consumed)
{
    g_autoptr(GError) error = parse_error_consumed;
    if (arguments->is_help_wanted) {
        print_owned(command_format_help(command));
        return EXIT_AS_EXPECTED;
    }
    g_autofree char *who = g_strdup_printf("rtclab %s", command->name);
    if (error || !check_words(command, arguments, &error)) {
        g_autofree char *more = g_strdup_printf(" (see rtclab help %s)", command->name);
        return print_error(who, error, more);
    }
    int status = EXIT_AS_EXPECTED;
    if (!command->execute(values, arguments, &status, &error))
        return print_error(who, error, "");
    return status;
}

static int execute(const char *program, const struct command *command, char *const *argv)
{
    g_autofree void *values = g_malloc0(MAX(command->values_size, 1));
    struct arguments arguments;
    GError *error = NULL;
    options_parse(&command->options, argv, values, &arguments, &error);
    arguments.program = program;
    int status = execute_parsed(command, values, &arguments, error);
    arguments_clear(&arguments);
    return status;
}

static int print_help(const char *topic)
{
    if (!topic) {
        print_owned(format_overview());
        return EXIT_AS_EXPECTED;
    }
    const struct command *command = find_command(topic);
    if (command) {
        print_owned(command_format_help(command));
        return EXIT_AS_EXPECTED;
    }
    g_autofree char *shown = text_escape(topic);
    const char *names[G_N_ELEMENTS(command_table)] = { NULL };
    for (size_t i = 0; command_table[i]; i++)
        names[i] = command_table[i]->name;
    g_autofree char *hint = nearest_hint(topic, names);
    fprintf(stderr, "rtclab: there is no command \"%s\"%s (see rtclab help)\n", shown,
            hint);
    return EXIT_USAGE;
}

static int dispatch(const char *program, char **argv)
{
    const char *name = argv[0];
    if (!name) {
        g_autofree char *overview = format_overview();
        fputs(overview, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        puts("rtclab " RTCLAB_VERSION);
        return EXIT_AS_EXPECTED;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0)
        return print_help(argv[1]);
    const struct command *command = find_command(name);
    return command ? execute(program, command, argv + 1) : print_help(name);
}

int command_main(int argc, char **argv)
{
    int status = dispatch(argc > 0 ? argv[0] : "rtclab", argv + MIN(argc, 1));
    /* A full disk behind standard output must not look like success. */
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "rtclab: cannot write to standard output: %s\n",
                g_strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    return status;
}
