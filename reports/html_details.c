/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page from disk may load no JSON, but scripts: so each call's details are a script
 * that hands over text, which the page parses as JSON. A timeline goes in as the bytes
 * that the file has, unparsed: in a literal only backslash, quote and the ends of lines
 * are special (ECMA-262 section 12.9.4), and bytes that are no UTF-8 are decoded to
 * U+FFFD.
 *
 * Where a timeline is to be found says results.json, which may be anybody's: a path that
 * leads out of the run's folder, by itself or by a link, is not read.
 *
 * Thousands of files are written, so each processor takes some of them.
 */
#include "reports/html_details.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "reports/rerun.h"

enum { MOST_TIMELINE_BYTES = 256 * 1024 * 1024 };

/* What the threads share. */
struct work {
    const json_t *results, *calls;
    char *root; /* the run's folder, resolved; NULL: there is none */
    const char *report;
    gint next; /* call */
    gint errno_value;
};

void html_details_append_literal(GString *out, const char *bytes, gsize size)
{
    const char *end = bytes + size, *from = bytes;
    g_string_append_c(out, '\'');
    for (const char *at = bytes; at < end; at++) {
        const char *instead;
        switch (*at) {
        case '\\':
            instead = "\\\\";
            break;
        case '\'':
            instead = "\\'";
            break;
        case '\n':
            instead = "\\n";
            break;
        case '\r':
            instead = "\\r";
            break;
        default:
            continue;
        }
        g_string_append_len(out, from, at - from);
        g_string_append(out, instead);
        from = at + 1;
    }
    g_string_append_len(out, from, end - from);
    g_string_append_c(out, '\'');
}

/* The file's path if it is inside the run's folder; caller owns. */
static char *resolve(const struct work *work, const char *path)
{
    if (!path || !work->root)
        return NULL;
    g_autofree char *joined = g_build_filename(work->root, path, NULL);
    char *resolved = realpath(joined, NULL);
    size_t length = strlen(work->root);
    bool is_inside =
        resolved && strncmp(resolved, work->root, length) == 0 && resolved[length] == '/';
    if (is_inside)
        return resolved;
    free(resolved);
    return NULL;
}

static gboolean read_file(const char *path, GByteArray *out)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return FALSE;
    gboolean ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                  info.st_size <= MOST_TIMELINE_BYTES;
    g_byte_array_set_size(out, ok ? (guint)info.st_size : 0);
    for (guint taken = 0; ok && taken < out->len;) {
        ssize_t n = read(fd, out->data + taken, out->len - taken);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            ok = FALSE;
        else
            taken += (guint)n;
    }
    close(fd);
    return ok;
}

static void append_timeline(const struct work *work, const json_t *call,
                            GByteArray *buffer, GString *out)
{
    const json_t *artifacts = json_object_get(call, "artifacts");
    const char *path = json_string_value(json_object_get(artifacts, "timeline"));
    char *resolved = resolve(work, path);
    if (resolved && read_file(resolved, buffer))
        html_details_append_literal(out, (const char *)buffer->data, buffer->len);
    else
        g_string_append(out, "null");
    free(resolved);
}

static gboolean write_script(const char *path, const GString *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return FALSE;
    gboolean ok = file_write_all(fd, text->str, text->len);
    int problem = errno;
    if (close(fd) != 0 && ok) {
        problem = errno;
        ok = FALSE;
    }
    errno = problem;
    return ok;
}

static gpointer write_some(gpointer user)
{
    struct work *work = user;
    g_autoptr(GString) out = g_string_sized_new(64 * 1024);
    g_autoptr(GByteArray) buffer = g_byte_array_new();
    size_t count = json_array_size(work->calls);
    for (;;) {
        size_t index = (size_t)g_atomic_int_add(&work->next, 1);
        if (index >= count || g_atomic_int_get(&work->errno_value) != 0)
            return NULL;
        const json_t *call = json_array_get(work->calls, index);
        char *entry = json_dumps(call, JSON_COMPACT | JSON_ENCODE_ANY);
        g_string_printf(out, "rtclabCall(%zu,", index);
        html_details_append_literal(out, entry ? entry : "null",
                                    strlen(entry ? entry : "null"));
        free(entry);
        g_string_append_c(out, ',');
        append_timeline(work, call, buffer, out);
        g_string_append_c(out, ',');
        g_autofree char *command = rerun_format(work->results, call);
        html_details_append_literal(out, command, strlen(command));
        g_string_append(out, ");\n");
        g_autofree char *path = g_strdup_printf("%s/calls/%06zu.js", work->report, index);
        if (!write_script(path, out))
            g_atomic_int_set(&work->errno_value, errno);
    }
}

gboolean html_details_write(const json_t *results, const char *folder, const char *report,
                            GError **error)
{
    struct work work = {
        .results = results,
        .calls = json_object_get(results, "calls"),
        .report = report,
    };
    g_autofree char *place = g_build_filename(report, "calls", NULL);
    if (!file_make_folder(place, error))
        return FALSE;
    work.root = realpath(folder, NULL);
    GThread *threads[8];
    guint n_threads = MIN(g_get_num_processors(), G_N_ELEMENTS(threads));
    for (guint i = 0; i + 1 < n_threads; i++)
        threads[i] = g_thread_new("report", write_some, &work);
    write_some(&work);
    for (guint i = 0; i + 1 < n_threads; i++)
        g_thread_join(threads[i]);
    free(work.root);
    if (work.errno_value != 0)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, work.errno_value,
                            "cannot write into %s", place);
    return work.errno_value == 0;
}
