/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a JSON object becomes a struct: a shape is a table of keys, and each row says what
 * the value must be, where it goes, and one line of what it means. The reader, its
 * messages (reader.c) and the JSON Schema (schema.c) are driven by these tables alone.
 */
#ifndef RTCLAB_SCENARIO_FIELDS_H
#define RTCLAB_SCENARIO_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum field_kind {
    FIELD_TEXT,    /**< const char *; borrowed from the JSON value */
    FIELD_TEXTS,   /**< const char **, NULL-ended; one text stands for a list of one */
    FIELD_BOOLEAN, /**< bool */
    FIELD_NUMBER,  /**< double */
    FIELD_INTEGER, /**< an unsigned integer of any width, times `scale` */
    FIELD_MILLISECONDS, /**< int64_t, in ns */
    FIELD_CHOICE,       /**< an integer or enum of any width */
    FIELD_CHOICES,      /**< unsigned; the values of a list of choices, or'ed */
    FIELD_PRESET,       /**< a name that fills other members first */
    FIELD_ADDRESS,      /**< struct address */
    FIELD_ADDRESSES,    /**< struct address[max], with a count */
    FIELD_OBJECT,       /**< a struct inside this one; absent: as {}, if that would do */
    FIELD_OPTIONAL,     /**< a pointer to a struct; NULL when absent */
    FIELD_LIST,         /**< struct[max] inside this one, with a count */
    FIELD_ITEMS,        /**< a pointer to structs, with a count; NULL when absent */
    FIELD_MAP, /**< the same from an object; the structs begin with `const char *name` */
};

/** A word of JSON and what it is in the struct. */
struct choice {
    const char *name; /**< NULL ends a table */
    unsigned value;
};

/** What a text must look like: one pattern for the reader and for the schema. */
struct text_form {
    const char *pattern; /**< ECMA 262 and PCRE agree on what is used here */
    const char *words;   /**< after "must be " */
};

/** Names of presets and how one is applied to the struct that its row is in. */
struct preset_set {
    const char *(*name)(size_t index); /**< NULL past the last */
    void (*apply)(const char *name, void *object);
};

struct shape;

struct field {
    const char *key; /**< NULL ends a table */
    enum field_kind kind;
    bool required;
    const char *standard; /**< what absence means, as JSON; NULL: zero */
    double min, max;      /**< of a number; of a list's or object's number of entries; of
                               a text's length in characters */
    double scale;         /**< FIELD_INTEGER: 0 means 1 */
    size_t offset, size;
    size_t count_offset;
    bool inherits; /**< absent: a copy of the member at `parent_offset`, which is read
                        before; an object then overrides single keys of that copy */
    size_t parent_offset;
    const struct choice *choices;
    const struct text_form *form;
    const struct preset_set *presets;
    const struct shape *shape;
    const char *meaning; /**< the schema's description */
};

struct shape {
    const char *name;  /**< in the schema's $defs */
    const char *words; /**< "a site", in messages */
    size_t size;
    const struct field *fields;
    const char *shorthand; /**< the key whose bare value may stand for the object */
    bool one_key;          /**< exactly one key must be given */
};

/* How a row names the member it fills. */
#define AT(type, member) \
    .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define COUNT(type, member)   .count_offset = offsetof(type, member)
#define INHERIT(type, member) .inherits = true, .parent_offset = offsetof(type, member)

/** A scenario file; it fills a struct document (document.h). */
extern const struct shape document_shape;

/* Those of fields_network.c. */
extern const struct shape link_shape;      /**< struct link_document */
extern const struct shape middlebox_shape; /**< struct middlebox_document */

/** How sites, hosts and servers are named. */
extern const struct text_form name_form;

/** The JSON Schema of a file of this shape; caller owns. */
json_t *schema_of_file(const struct shape *shape, const char *title);

/** The names of a row's choices or presets, sorted if presets, NULL-ended.
 *  @return caller owns the array (g_free), not the names */
const char **field_words(const struct field *field);

#endif
