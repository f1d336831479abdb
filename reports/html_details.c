/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page from disk may load no JSON, but scripts: so each call's details are a script
 * that hands over text, which the page parses as JSON. In a literal only backslash, quote
 * and the ends of lines are special (ECMA-262 section 12.9.4), and bytes that are no
 * UTF-8 are decoded to U+FFFD. A timeline goes in as the bytes that the file has,
 * unparsed but packed (pack.h): that is a sixth to write, to keep and to send.
 *
 * Where a timeline is to be found says results.json, which may be anybody's: a path that
 * leads out of the run's folder, by itself or by a link, is not read.
 *
 * Thousands of files are written, so each processor takes some of them.
 */
#include "reports/html_details.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "reports/pack.h"
#include "reports/rerun.h"

enum { MOST_TIMELINE_BYTES = 256 * 1024 * 1024 };

/* What the threads share. */
struct work {
    const json_t *results, *calls;
    int folder_fd; /* the run's */
    char *root;    /* the same, its real path */
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

/* Opens a file of the run's folder: the kernel sees to it that the path leads nowhere
 * else, and through no link; where it is too old for that, its real path says so. */
static int open_inside(const struct work *work, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, work->folder_fd, path, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)fd;
    g_autofree char *joined = g_build_filename(work->root, path, NULL);
    char *resolved = realpath(joined, NULL);
    size_t length = strlen(work->root);
    bool is_inside =
        resolved && strncmp(resolved, work->root, length) == 0 && resolved[length] == '/';
    fd = is_inside ? open(resolved, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) : -1;
    free(resolved);
    return (int)fd;
}

static gboolean read_file(const struct work *work, const char *path, GByteArray *out)
{
    struct stat info;
    int fd = path ? open_inside(work, path) : -1;
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

/* Buffers that a thread uses for one call after the other. */
struct buffers {
    GByteArray *timeline, *packed;
    GString *script;
};

static void append_packed(GString *out, const GByteArray *bytes, GByteArray *packed)
{
    g_byte_array_set_size(packed, (guint)pack_bound(bytes->len));
    size_t size = pack_block(bytes->data, bytes->len, packed->data);
    gint state = 0, save = 0;
    gsize from = out->len + 1; /* after the quote */
    g_string_append_c(out, '"');
    g_string_set_size(out, from + (size / 3 + 2) * 4);
    gsize length =
        g_base64_encode_step(packed->data, size, FALSE, out->str + from, &state, &save);
    length += g_base64_encode_close(FALSE, out->str + from + length, &state, &save);
    g_string_truncate(out, from + length);
    g_string_append_printf(out, "\",%u", bytes->len);
}

static void append_timeline(const struct work *work, const json_t *call,
                            struct buffers *buffers)
{
    const json_t *artifacts = json_object_get(call, "artifacts");
    const char *path = json_string_value(json_object_get(artifacts, "timeline"));
    if (read_file(work, path, buffers->timeline))
        append_packed(buffers->script, buffers->timeline, buffers->packed);
    else
        g_string_append(buffers->script, "null,0");
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

static void make_script(const struct work *work, size_t index, struct buffers *buffers)
{
    const json_t *call = json_array_get(work->calls, index);
    GString *out = buffers->script;
    char *entry = json_dumps(call, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *text = entry ? entry : "null";
    g_autofree char *command = rerun_format(work->results, call);
    g_string_printf(out, "rtclabCall(%zu,", index);
    html_details_append_literal(out, text, strlen(text));
    g_string_append_c(out, ',');
    append_timeline(work, call, buffers);
    g_string_append_c(out, ',');
    html_details_append_literal(out, command, strlen(command));
    g_string_append(out, ");\n");
    free(entry);
}

static gpointer write_some(gpointer user)
{
    struct work *work = user;
    struct buffers buffers = {
        .timeline = g_byte_array_new(),
        .packed = g_byte_array_new(),
        .script = g_string_new(NULL),
    };
    size_t count = json_array_size(work->calls);
    while (g_atomic_int_get(&work->errno_value) == 0) {
        size_t index = (size_t)g_atomic_int_add(&work->next, 1);
        if (index >= count)
            break;
        make_script(work, index, &buffers);
        g_autofree char *path = g_strdup_printf("%s/calls/%06zu.js", work->report, index);
        if (!write_script(path, buffers.script))
            g_atomic_int_set(&work->errno_value, errno);
    }
    g_byte_array_unref(buffers.timeline);
    g_byte_array_unref(buffers.packed);
    g_string_free(buffers.script, TRUE);
    return NULL;
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
    work.folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!work.root || work.folder_fd < 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot read %s",
                            folder);
        free(work.root);
        return FALSE;
    }
    GThread *threads[8];
    guint n_threads = MIN(g_get_num_processors(), G_N_ELEMENTS(threads));
    for (guint i = 0; i + 1 < n_threads; i++)
        threads[i] = g_thread_new("report", write_some, &work);
    write_some(&work);
    for (guint i = 0; i + 1 < n_threads; i++)
        g_thread_join(threads[i]);
    close(work.folder_fd);
    free(work.root);
    if (work.errno_value != 0)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, work.errno_value,
                            "cannot write into %s", place);
    return work.errno_value == 0;
}
