/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a server, so that only what is new fails. Two kinds of files:
 *
 *   --known      written by people: {"schema": "rtcprobe/known/1", "server":
 * "coturn 4.6.1", "cases": {"L08": {"status": "fail", "reason": "…"}, …}}
 *   --baseline   the document of -o json of an earlier run
 */
#ifndef RTCLAB_PROBES_KNOWN_H
#define RTCLAB_PROBES_KNOWN_H

#include <glib.h>
#include <jansson.h>

struct known;

/** Reads a file of either kind; NULL with RTC_ERROR_USAGE, its JSON pointer in the
 * message. Caller frees. */
struct known *known_load(const char *path, GError **error);
void known_free(struct known *k);
typedef struct known auto_known; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_known, known_free)

/**
 * Changes a conformance item that came out as is known: its "status" becomes "known", and
 * "known": {"status", "reason"} is what it was and why. One that is listed and came out
 * as `pass` gets a "warning" that it can be taken out.
 */
void known_apply(const struct known *k, json_t *item);

#endif
