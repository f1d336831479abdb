/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock is flock(2)'s, on the open file: workers inherit it with the descriptor, so it
 * is held until the last of them is gone, even when their parent was killed. Until then
 * they may write records, and nobody else must.
 *
 * A run that goes on writes a new journal beside the old and renames it: the old one is
 * then whole for as long as it stands.
 */
#include "call/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/plan_note.h"
#include "call/record.h"

#define SCHEMA "rtclab/journal/1"

/* Workers of a killed run are gone in much less. */
enum { LOCK_WAIT_MS = 10000, LOCK_POLL_MS = 20 };

struct journal {
    int fd;
    bool has_failed;
};

static char *path_in(const char *folder)
{
    return g_build_filename(folder, JOURNAL_FILE, NULL);
}

bool journal_is_in(const char *folder)
{
    g_autofree char *path = path_in(folder);
    return access(path, F_OK) == 0;
}

void journal_remove(const char *folder)
{
    g_autofree char *path = path_in(folder);
    unlink(path);
}

void journal_past_clear(struct journal_past *past)
{
    json_decref(past->results);
    json_decref(past->costs);
    *past = (struct journal_past){ 0 };
}

/* ---- what run it is ---- */

static char *describe_shard(const struct run_options *options)
{
    return g_strdup_printf("%u/%u", options->shard, options->n_shards);
}

static json_t *make_head(const struct run_options *options, const struct plan *plan,
                         int64_t calendar_ns, unsigned n_parts)
{
    g_autofree char *shard = describe_shard(options);
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(calendar_ns / NS_PER_S);
    g_autofree char *started = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:O}", "schema", SCHEMA, "started",
                     started, "version", RTCLAB_VERSION, "shard", shard, "parts",
                     (int)n_parts, "plan", plan->note);
}

static gboolean refuse(GError **error, const char *folder, const char *why)
{
    return rtc_fail_usage(error, "cannot go on with %s: %s", folder, why);
}

/* Whether a run, by its head or by "run" in results.json, makes the plan's calls. */
static gboolean check_head(const json_t *head, const struct run_options *options,
                           const struct plan *plan, GError **error)
{
    const char *version = json_string_value(json_object_get(head, "version"));
    const char *shard = json_string_value(json_object_get(head, "shard"));
    g_autofree char *wanted_shard = describe_shard(options);
    g_autofree char *there = g_strdup_printf("the run in %s", options->out);
    if (!json_is_object(json_object_get(head, "plan")))
        return refuse(error, options->out, "it does not say which calls it is to make");
    if (g_strcmp0(version, RTCLAB_VERSION) != 0) {
        g_autofree char *why = g_strdup_printf("version %s made it, and this is "
                                               "%s",
                                               version ? version : "?", RTCLAB_VERSION);
        return refuse(error, options->out, why);
    }
    g_autofree char *difference =
        plan_note_differ(json_object_get(head, "plan"), plan->note, there, "this one");
    if (difference)
        return refuse(error, options->out, difference);
    if (g_strcmp0(shard ? shard : "1/1", wanted_shard) != 0) {
        g_autofree char *why = g_strdup_printf("it is shard %s, and this one is %s",
                                               shard ? shard : "1/1", wanted_shard);
        return refuse(error, options->out, why);
    }
    return TRUE;
}

static int64_t read_started(const json_t *head)
{
    const char *text = json_string_value(json_object_get(head, "started"));
    g_autoptr(GDateTime) at = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;
    return at ? g_date_time_to_unix(at) * NS_PER_S : 0;
}

/* ---- what it did ---- */

/* A call counts as made if its record is there, or if it could have none. */
static bool has_record(const json_t *result, const char *folder)
{
    const json_t *artifacts = json_object_get(result, "artifacts");
    const char *events = json_string_value(json_object_get(artifacts, "events"));
    if (!events)
        return json_is_null(artifacts);
    g_autofree char *path = g_build_filename(folder, events, NULL);
    return access(path, F_OK) == 0;
}

