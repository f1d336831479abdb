/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser for options, because the library ones either print for themselves or cannot
 * say on one line what was wanted and what was found. Presets go through the same reader
 * as arguments, so that the help text cannot name a default that is not one.
 *
 * Deliberately none of: several letters behind one dash, abbreviated names, optional
 * arguments.
 */
#include "cli/options.h"

#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"

void arguments_clear(struct arguments *arguments)
{
    if (arguments->words)
        g_ptr_array_unref(arguments->words);
    if (arguments->rerun)
        g_string_free(arguments->rerun, TRUE);
    *arguments = (struct arguments){ 0 };
}

gboolean option_take_text(const char *text, void *place, GError **error)
{
    if (!*text)
        return rtc_fail_usage(error, "must not be empty");
    *(const char **)place = text;
    return TRUE;
}

gboolean option_take_flag(const char *text, void *place, GError **error)
{
    (void)text;
    (void)error;
    *(bool *)place = true;
    return TRUE;
}

gboolean option_read_whole(const char *text, uint64_t least, uint64_t most,
                           uint64_t *ret_value, GError **error)
{
    guint64 value;
    if (!g_ascii_string_to_unsigned(text, 10, least, most, &value, NULL))
        return rtc_fail_usage(error,
                              "must be a whole number from %" G_GUINT64_FORMAT
                              " to %" G_GUINT64_FORMAT ", is \"%s\"",
                              least, most, text);
    *ret_value = value;
    return TRUE;
}

gboolean option_take_seed(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, UINT64_MAX, place, error);
}

static const struct option *find_option(const struct option_list *list, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *candidate = list->options[i].name;
        if (strlen(candidate) == length && memcmp(candidate, name, length) == 0)
            return &list->options[i];
    }
    return NULL;
}

static gboolean take(const struct option *option, const char *text, void *values,
                     GError **error)
{
    if (option->take(text, (char *)values + option->offset, error))
        return TRUE;
    g_prefix_error(error, "--%s ", option->name);
    return FALSE;
}

static void remember_for_rerun(const struct option *option, const char *text,
                               GString *rerun)
{
    if (!option->changes_a_call)
        return;
    g_string_append_printf(rerun, " --%s", option->name);
    if (text) {
        g_autofree char *word = text_quote_word(text);
        g_string_append_printf(rerun, " %s", word);
    }
}

static gboolean fail_unknown(const struct option_list *list, const char *name,
                             size_t length, GError **error)
{
    g_autofree char *word = g_strndup(name, length);
    if (strcmp(word, "help") == 0)
        return rtc_fail_usage(error, "--help takes no argument");
    g_autofree const char **names = g_new0(const char *, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        names[i] = list->options[i].name;
    const char *nearest = nearest_word(word, names);
    return nearest ? rtc_fail_usage(error, "there is no option --%s; did you mean --%s?",
                                    word, nearest)
                   : rtc_fail_usage(error, "there is no option --%s", word);
}

/* What of an argument follows the option's name in the same word: after the "=" of a long
   one, after the letter of a short one; NULL if nothing does. */
static const struct option *find_given(const struct option_list *list, const char *word,
                                       const char **ret_attached, GError **error)
{
    const struct option *option = NULL;
    if (word[1] != '-') {
        for (size_t i = 0; i < list->count && !option; i++)
            if (list->options[i].letter == word[1])
                option = &list->options[i];
        *ret_attached = option && word[2] ? word + 2 : NULL;
        if (!option)
            rtc_fail_usage(error, "there is no option %s", word);
        return option;
    }
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    option = find_option(list, name, length);
    *ret_attached = name[length] ? name + length + 1 : NULL;
    if (!option)
        fail_unknown(list, name, length, error);
    return option;
}

/* Takes the option at **argv and its argument, and leaves *argv on the last of them. */
static gboolean take_given(const struct option_list *list, char *const **argv,
                           void *values, struct arguments *arguments, GError **error)
{
    const char *text = NULL;
    const struct option *option = find_given(list, **argv, &text, error);
    if (!option)
        return FALSE;
    if (!option->argument && text)
        return rtc_fail_usage(error, "--%s takes no argument", option->name);
    if (option->argument && !text) {
        text = (*argv)[1];
        if (!text)
            return rtc_fail_usage(error, "--%s needs its argument %s", option->name,
                                  option->argument);
        ++*argv;
    }
    if (!take(option, text, values, error))
        return FALSE;
    arguments->given |= G_GUINT64_CONSTANT(1) << (option - list->options);
    remember_for_rerun(option, text, arguments->rerun);
    return TRUE;
}

/* A NULL behind the last element, which the length does not count. */
static void end_with_null(GPtrArray *array)
{
    g_ptr_array_add(array, NULL);
    g_ptr_array_set_size(array, (int)array->len - 1);
}

gboolean options_parse(const struct option_list *list, char *const *argv, void *values,
                       struct arguments *arguments, GError **error)
{
    g_assert(list->count <= 64);
    *arguments =
        (struct arguments){ .words = g_ptr_array_new(), .rerun = g_string_new(NULL) };
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        if (option->preset && !take(option, option->preset, values, error))
            return FALSE;
    }
    for (; *argv; argv++) {
        if (strcmp(*argv, "--") == 0) {
            arguments->rest = argv + 1;
            break;
        }
        if (strcmp(*argv, "-h") == 0 || strcmp(*argv, "--help") == 0) {
            arguments->is_help_wanted = true;
        } else if (**argv == '-' && (*argv)[1]) {
            if (!take_given(list, &argv, values, arguments, error))
                return FALSE;
        } else {
            g_ptr_array_add(arguments->words, *argv);
        }
    }
    end_with_null(arguments->words);
    return TRUE;
}

bool options_were_given(const struct option_list *list, const struct arguments *arguments,
                        const char *name)
{
    const struct option *option = find_option(list, name, strlen(name));
    g_assert(option);
    return arguments->given >> (option - list->options) & 1;
}

static bool has_letters(const struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->options[i].letter)
            return true;
    return false;
}

/* "-u, --user USER"; where others of the list have letters, those without are indented.
 */
static char *format_usage(const struct option *option, bool have_letters)
{
    char letter[] = "    ";
    if (option->letter)
        memcpy(letter, (char[]){ '-', option->letter, ',', ' ' }, 4);
    return g_strdup_printf("%s--%s%s%s", have_letters ? letter : "", option->name,
                           option->argument ? " " : "",
                           option->argument ? option->argument : "");
}

char *options_format_help(const struct option_list *list)
{
    bool have_letters = has_letters(list);
    size_t width = 0;
    for (size_t i = 0; i < list->count; i++) {
        g_autofree char *usage = format_usage(&list->options[i], have_letters);
        width = MAX(width, strlen(usage));
    }
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < list->count; i++) {
        const struct option *option = &list->options[i];
        g_autofree char *usage = format_usage(option, have_letters);
        g_autofree char *text =
            option->preset ? g_strdup_printf("%s (%s)", option->help, option->preset)
                           : g_strdup(option->help);
        g_string_append_printf(out, "  %-*s  ", (int)width, usage);
        text_append_wrapped(out, text, width + 4, OPTIONS_HELP_COLUMNS);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
