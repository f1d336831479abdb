/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is that of what is worth most: the results, then what machines read, then
 * what people look at. Each is a pure function of the results, so that `rtclab report`
 * gives the same files from results.json alone.
 */
#include "command/finish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "command/exit_status.h"
#include "reports/baseline_text.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/summary.h"
#include "reports/table.h"
#include "reports/tap.h"

/* Of a job's step, in all that is written to the file (GitHub's documentation of job
   summaries). */
#define JOB_SUMMARY_MAX_BYTES (1024 * 1024)

/* Texts made of the results alone. */
static const struct {
    const char *file;
    char *(*format)(const json_t *results);
} outputs[] = {
    { "junit.xml", junit_format },
    { "results.tap", tap_format },
    { "summary.md", summary_format },
};

gboolean finish_write_reports(const json_t *results, const char *folder, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
        g_autofree char *path = g_build_filename(folder, outputs[i].file, NULL);
        g_autofree char *text = outputs[i].format(results);
        if (!file_replace(path, text, strlen(text), error))
            return FALSE;
    }
    return html_write_report(results, folder, error);
}

/* Appends to the file of a step's summary, which may have something in it. That it cannot
   be written is no failure of the run. */
static void append_job_summary(const json_t *results)
{
    const char *path = g_getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path)
        return;
    g_autofree char *whole = summary_format(results);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    off_t before = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    size_t left =
        before < JOB_SUMMARY_MAX_BYTES ? (size_t)(JOB_SUMMARY_MAX_BYTES - before) : 0;
    g_autofree char *text = summary_cut(whole, left);
    if (fd < 0 || !file_write_all(fd, text, strlen(text)))
        g_printerr("rtclab: cannot write the job summary %s: %s\n", path,
                   g_strerror(errno));
    if (fd >= 0)
        close(fd);
}

gboolean finish_results(const json_t *results, const char *folder, int *ret_status,
                        GError **error)
{
    g_autofree char *path = g_build_filename(folder, "results.json", NULL);
    if (!file_replace_json(path, results, error))
        return FALSE;
    append_job_summary(results);
    if (!finish_write_reports(results, folder, error))
        return FALSE;
    struct table_style style = table_style_for(STDOUT_FILENO);
    style.folder = folder;
    g_autofree char *text = table_format(results, &style);
    fputs(text, stdout);
    g_autofree char *page = g_build_filename(folder, "report", "index.html", NULL);
    g_autofree char *shown = text_escape(page);
    printf("Report: %s\n", shown);
    g_autofree char *quoted = text_quote_word(folder);
    if (json_is_true(json_object_get(json_object_get(results, "run"), "interrupted")))
        printf("To go on: the same command with --resume %s\n", quoted);
    const json_t *baseline = json_object_get(results, "baseline");
    g_autofree char *changes = baseline ? baseline_format(baseline, &style) : NULL;
    if (changes)
        printf("\n%s", changes);
    *ret_status = exit_status_of(results);
    return TRUE;
}
