/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selectors become files. The scenario folder is read once, its ids sorted; a selector is
 * tried as an id, as a glob, as a file, as a folder, and as a group of the scenario
 * folder ("nat"), in this order. A file is known by its real path, so that it comes once
 * however it was named.
 *
 * Nothing is parsed here: a file with mistakes is found as well as any other.
 */
#include "scenario/selection.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/program.h"
#include "scenario/known_failures.h"

enum { MAX_DEPTH = 8 /* of folders in folders; a link may lead in a circle */ };

static void ref_free(gpointer pointer)
{
    struct scenario_ref *ref = pointer;
    g_free(ref->id);
    g_free(ref->path);
    g_free(ref);
}

static struct scenario_ref *ref_new(const char *id, size_t id_length, const char *path)
{
    struct scenario_ref *ref = g_new0(struct scenario_ref, 1);
    ref->id = g_strndup(id, id_length);
    ref->path = g_strdup(path);
    return ref;
}

static GPtrArray *refs_new(void)
{
    return g_ptr_array_new_with_free_func(ref_free);
}

/* ---- the folder ---- */

/* "FOLDER/../../scenarios" of the running program, without the dots. */
static char *beside_program(const char *relative)
{
    g_autofree char *path = g_build_filename(program_folder(), relative, NULL);
    return g_canonicalize_filename(path, NULL);
}

static bool is_folder(const char *path)
{
    return path && g_file_test(path, G_FILE_TEST_IS_DIR);
}

char *selection_find_folder(const char *explicit_folder, GError **error)
{
    const char *environment = g_getenv("RTCLAB_SCENARIOS");
    const char *named = explicit_folder ? explicit_folder : environment;
    if (named && *named) {
        if (is_folder(named))
            return g_strdup(named);
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be the folder of the scenarios%s, is %s", named,
                    explicit_folder ? "" : " (RTCLAB_SCENARIOS)",
                    g_file_test(named, G_FILE_TEST_EXISTS) ? "no folder" : "missing");
        return NULL;
    }
    char *places[] = {
        g_strdup("scenarios"),
        beside_program("../../scenarios"),
        beside_program("../share/rtclab/scenarios"),
    };
    char *found = NULL;
    GString *looked = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (places[i])
            g_string_append_printf(looked, "%s%s", looked->len ? ", " : "", places[i]);
        if (!found && is_folder(places[i]))
            found = g_steal_pointer(&places[i]);
        g_free(places[i]);
    }
    if (!found)
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "the folder of the scenarios must be one of %s; none is there",
                    looked->str);
    g_string_free(looked, TRUE);
    return found;
}

/* What is not: the schemas at the top of the folder, the known failures. */
static bool is_scenario_name(const char *name, const char *below)
{
    return g_str_has_suffix(name, ".json") && strcmp(name, KNOWN_FAILURES_NAME) != 0 &&
           (below || !g_str_has_suffix(name, "schema.json"));
}

/* Adds the *.json below a folder; ids are paths from its top. */
static void scan(const char *top, const char *below, int depth, GPtrArray *refs)
{
    g_autofree char *path = below ? g_build_filename(top, below, NULL) : g_strdup(top);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner =
            below ? g_build_filename(below, name, NULL) : g_strdup(name);
        g_autofree char *full = g_build_filename(path, name, NULL);
        if (*name == '.')
            continue;
        if (is_folder(full)) {
            if (depth < MAX_DEPTH)
                scan(top, inner, depth + 1, refs);
        } else if (is_scenario_name(name, below)) {
            g_ptr_array_add(refs, ref_new(inner, strlen(inner) - strlen(".json"), full));
        }
    }
}

static gint compare_refs(gconstpointer a, gconstpointer b)
{
    const struct scenario_ref *const *left = a;
    const struct scenario_ref *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

static GPtrArray *scan_sorted(const char *folder)
{
    GPtrArray *refs = refs_new();
    if (folder)
        scan(folder, NULL, 0, refs);
    g_ptr_array_sort(refs, compare_refs);
    return refs;
}

/* ---- selectors ---- */

struct selection {
    const char *folder;
    GPtrArray *known;  /* of the scenario folder */
    GPtrArray *chosen; /* what is returned */
    GHashTable *paths; /* real paths chosen so far */
    GHashTable *ids;   /* id to the path that has it */
};

/* Adds a file, unless it is there already. Two files of one id could not both be run. */
static gboolean choose(struct selection *selection, const struct scenario_ref *ref,
                       GError **error)
{
    char *real = realpath(ref->path, NULL);
    g_autofree char *path = g_strdup(real ? real : ref->path);
    free(real);
    if (g_hash_table_contains(selection->paths, path))
        return TRUE;
    const char *other = g_hash_table_lookup(selection->ids, ref->id);
    if (other) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must have an id of its own, is \"%s\" as %s", ref->path, ref->id,
                    other);
        return FALSE;
    }
    struct scenario_ref *copy = ref_new(ref->id, strlen(ref->id), ref->path);
    g_ptr_array_add(selection->chosen, copy);
    g_hash_table_insert(selection->ids, copy->id, copy->path);
    g_hash_table_add(selection->paths, g_steal_pointer(&path));
    return TRUE;
}

