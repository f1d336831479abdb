/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's record: events.jsonl, one event a line, and trace.pcapng, with an interface
 * for each tap of the network. Both are on one clock.
 */
#ifndef RTCLAB_CALL_RECORD_H
#define RTCLAB_CALL_RECORD_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "base/event.h"
#include "net/network.h"

struct record;

#define RECORD_EVENTS_FILE  "events.jsonl"
#define RECORD_CAPTURE_FILE "trace.pcapng"
#define RECORD_MAX_MIB      64

/**
 * Opens a record.
 *
 * @param folder      where its two files go; exists
 * @param network     for the names of its taps; borrowed
 * @param now_ns      the lab's time now
 * @param calendar_ns the calendar's time at the lab's time 0, for the capture
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct record *record_open(const char *folder, const struct network *network,
                           int64_t now_ns, int64_t calendar_ns, GError **error);

/** The call begins: `t_us` of all events counts from here; earlier ones are negative. */
void record_start(struct record *record, int64_t now_ns);

/**
 * Takes in an event.
 *
 * @param source "offerer", "answerer", a server's, a middlebox's or a link's name, "call"
 * @param data   an object, consumed; NULL: {}
 */
void record_add(struct record *record, int64_t at_ns, const char *source,
                enum event_kind kind, json_t *data);

/** Takes in a decision of the network: into the capture, and as an event if it is one. */
void record_add_network(struct record *record, const struct network_event *event);

/**
 * True once there were more events than any call makes: RECORD_MAX_MIB of text, as they
 * are sorted in memory at the end. Soon after that further ones are left out.
 */
bool record_is_full(const struct record *record);

/** How many packets were dropped so far. */
uint64_t record_dropped(const struct record *record);

/**
 * Puts the events in the order of their times, closes both files and frees the record.
 * @return FALSE with RTC_ERROR_ENVIRONMENT if something could not be written; what could
 *         be, is there
 */
gboolean record_close(struct record *record, GError **error);

#endif
