/* SPDX-License-Identifier: Apache-2.0 */
/* What a call cost is in the run, by its key, as real time is not what a seed decides. */
#include "reports/csv.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "reports/call_words.h"

struct column {
    const char *name;
    const char *path; /* of the value in the call's entry; below "cost": in its cost */
};

/* clang-format off */
#define PHASE(role, phase) { role "_" phase "_ms", "phases_ms/" role "/" phase }
#define PHASES(role)                                                                     \
    PHASE(role, "first_candidate"), PHASE(role, "gathering_complete"),                   \
    PHASE(role, "offer_sent"), PHASE(role, "answer_received"),                           \
    PHASE(role, "first_check"), PHASE(role, "first_valid"),                              \
    PHASE(role, "ice_connected"), PHASE(role, "dtls_connected"),                         \
    PHASE(role, "channel_open"), PHASE(role, "first_media")
#define PART(part) { part "_ms", "setup_parts_ms/" part }
#define BELOW(above, role, what) { role "_" what, above "/" role "/" what }
#define SELECTED(role)                                                                   \
    BELOW("selected", role, "local"), BELOW("selected", role, "remote"),                 \
    BELOW("selected", role, "protocol")
#define PEER(role) BELOW("peers", role, "stack"), BELOW("peers", role, "version")
#define FIGURE(role, kind, figure)                                                       \
    { role "_" kind "_" figure, "media/" role "/" kind "/" figure }
#define MEDIA(role, kind)                                                                \
    FIGURE(role, kind, "packets_sent"), FIGURE(role, kind, "packets_received"),          \
    FIGURE(role, kind, "packets_lost"), FIGURE(role, kind, "jitter_ms"),                 \
    FIGURE(role, kind, "round_trip_ms"), FIGURE(role, kind, "frames_decoded"),           \
    FIGURE(role, kind, "received_kbps")
/* clang-format on */

static const struct column columns[] = {
    { "key", "key" },
    { "scenario", "scenario" },
    { "offerer", "offerer" },
    { "answerer", "answerer" },
    { "mode", "mode" },
    { "repeat", "repeat" },
    { "seed", "seed" },
    { "clock", "clock" },
    { "outcome", "outcome" },
    { "as_expected", "as_expected" },
    { "flaky", "flaky" },
    { "attempts", "attempts" },
    { "known_failure", "known_failure/status" },
    { "why", "why" },
    { "cause_code", "cause/code" },
    { "cause", "cause/text" },
    { "setup_ms", "setup_ms" },
    PART("gathering"),
    PART("signalling"),
    PART("pacing"),
    PART("checks"),
    PART("retransmission"),
    PART("nomination"),
    PART("dtls"),
    PART("stack"),
    PHASES("offerer"),
    PHASES("answerer"),
    { "ice_restart_ms", "ice_restart_ms" },
    SELECTED("offerer"),
    SELECTED("answerer"),
    PEER("offerer"),
    PEER("answerer"),
    { "packets", "counts/packets" },
    { "stun_requests", "counts/stun_requests" },
    { "retransmissions", "counts/retransmissions" },
    { "dropped", "counts/dropped" },
    MEDIA("offerer", "audio"),
    MEDIA("offerer", "video"),
    MEDIA("answerer", "audio"),
    MEDIA("answerer", "video"),
    { "lateness_p50_us", "lateness/p50_us" },
    { "lateness_p99_us", "lateness/p99_us" },
    { "lateness_max_us", "lateness/max_us" },
    { "cost_start_up_ms", "cost/start_up_ms" },
    { "cost_call_ms", "cost/call_ms" },
    { "cost_teardown_ms", "cost/teardown_ms" },
};

const char *csv_column(size_t i)
{
    return i < G_N_ELEMENTS(columns) ? columns[i].name : NULL;
}

/* Whether a program for tables could take it for a formula; the wide forms of the four
   characters are turned into them in some. */
static bool is_formula(const char *text)
{
    switch (g_utf8_get_char(text)) {
    case '=':
    case '+':
    case '-':
    case '@':
    case 0xff1d:
    case 0xff0b:
    case 0xff0d:
    case 0xff20:
        return true;
    default:
        return false;
    }
}

static void append_text(GString *out, const char *text)
{
    g_autofree char *safe = text_escape(text);
    bool is_quoted = is_formula(safe) || safe[strcspn(safe, ",\"; ")] != '\0';
    if (!is_quoted) {
        g_string_append(out, safe);
        return;
    }
    g_string_append(out, is_formula(safe) ? "\"'" : "\"");
    for (const char *at = safe; *at; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

static void append_value(GString *out, const json_t *value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (json_is_string(value))
        append_text(out, json_string_value(value));
    else if (json_is_boolean(value))
        g_string_append(out, json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        g_string_append(
            out, g_ascii_formatd(text, sizeof text, "%.12g", json_real_value(value)));
}

static const json_t *value_of(const json_t *call, const json_t *cost, const char *path)
{
    const json_t *object = call;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **part = parts; *part; part++)
        object = part == parts && strcmp(*part, "cost") == 0
                     ? cost
                     : json_object_get(object, *part);
    return object;
}

char *csv_format(const json_t *results)
{
    const json_t *costs = json_object_get(json_object_get(results, "run"), "costs");
    GString *out = g_string_new(NULL);
    for (size_t c = 0; c < G_N_ELEMENTS(columns); c++)
        g_string_append_printf(out, "%s%s", c > 0 ? "," : "", columns[c].name);
    g_string_append(out, "\r\n");
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const json_t *cost = json_object_get(costs, call_text(call, "key", ""));
        for (size_t c = 0; c < G_N_ELEMENTS(columns); c++) {
            if (c > 0)
                g_string_append_c(out, ',');
            append_value(out, value_of(call, cost, columns[c].path));
        }
        g_string_append(out, "\r\n");
    }
    return g_string_free(out, FALSE);
}
