/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten thousand calls as JSON objects would be megabytes of keys. So each key is a column:
 * an array with an element a call. Of what comes again and again (outcomes, selected
 * pairs, reasons) the column has an index into a list of the different values. Keys of
 * calls, which the page makes from their columns, stand there only where they are others.
 *
 * Texts are cut so that all of them together stay within what a page may weigh; a call's
 * own script has them in full.
 */
#include "reports/html_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/headline.h"

enum { TEXT_BUDGET_BYTES = 1500000, LEAST_TEXT_BYTES = 80, MOST_TEXT_BYTES = 2000 };

/* ---- values cut short ---- */

static json_t *cut_text(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return json_string(text);
    const char *end = g_utf8_find_prev_char(text, text + most);
    g_autofree char *start = g_strndup(text, end ? (size_t)(end - text) : 0);
    g_autofree char *cut = g_strdup_printf("%s…", start);
    return json_string(cut);
}

/* A copy in which no text is longer than `most` bytes; depth is bounded by the reader. */
static json_t *cut(const json_t *value, size_t most)
{
    if (json_is_string(value))
        return cut_text(json_string_value(value), most);
    if (json_is_array(value)) {
        json_t *copy = json_array();
        size_t i;
        json_t *item;
        json_array_foreach((json_t *)value, i, item)
            json_array_append_new(copy, cut(item, most));
        return copy;
    }
    if (json_is_object(value)) {
        json_t *copy = json_object();
        const char *key;
        json_t *item;
        json_object_foreach((json_t *)value, key, item)
            json_object_set_new(copy, key, cut(item, most));
        return copy;
    }
    return value ? json_deep_copy(value) : json_null();
}

/* ---- lists of different values ---- */

struct list {
    GHashTable *known; /* its text, to its index + 1 */
    json_t *values;    /* an array */
};

static void list_init(struct list *list)
{
    list->known = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    list->values = json_array();
}

/* The index of a value, which is added if it is new; consumes it. */
static json_t *list_index(struct list *list, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text) {
        json_decref(value);
        return list_index(list, json_null());
    }
    size_t index = GPOINTER_TO_SIZE(g_hash_table_lookup(list->known, text));
    if (index > 0) {
        free(text);
        json_decref(value);
        return json_integer((json_int_t)index - 1);
    }
    json_array_append_new(list->values, value);
    index = json_array_size(list->values);
    g_hash_table_insert(list->known, text, GSIZE_TO_POINTER(index));
    return json_integer((json_int_t)index - 1);
}

/* ---- columns ---- */

enum form {
    FORM_LISTED, /* an index into values[name] */
    FORM_NUMBER, /* in thousandths at the most */
    FORM_TRUTH   /* 0 or 1 */
};

static const struct column {
    const char *name; /* of the call's entry, too */
    enum form form;
} columns[] = {
    { "scenario", FORM_LISTED },
    { "offerer", FORM_LISTED },
    { "answerer", FORM_LISTED },
    { "mode", FORM_LISTED },
    { "repeat", FORM_NUMBER },
    { "clock", FORM_LISTED },
    { "outcome", FORM_LISTED },
    { "as_expected", FORM_TRUTH },
    { "why", FORM_LISTED },
    { "setup_ms", FORM_NUMBER },
    { "setup_parts_ms", FORM_LISTED },
    { "selected", FORM_LISTED },
    { "cause", FORM_LISTED },
    { "known_failure", FORM_LISTED },
    { "peers", FORM_LISTED },
    { "attempts", FORM_NUMBER },
    { "flaky", FORM_TRUTH },
};
enum { N_COLUMNS = G_N_ELEMENTS(columns) };

static json_t *round_number(const json_t *value)
{
    if (json_is_integer(value))
        return json_incref((json_t *)value);
    double number = json_number_value(value);
    if (!json_is_real(value) || !isfinite(number))
        return json_null();
    return json_real(round(number * 1000) / 1000);
}

static json_t *make_cell(const struct column *column, const json_t *call, size_t most,
                         struct list *list)
{
    const json_t *value = json_object_get(call, column->name);
    switch (column->form) {
    case FORM_LISTED:
        return list_index(list, cut(value, most));
    case FORM_NUMBER:
        return round_number(value);
    case FORM_TRUTH:
        return json_integer(json_is_true(value));
    }
    g_assert_not_reached();
}

