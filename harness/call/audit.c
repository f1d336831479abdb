/* SPDX-License-Identifier: Apache-2.0 */
#include "call/audit.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "call/exec.h"
#include "lab/preload.h"

/* 2025-01-01; what it is does not matter. */
static const int64_t calendar_ns = 1735689600 * NS_PER_S;

static const char lonely[] =
    "{\"title\": \"One host\", \"sites\": {\"here\": {\"hosts\": {\"offerer\": {}}},"
    " \"there\": {\"hosts\": {\"answerer\": {}}}}, \"expect\": {\"outcome\": "
    "\"connected\"}}";

static void finding_free(gpointer data)
{
    struct audit_finding *f = data;
    g_free(f->call);
    g_free(f->place);
    g_free(f);
}

static gint by_count(gconstpointer a, gconstpointer b)
{
    const struct audit_finding *left = *(struct audit_finding *const *)a;
    const struct audit_finding *right = *(struct audit_finding *const *)b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->place, right->place);
}

static void count(GPtrArray *findings, const char *call, const char *place)
{
    for (unsigned i = 0; i < findings->len; i++) {
        struct audit_finding *f = findings->pdata[i];
        if (strcmp(f->call, call) == 0 && strcmp(f->place, place) == 0) {
            f->count++;
            return;
        }
    }
    struct audit_finding *f = g_new(struct audit_finding, 1);
    *f = (struct audit_finding){ .call = g_strdup(call),
                                 .place = g_strdup(place),
                                 .count = 1 };
    g_ptr_array_add(findings, f);
}

/* A line: CALL thread=NAME process=ID id=ID PLACE; the name may have blanks in it. */
GPtrArray *audit_parse(const char *text)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *call_end = strchr(*line, ' ');
        const char *id = g_strrstr(*line, " id=");
        const char *place = id ? strchr(id + 1, ' ') : NULL;
        if (!call_end || !place)
            continue;
        g_autofree char *call = g_strndup(*line, (gsize)(call_end - *line));
        count(findings, call, place + 1);
    }
    g_ptr_array_sort(findings, by_count);
    return findings;
}

/* What does not run, or without the shim, bypasses nothing that could be seen. */
static gboolean check_command(const char *command, GError **error)
{
    g_autofree char *path = g_find_program_in_path(command);
    g_autofree char *why = NULL;
    if (!path)
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "there is no program %s",
                    command);
    else if (!preload_check(path, &why))
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "%s %s: it cannot be on the virtual clock; use --clock wall for it",
                    command, why);
    else
        return TRUE;
    return FALSE;
}

gboolean audit_clock(char *const *command, int *ret_status, GPtrArray **ret_findings,
                     GError **error)
{
    if (!check_command(command[0], error))
        return FALSE;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtclab-audit-XXXXXX", &path, error);
    if (fd < 0)
        return FALSE;
    close(fd);
    struct scenario *scenario =
        scenario_parse(lonely, strlen(lonely), "audit", "audit", NULL);
    struct exec_options options = {
        .host = "offerer",
        .command = command,
        .seed = 1,
        .clock = LAB_CLOCK_VIRTUAL,
        .calendar_ns = calendar_ns,
        .audit_path = path,
    };
    g_autofree char *text = NULL;
    gboolean ok = exec_in_host(scenario, &options, ret_status, error) &&
                  g_file_get_contents(path, &text, NULL, error);
    if (ok)
        *ret_findings = audit_parse(text);
    unlink(path);
    scenario_free(scenario);
    return ok;
}
