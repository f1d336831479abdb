/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures are gathered by scenario and peers; modes that fail with one outcome and one
 * text share an entry. Names stand in the file as themselves, never as wider globs.
 *
 * What a call's `why` says may have figures in it that differ from call to call on the
 * wall clock, so on that clock the common text has none.
 */
#include "call/ratchet.h"

#include <stdio.h>
#include <string.h>

#include "call/known.h"

enum {
    LEAST_COMMON = 8, /* shorter texts say nothing */
    MOST_WHY = 400,   /* these two: what the file's form allows, in bytes */
    MOST_REASON = 1000,
};

/* The calls of a scenario, two peers and a mode, in all runs. */
struct group {
    const char *scenario, *offerer, *answerer;
    unsigned mode;
    unsigned n, n_failed, n_known; /* known: the old file has an entry for it */
    const char *outcome;           /* of the first failure */
    bool differs;                  /* of another */
    char *why;                     /* what all failures have in common */
    char *reason;
    bool is_told;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void group_free(void *data)
{
    struct group *group = data;
    g_free(group->why);
    g_free(group->reason);
    g_free(group);
}

/* ---- texts ---- */

/* The longest text that both have. Quadratic; a why is a line. */
static char *common_text(const char *a, const char *b)
{
    size_t best = 0, best_end = 0, n = strlen(b);
    g_autofree size_t *lengths = g_new0(size_t, n + 1);
    for (const char *at = a; *at; at++) {
        for (size_t i = n; i > 0; i--) {
            lengths[i] = b[i - 1] == *at ? lengths[i - 1] + 1 : 0;
            if (lengths[i] > best) {
                best = lengths[i];
                best_end = i;
            }
        }
    }
    return g_strndup(b + best_end - best, best);
}

/* The longest piece of one line without control characters, and without digits if
   `has_no_digits`; whole characters, at most `most` bytes. */
static char *plain_piece(const char *text, bool has_no_digits, size_t most)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    const char *best = valid;
    size_t best_size = 0;
    for (const char *at = valid; *at;) {
        const char *end = at;
        while (*end && (unsigned char)*end >= 0x20 && *end != 0x7f &&
               !(has_no_digits && g_ascii_isdigit(*end)))
            end++;
        if ((size_t)(end - at) > best_size) {
            best = at;
            best_size = (size_t)(end - at);
        }
        at = *end ? end + 1 : end;
    }
    best_size = MIN(best_size, most);
    while (best_size > 0 && ((unsigned char)best[best_size] & 0xc0) == 0x80)
        best_size--; /* in the middle of a character */
    char *piece = g_strndup(best, best_size);
    return g_strstrip(piece);
}

