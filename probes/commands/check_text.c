/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check as people read it: the URI and who asks, a line for each phase on the address
 * that decided, a line for each other address, then the verdict and what to look at.
 */
#include "probes/commands/check_text.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "probes/core/credentials.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"
#include "probes/output/report.h"

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* "1785…:probe (expires in 59 min)": of a time-limited name the time is no use to read.
 */
static void append_user(GString *out, const json_t *item)
{
    const char *user = field_text(item, "user");
    int64_t expires_s;
    const char *name = NULL;
    if (!*user)
        return;
    g_autofree char *shown = text_escape(user);
    if (!json_object_get(item, "user_expires_s") ||
        !credentials_parse_user(user, &expires_s, &name)) {
        g_string_append_printf(out, "   user %s", shown);
        return;
    }
    g_autofree char *safe_name = text_escape(name);
    g_autofree char *expiry =
        credentials_format_expiry(expires_s, clock_calendar_ns() / NS_PER_S);
    g_string_append_printf(out, "   user %.4s\xe2\x80\xa6%s%s (%s)", shown,
                           name ? ":" : "", safe_name, expiry);
}

/* "  dns          4.1 ms   2 A, 1 AAAA" */
static void append_step(GString *out, const json_t *step)
{
    const char *phase = field_text(step, "phase");
    g_autofree char *text = text_escape(field_text(step, "text"));
    double ms = number_of(step, "duration_ms");
    g_autofree char *time = ms > 0 ? g_strdup_printf("%8.1f ms", ms) : g_strdup("");
    g_autofree char *failed = json_is_false(json_object_get(step, "ok"))
                                  ? g_strdup(*text ? ", failed" : "failed")
                                  : g_strdup("");
    g_string_append_printf(out, "  %-10s %11s   %s%s", phase, time, text, failed);
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void append_relay(GString *out, const json_t *relay)
{
    const json_t *rtt = json_object_get(relay, "rtt");
    g_autofree char *count = g_strdup_printf("%d/%d", (int)number_of(relay, "returned"),
                                             (int)number_of(relay, "sent"));
    g_string_append_printf(out, "  %-10s %11s   loss %.1f %%", "relay", count,
                           number_of(relay, "loss") * 100);
    if (number_of(rtt, "count") > 0)
        g_string_append_printf(out, "   RTT p50 %.1f  p95 %.1f  p99 %.1f ms",
                               number_of(rtt, "p50_ms"), number_of(rtt, "p95_ms"),
                               number_of(rtt, "p99_ms"));
    g_string_append_c(out, '\n');
}

static void append_phases(GString *out, const json_t *address)
{
    size_t i;
    json_t *step;
    const json_t *relay = json_object_get(address, "relay");
    json_array_foreach(json_object_get(address, "phases"), i, step)
    {
        if (relay && strcmp(field_text(step, "phase"), "relay") == 0)
            append_relay(out, relay);
        else
            append_step(out, step);
    }
}

static void append_other(GString *out, const json_t *address)
{
    g_string_append_printf(out, "  %-10s %11s   %s over %s ", "also", "",
                           field_text(address, "address"),
                           field_text(address, "transport"));
    if (json_is_true(json_object_get(address, "works")))
        g_string_append_printf(out, "works: %.1f ms\n",
                               number_of(address, "duration_ms"));
    else
        g_string_append_printf(out, "fails: %s\n", field_text(address, "failed"));
}

static void append_addresses(GString *out, const json_t *item)
{
    size_t i;
    json_t *address;
    const json_t *addresses = json_object_get(item, "addresses");
    json_array_foreach(addresses, i, address)
    {
        if (json_is_true(json_object_get(address, "chosen")))
            append_phases(out, address);
    }
    json_array_foreach(addresses, i, address)
    {
        if (!json_is_true(json_object_get(address, "chosen")))
            append_other(out, address);
    }
}

/* A paragraph that begins with a verdict's name, or another word in its colour. */
static void append_paragraph(GString *out, enum verdict verdict, const char *word,
                             const char *text, bool in_colour)
{
    g_autofree char *safe = text_escape(text);
    g_autofree char *first = g_strdup_printf("%-4s ", word);
    g_autofree char *lines = layout_wrap(first, safe, layout_columns());
    g_autofree char *painted = layout_paint(verdict, word, in_colour);
    g_string_append_printf(out, "%s%s", painted, lines + strlen(word));
}

static void append_verdict(GString *out, const json_t *item, enum verdict verdict,
                           bool in_colour)
{
    size_t i;
    json_t *text;
    g_autofree char *word = g_ascii_strup(verdict_name(verdict), -1);
    const char *advice = field_text(item, "advice");
    const json_t *failures = json_object_get(item, "failures");
    if (verdict == VERDICT_PASS) {
        g_autofree char *time =
            g_strdup_printf("in %.0f ms", number_of(item, "duration_ms"));
        append_paragraph(out, verdict, word, time, in_colour);
    } else if (!failures) {
        append_paragraph(out, verdict, word, field_text(item, "message"), in_colour);
    }
    json_array_foreach(failures, i, text)
        append_paragraph(out, verdict, word, json_string_value(text), in_colour);
    if (*advice)
        append_paragraph(out, verdict, "", advice, false);
    json_array_foreach(json_object_get(item, "warnings"), i, text) append_paragraph(
        out, VERDICT_NON_STRICT, "WARN", json_string_value(text), in_colour);
}

char *check_format_item(const json_t *item, bool in_colour)
{
    GString *out = g_string_new(NULL);
    g_autofree char *uri = text_escape(field_text(item, "name"));
    enum verdict verdict = VERDICT_ERROR;
    verdict_parse(field_text(item, "status"), &verdict);
    g_string_append(out, uri);
    append_user(out, item);
    g_string_append_c(out, '\n');
    append_step(out, json_object_get(item, "dns"));
    append_addresses(out, item);
    append_verdict(out, item, verdict, in_colour);
    return g_string_free(out, FALSE);
}
