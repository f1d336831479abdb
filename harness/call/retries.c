/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that cannot be moved is lost to the next attempt, which writes over it; the
 * call is made again all the same.
 */
#include "call/retries.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "call/known.h"

#define ATTEMPT "attempt-"

struct retries {
    unsigned n_calls, most;
    json_t **failed; /* an array for each call; NULL: none failed */
};

struct retries *retries_new(unsigned n_calls, unsigned most)
{
    struct retries *retries = g_new0(struct retries, 1);
    retries->n_calls = n_calls;
    retries->most = most;
    retries->failed = g_new0(json_t *, n_calls + 1);
    return retries;
}

void retries_free(struct retries *retries)
{
    for (unsigned i = 0; i < retries->n_calls; i++)
        json_decref(retries->failed[i]);
    g_free(retries->failed);
    g_free(retries);
}

static bool has_outcome(const json_t *result, enum outcome outcome)
{
    const char *is = json_string_value(json_object_get(result, "outcome"));
    return g_strcmp0(is, outcome_names[outcome]) == 0;
}

/* Moves all of a call's folder but its earlier attempts. */
static void move_record(const char *folder, const char *attempt)
{
    g_autofree char *target = g_build_filename(folder, attempt, NULL);
    file_remove_tree(target); /* of a run that was cut off */
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    if (!dir || !file_make_folder(target, &error)) {
        g_printerr("rtclab: an earlier attempt's record is lost: %s\n", error->message);
        return;
    }
    for (const char *name; (name = g_dir_read_name(dir));) {
        if (g_str_has_prefix(name, ATTEMPT))
            continue;
        g_autofree char *from = g_build_filename(folder, name, NULL);
        g_autofree char *to = g_build_filename(target, name, NULL);
        if (rename(from, to) != 0)
            g_printerr("rtclab: cannot move %s: %s\n", from, g_strerror(errno));
    }
}

bool retries_ask(struct retries *retries, unsigned call, const struct call_spec *spec,
                 const json_t *result)
{
    size_t n_failed = json_array_size(retries->failed[call]);
    if (spec->clock != LAB_CLOCK_WALL || n_failed >= retries->most ||
        json_is_true(json_object_get(result, "as_expected")) ||
        has_outcome(result, OUTCOME_UNSUPPORTED) || known_excuses(result))
        return false;
    g_autofree char *attempt = g_strdup_printf(ATTEMPT "%zu", n_failed + 1);
    g_autofree char *folder = g_strdup_printf("calls/%s/%s", spec->key, attempt);
    if (!retries->failed[call])
        retries->failed[call] = json_array();
    json_array_append_new(retries->failed[call],
                          json_pack("{s:O, s:O, s:s}", "outcome",
                                    json_object_get(result, "outcome"), "why",
                                    json_object_get(result, "why"), "folder", folder));
    move_record(spec->folder, attempt);
    return true;
}

void retries_mark(const struct retries *retries, unsigned call, json_t *result)
{
    json_t *failed = retries->failed[call];
    if (!failed)
        return;
    json_object_set_new(result, "attempts",
                        json_integer((json_int_t)json_array_size(failed) + 1));
    json_object_set(result, "failed_attempts", failed);
    if (json_is_true(json_object_get(result, "as_expected")))
        json_object_set_new(result, "flaky", json_true());
}
