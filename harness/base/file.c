/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
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
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    if (!text) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot write %s: not JSON",
                    path);
        return FALSE;
    }
    gboolean ok = file_replace(path, text, strlen(text), error);
    free(text);
    return ok;
}

gboolean file_make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0777) == 0)
        return TRUE;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make the folder %s",
                        path);
    return FALSE;
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
