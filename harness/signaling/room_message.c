/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked is what a receiver would trip over; SDP itself is opaque here. */
#include "signaling/room_message.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

const char *const room_message_names[ROOM_N_MESSAGE_KINDS] = {
    [ROOM_OFFER] = "offer",
    [ROOM_ANSWER] = "answer",
    [ROOM_CANDIDATE] = "new-ice-candidate",
};

enum { MAX_SHOWN = 40 };

static json_t *refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static json_t *refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_set_error_literal(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, valid);
    return NULL;
}

/* A key for a message: cut short, control characters made visible. */
static char *show(const char *key)
{
    g_autofree char *start =
        g_utf8_substring(key, 0, MIN(g_utf8_strlen(key, -1), (glong)MAX_SHOWN));
    return g_strescape(start, NULL);
}

static bool is_kind(const char *key, enum room_message_kind *ret_kind)
{
    for (unsigned kind = 0; kind < ROOM_N_MESSAGE_KINDS; kind++) {
        if (strcmp(key, room_message_names[kind]) == 0) {
            *ret_kind = kind;
            return true;
        }
    }
    return false;
}

static bool is_description(const json_t *value, const char *type)
{
    const json_t *given = json_object_get(value, "type");
    bool is_of_type = !given || g_strcmp0(json_string_value(given), type) == 0;
    return is_of_type && json_is_string(json_object_get(value, "sdp"));
}

static bool is_value(enum room_message_kind kind, const json_t *value)
{
    if (kind == ROOM_CANDIDATE)
        return json_is_null(value) || json_is_string(json_object_get(value, "candidate"));
    return is_description(value, room_message_names[kind]);
}

json_t *room_message_parse(const char *text, size_t size,
                           enum room_message_kind *ret_kind, GError **error)
{
    json_error_t problem;
    g_autoptr(json_t) message = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (!message)
        return refuse(error, "must be JSON: %s", problem.text);
    if (!json_is_object(message) || json_object_size(message) != 1)
        return refuse(error, "must be an object with one key: \"offer\", \"answer\" or "
                             "\"new-ice-candidate\"");
    const char *key = json_object_iter_key(json_object_iter(message));
    enum room_message_kind kind;
    if (!is_kind(key, &kind)) {
        g_autofree char *shown = show(key);
        return refuse(error,
                      "must be \"offer\", \"answer\" or \"new-ice-candidate\", is \"%s\"",
                      shown);
    }
    if (!is_value(kind, json_object_get(message, key)))
        return refuse(error, "%s: must be %s", key,
                      kind == ROOM_CANDIDATE
                          ? "null or an object with a text \"candidate\""
                          : "an object with a text \"sdp\", and no \"type\" but its own");
    *ret_kind = kind;
    return g_steal_pointer(&message);
}

json_t *room_message_from_signal(const json_t *signal)
{
    json_t *description = json_object_get(signal, "description");
    json_t *candidate = json_object_get(signal, "candidate");
    const char *type = json_string_value(json_object_get(description, "type"));
    if (g_strcmp0(type, "offer") == 0 || g_strcmp0(type, "answer") == 0)
        return json_pack("{s:O}", type, description);
    if (json_is_object(candidate))
        return json_pack("{s:O}", room_message_names[ROOM_CANDIDATE], candidate);
    return NULL;
}

json_t *room_message_to_signal(const json_t *message, enum room_message_kind kind)
{
    const char *key = room_message_names[kind];
    json_t *value = json_object_get(message, key);
    if (kind != ROOM_CANDIDATE)
        return json_pack("{s:s, s:{s:s, s:O}}", "type", "signal", "description", "type",
                         key, "sdp", json_object_get(value, "sdp"));
    if (json_is_null(value))
        return json_pack("{s:s, s:{s:s}}", "type", "signal", "candidate", "candidate",
                         "");
    return json_pack("{s:s, s:O}", "type", "signal", "candidate", value);
}
