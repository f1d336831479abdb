/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills structs from JSON by a table of keys. Rows are read in the order of the table, so
 * that a preset comes before the keys that override it, and what is inherited before what
 * inherits; then keys that no row has are told, with the key that was most likely meant.
 *
 * It does not stop at a mistake, and it knows nothing of what the keys mean. The depth of
 * its recursion is that of the tables, not that of the file.
 */
#include "scenario/reader.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/nearest.h"
#include "wire/address.h"

struct reader *reader_new(struct problems *problems)
{
    struct reader *reader = g_new0(struct reader, 1);
    reader->problems = problems;
    reader->pointer = g_string_new(NULL);
    reader->memory = g_ptr_array_new_with_free_func(g_free);
    reader->defaults = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    return reader;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    g_string_free(reader->pointer, TRUE);
    g_ptr_array_unref(reader->memory);
    g_ptr_array_unref(reader->defaults);
    g_free(reader);
}

static void *allocate(struct reader *reader, size_t n, size_t size)
{
    void *memory = g_malloc0_n(n, size);
    g_ptr_array_add(reader->memory, memory);
    return memory;
}

/* "must be WANTED, is …" */
static void mismatch(struct reader *reader, const json_t *value, const char *wanted)
{
    g_autofree char *found = words_of_value(value);
    problems_add(reader->problems, reader->pointer->str, "must be %s, is %s", wanted,
                 found);
}

static size_t enter(struct reader *reader, const char *key)
{
    size_t length = reader->pointer->len;
    pointer_push(reader->pointer, key);
    return length;
}

static size_t enter_index(struct reader *reader, size_t index)
{
    size_t length = reader->pointer->len;
    g_string_append_printf(reader->pointer, "/%zu", index);
    return length;
}

static void leave(struct reader *reader, size_t length)
{
    g_string_truncate(reader->pointer, length);
}

static bool has_form(const struct text_form *form, const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new(form->pattern, G_REGEX_DOLLAR_ENDONLY, 0, NULL);
    return g_regex_match(regex, text, 0, NULL);
}

/* ---- single values ---- */

static const char *read_text(struct reader *reader, const struct field *field,
                             const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text) {
        mismatch(reader, value, field->form ? field->form->words : "a text");
        return NULL;
    }
    if (field->max > 0 && field->kind == FIELD_TEXT &&
        (double)g_utf8_strlen(text, -1) > field->max) {
        problems_add(reader->problems, reader->pointer->str,
                     "must be at most %.0f characters, is %ld", field->max,
                     g_utf8_strlen(text, -1));
        return NULL;
    }
    if (field->form && !has_form(field->form, text)) {
        mismatch(reader, value, field->form->words);
        return NULL;
    }
    return text;
}

static bool read_number(struct reader *reader, const struct field *field,
                        const json_t *value, double *ret_number)
{
    bool whole = field->kind == FIELD_INTEGER;
    if (whole ? !json_is_integer(value) : !json_is_number(value)) {
        mismatch(reader, value, whole ? "a whole number" : "a number");
        return false;
    }
    double number = json_number_value(value);
    g_autofree char *wanted =
        number < field->min       ? g_strdup_printf("%.15g or more", field->min)
        : !(number <= field->max) ? g_strdup_printf("%.15g or less", field->max)
                                  : NULL;
    if (wanted) {
        mismatch(reader, value, wanted);
        return false;
    }
    *ret_number = number;
    return true;
}

static void store_unsigned(void *at, size_t size, uint64_t number)
{
    switch (size) {
    case sizeof(uint8_t):
        *(uint8_t *)at = (uint8_t)number;
        break;
    case sizeof(uint16_t):
        *(uint16_t *)at = (uint16_t)number;
        break;
    case sizeof(uint32_t):
        *(uint32_t *)at = (uint32_t)number;
        break;
    case sizeof(uint64_t):
        *(uint64_t *)at = number;
        break;
    default:
        g_assert_not_reached();
    }
}

/* The word of a value, if it is one of the row's; borrowed from the row. */
static const char *read_word(struct reader *reader, const struct field *field,
                             const json_t *value)
{
    g_autofree const char **words = field_words(field);
    const char *text = json_string_value(value);
    for (size_t i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0)
            return words[i];
    }
    g_autofree char *wanted = words_of_list(words);
    g_autofree char *found = words_of_value(value);
    g_autofree char *hint = nearest_hint(text ? text : "", words);
    problems_add(reader->problems, reader->pointer->str, "must be %s, is %s%s", wanted,
                 found, hint);
    return NULL;
}

static unsigned choice_value(const struct choice *choices, const char *word)
{
    while (strcmp(choices->name, word) != 0)
        choices++;
    return choices->value;
}

static bool read_address(struct reader *reader, const json_t *value, struct address *ret)
{
    const char *text = json_string_value(value);
    if (text && address_parse(text, ret))
        return true;
    mismatch(reader, value, "an IP address");
    return false;
}

/* ---- lists ---- */

