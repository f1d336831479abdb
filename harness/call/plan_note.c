/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests are SHA-256 in hexadecimal. That of a scenario is taken from its JSON as it was
 * read, keys sorted and blanks left out, so that moving or reformatting the file changes
 * nothing.
 *
 * What changes no call is not noted: --jobs, --out, the shard's own number.
 */
#include "call/plan_note.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/peer_link.h"

/* What a member of "options" is called on the command line, or in words. */
static const struct {
    const char *member, *words;
} members[] = {
    { "peers", "--peers" },
    { "modes", "--modes" },
    { "repeat", "--repeat" },
    { "all_repeats", "--all-repeats" },
    { "seed", "--seed" },
    { "clock", "--clock" },
    { "calendar_s", "--calendar" },
    { "kernel_random", "--kernel-random" },
    { "audit_clock", "--audit-clock" },
    { "timeout_s", "--timeout" },
    { "retries", "--retries" },
    { "keys", "the keys of calls" },
    { "known", "what is known to fail" },
};

/* ---- making ---- */

static void digest_text(GChecksum *sum, const char *text)
{
    /* With its end, so that no two lists of texts look the same. */
    g_checksum_update(sum, (const guchar *)(text ? text : ""),
                      (gssize)(text ? strlen(text) : 0) + 1);
}

static json_t *finish_digest(GChecksum *sum_consumed)
{
    json_t *text = json_string(g_checksum_get_string(sum_consumed));
    g_checksum_free(sum_consumed);
    return text;
}

static json_t *digest_calls(const GArray *calls)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (unsigned i = 0; i < calls->len; i++) {
        const struct call_spec *spec = &g_array_index(calls, struct call_spec, i);
        g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, spec->seed);
        digest_text(sum, spec->key);
        digest_text(sum, seed);
    }
    return finish_digest(sum);
}

static json_t *digest_shards(const unsigned *shards, unsigned n_calls)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (unsigned i = 0; i < n_calls; i++) {
        g_autofree char *number = g_strdup_printf("%u", shards[i]);
        digest_text(sum, number);
    }
    return finish_digest(sum);
}

static json_t *digest_known(const struct known_failures *known)
{
    if (!known)
        return json_null();
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (unsigned i = 0; i < known->n_entries; i++) {
        const struct known_failure *entry = &known->entries[i];
        g_autofree char *numbers =
            g_strdup_printf("%u %u", entry->modes, (unsigned)entry->outcome);
        digest_text(sum, entry->offerer);
        digest_text(sum, entry->answerer);
        digest_text(sum, entry->scenario);
        digest_text(sum, numbers);
        digest_text(sum, entry->why);
        digest_text(sum, entry->reason);
    }
    return finish_digest(sum);
}

static json_t *digest_scenarios(const GPtrArray *scenarios)
{
    json_t *all = json_object();
    for (unsigned i = 0; i < scenarios->len; i++) {
        const struct scenario *scenario = scenarios->pdata[i];
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
        char *text = json_dumps(scenario->document, JSON_COMPACT | JSON_SORT_KEYS);
        digest_text(sum, text);
        free(text);
        json_object_set_new(all, scenario->id, finish_digest(sum));
    }
    return all;
}

/* As pairs of names, in the order of the plan. */
static json_t *list_pairs(const struct run_options *options)
{
    json_t *pairs = json_array();
    for (unsigned i = 0; i < options->n_pairs; i++) {
        const struct run_pair *pair = &options->pairs[i];
        g_autofree char *offerer = peer_link_name(pair->peers[ROLE_OFFERER]);
        g_autofree char *answerer = peer_link_name(pair->peers[ROLE_ANSWERER]);
        json_array_append_new(pairs, json_pack("[s, s]", offerer, answerer));
    }
    return pairs;
}

static json_t *list_modes(const bool modes[N_MODES])
{
    json_t *list = json_array();
    for (unsigned mode = 0; mode < N_MODES; mode++)
        if (modes[mode])
            json_array_append_new(list, json_string(mode_names[mode]));
    return list;
}

static json_t *list_keys(const char *const *keys)
{
    if (!keys)
        return json_null();
    json_t *list = json_array();
    for (; *keys; keys++)
        json_array_append_new(list, json_string(*keys));
    return list;
}

