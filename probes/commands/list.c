/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe list`: the conformance cases, those of `conform` and those of `audit`, with
 * how binding each is, its clause, and what it is about. Slow and intrusive ones are
 * listed too, and marked.
 */
#include "probes/commands/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "probes/cases/case.h"
#include "probes/commands/json_option.h"
#include "probes/output/layout.h"

struct list_values {
    bool is_json;
};

static const struct option options[] = {
    JSON_OPTION(struct list_values, is_json),
};

/* ---- Which ---- */

/* Unlike for a run, all are wanted unless selectors say otherwise. */
static bool is_wanted(const struct test_case *c, const char *const *selectors)
{
    bool has_positive = false;
    for (size_t i = 0; selectors[i]; i++) {
        has_positive |= *selectors[i] != '!';
        if (*selectors[i] == '!' && case_matches(c, selectors[i] + 1))
            return false;
    }
    return !has_positive || case_is_chosen(c, selectors, true, true);
}

static GPtrArray *choose(const char *const *selectors, GError **error)
{
    for (size_t i = 0; selectors[i]; i++) {
        if (case_selector_is_known(selectors[i]))
            continue;
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "no case is named by \"%s\"",
                    selectors[i]);
        return NULL;
    }
    GPtrArray *chosen = g_ptr_array_new();
    for (size_t g = 0; case_groups[g]; g++)
        for (size_t i = 0; i < case_groups[g]->n_cases; i++)
            if (is_wanted(&case_groups[g]->cases[i], selectors))
                g_ptr_array_add(chosen, (gpointer)&case_groups[g]->cases[i]);
    return chosen;
}

/* ---- Text ---- */

/* What is special about a case: "slow", "RFC 8489 only"; ended by NULL. */
static void list_marks(const struct test_case *c, const char *marks[4])
{
    size_t n = 0;
    if (c->tags & CASE_SLOW)
        marks[n++] = "slow";
    if (c->tags & CASE_INTRUSIVE)
        marks[n++] = "intrusive";
    if (c->profiles == CASE_MODERN || c->profiles == CASE_CLASSIC)
        marks[n++] = c->profiles == CASE_MODERN ? "profile 8489" : "profile 5389";
    marks[n] = NULL;
}

static unsigned widest_clause(const GPtrArray *cases)
{
    unsigned width = 0;
    for (guint i = 0; i < cases->len; i++) {
        const struct test_case *c = cases->pdata[i];
        width = MAX(width, text_width(c->clause));
    }
    return width;
}

static void print_case(const struct test_case *c, unsigned clause_width, unsigned columns)
{
    const char *marks[4];
    list_marks(c, marks);
    g_autofree char *joined = g_strjoinv(", ", (char **)marks);
    g_autofree char *first =
        g_strdup_printf("%-4s %-6s  %s%*s", c->id, case_level_name(c->level), c->clause,
                        (int)(clause_width - text_width(c->clause)) + 2, "");
    g_autofree char *text = g_strdup_printf("%s%s%s%s", c->title, *joined ? " (" : "",
                                            joined, *joined ? ")" : "");
    g_autofree char *lines = layout_wrap(first, text, columns);
    fputs(lines, stdout);
}

static void print_cases(const GPtrArray *cases)
{
    unsigned columns = isatty(STDOUT_FILENO) ? layout_columns() : G_MAXINT;
    unsigned clause_width = widest_clause(cases);
    const struct case_group *group = NULL;
    for (guint i = 0; i < cases->len; i++) {
        const struct case_group *next = case_group_of(cases->pdata[i]);
        if (next != group)
            printf("%s%s (@%s)\n", group ? "\n" : "", next->title, next->tag);
        group = next;
        print_case(cases->pdata[i], clause_width, columns);
    }
}

/* ---- JSON ---- */

static json_t *case_to_json(const struct test_case *c)
{
    json_t *tags = json_array(), *needs = json_array();
    json_array_append_new(tags, json_string(case_group_of(c)->tag));
    if (c->tags & CASE_SLOW)
        json_array_append_new(tags, json_string("slow"));
    if (c->tags & CASE_INTRUSIVE)
        json_array_append_new(tags, json_string("intrusive"));
    for (unsigned i = 0; i < CAPABILITY_N; i++)
        if (c->needs >> i & 1)
            json_array_append_new(needs,
                                  json_string(capability_name((enum capability)i)));
    return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:o, s:o, s:b, s:b, s:s*}", "id", c->id,
                     "title", c->title, "level", case_level_name(c->level), "clause",
                     c->clause, "clause_5389", c->classic, "tags", tags, "needs", needs,
                     "profile_5389", !c->profiles || c->profiles & CASE_CLASSIC,
                     "profile_8489", !c->profiles || c->profiles & CASE_MODERN,
                     "expected", c->expected);
}

static void print_json(const GPtrArray *cases)
{
    json_t *list = json_array();
    for (guint i = 0; i < cases->len; i++)
        json_array_append_new(list, case_to_json(cases->pdata[i]));
    g_autoptr(json_t) document = json_pack("{s:o}", "cases", list);
    g_autofree char *text = json_dumps(document, JSON_INDENT(2));
    puts(text);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct list_values *values = data;
    const char *const *selectors = (const char *const *)arguments->words->pdata;
    g_autoptr(GPtrArray) cases = choose(selectors, error);
    (void)ret_status;
    if (!cases)
        return FALSE;
    if (values->is_json)
        print_json(cases);
    else
        print_cases(cases);
    return TRUE;
}

const struct command probe_command_list = {
    .name = "list",
    .usage = "[SELECTOR...]",
    .summary = "List the conformance cases: id, level, clause, title",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct list_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