/* The number of entries of a list or object if it is within the row's bounds. */
static bool read_count(struct reader *reader, const struct field *field,
                       const json_t *value, size_t *ret_n)
{
    bool map = field->kind == FIELD_MAP;
    if (map ? !json_is_object(value) : !json_is_array(value)) {
        mismatch(reader, value, map ? "an object of names" : "a list");
        return false;
    }
    size_t n = map ? json_object_size(value) : json_array_size(value);
    if ((double)n < field->min || (double)n > field->max) {
        bool few = (double)n < field->min;
        problems_add(reader->problems, reader->pointer->str,
                     "must have at %s %.0f, has %zu", few ? "least" : "most",
                     few ? field->min : field->max, n);
        return false;
    }
    *ret_n = n;
    return true;
}

/* A list's text that stood there before is a mistake. */
static bool is_repeated(struct reader *reader, const json_t *list, size_t index)
{
    const json_t *value = json_array_get(list, index);
    for (size_t i = 0; i < index; i++) {
        if (json_equal(json_array_get(list, i), value)) {
            g_autofree char *found = words_of_value(value);
            problems_add(reader->problems, reader->pointer->str,
                         "must be there once, is %s again", found);
            return true;
        }
    }
    return false;
}

static void read_texts(struct reader *reader, const struct field *field, json_t *value,
                       void *at)
{
    size_t n = 1;
    bool single = json_is_string(value);
    if (!single && !read_count(reader, field, value, &n))
        return;
    const char **texts = allocate(reader, n + 1, sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = single ? value : json_array_get(value, i);
        size_t length = single ? reader->pointer->len : enter_index(reader, i);
        const char *text = field->choices ? read_word(reader, field, item)
                                          : read_text(reader, field, item);
        if (text && !single && is_repeated(reader, value, i))
            text = NULL;
        texts[i] = text ? text : ""; /* the others keep their places */
        leave(reader, length);
    }
    *(const char ***)at = texts;
}

static void read_choices(struct reader *reader, const struct field *field, json_t *value,
                         unsigned *bits)
{
    size_t n;
    if (!read_count(reader, field, value, &n))
        return;
    *bits = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = enter_index(reader, i);
        const char *word = read_word(reader, field, json_array_get(value, i));
        if (word && !is_repeated(reader, value, i))
            *bits |= choice_value(field->choices, word);
        leave(reader, length);
    }
}

static void read_addresses(struct reader *reader, const struct field *field,
                           json_t *value, void *object)
{
    size_t n;
    if (!read_count(reader, field, value, &n))
        return;
    struct address *addresses = (void *)((char *)object + field->offset);
    unsigned *count = (void *)((char *)object + field->count_offset);
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = enter_index(reader, i);
        if (read_address(reader, json_array_get(value, i), &addresses[*count]))
            ++*count;
        leave(reader, length);
    }
}

static void read_list(struct reader *reader, const struct field *field, json_t *value,
                      void *object)
{
    size_t n;
    if (!read_count(reader, field, value, &n))
        return;
    char *at = (char *)object + field->offset;
    unsigned *count = (void *)((char *)object + field->count_offset);
    char *items =
        field->kind == FIELD_LIST ? at : allocate(reader, n + 1, field->shape->size);
    for (size_t i = 0; i < n; i++) {
        size_t length = enter_index(reader, i);
        reader_read(reader, field->shape, json_array_get(value, i),
                    items + i * field->shape->size);
        leave(reader, length);
    }
    if (field->kind != FIELD_LIST)
        *(void **)(void *)at = items;
    *count = (unsigned)n;
}

static void read_map(struct reader *reader, const struct field *field, json_t *value,
                     void *object)
{
    size_t n;
    if (!read_count(reader, field, value, &n))
        return;
    char *items = allocate(reader, n + 1, field->shape->size);
    size_t i = 0;
    const char *key;
    json_t *item;
    json_object_foreach(value, key, item)
    {
        char *at = items + i++ * field->shape->size;
        size_t length = enter(reader, key);
        if (!has_form(&name_form, key)) {
            g_autoptr(json_t) name = json_string(key);
            mismatch(reader, name, name_form.words);
        }
        reader_read(reader, field->shape, item, at);
        *(const char **)(void *)at = key;
        leave(reader, length);
    }
    *(void **)(void *)((char *)object + field->offset) = items;
    *(unsigned *)(void *)((char *)object + field->count_offset) = (unsigned)n;
}

/* ---- objects ---- */

static const struct field *find_field(const struct shape *shape, const char *key)
{
    for (const struct field *field = shape->fields; field->key; field++) {
        if (strcmp(field->key, key) == 0)
            return field;
    }
    return NULL;
}

static bool has_required(const struct shape *shape)
{
    for (const struct field *field = shape->fields; field->key; field++) {
        if (field->required)
            return true;
    }
    return false;
}

static void read_inner(struct reader *reader, const struct field *field, json_t *value,
                       void *at)
{
    bool outer = reader->overriding;
    reader->overriding = field->inherits;
    /* Inside an object that overrides keys, an object is one key: it replaces. */
    if (!field->inherits)
        memset(at, 0, field->size);
    reader_read(reader, field->shape, value, at);
    reader->overriding = outer;
}

