/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that were sent and received while something was tried: the evidence of a
 * verdict. Bounded; safe to add to from several threads.
 */
#ifndef RTCLAB_PROBES_TRANSCRIPT_H
#define RTCLAB_PROBES_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "probes/core/transport.h"
#include "wire/address.h"

#define TRANSCRIPT_MAX_MESSAGES 200
#define TRANSCRIPT_MAX_BYTES    2048 /**< kept of one message */

struct transcript;

/** @param start_ns the times in it count from here (clock_now_ns()) */
struct transcript *transcript_new(int64_t start_ns);
void transcript_free(struct transcript *t);
typedef struct transcript auto_transcript; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_transcript, transcript_free)

/** Where a message went or came from. */
struct transcript_path {
    enum probe_transport transport;
    struct endpoint local, remote;
};

/**
 * Adds a message, or what else went over a path. Beyond TRANSCRIPT_MAX_MESSAGES they are
 * counted only.
 * @param t    NULL: nothing happens
 * @param note what is special about it ("retransmission 2", "one byte a segment"), or
 * NULL
 */
void transcript_add(struct transcript *t, const struct transcript_path *path,
                    bool is_sent, const uint8_t *bytes, size_t size, const char *note);

/** Adds an event in words: "the connection was closed by the server". */
void transcript_add_event(struct transcript *t, const struct transcript_path *path,
                          const char *text);

/**
 * As JSON: an array of {"t_ms", "direction": "sent"|"received"|"event", "transport",
 * "local", "remote", "note", "text", "size", "message": describe_message(), "hex"}, in
 * the order they happened; of a message that is too long "hex" is the start, and there is
 * no "message". ACCESS-TOKEN values are not in it. Caller owns.
 */
json_t *transcript_to_json(struct transcript *t);

#endif
