/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry excuses one outcome, so that it cannot hide another. Several entries may be
 * about one call (it fails in two ways); the first that fits what came is taken, else the
 * first.
 */
#include "call/known.h"

#include <string.h>

const char *const known_status_names[KNOWN_N_STATUSES] = {
    [KNOWN_FAILS] = "fails",
    [KNOWN_PASSES] = "passes",
    [KNOWN_DIFFERS] = "differs",
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is_about(const struct known_failure *entry, const json_t *result)
{
    unsigned mode = 0;
    while (mode < N_MODES && strcmp(mode_names[mode], text_of(result, "mode")) != 0)
        mode++;
    return mode < N_MODES && known_failure_is_about(entry, text_of(result, "scenario"),
                                                    text_of(result, "offerer"),
                                                    text_of(result, "answerer"), mode);
}

static bool is_met(const struct known_failure *entry, const json_t *result)
{
    return strcmp(outcome_names[entry->outcome], text_of(result, "outcome")) == 0 &&
           (!entry->why || strstr(text_of(result, "why"), entry->why));
}

/* The entry for a call, and what the call makes of it; NULL: there is none. */
static const struct known_failure *find(const struct known_failures *known,
                                        const json_t *result,
                                        enum known_status *ret_status)
{
    bool is_as_expected = json_is_true(json_object_get(result, "as_expected"));
    const struct known_failure *first = NULL;
    for (unsigned i = 0; i < known->n_entries; i++) {
        const struct known_failure *entry = &known->entries[i];
        if (!is_about(entry, result))
            continue;
        if (!is_as_expected && is_met(entry, result)) {
            *ret_status = KNOWN_FAILS;
            return entry;
        }
        if (!first)
            first = entry;
    }
    *ret_status = is_as_expected ? KNOWN_PASSES : KNOWN_DIFFERS;
    return first;
}

void known_mark(const struct known_failures *known, json_t *result)
{
    const char *outcome = text_of(result, "outcome");
    if (!known || strcmp(outcome, outcome_names[OUTCOME_UNSUPPORTED]) == 0)
        return;
    enum known_status status;
    const struct known_failure *entry = find(known, result, &status);
    if (!entry)
        return;
    g_autofree char *pointer =
        g_strdup_printf("/known_failures/%u", (unsigned)(entry - known->entries));
    g_autofree char *calls =
        g_strdup_printf("%s~%s/%s", entry->offerer, entry->answerer, entry->scenario);
    json_object_set_new(result, "known_failure",
                        json_pack("{s:s, s:s, s:s, s:s, s:s}", "entry", pointer, "calls",
                                  calls, "outcome", outcome_names[entry->outcome],
                                  "reason", entry->reason, "status",
                                  known_status_names[status]));
}

bool known_excuses(const json_t *result)
{
    const json_t *known = json_object_get(result, "known_failure");
    return strcmp(text_of(known, "status"), known_status_names[KNOWN_FAILS]) == 0;
}
