/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

gboolean file_write_all(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t n = write(fd, next, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        next += n;
        size -= (size_t)n;
    }
    return TRUE;
}

gboolean file_replace(const char *path, const void *data, size_t size, GError **error)
{
    g_autofree char *beside = g_strdup_printf("%s.part", path);
    /* What stands there was left by a writer that was killed, or by somebody who means a
       link to be written through: neither is opened. */
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
        return FALSE;
    }
    gboolean ok = file_write_all(fd, data, size);
    int problem = errno;
    if (close(fd) != 0 && ok) {
        ok = FALSE;
        problem = errno;
    }
    if (ok && rename(beside, path) != 0) {
        ok = FALSE;
        problem = errno;
    }
    if (!ok) {
        unlink(beside);
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, problem, "cannot write %s",
                            path);
    }
    return ok;
}

gboolean file_replace_json(const char *path, const json_t *value, GError **error)
{
    char *text = json_dumps(value, JSON_INDENT(2) | FILE_JSON_REALS);
    if (!text) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot write %s: not JSON",
                    path);
        return FALSE;
    }
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    free(text);
    return file_replace(path, line, strlen(line), error);
}

gboolean file_make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0777) == 0)
        return TRUE;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make the folder %s",
                        path);
    return FALSE;
}

static gboolean copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    gboolean ok = out >= 0;
    while (ok) {
        char chunk[65536];
        ssize_t n = read(in, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        ok = n > 0 && file_write_all(out, chunk, (size_t)n);
    }
    int problem = errno;
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && ok) {
        ok = FALSE;
        problem = errno;
    }
    if (out >= 0 && !ok)
        unlink(to);
    errno = problem;
    return ok;
}

static gboolean link_file(const char *from, const char *to, GError **error)
{
    if (link(from, to) == 0)
        return TRUE;
    /* Another file system, one without links, too many of them, not the owner's. */
    bool can_copy = errno == EXDEV || errno == EPERM || errno == EMLINK ||
                    errno == EOPNOTSUPP || errno == EACCES;
    if (can_copy && copy_file(from, to))
        return TRUE;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot copy %s to %s", from,
                        to);
    return FALSE;
}

gboolean file_link_tree(const char *from, const char *to, GError **error)
{
    if (!file_make_folder(to, error))
        return FALSE;
    g_autoptr(GDir) folder = g_dir_open(from, 0, NULL);
    if (!folder) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot read %s", from);
        return FALSE;
    }
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        struct stat status;
        if (lstat(source, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && !file_link_tree(source, target, error))
            return FALSE;
        if (S_ISREG(status.st_mode) && !link_file(source, target, error))
            return FALSE;
    }
    return TRUE;
}

char *file_find_inside(const char *folder, const char *path)
{
    g_autofree char *joined = g_build_filename(folder, path, NULL);
    char *root = realpath(folder, NULL), *found = realpath(joined, NULL);
    g_autofree char *wanted = root ? g_build_filename(root, path, NULL) : NULL;
    bool is_inside = found && g_strcmp0(found, wanted) == 0;
    free(root);
    free(found);
    return is_inside ? g_steal_pointer(&joined) : NULL;
}

void file_remove_tree(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return;
    if (!S_ISDIR(info.st_mode)) {
        unlink(path);
        return;
    }
    DIR *folder = opendir(path);
    if (folder) {
        struct dirent *entry;
        while ((entry = readdir(folder))) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            g_autofree char *child = g_build_filename(path, entry->d_name, NULL);
            file_remove_tree(child);
        }
        closedir(folder);
    }
    rmdir(path);
}