static gboolean choose_all(struct selection *selection, const GPtrArray *refs,
                           GError **error)
{
    for (unsigned i = 0; i < refs->len; i++) {
        if (!choose(selection, g_ptr_array_index(refs, i), error))
            return FALSE;
    }
    return TRUE;
}

/* The known file at a real path, so that a file of the scenario folder keeps its id. */
static const struct scenario_ref *find_known(const struct selection *selection,
                                             const char *path)
{
    g_autofree char *real = realpath(path, NULL);
    for (unsigned i = 0; real && i < selection->known->len; i++) {
        const struct scenario_ref *ref = g_ptr_array_index(selection->known, i);
        char *other = realpath(ref->path, NULL);
        bool same = other && strcmp(other, real) == 0;
        free(other);
        if (same)
            return ref;
    }
    return NULL;
}

static gboolean choose_file(struct selection *selection, const char *path, GError **error)
{
    const struct scenario_ref *known = find_known(selection, path);
    if (known)
        return choose(selection, known, error);
    g_autofree char *name = g_path_get_basename(path);
    struct scenario_ref *ref = ref_new(name, strlen(name) - strlen(".json"), path);
    gboolean done = choose(selection, ref, error);
    ref_free(ref);
    return done;
}

static gboolean choose_folder(struct selection *selection, const char *path,
                              GError **error)
{
    GPtrArray *refs = scan_sorted(path);
    gboolean done = TRUE;
    for (unsigned i = 0; done && i < refs->len; i++) {
        const struct scenario_ref *ref = g_ptr_array_index(refs, i);
        const struct scenario_ref *known = find_known(selection, ref->path);
        done = choose(selection, known ? known : ref, error);
    }
    if (refs->len == 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be a folder with scenarios, has no *.json", path);
        done = FALSE;
    }
    g_ptr_array_unref(refs);
    return done;
}

/* The known scenarios that a glob matches, or that have exactly this id. */
static GPtrArray *match_known(const struct selection *selection, const char *selector)
{
    GPtrArray *refs = g_ptr_array_new();
    bool glob = strpbrk(selector, "*?[") != NULL;
    for (unsigned i = 0; i < selection->known->len; i++) {
        struct scenario_ref *ref = g_ptr_array_index(selection->known, i);
        if (strcmp(ref->id, selector) == 0 ||
            (glob && fnmatch(selector, ref->id, 0) == 0))
            g_ptr_array_add(refs, ref);
    }
    return refs;
}

static void report_no_match(const struct selection *selection, const char *selector,
                            GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (unsigned i = 0; i < selection->known->len; i++)
        g_ptr_array_add(ids, ((struct scenario_ref *)selection->known->pdata[i])->id);
    g_ptr_array_add(ids, NULL);
    g_autofree char *hint = nearest_hint(selector, (const char *const *)ids->pdata);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "%s: no scenario in %s, no glob over their ids, .json file or folder%s",
                selector, selection->folder, *hint ? hint : " (see rtclab list)");
}

static gboolean resolve(struct selection *selection, const char *selector, GError **error)
{
    if (!*selector) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "a selector must name scenarios, is empty");
        return FALSE;
    }
    g_autoptr(GPtrArray) matches = match_known(selection, selector);
    if (matches->len > 0)
        return choose_all(selection, matches, error);
    if (g_str_has_suffix(selector, ".json")) {
        if (g_file_test(selector, G_FILE_TEST_EXISTS))
            return choose_file(selection, selector, error);
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be a scenario file, is missing", selector);
        return FALSE;
    }
    g_autofree char *group =
        selection->folder ? g_build_filename(selection->folder, selector, NULL) : NULL;
    if (is_folder(selector) || is_folder(group))
        return choose_folder(selection, is_folder(selector) ? selector : group, error);
    if (g_file_test(selector, G_FILE_TEST_EXISTS))
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be named *.json to be taken for a scenario file", selector);
    else
        report_no_match(selection, selector, error);
    return FALSE;
}

bool selection_needs_folder(const char *const *selectors)
{
    if (!selectors || !selectors[0])
        return true;
    for (unsigned i = 0; selectors[i]; i++) {
        if (!g_str_has_suffix(selectors[i], ".json") && !is_folder(selectors[i]))
            return true;
    }
    return false;
}

GPtrArray *selection_resolve(const char *folder, const char *const *selectors,
                             GError **error)
{
    if (folder ? !is_folder(folder) : selection_needs_folder(selectors)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be the folder of the scenarios, is missing",
                    folder ? folder : "scenarios");
        return NULL;
    }
    struct selection selection = {
        .folder = folder,
        .known = scan_sorted(folder),
        .chosen = refs_new(),
        .paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .ids = g_hash_table_new(g_str_hash, g_str_equal),
    };
    gboolean done = TRUE;
    if (!selectors || !selectors[0])
        done = choose_all(&selection, selection.known, error);
    for (unsigned i = 0; done && selectors && selectors[i]; i++)
        done = resolve(&selection, selectors[i], error);

    g_ptr_array_unref(selection.known);
    g_hash_table_unref(selection.paths);
    g_hash_table_unref(selection.ids);
    if (!done)
        g_clear_pointer(&selection.chosen, g_ptr_array_unref);
    return selection.chosen;
}
