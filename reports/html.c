/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report's folder is made beside its place and renamed, so that a reader sees the old
 * one or the new one. The page itself is made at build time (reports/page/): all that is
 * left to do is to put the data where it belongs.
 */
#include "reports/html.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "reports/page.h"
#include "reports/html_details.h"
#include "reports/html_index.h"

#define DATA_MARK "@DATA@"

static gboolean write_index(const json_t *results, const char *report, GError **error)
{
    const char *page = (const char *)page_files[0].text;
    const char *mark = strstr(page, DATA_MARK);
    g_assert(mark); /* the build puts it there */
    g_autoptr(json_t) data = html_index_make(results);
    g_autofree char *text = html_index_format(data);
    g_autoptr(GString) out = g_string_new_len(page, mark - page);
    g_string_append(out, text);
    g_string_append(out, mark + strlen(DATA_MARK));
    g_autofree char *path = g_build_filename(report, "index.html", NULL);
    return file_replace(path, out->str, out->len, error);
}

/* Puts the new folder in the old one's place; the old one is removed. */
static gboolean replace_folder(const char *fresh, const char *place, GError **error)
{
    g_autofree char *old = g_strdup_printf("%s.old", place);
    file_remove_tree(old);
    if (rename(place, old) != 0 && errno != ENOENT) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot replace %s",
                            place);
        return FALSE;
    }
    if (rename(fresh, place) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s",
                            place);
        rename(old, place);
        return FALSE;
    }
    file_remove_tree(old);
    return TRUE;
}

gboolean html_write_report(const json_t *results, const char *folder, GError **error)
{
    g_autofree char *place = g_build_filename(folder, "report", NULL);
    g_autofree char *fresh = g_strdup_printf("%s.part", place);
    file_remove_tree(fresh);
    gboolean ok = file_make_folder(fresh, error) &&
                  html_details_write(results, folder, fresh, error) &&
                  write_index(results, fresh, error) &&
                  replace_folder(fresh, place, error);
    if (!ok)
        file_remove_tree(fresh);
    return ok;
}