/* A name as a glob that matches it alone (fnmatch(3)). */
static char *escape_glob(const char *name)
{
    GString *out = g_string_new(NULL);
    for (const char *at = name; *at; at++) {
        if (strchr("*?[\\", *at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static char *name_calls(const struct group *group)
{
    return g_strdup_printf("%s~%s/%s/%s", group->offerer, group->answerer,
                           group->scenario, mode_names[group->mode]);
}

/* ---- what the runs say ---- */

static struct group *group_of(GPtrArray *groups, const json_t *call)
{
    unsigned mode = 0;
    while (mode < N_MODES && strcmp(mode_names[mode], text_of(call, "mode")) != 0)
        mode++;
    if (mode == N_MODES)
        return NULL;
    for (guint i = 0; i < groups->len; i++) {
        struct group *group = groups->pdata[i];
        if (group->mode == mode &&
            strcmp(group->scenario, text_of(call, "scenario")) == 0 &&
            strcmp(group->offerer, text_of(call, "offerer")) == 0 &&
            strcmp(group->answerer, text_of(call, "answerer")) == 0)
            return group;
    }
    struct group *group = g_new0(struct group, 1);
    group->scenario = text_of(call, "scenario");
    group->offerer = text_of(call, "offerer");
    group->answerer = text_of(call, "answerer");
    group->mode = mode;
    g_ptr_array_add(groups, group);
    return group;
}

static bool is_about(const struct known_failure *entry, const struct group *group)
{
    return known_failure_is_about(entry, group->scenario, group->offerer, group->answerer,
                                  group->mode);
}

/* Whether an old entry excuses this very failure. */
static bool is_known(const struct known_failures *old, const struct group *group,
                     const json_t *call)
{
    for (unsigned i = 0; old && i < old->n_entries; i++) {
        const struct known_failure *entry = &old->entries[i];
        if (is_about(entry, group) &&
            strcmp(outcome_names[entry->outcome], text_of(call, "outcome")) == 0 &&
            (!entry->why || strstr(text_of(call, "why"), entry->why)))
            return true;
    }
    return false;
}

static void take_failure(struct group *group, const json_t *call,
                         const struct known_failures *old)
{
    const char *outcome = text_of(call, "outcome");
    bool is_wall = strcmp(text_of(call, "clock"), "wall") == 0;
    g_autofree char *why = plain_piece(text_of(call, "why"), is_wall, MOST_WHY);
    group->n_known += is_known(old, group, call);
    if (group->n_failed++ == 0) {
        const char *cause = text_of(json_object_get(call, "cause"), "text");
        group->outcome = outcome;
        group->why = g_steal_pointer(&why);
        group->reason =
            plain_piece(*cause ? cause : text_of(call, "why"), false, MOST_REASON);
        return;
    }
    group->differs |= strcmp(group->outcome, outcome) != 0;
    g_autofree char *common = common_text(group->why, why);
    g_free(group->why);
    group->why = g_strdup(g_strstrip(common));
}

static GPtrArray *gather(const GPtrArray *runs, const struct known_failures *old)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
    for (guint r = 0; r < runs->len; r++) {
        size_t i;
        json_t *call;
        json_array_foreach(json_object_get(runs->pdata[r], "calls"), i, call)
        {
            struct group *group = group_of(groups, call);
            if (!group ||
                strcmp(text_of(call, "outcome"), outcome_names[OUTCOME_UNSUPPORTED]) == 0)
                continue;
            group->n++;
            if (!json_is_true(json_object_get(call, "as_expected")))
                take_failure(group, call, old);
        }
    }
    return groups;
}

/* ---- the file ---- */

static json_t *list_modes(unsigned modes)
{
    json_t *list = json_array();
    for (unsigned mode = 0; mode < N_MODES; mode++)
        if (modes & 1u << mode)
            json_array_append_new(list, json_string(mode_names[mode]));
    return list;
}

static json_t *old_entry(const struct known_failure *entry)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "offerer", entry->offerer, "answerer",
                             entry->answerer, "scenario", entry->scenario);
    if (entry->modes)
        json_object_set_new(json, "modes", list_modes(entry->modes));
    json_object_set_new(json, "outcome", json_string(outcome_names[entry->outcome]));
    if (entry->why)
        json_object_set_new(json, "why", json_string(entry->why));
    json_object_set_new(json, "reason", json_string(entry->reason));
    return json;
}

static bool all_pass(const struct known_failure *entry, const GPtrArray *groups)
{
    bool is_any = false;
    for (guint i = 0; i < groups->len; i++) {
        const struct group *group = groups->pdata[i];
        if (group->n == 0 || !is_about(entry, group))
            continue;
        if (group->n_failed > 0)
            return false;
        is_any = true;
    }
    return is_any;
}

static void turn_old(const struct known_failures *old, const GPtrArray *groups,
                     json_t *entries, struct ratchet *ret)
{
    for (unsigned i = 0; old && i < old->n_entries; i++) {
        const struct known_failure *entry = &old->entries[i];
        bool is_mended = all_pass(entry, groups);
        if (!is_mended)
            json_array_append_new(entries, old_entry(entry));
        g_ptr_array_add(is_mended ? ret->removed : ret->kept,
                        g_strdup_printf("%s~%s/%s", entry->offerer, entry->answerer,
                                        entry->scenario));
    }
}

/* A text without which the file's form would not take a failure, or NULL. */
static const char *why_not(const struct group *group)
{
    bool is_error = strcmp(group->outcome, outcome_names[OUTCOME_ERROR]) == 0;
    const char *const names[] = { group->offerer, group->answerer, group->scenario };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        for (const char *at = names[i]; *at; at++)
            if (*at < '!' || *at > '~')
                return "its name cannot be written in the file";
    if (is_error && strlen(group->why) < LEAST_COMMON)
        return "an error, and its calls say nothing in common";
    return *group->reason ? NULL : "its calls do not say why";
}

static bool is_same_failure(const struct group *a, const struct group *b)
{
    return strcmp(a->scenario, b->scenario) == 0 && strcmp(a->offerer, b->offerer) == 0 &&
           strcmp(a->answerer, b->answerer) == 0 && strcmp(a->outcome, b->outcome) == 0 &&
           strcmp(a->why, b->why) == 0;
}

static bool is_steady(const struct group *group)
{
    return group->n_failed == group->n && !group->differs;
}

/* The entry of a failure, and of the other modes that fail just so. */
static json_t *new_entry(struct group *group, const GPtrArray *groups, GPtrArray *added)
{
    unsigned modes = 0;
    for (guint i = 0; i < groups->len; i++) {
        struct group *other = groups->pdata[i];
        if (other->is_told || other->n_failed == 0 || !is_steady(other) ||
            other->n_known == other->n_failed || !is_same_failure(group, other))
            continue;
        other->is_told = true;
        modes |= 1u << other->mode;
        g_ptr_array_add(added, name_calls(other));
    }
    g_autofree char *offerer = escape_glob(group->offerer);
    g_autofree char *answerer = escape_glob(group->answerer);
    g_autofree char *scenario = escape_glob(group->scenario);
    json_t *entry = json_pack("{s:s, s:s, s:s, s:o, s:s}", "offerer", offerer, "answerer",
                              answerer, "scenario", scenario, "modes", list_modes(modes),
                              "outcome", group->outcome);
    if (strlen(group->why) >= LEAST_COMMON)
        json_object_set_new(entry, "why", json_string(group->why));
    json_object_set_new(entry, "reason", json_string(group->reason));
    return entry;
}

static void refuse(GPtrArray *list, const struct group *group, const char *why)
{
    g_autofree char *calls = name_calls(group);
    g_ptr_array_add(list, g_strdup_printf("%s: %s", calls, why));
}

static void turn_new(const GPtrArray *groups, bool may_add, json_t *entries,
                     struct ratchet *ret)
{
    for (guint i = 0; i < groups->len; i++) {
        struct group *group = groups->pdata[i];
        if (group->n_failed == 0 || group->n_known == group->n_failed || group->is_told)
            continue;
        if (!is_steady(group)) {
            g_autofree char *why =
                g_strdup_printf("%u of %u calls failed%s", group->n_failed, group->n,
                                group->differs ? ", in different ways" : "");
            refuse(ret->unsteady, group, why);
        } else if (why_not(group)) {
            refuse(ret->refused, group, why_not(group));
        } else if (!may_add) {
            refuse(ret->refused, group, "a new failure");
        } else {
            json_array_append_new(entries, new_entry(group, groups, ret->added));
        }
    }
}

void ratchet_turn(const GPtrArray *runs, const struct known_failures *old, bool may_add,
                  struct ratchet *ret)
{
    *ret = (struct ratchet){
        .file = json_object(),
        .kept = g_ptr_array_new_with_free_func(g_free),
        .removed = g_ptr_array_new_with_free_func(g_free),
        .added = g_ptr_array_new_with_free_func(g_free),
        .refused = g_ptr_array_new_with_free_func(g_free),
        .unsteady = g_ptr_array_new_with_free_func(g_free),
    };
    g_autoptr(GPtrArray) groups = gather(runs, old);
    json_t *entries = json_array();
    turn_old(old, groups, entries, ret);
    turn_new(groups, may_add || !old, entries, ret);
    json_object_set_new(ret->file, "known_failures", entries);
}

void ratchet_clear(struct ratchet *ratchet)
{
    GPtrArray *lists[] = { ratchet->kept, ratchet->removed, ratchet->added,
                           ratchet->refused, ratchet->unsteady };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_unref(lists[i]);
    json_decref(ratchet->file);
    *ratchet = (struct ratchet){ 0 };
}
