/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Direct signalling and the modes (harness/README.md, "Modes").
 *
 * Signals of both peers wait in one queue. The delay is the same for all of them, so the
 * queue is in the order of its times.
 *
 * Not done here: parsing SDP beyond its media sections. A description is opaque.
 */
#include "call/signaling.h"

#include <string.h>

#include "base/clock.h"

struct half {
    json_t *description; /* held: its candidates are not complete */
    json_t *candidates;  /* array; of the held description */
};

struct signaling {
    enum mode mode;
    int64_t delay_ns;
    struct half halves[N_ROLES];
    GQueue queue; /* struct signal, in the order of due_ns */
};

void signal_free(struct signal *signal)
{
    if (!signal)
        return;
    json_decref(signal->body);
    g_free(signal);
}

struct signaling *signaling_new(enum mode mode, int64_t delay_ns)
{
    struct signaling *s = g_new0(struct signaling, 1);
    s->mode = mode;
    s->delay_ns = delay_ns;
    for (unsigned role = 0; role < N_ROLES; role++)
        s->halves[role].candidates = json_array();
    g_queue_init(&s->queue);
    return s;
}

void signaling_free(struct signaling *s)
{
    if (!s)
        return;
    for (unsigned role = 0; role < N_ROLES; role++) {
        json_decref(s->halves[role].description);
        json_decref(s->halves[role].candidates);
    }
    g_queue_clear_full(&s->queue, (GDestroyNotify)signal_free);
    g_free(s);
}

static bool holds_back(const struct signaling *s, enum role from)
{
    switch (s->mode) {
    case MODE_TRICKLE:
        return false;
    case MODE_HALF:
        return from == ROLE_OFFERER;
    case MODE_FULL:
        return true;
    case N_MODES:
        break;
    }
    return false;
}

static const struct signal *enqueue(struct signaling *s, enum role from, json_t *body,
                                    int64_t now_ns)
{
    struct signal *signal = g_new(struct signal, 1);
    *signal = (struct signal){
        .from = from, .sent_ns = now_ns, .due_ns = now_ns + s->delay_ns, .body = body
    };
    g_queue_push_tail(&s->queue, signal);
    return signal;
}

/* The held description with all its candidates in it. */
static const struct signal *release(struct signaling *s, enum role from, int64_t now_ns)
{
    struct half *half = &s->halves[from];
    const char *sdp = json_string_value(json_object_get(half->description, "sdp"));
    g_autofree char *whole =
        signaling_insert_candidates(sdp ? sdp : "", half->candidates);
    json_t *description = json_copy(half->description);
    json_object_set_new(description, "sdp", json_string(whole));
    json_decref(half->description);
    half->description = NULL;
    json_array_clear(half->candidates);
    return enqueue(s, from, json_pack("{s:o}", "description", description), now_ns);
}

const struct signal *signaling_submit(struct signaling *s, enum role from,
                                      const json_t *body, int64_t now_ns)
{
    struct half *half = &s->halves[from];
    json_t *description = json_object_get(body, "description");
    json_t *candidate = json_object_get(body, "candidate");
    const char *text = json_string_value(json_object_get(candidate, "candidate"));
    bool is_description = json_is_object(description);
    if (!is_description && !text)
        return NULL;
    if (!holds_back(s, from)) {
        json_t *copy = is_description ? json_pack("{s:O}", "description", description)
                                      : json_pack("{s:O}", "candidate", candidate);
        return enqueue(s, from, copy, now_ns);
    }
    if (is_description) {
        json_decref(half->description);
        half->description = json_incref(description);
        json_array_clear(half->candidates);
        /* A stack that cannot trickle says all at once, and that this is the end. */
        const char *sdp = json_string_value(json_object_get(description, "sdp"));
        return sdp && strstr(sdp, "a=end-of-candidates") ? release(s, from, now_ns)
                                                         : NULL;
    }
    if (*text) {
        json_array_append(half->candidates, candidate);
        return NULL;
    }
    return half->description ? release(s, from, now_ns) : NULL;
}

int64_t signaling_next_deadline(const struct signaling *s)
{
    const struct signal *first = s->queue.head ? s->queue.head->data : NULL;
    return first ? first->due_ns : CLOCK_NEVER;
}

struct signal *signaling_pop(struct signaling *s, int64_t now_ns)
{
    return signaling_next_deadline(s) <= now_ns ? g_queue_pop_head(&s->queue) : NULL;
}

/* ---- session descriptions ---- */

static bool is_for(const json_t *candidate, const char *mid, int index)
{
    const char *wanted = json_string_value(json_object_get(candidate, "sdpMid"));
    if (wanted && mid)
        return strcmp(wanted, mid) == 0;
    json_t *number = json_object_get(candidate, "sdpMLineIndex");
    return json_is_integer(number) ? json_integer_value(number) == index : index == 0;
}

/* Appends to `out` what belongs at the end of one media section. */
static void close_section(GString *out, const json_t *candidates, const char *mid,
                          int index, bool had_end, GHashTable *placed)
{
    size_t i;
    json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        const char *text = json_string_value(json_object_get(candidate, "candidate"));
        if (g_hash_table_contains(placed, candidate) || !is_for(candidate, mid, index))
            continue;
        /* One candidate is one line, whatever a peer put into it. */
        g_string_append_printf(out, "a=%.*s\r\n", (int)strcspn(text, "\r\n"), text);
        g_hash_table_add(placed, candidate);
    }
    if (!had_end)
        g_string_append(out, "a=end-of-candidates\r\n");
}

static bool names_a_section(const json_t *candidate, char **lines)
{
    int index = -1;
    bool found = false;
    for (char **line = lines; *line && !found; line++) {
        if (g_str_has_prefix(*line, "m="))
            found = is_for(candidate, NULL, ++index);
        else if (g_str_has_prefix(*line, "a=mid:"))
            found = is_for(candidate, *line + strlen("a=mid:"), index);
    }
    return found;
}

char *signaling_insert_candidates(const char *sdp, const json_t *candidates)
{
    g_auto(GStrv) lines = g_strsplit(sdp, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strchomp(*line);
    /* What names no section goes to the first. */
    json_t *sorted = json_array();
    size_t i;
    json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        json_t *copy = json_copy(candidate);
        if (!names_a_section(candidate, lines)) {
            json_object_del(copy, "sdpMid");
            json_object_set_new(copy, "sdpMLineIndex", json_integer(0));
        }
        json_array_append_new(sorted, copy);
    }
    g_autoptr(GHashTable) placed = g_hash_table_new(NULL, NULL);
    GString *out = g_string_new(NULL);
    const char *mid = NULL;
    int index = -1;
    bool had_end = false;
    for (char **line = lines; *line; line++) {
        bool is_media = g_str_has_prefix(*line, "m=");
        if (is_media && index >= 0)
            close_section(out, sorted, mid, index, had_end, placed);
        if (is_media) {
            index++;
            mid = NULL;
            had_end = false;
        } else if (g_str_has_prefix(*line, "a=mid:")) {
            mid = *line + strlen("a=mid:");
        } else if (strcmp(*line, "a=end-of-candidates") == 0) {
            had_end = true;
        }
        if (**line)
            g_string_append_printf(out, "%s\r\n", *line);
    }
    if (index >= 0)
        close_section(out, sorted, mid, index, had_end, placed);
    json_decref(sorted);
    return g_string_free(out, FALSE);
}