static void keep(struct journal_past *past, json_t *result, json_t *cost,
                 const char *folder)
{
    const char *key = json_string_value(json_object_get(result, "key"));
    if (!key || !has_record(result, folder))
        return;
    json_object_set(past->results, key, result);
    if (json_is_object(cost))
        json_object_set(past->costs, key, cost);
}

/* A line that is no JSON is one that could not be written whole: the call is made anew.
 */
static void take_line(struct journal_past *past, const char *line, size_t size,
                      const char *folder)
{
    g_autoptr(json_t) entry = json_loadb(line, size, 0, NULL);
    double elapsed_s = json_number_value(json_object_get(entry, "elapsed_s"));
    if (!entry)
        return;
    past->elapsed_ns = MAX(past->elapsed_ns, (int64_t)(elapsed_s * (double)NS_PER_S));
    keep(past, json_object_get(entry, "result"), json_object_get(entry, "cost"), folder);
}

static gboolean read_journal(const struct run_options *options, const struct plan *plan,
                             struct journal_past *past, GError **error)
{
    g_autofree char *path = path_in(options->out);
    g_autofree char *text = NULL;
    gsize size;
    if (!g_file_get_contents(path, &text, &size, error))
        return FALSE;
    const char *end = text + size;
    const char *newline = memchr(text, '\n', size);
    g_autoptr(json_t) head =
        newline ? json_loadb(text, (size_t)(newline - text), 0, NULL) : NULL;
    const char *schema = json_string_value(json_object_get(head, "schema"));
    if (g_strcmp0(schema, SCHEMA) != 0)
        return refuse(error, options->out, JOURNAL_FILE " has no first line to read");
    if (!check_head(head, options, plan, error))
        return FALSE;
    past->calendar_ns = read_started(head);
    past->n_parts = (unsigned)json_integer_value(json_object_get(head, "parts"));
    for (const char *line = newline + 1; line < end; line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            break; /* the run was killed while it wrote this one */
        take_line(past, line, (size_t)(newline - line), options->out);
    }
    return TRUE;
}

static gboolean read_results(const struct run_options *options, const struct plan *plan,
                             struct journal_past *past, GError **error)
{
    g_autofree char *path = g_build_filename(options->out, "results.json", NULL);
    g_autoptr(json_t) results = json_load_file(path, 0, NULL);
    if (!results)
        return rtc_fail_usage(error,
                              "%s has neither " JOURNAL_FILE " nor results.json: there "
                              "is no run to go on with",
                              options->out);
    const json_t *run = json_object_get(results, "run");
    const json_t *costs = json_object_get(run, "costs");
    if (!check_head(run, options, plan, error))
        return FALSE;
    past->calendar_ns = read_started(run);
    past->elapsed_ns = (int64_t)(json_number_value(json_object_get(run, "elapsed_s")) *
                                 (double)NS_PER_S);
    past->n_parts = 1 + (unsigned)json_integer_value(json_object_get(run, "resumed"));
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const char *key = json_string_value(json_object_get(call, "key"));
        keep(past, call, key ? json_object_get(costs, key) : NULL, options->out);
    }
    return TRUE;
}

/* ---- the file ---- */

/* Waits until nobody else has the lock; FALSE: somebody keeps it. */
static gboolean lock(int fd, const char *folder, GError **error)
{
    for (unsigned ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += LOCK_POLL_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot lock %s/%s",
                                folder, JOURNAL_FILE);
            return FALSE;
        }
        if (ms >= LOCK_WAIT_MS) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                        "another run is writing in %s", folder);
            return FALSE;
        }
        g_usleep(LOCK_POLL_MS * 1000);
    }
    return TRUE;
}