static void read_value(struct reader *reader, const struct field *field, json_t *value,
                       void *object)
{
    void *at = (char *)object + field->offset;
    double number;
    const char *word;
    switch (field->kind) {
    case FIELD_TEXT:
        *(const char **)at = read_text(reader, field, value);
        break;
    case FIELD_TEXTS:
        read_texts(reader, field, value, at);
        break;
    case FIELD_BOOLEAN:
        if (json_is_boolean(value))
            *(bool *)at = json_is_true(value);
        else
            mismatch(reader, value, "true or false");
        break;
    case FIELD_NUMBER:
        if (read_number(reader, field, value, &number))
            *(double *)at = number;
        break;
    case FIELD_INTEGER:
        if (read_number(reader, field, value, &number))
            store_unsigned(at, field->size,
                           (uint64_t)(number * (field->scale > 0 ? field->scale : 1)));
        break;
    case FIELD_MILLISECONDS:
        if (read_number(reader, field, value, &number))
            *(int64_t *)at = (int64_t)llround(number * (double)NS_PER_MS);
        break;
    case FIELD_CHOICE:
        if ((word = read_word(reader, field, value)))
            store_unsigned(at, field->size, choice_value(field->choices, word));
        break;
    case FIELD_CHOICES:
        read_choices(reader, field, value, at);
        break;
    case FIELD_PRESET:
        if ((word = read_word(reader, field, value)))
            field->presets->apply(word, object);
        break;
    case FIELD_ADDRESS:
        read_address(reader, value, at);
        break;
    case FIELD_ADDRESSES:
        read_addresses(reader, field, value, object);
        break;
    case FIELD_OBJECT:
        read_inner(reader, field, value, at);
        break;
    case FIELD_OPTIONAL:
        *(void **)at = allocate(reader, 1, field->shape->size);
        reader_read(reader, field->shape, value, *(void **)at);
        break;
    case FIELD_LIST:
    case FIELD_ITEMS:
        read_list(reader, field, value, object);
        break;
    case FIELD_MAP:
        read_map(reader, field, value, object);
        break;
    }
}

/* What a key that is not there means. */
static void read_absent(struct reader *reader, const struct field *field, void *object)
{
    if (reader->overriding)
        return;
    if (field->required) {
        size_t length = enter(reader, field->key);
        problems_add(reader->problems, reader->pointer->str, "must be given, is missing");
        leave(reader, length);
        return;
    }
    const char *standard = field->standard;
    if (field->kind == FIELD_OBJECT && !field->inherits && !has_required(field->shape))
        standard = "{}";
    if (!standard)
        return;
    json_t *value = json_loads(standard, JSON_DECODE_ANY, NULL);
    g_ptr_array_add(reader->defaults, value);
    read_value(reader, field, value, object);
}

static void report_unknown(struct reader *reader, const struct shape *shape,
                           const char *key)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (const struct field *field = shape->fields; field->key; field++)
        g_ptr_array_add(known, (gpointer)field->key);
    g_ptr_array_add(known, NULL);
    g_autofree char *hint = nearest_hint(key, (const char *const *)known->pdata);

    size_t length = enter(reader, key);
    problems_add(reader->problems, reader->pointer->str,
                 "must be a key of %s, is unknown%s", shape->words, hint);
    leave(reader, length);
}

void reader_read(struct reader *reader, const struct shape *shape, json_t *value,
                 void *object)
{
    const struct field *shorthand = shape->shorthand && !json_is_object(value)
                                        ? find_field(shape, shape->shorthand)
                                        : NULL;
    if (!shorthand && !json_is_object(value)) {
        mismatch(reader, value, "an object");
        return;
    }
    size_t n_known = 0;
    for (const struct field *field = shape->fields; field->key; field++) {
        json_t *given = shorthand ? (field == shorthand ? value : NULL)
                                  : json_object_get(value, field->key);
        if (field->inherits && !reader->overriding)
            memcpy((char *)object + field->offset, (char *)object + field->parent_offset,
                   field->size);
        if (!given) {
            read_absent(reader, field, object);
            continue;
        }
        n_known++;
        size_t length = shorthand ? reader->pointer->len : enter(reader, field->key);
        read_value(reader, field, given, object);
        leave(reader, length);
    }
    const char *key;
    json_t *item;
    json_object_foreach(shorthand ? NULL : value, key, item)
    {
        if (!find_field(shape, key))
            report_unknown(reader, shape, key);
    }
    if (shape->one_key && n_known != 1) {
        g_autoptr(GPtrArray) keys = g_ptr_array_new();
        for (const struct field *field = shape->fields; field->key; field++)
            g_ptr_array_add(keys, (gpointer)field->key);
        g_ptr_array_add(keys, NULL);
        g_autofree char *wanted = words_of_list((const char *const *)keys->pdata);
        problems_add(reader->problems, reader->pointer->str,
                     "must have one of the keys %s, has %zu", wanted, n_known);
    }
}
