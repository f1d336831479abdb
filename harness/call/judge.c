/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging a call by its scenario's "expect". All that differs is said, not only the
 * first.
 *
 * A pair is written "OFFERER~ANSWERER": the type of each peer's own candidate in the pair
 * that it selected (RFC 8445 §4: host, srflx, prflx, relay); a star stands for any.
 */
#include "call/judge.h"

#include <string.h>

static bool side_matches(const char *wanted, size_t wanted_size, const char *is)
{
    if (wanted_size == 1 && wanted[0] == '*')
        return true;
    return is && strlen(is) == wanted_size && memcmp(wanted, is, wanted_size) == 0;
}

static bool pair_matches(const char *wanted, const char *offerer, const char *answerer)
{
    const char *between = strchr(wanted, '~');
    return between && side_matches(wanted, (size_t)(between - wanted), offerer) &&
           side_matches(between + 1, strlen(between + 1), answerer);
}

static const char *selected(const json_t *result, enum role role, const char *key)
{
    const json_t *all = json_object_get(result, "selected");
    return json_string_value(
        json_object_get(json_object_get(all, role_names[role]), key));
}

static void judge_pair(const struct expectation *expect, const json_t *result,
                       GString *why)
{
    const char *offerer = selected(result, ROLE_OFFERER, "local");
    const char *answerer = selected(result, ROLE_ANSWERER, "local");
    bool allowed = !expect->selected;
    for (char **pair = expect->selected; pair && *pair && !allowed; pair++)
        allowed = pair_matches(*pair, offerer, answerer);
    if (!allowed) {
        g_autofree char *list = g_strjoinv(" or ", expect->selected);
        g_string_append_printf(why, "; selected %s~%s, must be %s",
                               offerer ? offerer : "none", answerer ? answerer : "none",
                               list);
    }
    for (unsigned role = 0; expect->selected_protocols && role < N_ROLES; role++) {
        const char *protocol = selected(result, role, "protocol");
        if (!protocol ||
            !g_strv_contains((const char *const *)expect->selected_protocols, protocol)) {
            g_autofree char *list = g_strjoinv(" or ", expect->selected_protocols);
            g_string_append_printf(why, "; %s's pair is over %s, must be %s",
                                   role_names[role], protocol ? protocol : "nothing",
                                   list);
        }
    }
}

char *judge_call(const struct expectation *expect, enum mode mode, const json_t *result)
{
    const char *wanted = outcome_names[expect->outcome];
    const char *is = json_string_value(json_object_get(result, "outcome"));
    const char *cause = json_string_value(json_object_get(result, "why"));
    if (g_strcmp0(is, outcome_names[OUTCOME_UNSUPPORTED]) == 0)
        return g_strdup(cause && *cause ? cause : is); /* it is no failure */
    if (g_strcmp0(is, wanted) != 0) {
        if (cause && *cause)
            return g_strdup_printf("%s, must be %s: %s", is, wanted, cause);
        return g_strdup_printf("%s, must be %s", is, wanted);
    }
    if (expect->outcome != OUTCOME_CONNECTED)
        return NULL;
    GString *why = g_string_new(NULL);
    judge_pair(expect, result, why);
    double bound_ms = expect->setup_max_ms[mode];
    double setup_ms = json_number_value(json_object_get(result, "setup_ms"));
    if (bound_ms > 0 && setup_ms > bound_ms)
        g_string_append_printf(why, "; set-up took %.0f ms, must be at most %.0f ms",
                               setup_ms, bound_ms);
    if (why->len == 0) {
        g_string_free(why, TRUE);
        return NULL;
    }
    g_string_erase(why, 0, 2);
    return g_string_free(why, FALSE);
}
