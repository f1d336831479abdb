/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes (harness/README.md, "Modes"), and the queue of signals.
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

static json_t *copy_body(const json_t *body)
{
    json_t *description = json_object_get(body, "description");
    return json_is_object(description)
               ? json_pack("{s:O}", "description", description)
               : json_pack("{s:O}", "candidate", json_object_get(body, "candidate"));
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
    if (!holds_back(s, from))
        return enqueue(s, from, copy_body(body), now_ns);
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

void signaling_arrive(struct signaling *s, enum role from, const json_t *body,
                      int64_t now_ns)
{
    struct signal *signal = g_new(struct signal, 1);
    *signal = (struct signal){ .from = from,
                               .sent_ns = now_ns,
                               .due_ns = now_ns,
                               .has_arrived = true,
                               .body = copy_body(body) };
    g_queue_push_tail(&s->queue, signal);
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

/* The number of the media section that a candidate is for: by its sdpMid, else by its
   sdpMLineIndex, else the first (W3C RTCIceCandidateInit). */
static int section_of(const json_t *candidate, char *const *lines)
{
    const char *wanted = json_string_value(json_object_get(candidate, "sdpMid"));
    const json_t *number = json_object_get(candidate, "sdpMLineIndex");
    int n_sections = 0;
    for (char *const *line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "m="))
            n_sections++;
        else if (wanted && g_str_has_prefix(*line, "a=mid:") &&
                 strcmp(*line + strlen("a=mid:"), wanted) == 0)
            return n_sections - 1;
    }
    json_int_t index = json_is_integer(number) ? json_integer_value(number) : 0;
    return index >= 0 && index < n_sections ? (int)index : 0;
}

/* What belongs at the end of one media section. */
static void close_section(GString *out, const json_t *candidates, char *const *lines,
                          int section, bool had_end)
{
    size_t i;
    json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        const char *text = json_string_value(json_object_get(candidate, "candidate"));
        /* One candidate is one line, whatever a peer put into it. */
        if (text && section_of(candidate, lines) == section)
            g_string_append_printf(out, "a=%.*s\r\n", (int)strcspn(text, "\r\n"), text);
    }
    if (!had_end)
        g_string_append(out, "a=end-of-candidates\r\n");
}

char *signaling_insert_candidates(const char *sdp, const json_t *candidates)
{
    g_auto(GStrv) lines = g_strsplit(sdp, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strchomp(*line);
    GString *out = g_string_new(NULL);
    int section = -1;
    bool had_end = false;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "m=")) {
            if (section >= 0)
                close_section(out, candidates, lines, section, had_end);
            section++;
            had_end = false;
        }
        had_end |= strcmp(*line, "a=end-of-candidates") == 0;
        if (**line)
            g_string_append_printf(out, "%s\r\n", *line);
    }
    if (section >= 0)
        close_section(out, candidates, lines, section, had_end);
    return g_string_free(out, FALSE);
}