/* The key that the page makes of a call's columns. */
static gboolean has_usual_key(const json_t *call)
{
    const char *key = json_string_value(json_object_get(call, "key"));
    const char *offerer = json_string_value(json_object_get(call, "offerer"));
    const char *answerer = json_string_value(json_object_get(call, "answerer"));
    const char *scenario = json_string_value(json_object_get(call, "scenario"));
    const char *mode = json_string_value(json_object_get(call, "mode"));
    json_int_t repeat = json_integer_value(json_object_get(call, "repeat"));
    g_autofree char *usual = g_strdup_printf("%s~%s/%s/%s/%" JSON_INTEGER_FORMAT, offerer,
                                             answerer, scenario, mode, repeat);
    return !key || strcmp(key, usual) == 0;
}

static void add_calls(json_t *index, const json_t *calls, size_t most)
{
    struct list lists[N_COLUMNS];
    json_t *columns_made = json_object(), *values = json_object(), *keys = json_object();
    for (size_t c = 0; c < N_COLUMNS; c++) {
        list_init(&lists[c]);
        json_object_set_new(columns_made, columns[c].name, json_array());
    }
    size_t i;
    json_t *call;
    json_array_foreach((json_t *)calls, i, call)
    {
        for (size_t c = 0; c < N_COLUMNS; c++)
            json_array_append_new(json_object_get(columns_made, columns[c].name),
                                  make_cell(&columns[c], call, most, &lists[c]));
        if (!has_usual_key(call)) {
            char number[24];
            g_snprintf(number, sizeof number, "%zu", i);
            json_object_set_new(keys, number, cut(json_object_get(call, "key"), most));
        }
    }
    for (size_t c = 0; c < N_COLUMNS; c++) {
        g_hash_table_unref(lists[c].known);
        if (columns[c].form == FORM_LISTED)
            json_object_set_new(values, columns[c].name, lists[c].values);
        else
            json_decref(lists[c].values);
    }
    json_object_set_new(index, "count", json_integer((json_int_t)json_array_size(calls)));
    json_object_set_new(index, "columns", columns_made);
    json_object_set_new(index, "values", values);
    json_object_set_new(index, "keys", keys);
}

/* ---- all of it ---- */

static json_t *make_run(const json_t *results, size_t most)
{
    json_t *run = cut(json_object_get(results, "run"), most);
    if (json_is_object(run))
        json_object_del(run, "costs"); /* of each call, in real time */
    return run;
}

/* A list, because the order is not to be that of numbers in names. */
static json_t *make_scenarios(const json_t *results, size_t most)
{
    json_t *list = json_array();
    const char *id;
    json_t *scenario;
    json_object_foreach(json_object_get(results, "scenarios"), id, scenario)
        json_array_append_new(
            list, json_pack("[o, o]", cut_text(id, most), cut(scenario, most)));
    return list;
}

static json_t *make_headline(const json_t *results)
{
    g_autofree char *text = headline_format(results);
    return json_string(text);
}

json_t *html_index_make(const json_t *results)
{
    const json_t *calls = json_object_get(results, "calls");
    size_t count = json_array_size(calls);
    size_t most =
        CLAMP(TEXT_BUDGET_BYTES / (count + 1), LEAST_TEXT_BYTES, MOST_TEXT_BYTES);
    json_t *index = json_object();
    json_object_set_new(index, "schema", json_string("rtclab/page/1"));
    json_object_set_new(index, "run", make_run(results, most));
    json_object_set_new(index, "headline", make_headline(results));
    json_object_set_new(index, "scenarios", make_scenarios(results, most));
    add_calls(index, calls, most);
    json_object_set_new(index, "comparisons",
                        cut(json_object_get(results, "comparisons"), most));
    json_object_set_new(index, "baseline",
                        cut(json_object_get(results, "baseline"), most));
    return index;
}

char *html_index_format(const json_t *value)
{
    g_autoptr(GString) out = g_string_new(NULL);
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12));
    for (const char *at = text ? text : "null"; *at; at++) {
        /* These stand in strings only. "<" would let "</script>" and "<!--" through. */
        if (*at == '<' || *at == '>' || *at == '&')
            g_string_append_printf(out, "\\u%04x", (unsigned)*at);
        else
            g_string_append_c(out, *at);
    }
    free(text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
