/* SPDX-License-Identifier: Apache-2.0 */
/* Files of known verdicts, and what becomes of items that are in them. */
#include "probes/cases/known.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probes/cases/case.h"
#include "probes/output/report.h"

struct known {
    char *path;
    json_t *cases; /* by id: {"status", "reason"} */
};

static gboolean fail(GError **error, const char *path, const char *pointer,
                     const char *problem)
{
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: %s: %s", path, pointer, problem);
    return FALSE;
}

/* "L08", or of one transport "L08/tcp". */
static bool is_key(const char *key)
{
    g_auto(GStrv) parts = g_strsplit(key, "/", 2);
    enum probe_transport transport;
    return parts[0] && case_find(parts[0]) &&
           (!parts[1] || transport_parse(parts[1], &transport));
}

static gboolean check_case(const char *path, const char *id, const json_t *entry,
                           GError **error)
{
    enum verdict verdict;
    const char *status = json_string_value(json_object_get(entry, "status"));
    const char *reason = json_string_value(json_object_get(entry, "reason"));
    g_autofree char *pointer = g_strdup_printf("/cases/%s", id);
    if (!is_key(id))
        return fail(error, path, pointer, "is no case; see rtcprobe list");
    if (!status || !verdict_parse(status, &verdict) || verdict == VERDICT_KNOWN)
        return fail(error, path, pointer, "must have a \"status\" that a case can have");
    if (!reason || !*reason)
        return fail(error, path, pointer, "must have a \"reason\"");
    return TRUE;
}

static json_t *read_known(const char *path, json_t *document, GError **error)
{
    const char *id;
    json_t *entry, *cases = json_object_get(document, "cases");
    if (!json_is_object(cases)) {
        fail(error, path, "/cases", "must be an object of cases by id");
        return NULL;
    }
    json_object_foreach(cases, id,
                        entry) if (!check_case(path, id, entry, error)) return NULL;
    return json_incref(cases);
}

/* All that was not well in an earlier run. */
static json_t *read_baseline(const char *path, json_t *document, GError **error)
{
    size_t i;
    json_t *item, *items = json_object_get(document, "items");
    const char *command = json_string_value(json_object_get(document, "command"));
    if (!json_is_array(items) || !command ||
        (strcmp(command, "conform") != 0 && strcmp(command, "audit") != 0)) {
        fail(error, path, "/items", "must be of rtcprobe conform -o json");
        return NULL;
    }
    json_t *cases = json_object();
    json_array_foreach(items, i, item)
    {
        json_t *before = json_object_get(item, "known");
        json_t *status = json_object_get(before ? before : item, "status");
        const char *name = json_string_value(json_object_get(item, "name"));
        if (name && json_is_string(status))
            json_object_set_new(cases, name,
                                json_pack("{s:O, s:s}", "status", status, "reason",
                                          "it was so in the baseline"));
    }
    return cases;
}

struct known *known_load(const char *path, GError **error)
{
    json_error_t problem;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (!document && access(path, R_OK) != 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "cannot open %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    if (!document) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: line %d: %s", path,
                    problem.line, problem.text);
        return NULL;
    }
    const char *schema = json_string_value(json_object_get(document, "schema"));
    json_t *cases = NULL;
    if (schema && strcmp(schema, "rtcprobe/known/1") == 0)
        cases = read_known(path, document, error);
    else if (schema && strcmp(schema, "rtcprobe/1") == 0)
        cases = read_baseline(path, document, error);
    else
        fail(error, path, "/schema",
             "must be \"rtcprobe/known/1\", or \"rtcprobe/1\" of -o json");
    json_decref(document);
    if (!cases)
        return NULL;
    struct known *k = g_new0(struct known, 1);
    k->path = g_strdup(path);
    k->cases = cases;
    return k;
}

void known_free(struct known *k)
{
    if (!k)
        return;
    g_free(k->path);
    json_decref(k->cases);
    g_free(k);
}

/* What is said of a case over the item's transport goes before what is said of all. */
static json_t *find_entry(const struct known *k, const json_t *item)
{
    const char *id = json_string_value(json_object_get(item, "name"));
    const char *transport = json_string_value(json_object_get(item, "transport"));
    g_autofree char *key = g_strdup_printf("%s/%s", id, transport ? transport : "");
    json_t *entry = json_object_get(k->cases, key);
    return entry ? entry : json_object_get(k->cases, id);
}

void known_apply(const struct known *k, json_t *item)
{
    json_t *entry = find_entry(k, item);
    json_t *status = json_object_get(item, "status");
    if (!entry || strcmp(json_string_value(status), "skipped") == 0)
        return;
    json_t *wanted = json_object_get(entry, "status");
    if (json_equal(wanted, status)) {
        if (strcmp(json_string_value(status), "pass") == 0)
            return;
        json_object_set(item, "known", entry);
        json_object_set_new(item, "status", json_string(verdict_name(VERDICT_KNOWN)));
    } else if (strcmp(json_string_value(status), "pass") == 0) {
        g_autofree char *text =
            g_strdup_printf("it passes now: take it out of %s", k->path);
        json_object_set_new(item, "warnings",
                            json_pack("[o]", report_json_text(text, strlen(text))));
    }
}