/* Whether the file of that name is still the one that was opened. */
static bool is_at(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int open_locked(const char *path, int flags, const char *folder, GError **error)
{
    for (;;) {
        int fd = open(path, flags | O_WRONLY | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0) {
            rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s",
                                path);
            return -1;
        }
        bool has_lock = lock(fd, folder, error);
        if (has_lock && is_at(fd, path))
            return fd;
        close(fd); /* who had the lock has put another file there */
        if (!has_lock)
            return -1;
    }
}

static bool write_line(int fd, const json_t *value)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char *text = json_dumps(value, JSON_COMPACT | FILE_JSON_REALS);
    g_string_append_printf(line, "%s\n", text ? text : "null");
    free(text);
    return file_write_all(fd, line->str, line->len);
}

static json_t *make_entry(const json_t *result, const json_t *cost, int64_t elapsed_ns)
{
    return json_pack("{s:f, s:O, s:O?}", "elapsed_s",
                     round((double)elapsed_ns / (double)NS_PER_MS) / 1e3, "result",
                     result, "cost", cost);
}

static struct journal *journal_new(int fd)
{
    struct journal *journal = g_new0(struct journal, 1);
    journal->fd = fd;
    return journal;
}

struct journal *journal_begin(const struct run_options *options, const struct plan *plan,
                              int64_t calendar_ns, GError **error)
{
    g_autofree char *path = path_in(options->out);
    g_autoptr(json_t) head = make_head(options, plan, calendar_ns, 1);
    int fd = open_locked(path, O_CREAT | O_EXCL, options->out, error);
    if (fd < 0)
        return NULL;
    if (write_line(fd, head))
        return journal_new(fd);
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
    close(fd);
    unlink(path);
    return NULL;
}

/* A journal with what was done so far, in the place of the one there may be. */
static struct journal *write_anew(const struct run_options *options,
                                  const struct plan *plan,
                                  const struct journal_past *past, GError **error)
{
    g_autofree char *path = path_in(options->out);
    g_autofree char *beside = g_strconcat(path, ".new", NULL);
    g_autoptr(json_t) head =
        make_head(options, plan, past->calendar_ns, past->n_parts + 1);
    int fd = open_locked(beside, O_CREAT, options->out, error);
    if (fd < 0)
        return NULL;
    /* Emptied under the lock: before it, another run may still be writing this file. */
    bool ok = ftruncate(fd, 0) == 0 && write_line(fd, head);
    const char *key;
    json_t *result;
    json_object_foreach(past->results, key, result)
    {
        g_autoptr(json_t) entry =
            make_entry(result, json_object_get(past->costs, key), past->elapsed_ns);
        ok = ok && write_line(fd, entry);
    }
    if (ok && rename(beside, path) == 0)
        return journal_new(fd);
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
    close(fd);
    unlink(beside);
    return NULL;
}

struct journal *journal_resume(const struct run_options *options, const struct plan *plan,
                               struct journal_past *ret_past, GError **error)
{
    struct journal_past past = { .results = json_object(), .costs = json_object() };
    struct journal *journal = NULL;
    g_autofree char *path = path_in(options->out);
    int old_fd = -1;
    bool has_journal = journal_is_in(options->out);
    if (has_journal)
        old_fd = open_locked(path, 0, options->out, error);
    if ((!has_journal || old_fd >= 0) &&
        (has_journal ? read_journal : read_results)(options, plan, &past, error))
        journal = write_anew(options, plan, &past, error);
    if (old_fd >= 0)
        close(old_fd);
    if (journal)
        *ret_past = past;
    else
        journal_past_clear(&past);
    return journal;
}

void journal_add(struct journal *journal, const json_t *result, const json_t *cost,
                 int64_t elapsed_ns)
{
    g_autoptr(json_t) entry = make_entry(result, cost, elapsed_ns);
    if (write_line(journal->fd, entry) || journal->has_failed)
        return;
    journal->has_failed = true;
    g_printerr("rtclab: cannot write %s (%s): --resume will make this call anew\n",
               JOURNAL_FILE, g_strerror(errno));
}

void journal_close(struct journal *journal)
{
    close(journal->fd);
    g_free(journal);
}