static json_t *note_options(const struct run_options *options)
{
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, options->seed);
    return json_pack(
        "{s:o, s:o, s:I, s:b, s:s, s:s, s:I, s:b, s:b, s:f, s:I, s:o, s:o}", "peers",
        list_pairs(options), "modes", list_modes(options->modes), "repeat",
        (json_int_t)options->repeat, "all_repeats", (int)options->all_repeats, "seed",
        seed, "clock", lab_clock_names[options->clock], "calendar_s",
        (json_int_t)(options->calendar_ns / NS_PER_S), "kernel_random",
        (int)options->has_kernel_random, "audit_clock", (int)options->audits_clock,
        "timeout_s", options->timeout_s, "retries", (json_int_t)options->retries, "keys",
        list_keys(options->only_keys), "known", digest_known(options->known));
}

json_t *plan_note_make(const GArray *calls, const GPtrArray *scenarios,
                       const struct run_options *options, const unsigned *shards)
{
    json_t *note =
        json_pack("{s:I, s:o, s:o, s:o}", "calls", (json_int_t)calls->len, "digest",
                  digest_calls(calls), "options", note_options(options), "scenarios",
                  digest_scenarios(scenarios));
    if (shards) {
        json_object_set_new(note, "shards", json_integer(options->n_shards));
        json_object_set_new(note, "dealt", digest_shards(shards, calls->len));
    }
    return note;
}

/* ---- comparing ---- */

static bool is_same(const json_t *a, const json_t *b)
{
    return a == b || json_equal(a, b); /* both NULL: neither has it */
}

/* As it would be typed: "nice~nice", "trickle,half", "on". */
static char *show(const json_t *value)
{
    if (json_is_boolean(value))
        return g_strdup(json_is_true(value) ? "on" : "off");
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    if (json_is_integer(value))
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        return g_strdup_printf("%g", json_real_value(value));
    if (!json_is_array(value) || json_array_size(value) == 0)
        return g_strdup("not given");
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        if (json_is_array(item))
            g_string_append_printf(text, "%s%s~%s", i ? "," : "",
                                   json_string_value(json_array_get(item, 0)),
                                   json_string_value(json_array_get(item, 1)));
        else
            g_string_append_printf(text, "%s%s", i ? "," : "", json_string_value(item));
    }
    return g_string_free(text, FALSE);
}

static char *differ_in_options(const json_t *a, const json_t *b, const char *a_name,
                               const char *b_name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        const json_t *left = json_object_get(a, members[i].member);
        const json_t *right = json_object_get(b, members[i].member);
        if (is_same(left, right))
            continue;
        if (strcmp(members[i].member, "known") == 0)
            return g_strdup_printf("%s differs in %s and %s", members[i].words, a_name,
                                   b_name);
        g_autofree char *left_text = show(left);
        g_autofree char *right_text = show(right);
        return g_strdup_printf("%s: %s in %s, %s in %s", members[i].words, left_text,
                               a_name, right_text, b_name);
    }
    return NULL;
}

static char *differ_in_scenarios(const json_t *a, const json_t *b, const char *a_name,
                                 const char *b_name)
{
    const char *id;
    json_t *digest;
    json_object_foreach((json_t *)a, id, digest)
    {
        const json_t *other = json_object_get(b, id);
        if (!other)
            return g_strdup_printf("the scenario %s is in %s and not in %s", id, a_name,
                                   b_name);
        if (!is_same(digest, other))
            return g_strdup_printf("the scenario %s is another one in %s than in %s", id,
                                   a_name, b_name);
    }
    json_object_foreach((json_t *)b, id, digest)
    {
        if (!json_object_get(a, id))
            return g_strdup_printf("the scenario %s is in %s and not in %s", id, b_name,
                                   a_name);
    }
    return NULL;
}

static int count_shards(const json_t *note)
{
    const json_t *shards = json_object_get(note, "shards");
    return shards ? (int)json_integer_value(shards) : 1;
}

char *plan_note_differ(const json_t *a, const json_t *b, const char *a_name,
                       const char *b_name)
{
    char *words = differ_in_options(json_object_get(a, "options"),
                                    json_object_get(b, "options"), a_name, b_name);
    if (!words)
        words = differ_in_scenarios(json_object_get(a, "scenarios"),
                                    json_object_get(b, "scenarios"), a_name, b_name);
    if (words)
        return words;
    if (!is_same(json_object_get(a, "digest"), json_object_get(b, "digest")))
        return g_strdup_printf("%s and %s have other calls, or the same in another order",
                               a_name, b_name);
    if (!is_same(json_object_get(a, "shards"), json_object_get(b, "shards")))
        return g_strdup_printf("%s is one of %d shards, %s one of %d", a_name,
                               count_shards(a), b_name, count_shards(b));
    if (!is_same(json_object_get(a, "dealt"), json_object_get(b, "dealt")))
        return g_strdup_printf("the calls were dealt out by other durations in %s than "
                               "in %s",
                               a_name, b_name);
    return NULL;
}
