/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timeline.json as JSON Schema, draft 2020-12: a table for each struct of timeline.h. It
 * is strict: a key that is written must stand here, which tests/lab/test_timeline.sh
 * holds against the records of real calls.
 */
#include "call/timeline_schema.h"

#include <string.h>

#include "call/timeline.h"

/* A member: what it is is a name of JSON Schema; with '?' behind it, it may be null; with
   '*', it is a list of them. A name that begins with '?' may be absent. Those of an enum
   have its words instead. */
struct member {
    const char *name, *is;
    const char *const *words;
    unsigned n_words;
};

static json_t *type(const char *name)
{
    return json_pack("{s:s}", "type", name);
}

static json_t *list_of(json_t *items_consumed)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", items_consumed);
}

static json_t *reference(const char *def)
{
    g_autofree char *path = g_strconcat("#/$defs/", def, NULL);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *describe_member(const struct member *m)
{
    if (m->words) {
        json_t *list = json_array();
        for (unsigned i = 0; i < m->n_words; i++)
            json_array_append_new(list, json_string(m->words[i]));
        return json_pack("{s:s, s:o}", "type", "string", "enum", list);
    }
    size_t length = strlen(m->is);
    g_autofree char *name = g_strndup(m->is, length - 1);
    if (m->is[length - 1] == '?')
        return json_pack("{s:[o, o]}", "anyOf", type(name), type("null"));
    if (m->is[length - 1] == '*')
        return list_of(type(name));
    return type(m->is);
}

static json_t *object_of(const struct member *members, size_t n)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < n; i++) {
        const char *name = members[i].name;
        bool is_optional = *name == '?';
        name += is_optional;
        json_object_set_new(properties, name, describe_member(&members[i]));
        if (!is_optional)
            json_array_append_new(required, json_string(name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
                     "required", required, "additionalProperties", 0);
}

#define OBJECT(members) object_of(members, G_N_ELEMENTS(members))
#define WORDS(names, n) .words = names, .n_words = n

static const struct member of_packet[] = {
    { "number", .is = "integer" },
    { "t_us", .is = "integer" },
    { "tap", .is = "integer" },
    { "?is_outward", .is = "boolean" },
    { "?id", .is = "string" },
    { "size", .is = "integer" },
    { "protocol", .is = "integer" },
    { "src", .is = "string" },
    { "dst", .is = "string" },
    { "summary", .is = "string" },
    { "?verdict", WORDS(timeline_verdict_names, TIMELINE_N_VERDICTS) },
    { "?note", .is = "string" },
    { "?element", .is = "string" },
    { "?reason", .is = "string" },
    { "?message", .is = "integer" },
};

static const struct member of_message[] = {
    { "method", .is = "integer" },
    { "class", .is = "integer" },
    { "transaction", .is = "string" },
    { "attributes", .is = "string*" },
    { "integrity", WORDS(timeline_integrity_names, TIMELINE_N_INTEGRITIES) },
    { "has_fingerprint", .is = "boolean" },
    { "is_fingerprint_right", .is = "boolean" },
    { "is_check", .is = "boolean" },
    { "is_relayed", .is = "boolean" },
    { "peer", .is = "string?" },
};

static const struct member of_transaction[] = {
    { "role", WORDS(role_names, N_ROLES) },
    { "use", WORDS(timeline_use_names, TIMELINE_N_USES) },
    { "method", .is = "integer" },
    { "transaction", .is = "string" },
    { "requests", .is = "integer*" },
    { "losses", .is = "integer*" },
    { "answer", .is = "integer?" },
    { "error_code", .is = "integer" },
    { "pair", .is = "integer?" },
    { "nominates", .is = "boolean" },
    { "server", .is = "string?" },
};

static const struct member of_candidate[] = {
    { "text", .is = "string" },           { "type", .is = "string" },
    { "protocol", .is = "string" },       { "address", .is = "string" },
    { "port", .is = "integer" },          { "priority", .is = "integer" },
    { "foundation", .is = "string" },     { "base", .is = "string?" },
    { "gathered_us", .is = "integer?" },  { "sent_us", .is = "integer?" },
    { "delivered_us", .is = "integer?" }, { "taken_us", .is = "integer?" },
};

static const struct member of_pair[] = {
    { "local", .is = "integer" },           { "remote", .is = "integer" },
    { "priority", .is = "string" },         { "possible_us", .is = "integer?" },
    { "first_check_us", .is = "integer?" }, { "valid_us", .is = "integer?" },
    { "nominated_us", .is = "integer?" },   { "failed_us", .is = "integer?" },
    { "selected_us", .is = "integer?" },    { "checks", .is = "integer*" },
};

static const struct member of_mapping[] = {
    { "nat", .is = "string" },          { "protocol", .is = "string" },
    { "internal", .is = "string" },     { "external", .is = "string" },
    { "remote", .is = "string" },       { "created_us", .is = "integer" },
    { "expired_us", .is = "integer?" }, { "refreshed_us", .is = "integer*" },
};

static const struct member of_description[] = {
    { "role", WORDS(role_names, N_ROLES) },
    { "type", .is = "string" },
    { "sdp", .is = "string" },
    { "made_us", .is = "integer?" },
    { "sent_us", .is = "integer" },
    { "delivered_us", .is = "integer?" },
};

/* What it has of its call's entry in results.json, whose schema has more of it. */
static const struct member of_whole[] = {
    { "schema", .is = "string" },     { "key", .is = "string" },
    { "scenario", .is = "string" },   { "offerer", .is = "string" },
    { "answerer", .is = "string" },   { "mode", WORDS(mode_names, N_MODES) },
    { "repeat", .is = "integer" },    { "seed", .is = "string" },
    { "clock", .is = "string" },      { "outcome", WORDS(outcome_names, N_OUTCOMES) },
    { "why", .is = "string" },        { "setup_ms", .is = "number?" },
    { "phases_ms", .is = "object?" }, { "blame", .is = "object?" },
    { "cause", .is = "object?" },     { "is_cut", .is = "boolean" },
    { "end_us", .is = "integer" },    { "taps", .is = "string*" },
    { "candidates", .is = "object" }, { "pairs", .is = "object" },
};

static json_t *both(const char *def)
{
    return json_pack("{s:s, s:{s:o, s:o}, s:[s, s], s:b}", "type", "object", "properties",
                     "offerer", list_of(reference(def)), "answerer",
                     list_of(reference(def)), "required", "offerer", "answerer",
                     "additionalProperties", 0);
}

static void add_list(json_t *whole, const char *name, const char *def)
{
    json_object_set_new(json_object_get(whole, "properties"), name,
                        list_of(reference(def)));
    json_array_append_new(json_object_get(whole, "required"), json_string(name));
}

json_t *timeline_schema(void)
{
    json_t *event = event_schema();
    json_object_del(event, "$schema");
    json_t *whole =
        json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", "What a call's record says: timeline.json");
    json_t *body = OBJECT(of_whole);
    json_object_update(whole, body);
    json_decref(body);
    json_t *properties = json_object_get(whole, "properties");
    json_object_set_new(properties, "schema",
                        json_pack("{s:s}", "const", "rtclab/timeline/1"));
    json_object_set_new(properties, "candidates", both("candidate"));
    json_object_set_new(properties, "pairs", both("pair"));
    add_list(whole, "events", "event");
    add_list(whole, "packets", "packet");
    add_list(whole, "messages", "message");
    add_list(whole, "transactions", "transaction");
    add_list(whole, "mappings", "mapping");
    add_list(whole, "descriptions", "description");
    json_object_set_new(
        whole, "$defs",
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event", event, "packet",
                  OBJECT(of_packet), "message", OBJECT(of_message), "transaction",
                  OBJECT(of_transaction), "candidate", OBJECT(of_candidate), "pair",
                  OBJECT(of_pair), "mapping", OBJECT(of_mapping), "description",
                  OBJECT(of_description)));
    return whole;
}
