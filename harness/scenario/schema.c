/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of fields.h as JSON Schema, draft 2020-12: each shape is a $def, each row a
 * property. What check.c checks (names that must be defined, and so on) no schema can
 * say, so a file that fits the schema may still have mistakes; one that does not fit has.
 */
#include <string.h>

#include "scenario/fields.h"
#include "scenario/scenario.h"

static json_t *schema_of_value(const struct field *field, json_t *defs);

static json_t *texts_of(const char **words)
{
    json_t *list = json_array();
    for (size_t i = 0; words[i]; i++)
        json_array_append_new(list, json_string(words[i]));
    return list;
}

static json_t *number(double value)
{
    return value == (double)(json_int_t)value ? json_integer((json_int_t)value)
                                              : json_real(value);
}

static json_t *schema_of_object(const struct shape *shape, json_t *defs)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (const struct field *field = shape->fields; field->key; field++) {
        json_t *value = schema_of_value(field, defs);
        json_object_set_new(value, "description", json_string(field->meaning));
        if (field->standard)
            json_object_set_new(value, "default",
                                json_loads(field->standard, JSON_DECODE_ANY, NULL));
        json_object_set_new(properties, field->key, value);
        if (field->required)
            json_array_append_new(required, json_string(field->key));
    }
    json_t *schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties",
                               properties, "additionalProperties", 0);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    if (shape->one_key) {
        json_object_set_new(schema, "minProperties", json_integer(1));
        json_object_set_new(schema, "maxProperties", json_integer(1));
    }
    return schema;
}

/* A reference to the shape's $def, which is made when it is first asked for. */
static json_t *schema_of_shape(const struct shape *shape, json_t *defs)
{
    if (!json_object_get(defs, shape->name)) {
        json_object_set_new(defs, shape->name, json_null()); /* its place in the order */
        json_t *schema = schema_of_object(shape, defs);
        for (const struct field *field = shape->fields; field->key; field++) {
            if (shape->shorthand && strcmp(field->key, shape->shorthand) == 0)
                schema = json_pack("{s:[o, o]}", "oneOf", schema_of_value(field, defs),
                                   schema);
        }
        json_object_set_new(defs, shape->name, schema);
    }
    g_autofree char *reference = g_strconcat("#/$defs/", shape->name, NULL);
    return json_pack("{s:s}", "$ref", reference);
}

static json_t *schema_of_text(const struct field *field)
{
    if (field->choices || field->presets) {
        g_autofree const char **words = field_words(field);
        return json_pack("{s:o}", "enum", texts_of(words));
    }
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (field->form)
        json_object_set_new(schema, "pattern", json_string(field->form->pattern));
    if (field->kind == FIELD_TEXT && field->max > 0)
        json_object_set_new(schema, "maxLength", number(field->max));
    return schema;
}

static json_t *schema_of_list(const struct field *field, json_t *items)
{
    json_t *schema = json_pack("{s:s, s:o}", "type", "array", "items", items);
    if (field->min > 0)
        json_object_set_new(schema, "minItems", number(field->min));
    json_object_set_new(schema, "maxItems", number(field->max));
    return schema;
}

static json_t *schema_of_address(void)
{
    return json_pack("{s:s, s:[{s:s}, {s:s}]}", "type", "string", "anyOf", "format",
                     "ipv4", "format", "ipv6");
}

static json_t *schema_of_map(const struct field *field, json_t *defs)
{
    json_t *schema = json_pack(
        "{s:s, s:{s:s}, s:o, s:o}", "type", "object", "propertyNames", "pattern",
        name_form.pattern, "additionalProperties", schema_of_shape(field->shape, defs),
        "maxProperties", number(field->max));
    if (field->min > 0)
        json_object_set_new(schema, "minProperties", number(field->min));
    return schema;
}

static json_t *schema_of_value(const struct field *field, json_t *defs)
{
    json_t *schema = NULL;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_CHOICE:
    case FIELD_PRESET:
        return schema_of_text(field);
    case FIELD_TEXTS:
        schema = schema_of_list(field, schema_of_text(field));
        json_object_set_new(schema, "uniqueItems", json_true());
        return json_pack("{s:[o, o]}", "oneOf", schema_of_text(field), schema);
    case FIELD_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_NUMBER:
    case FIELD_MILLISECONDS:
    case FIELD_INTEGER:
        return json_pack("{s:s, s:o, s:o}", "type",
                         field->kind == FIELD_INTEGER ? "integer" : "number", "minimum",
                         number(field->min), "maximum", number(field->max));
    case FIELD_CHOICES:
        schema = schema_of_list(field, schema_of_text(field));
        json_object_set_new(schema, "uniqueItems", json_true());
        return schema;
    case FIELD_ADDRESS:
        return schema_of_address();
    case FIELD_ADDRESSES:
        return schema_of_list(field, schema_of_address());
    case FIELD_OBJECT:
    case FIELD_OPTIONAL:
        return schema_of_shape(field->shape, defs);
    case FIELD_LIST:
    case FIELD_ITEMS:
        return schema_of_list(field, schema_of_shape(field->shape, defs));
    case FIELD_MAP:
        return schema_of_map(field, defs);
    }
    g_assert_not_reached();
}

json_t *schema_of_file(const struct shape *shape, const char *title)
{
    json_t *defs = json_object();
    json_t *schema =
        json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", title);
    json_t *root = schema_of_object(shape, defs);
    json_object_update(schema, root);
    json_decref(root);
    json_object_set_new(schema, "$defs", defs);
    return schema;
}

json_t *scenario_schema(void)
{
    return schema_of_file(&document_shape, "A scenario of rtclab");
}
