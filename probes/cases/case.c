/* SPDX-License-Identifier: Apache-2.0 */
/* The list of groups, and what selectors mean. */
#include "probes/cases/case.h"

#include <string.h>

#include <glib.h>

const struct case_group *const case_groups[] = {
    &cases_stun,      &cases_auth, &cases_allocate, &cases_permission, &cases_channel,
    &cases_tcp_relay, &cases_nat,  &cases_mobility, &cases_audit,      NULL,
};

const char *case_level_name(enum case_level level)
{
    static const char *const names[CASE_N_LEVELS] = {
#define X(symbol, name) [CASE_##symbol] = name,
        CASE_LEVELS(X)
#undef X
    };
    return names[level];
}

const struct test_case *case_find(const char *id)
{
    for (size_t g = 0; case_groups[g]; g++)
        for (size_t i = 0; i < case_groups[g]->n_cases; i++)
            if (g_ascii_strcasecmp(case_groups[g]->cases[i].id, id) == 0)
                return &case_groups[g]->cases[i];
    return NULL;
}

const struct case_group *case_group_of(const struct test_case *c)
{
    for (size_t g = 0; case_groups[g]; g++)
        if (case_groups[g]->n_cases > 0 && c >= case_groups[g]->cases &&
            c < case_groups[g]->cases + case_groups[g]->n_cases)
            return case_groups[g];
    return NULL;
}

static bool matches_tag(const struct test_case *c, const char *tag)
{
    if (g_ascii_strcasecmp(tag, "slow") == 0)
        return c->tags & CASE_SLOW;
    if (g_ascii_strcasecmp(tag, "intrusive") == 0)
        return c->tags & CASE_INTRUSIVE;
    return g_ascii_strcasecmp(tag, case_level_name(c->level)) == 0 ||
           g_ascii_strcasecmp(tag, case_group_of(c)->tag) == 0;
}

/* What a place is in: "stun/6.3" is RFC 8489 §6.3. */
static char *place_to_clause(const char *place)
{
    const char *slash = strchr(place, '/');
    if (!slash || !g_ascii_isdigit(slash[1]))
        return NULL;
    size_t head = (size_t)(slash - place);
    if (head == 4 && g_ascii_strncasecmp(place, "stun", head) == 0)
        return g_strconcat("RFC 8489 §", slash + 1, NULL);
    if (head == 4 && g_ascii_strncasecmp(place, "turn", head) == 0)
        return g_strconcat("RFC 8656 §", slash + 1, NULL);
    if (head > 3 && g_ascii_strncasecmp(place, "rfc", 3) == 0)
        return g_strdup_printf("RFC %.*s §%s", (int)(head - 3), place + 3, slash + 1);
    return NULL;
}

/* Whether a clause is the wanted section or one below it: §6.3 has §6.3.1, not §6.31. */
static bool is_below(const char *clause, const char *wanted)
{
    size_t size = strlen(wanted);
    for (const char *at = clause; (at = strstr(at, wanted)); at += size)
        if (!g_ascii_isdigit(at[size]))
            return true;
    return false;
}

bool case_matches(const struct test_case *c, const char *selector)
{
    if (*selector == '@')
        return matches_tag(c, selector + 1);
    g_autofree char *clause = place_to_clause(selector);
    if (clause)
        return is_below(c->clause, clause) ||
               (c->classic && is_below(c->classic, clause));
    g_autofree char *upper = g_ascii_strup(selector, -1);
    return g_pattern_match_simple(upper, c->id);
}

bool case_selector_is_known(const char *selector)
{
    const char *positive = *selector == '!' ? selector + 1 : selector;
    for (size_t g = 0; case_groups[g]; g++)
        for (size_t i = 0; i < case_groups[g]->n_cases; i++)
            if (case_matches(&case_groups[g]->cases[i], positive))
                return true;
    return false;
}

static bool is_wanted_by_default(const struct test_case *c, bool includes_slow,
                                 bool includes_intrusive)
{
    return (includes_slow || !(c->tags & CASE_SLOW)) &&
           (includes_intrusive || !(c->tags & CASE_INTRUSIVE));
}

/* Names just this case or just what it is, so that it needs no --slow. */
static bool is_explicit(const char *selector)
{
    return g_ascii_strcasecmp(selector, "@slow") == 0 ||
           g_ascii_strcasecmp(selector, "@intrusive") == 0 ||
           (*selector != '@' && !strpbrk(selector, "*?/"));
}

bool case_is_chosen(const struct test_case *c, const char *const *selectors,
                    bool includes_slow, bool includes_intrusive)
{
    bool is_default = is_wanted_by_default(c, includes_slow, includes_intrusive);
    bool has_positive = false, is_chosen = false;
    for (size_t i = 0; selectors[i]; i++) {
        if (*selectors[i] == '!') {
            if (case_matches(c, selectors[i] + 1))
                return false;
            continue;
        }
        has_positive = true;
        if (case_matches(c, selectors[i]))
            is_chosen |= is_default || is_explicit(selectors[i]);
    }
    return has_positive ? is_chosen : is_default && case_group_of(c) != &cases_audit;
}
