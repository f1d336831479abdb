/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a reader never sees half of, and JSON in them. */
#ifndef RTCLAB_BASE_FILE_H
#define RTCLAB_BASE_FILE_H

#include <glib.h>
#include <jansson.h>

/** Writes all bytes to a file, pipe or socket. @return FALSE with errno set */
gboolean file_write_all(int fd, const void *data, size_t size);

/**
 * Writes a file beside its name, as PATH.part, and renames it. No link is followed: the
 * folder may be somebody's.
 *
 * @param path  where it shall stand
 * @param data  its bytes
 * @param size  how many
 * @return FALSE with RTC_ERROR_ENVIRONMENT; the old file, if any, is then untouched
 */
gboolean file_replace(const char *path, const void *data, size_t size, GError **error);

/** So many digits of reals stand in JSON that we write: less than a double has, so that
 *  what is read back and written again is the same text. */
#define FILE_JSON_REALS JSON_REAL_PRECISION(12)

/** The same for a JSON value, indented by two spaces, keys in the order they were set. */
gboolean file_replace_json(const char *path, const json_t *value, GError **error);

/**
 * Makes a folder and its parents, as mkdir -p.
 * @return FALSE with RTC_ERROR_ENVIRONMENT
 */
gboolean file_make_folder(const char *path, GError **error);

/**
 * Has what is in a folder in another one too, which is made: regular files by hard links,
 * or by copies where the file system allows no link; folders below it, too. Anything else
 * (links, devices) is left out.
 * @return FALSE with RTC_ERROR_ENVIRONMENT; a file that is there already is one reason
 */
gboolean file_link_tree(const char *from, const char *to, GError **error);

/**
 * Where something of a folder lies that somebody else may have filled.
 *
 * @param folder whose own path may have links in it
 * @param path   below it, as in "calls/KEY"
 * @return caller owns; NULL: there is no such thing, or the path leads through "..", "."
 *         or a link, and so perhaps out of the folder
 */
char *file_find_inside(const char *folder, const char *path);

/** Removes a file or a folder with all in it; errors are ignored, links not followed. */
void file_remove_tree(const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#endif
