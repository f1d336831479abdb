/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first divergence of two records. Lines (divergence_lines.c) are walked side by
 * side, all together where the records must be equal, else each source's on its own.
 * Where they part, the line that comes first says what happened: if the other record has
 * it further on, it moved; if not, it is missing or new.
 *
 * Of each thing the first occurrence after the common part is meant: up to there both
 * records have the same number of it.
 *
 * Nothing here says which of two records is right, and consequences are not sought.
 */
#include "reports/divergence.h"

#include <math.h>
#include <string.h>

#include "reports/divergence_lines.h"

#define US_PER_MS       1000.0
#define TOLERANCE_US    25000 /* on the wall clock: and a tenth of the time */
#define TOLERANCE_SHARE 10
#define MAX_WORDS_BYTES 200

const char *const divergence_what_names[DIVERGENCE_N_WHATS] = {
    [DIVERGENCE_LATE] = "late",       [DIVERGENCE_EARLY] = "early",
    [DIVERGENCE_MISSING] = "missing", [DIVERGENCE_NEW] = "new",
    [DIVERGENCE_ORDER] = "order",     [DIVERGENCE_DETAIL] = "detail",
};

/* Where two lists part; NULL: a list has ended. */
struct parting {
    enum divergence_what what;
    const struct divergence_line *before, *after; /* what is told */
    const struct divergence_line *since;          /* the last in common; NULL: none */
    guint n_common;
    int64_t at_us;
    bool is_found;
};

static const struct divergence_line *line_at(const GPtrArray *lines, guint i)
{
    return i < lines->len ? lines->pdata[i] : NULL;
}

static const struct divergence_line *find_from(const GPtrArray *lines, guint from,
                                               const char *signature)
{
    for (guint i = from; i < lines->len; i++) {
        const struct divergence_line *line = lines->pdata[i];
        if (strcmp(line->signature, signature) == 0)
            return line;
    }
    return NULL;
}

static bool is_same_time(int64_t a_us, int64_t b_us, bool is_exact)
{
    if (is_exact)
        return a_us == b_us;
    double apart_us = fabs((double)a_us - (double)b_us); /* of any two: no overflow */
    return apart_us <= MAX(TOLERANCE_US, fabs((double)a_us) / TOLERANCE_SHARE);
}

static enum divergence_what what_of_move(int64_t before_us, int64_t after_us)
{
    return after_us > before_us   ? DIVERGENCE_LATE
           : after_us < before_us ? DIVERGENCE_EARLY
                                  : DIVERGENCE_ORDER;
}

/* What happened at index i, where the lists differ. */
static void tell_parting(const GPtrArray *before, const GPtrArray *after, guint i,
                         struct parting *ret)
{
    const struct divergence_line *a = line_at(before, i), *b = line_at(after, i);
    *ret = (struct parting){ .before = a,
                             .after = b,
                             .n_common = i,
                             .since = i > 0 ? line_at(before, i - 1) : NULL,
                             .is_found = true };
    ret->at_us = !a ? b->t_us : !b ? a->t_us : MIN(a->t_us, b->t_us);
    if (a && b && strcmp(a->signature, b->signature) == 0) {
        ret->what = what_of_move(a->t_us, b->t_us);
        return;
    }
    const struct divergence_line *moved = a ? find_from(after, i, a->signature) : NULL;
    const struct divergence_line *was = b ? find_from(before, i, b->signature) : NULL;
    /* At one time, what is only in one of them says more than what moved. */
    bool is_a = a && (!b || a->t_us < b->t_us || (a->t_us == b->t_us && (!moved || was)));
    if (is_a && moved) {
        ret->after = moved;
        ret->what = what_of_move(a->t_us, moved->t_us);
    } else if (is_a) {
        ret->what = DIVERGENCE_MISSING;
    } else if (was) {
        ret->before = was;
        ret->what = what_of_move(was->t_us, b->t_us);
    } else {
        ret->what = DIVERGENCE_NEW;
    }
}

static void walk(const GPtrArray *before, const GPtrArray *after, bool is_exact,
                 struct parting *ret)
{
    for (guint i = 0; i < MAX(before->len, after->len); i++) {
        const struct divergence_line *a = line_at(before, i), *b = line_at(after, i);
        if (a && b && strcmp(a->signature, b->signature) == 0 &&
            is_same_time(a->t_us, b->t_us, is_exact))
            continue;
        tell_parting(before, after, i, ret);
        return;
    }
    ret->is_found = false;
}

/* The first line of which only the detail differs. */
static void walk_details(const GPtrArray *before, const GPtrArray *after,
                         struct parting *ret)
{
    for (guint i = 0; i < MIN(before->len, after->len); i++) {
        const struct divergence_line *a = line_at(before, i), *b = line_at(after, i);
        if (strcmp(a->detail, b->detail) == 0)
            continue;
        *ret = (struct parting){ .what = DIVERGENCE_DETAIL,
                                 .before = a,
                                 .after = b,
                                 .n_common = i,
                                 .since = i > 0 ? line_at(before, i - 1) : NULL,
                                 .at_us = a->t_us,
                                 .is_found = true };
        return;
    }
}

/* A source's lines in both records. */
struct source {
    GPtrArray *lines[2]; /* before, after */
};

static void source_free(gpointer data)
{
    struct source *source = data;
    g_ptr_array_unref(source->lines[0]);
    g_ptr_array_unref(source->lines[1]);
    g_free(source);
}

