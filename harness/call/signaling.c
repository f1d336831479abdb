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

/* The media sections of a description. What peers write is not trusted: each line and
   each candidate is looked at once, however many there are. */
struct sections {
    GHashTable *by_mid; /* of char * in the lines: the first section of that name, + 1 */
    GString **candidates; /* for each section: its lines; NULL: none */
    unsigned n;
};

static void sections_read(struct sections *sections, char *const *lines)
{
    *sections = (struct sections){ .by_mid = g_hash_table_new(g_str_hash, g_str_equal) };
    for (char *const *line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "m="))
            sections->n++;
        char *mid = g_str_has_prefix(*line, "a=mid:") ? *line + strlen("a=mid:") : NULL;
        if (mid && sections->n > 0 && !g_hash_table_contains(sections->by_mid, mid))
            g_hash_table_insert(sections->by_mid, mid, GUINT_TO_POINTER(sections->n));
    }
    sections->candidates = g_new0(GString *, sections->n + 1);
}

static void sections_clear(struct sections *sections)
{
    for (unsigned i = 0; i < sections->n; i++)
        if (sections->candidates[i])
            g_string_free(sections->candidates[i], TRUE);
    g_free(sections->candidates);
    g_hash_table_unref(sections->by_mid);
}

/* The number of the media section that a candidate is for: by its sdpMid, else by its
   sdpMLineIndex, else the first (W3C RTCIceCandidateInit). */
static unsigned section_of(const struct sections *sections, const json_t *candidate)
{
    const char *mid = json_string_value(json_object_get(candidate, "sdpMid"));
    gpointer number = mid ? g_hash_table_lookup(sections->by_mid, mid) : NULL;
    if (number)
        return GPOINTER_TO_UINT(number) - 1;
    /* 0 if it is none */
    json_int_t index = json_integer_value(json_object_get(candidate, "sdpMLineIndex"));
    return index >= 0 && index < (json_int_t)sections->n ? (unsigned)index : 0;
}

static void sections_take(struct sections *sections, const json_t *candidates)
{
    size_t i;
    const json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        const char *text = json_string_value(json_object_get(candidate, "candidate"));
        if (!text || sections->n == 0)
            continue;
        GString **lines = &sections->candidates[section_of(sections, candidate)];
        if (!*lines)
            *lines = g_string_new(NULL);
        /* One candidate is one line, whatever a peer put into it. */
        g_string_append_printf(*lines, "a=%.*s\r\n", (int)strcspn(text, "\r\n"), text);
    }
}

/* What belongs at the end of one media section. */
static void close_section(GString *out, const GString *candidates, bool had_end)
{
    if (candidates)
        g_string_append_len(out, candidates->str, (gssize)candidates->len);
    if (!had_end)
        g_string_append(out, "a=end-of-candidates\r\n");
}

char *signaling_insert_candidates(const char *sdp, const json_t *candidates)
{
    g_auto(GStrv) lines = g_strsplit(sdp, "\n", -1);
    for (char **line = lines; *line; line++)
        g_strchomp(*line);
    struct sections sections;
    sections_read(&sections, lines);
    sections_take(&sections, candidates);
    GString *out = g_string_new(NULL);
    unsigned n_begun = 0;
    bool had_end = false;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "m=")) {
            if (n_begun > 0)
                close_section(out, sections.candidates[n_begun - 1], had_end);
            n_begun++;
            had_end = false;
        }
        had_end |= strcmp(*line, "a=end-of-candidates") == 0;
        if (**line)
            g_string_append_printf(out, "%s\r\n", *line);
    }
    if (n_begun > 0)
        close_section(out, sections.candidates[n_begun - 1], had_end);
    sections_clear(&sections);
    return g_string_free(out, FALSE);
}
