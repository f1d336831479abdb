/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of known failures, read by a table as scenarios are. Its texts live in the
 * JSON value, its lists in the reader, so both are kept.
 */
#include "scenario/known_failures.h"

#include <fnmatch.h>

#include "base/file.h"
#include "scenario/fields.h"
#include "scenario/json_file.h"
#include "scenario/reader.h"

enum { MAX_ENTRIES = 1000 };

static const struct text_form glob_form = { "^[!-~]+$",
                                            "a name or a glob, without blanks" };
static const struct text_form line_form = { "^[^\\x00-\\x1f\\x7f]+$",
                                            "one line of text" };

static const struct choice modes[] = {
    { "trickle", 1 << MODE_TRICKLE },
    { "half", 1 << MODE_HALF },
    { "full", 1 << MODE_FULL },
    { 0 },
};
/* "unsupported" is no failure. */
static const struct choice outcomes[] = {
    { "connected", OUTCOME_CONNECTED },
    { "failed", OUTCOME_FAILED },
    { "timeout", OUTCOME_TIMEOUT },
    { "error", OUTCOME_ERROR },
    { 0 },
};

static const struct field entry_fields[] = {
    { "offerer", FIELD_TEXT, .required = true, .form = &glob_form, .max = 120,
      AT(struct known_failure, offerer),
      .meaning = "The peer that offers: its name, or a glob" },
    { "answerer", FIELD_TEXT, .required = true, .form = &glob_form, .max = 120,
      AT(struct known_failure, answerer),
      .meaning = "The peer that answers: its name, or a glob" },
    { "scenario", FIELD_TEXT, .required = true, .form = &glob_form, .max = 400,
      AT(struct known_failure, scenario),
      .meaning = "A scenario's id, or a glob whose star matches a slash too" },
    { "modes", FIELD_CHOICES, .min = 1, .max = N_MODES, .choices = modes,
      AT(struct known_failure, modes), .meaning = "In which modes; absent: in all" },
    { "outcome", FIELD_CHOICE, .required = true, .choices = outcomes,
      AT(struct known_failure, outcome),
      .meaning = "What comes instead; connected: it connects where it must not, or not "
                 "as it must" },
    { "why", FIELD_TEXT, .form = &line_form, .max = 400, AT(struct known_failure, why),
      .meaning = "What the call's why must contain; needed with error, which can mean "
                 "anything; absent: any" },
    { "reason", FIELD_TEXT, .required = true, .form = &line_form, .max = 1000,
      AT(struct known_failure, reason),
      .meaning = "Why that is so; it may have a link to a source" },
    { 0 },
};
static const struct shape entry_shape = {
    .name = "known_failure",
    .words = "a known failure",
    .size = sizeof(struct known_failure),
    .fields = entry_fields,
};

struct file {
    struct known_failures known; /* first: what callers have is this */
    const char *schema;
    struct reader *reader;
    json_t *json;
    char *path;
};

static const struct field file_fields[] = {
    { "$schema", FIELD_TEXT, .form = &line_form, AT(struct file, schema),
      .meaning = "Where this schema is, for editors" },
    { "known_failures", FIELD_ITEMS, .required = true, .max = MAX_ENTRIES,
      .shape = &entry_shape, AT(struct file, known.entries),
      COUNT(struct file, known.n_entries),
      .meaning = "Of those that are about a call, the first whose outcome came counts" },
    { 0 },
};
static const struct shape file_shape = {
    .name = "known_failures",
    .words = "a file of known failures",
    .size = sizeof(struct file),
    .fields = file_fields,
};

/* What the table cannot say. */
static void check(const struct file *file, struct problems *problems)
{
    for (unsigned i = 0; i < file->known.n_entries; i++) {
        const struct known_failure *entry = &file->known.entries[i];
        g_autofree char *index = g_strdup_printf("%u", i);
        g_autofree char *pointer = pointer_of("known_failures", index, "why", NULL);
        if (entry->outcome == OUTCOME_ERROR && !entry->why)
            problems_add(problems, pointer,
                         "must be there where the outcome is \"error\", is missing");
    }
}

static struct known_failures *read_json(json_t *json_consumed, struct problems *problems)
{
    if (!json_consumed)
        return NULL;
    struct file *file = g_new0(struct file, 1);
    struct reader *reader = reader_new(problems);
    reader_read(reader, &file_shape, json_consumed, file);
    file->reader = reader;
    file->json = json_consumed;
    file->path = g_strdup(problems->file);
    file->known.path = file->path;
    if (problems->n == 0)
        check(file, problems);
    if (problems->n == 0)
        return &file->known;
    known_failures_free(&file->known);
    return NULL;
}

struct known_failures *known_failures_parse(const char *text, size_t size,
                                            const char *path, GPtrArray *problem_lines)
{
    struct problems problems = { .file = path, .lines = problem_lines };
    return read_json(json_file_parse(text, size, &problems), &problems);
}

struct known_failures *known_failures_load(const char *path, GPtrArray *problem_lines)
{
    struct problems problems = { .file = path, .lines = problem_lines };
    return read_json(json_file_load(&problems), &problems);
}

void known_failures_free(struct known_failures *known)
{
    if (!known)
        return;
    struct file *file = (struct file *)known;
    reader_free(file->reader);
    json_decref(file->json);
    g_free(file->path);
    g_free(file);
}

json_t *known_failures_schema(void)
{
    return schema_of_file(&file_shape, "What is known not to work: known-failures.json");
}

bool known_failure_is_about(const struct known_failure *entry, const char *scenario,
                            const char *offerer, const char *answerer, enum mode mode)
{
    return (entry->modes == 0 || entry->modes & 1u << mode) &&
           fnmatch(entry->offerer, offerer, 0) == 0 &&
           fnmatch(entry->answerer, answerer, 0) == 0 &&
           fnmatch(entry->scenario, scenario, 0) == 0;
}