/* Sources in the order in which each first comes. */
static GPtrArray *sort_by_source(const GPtrArray *before, const GPtrArray *after)
{
    GPtrArray *sources = g_ptr_array_new_with_free_func(source_free);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *both[] = { before, after };
    for (size_t side = 0; side < G_N_ELEMENTS(both); side++) {
        for (guint i = 0; i < both[side]->len; i++) {
            char *name = line_at(both[side], i)->source;
            struct source *source = g_hash_table_lookup(by_name, name);
            if (!source) {
                source = g_new(struct source, 1);
                *source = (struct source){ { g_ptr_array_new(), g_ptr_array_new() } };
                g_ptr_array_add(sources, source);
                g_hash_table_insert(by_name, name, source);
            }
            g_ptr_array_add(source->lines[side], both[side]->pdata[i]);
        }
    }
    return sources;
}

/* Each source on its own; of what they part at, the earliest. */
static void walk_sources(const GPtrArray *before, const GPtrArray *after,
                         struct parting *ret)
{
    g_autoptr(GPtrArray) sources = sort_by_source(before, after);
    for (guint i = 0; i < sources->len; i++) {
        const struct source *source = sources->pdata[i];
        struct parting parting = { 0 };
        walk(source->lines[0], source->lines[1], false, &parting);
        if (parting.is_found && (!ret->is_found || parting.at_us < ret->at_us))
            *ret = parting;
    }
}

static struct parting compare(const GPtrArray *before, const GPtrArray *after,
                              bool is_exact)
{
    struct parting parting = { 0 };
    if (!before || !after)
        return parting;
    if (is_exact)
        walk(before, after, true, &parting);
    else
        walk_sources(before, after, &parting);
    if (!parting.is_found && is_exact)
        walk_details(before, after, &parting);
    return parting;
}

/* Peers' own texts may be long. */
static char *shorten(const char *words)
{
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    if (strlen(valid) <= MAX_WORDS_BYTES)
        return g_steal_pointer(&valid);
    const char *end = g_utf8_find_prev_char(valid, valid + MAX_WORDS_BYTES);
    return g_strdup_printf("%.*s...", (int)(end - valid), valid);
}

static double ms_of(const struct divergence_line *line)
{
    return (double)line->t_us / US_PER_MS;
}

static void append_change(GString *out, const struct parting *parting, const char *before,
                          const char *after)
{
    const struct divergence_line *a = parting->before, *b = parting->after;
    switch (parting->what) {
    case DIVERGENCE_LATE:
    case DIVERGENCE_EARLY:
        g_string_append_printf(out, "%s comes at %.3f ms, was at %.3f ms (%.3f ms %s)",
                               before, ms_of(b), ms_of(a), ABS(ms_of(b) - ms_of(a)),
                               ms_of(b) > ms_of(a) ? "later" : "earlier");
        break;
    case DIVERGENCE_MISSING:
        g_string_append_printf(out, "%s, at %.3f ms, does not come any more", before,
                               ms_of(a));
        if (b)
            g_string_append_printf(out, "; next is %s at %.3f ms", after, ms_of(b));
        break;
    case DIVERGENCE_NEW:
        g_string_append_printf(out, "%s comes at %.3f ms and did not before", after,
                               ms_of(b));
        if (a)
            g_string_append_printf(out, "; next was %s at %.3f ms", before, ms_of(a));
        break;
    case DIVERGENCE_ORDER:
        g_string_append_printf(out, "%s comes at its time, %.3f ms, in another order",
                               before, ms_of(a));
        break;
    case DIVERGENCE_DETAIL:
        g_string_append_printf(out, "%s at %.3f ms has other details", after, ms_of(b));
        break;
    case DIVERGENCE_N_WHATS:
        g_assert_not_reached();
    }
}

static json_t *describe(const struct parting *parting, const char *of)
{
    const struct divergence_line *a = parting->before, *b = parting->after;
    g_autofree char *before = a ? shorten(a->words) : NULL;
    g_autofree char *after = b ? shorten(b->words) : NULL;
    g_autofree char *since = parting->since ? shorten(parting->since->words) : NULL;
    GString *text = g_string_new(NULL);
    if (since && parting->n_common == 1)
        g_string_append_printf(text, "As before %s at %.3f ms; then ", since,
                               ms_of(parting->since));
    else if (since)
        g_string_append_printf(text, "%u %s as before, the last %s at %.3f ms; then ",
                               parting->n_common, of, since, ms_of(parting->since));
    append_change(text, parting, before, after);
    g_autofree char *words = g_string_free(text, FALSE);
    return json_pack("{s:s, s:s, s:i, s:s?, s:s?, s:s?, s:o, s:o, s:s}", "what",
                     divergence_what_names[parting->what], "of", of, "common",
                     (int)parting->n_common, "since", since, "before", before, "after",
                     after, "before_ms", a ? json_real(ms_of(a)) : json_null(),
                     "after_ms", b ? json_real(ms_of(b)) : json_null(), "text", words);
}

json_t *divergence_find(const char *before, const char *after, bool is_exact)
{
    g_autoptr(GPtrArray) events_before = divergence_read_events(before);
    g_autoptr(GPtrArray) events_after = divergence_read_events(after);
    g_autoptr(GPtrArray) packets_before = divergence_read_packets(before);
    g_autoptr(GPtrArray) packets_after = divergence_read_packets(after);
    struct parting events = compare(events_before, events_after, is_exact);
    struct parting packets = compare(packets_before, packets_after, is_exact);
    bool is_detail = events.what == DIVERGENCE_DETAIL;
    bool are_details = packets.what == DIVERGENCE_DETAIL;
    /* An event is easier to understand than the packet of the same time. */
    bool has_packets =
        packets.is_found && (!events.is_found || (is_detail && !are_details) ||
                             (is_detail == are_details && packets.at_us < events.at_us));
    if (has_packets)
        return describe(&packets, "packets");
    return events.is_found ? describe(&events, "events") : NULL;
}
