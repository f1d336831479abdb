/* SPDX-License-Identifier: Apache-2.0 */
/* What `relay` and `bench` measured, as people read it: a line a thing, its name first.
 */
#include "probes/commands/relay_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "probes/output/layout.h"

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static long long whole(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void append_row(GString *out, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void append_row(GString *out, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(out, "  %-12s", name);
    g_string_append_vprintf(out, format, arguments);
    g_string_append_c(out, '\n');
    va_end(arguments);
}

static void append_head(GString *out, const json_t *item)
{
    g_autofree char *uri = text_escape(text_of(item, "name"));
    g_string_append_printf(out, "%s\n", uri);
}

/* Only a failure has a line at the end. */
static void append_failure(GString *out, const json_t *item, bool in_colour)
{
    if (strcmp(text_of(item, "status"), verdict_name(VERDICT_FAIL)) != 0)
        return;
    g_autofree char *word = layout_verdict(VERDICT_FAIL, in_colour);
    g_autofree char *message = text_escape(text_of(item, "message"));
    g_string_append_printf(out, "%s %s\n", word, message);
}

static void append_round_trips(GString *out, const json_t *rtt)
{
    if (whole(rtt, "count") == 0)
        return;
    append_row(out, "round trip", "min %.2f  p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms",
               number(rtt, "min_ms"), number(rtt, "p50_ms"), number(rtt, "p95_ms"),
               number(rtt, "p99_ms"), number(rtt, "max_ms"));
    append_row(out, "jitter", "%.2f ms", number(rtt, "jitter_ms"));
}

char *relay_format_item(const json_t *item, bool in_colour)
{
    GString *out = g_string_new(NULL);
    const json_t *allocation = json_object_get(item, "allocation");
    const json_t *relay = json_object_get(item, "relay");
    const json_t *relayed = json_object_get(allocation, "relayed");
    append_head(out, item);
    append_row(
        out, "allocate", "%.1f ms, %s and %s, lifetime %lld s",
        number(allocation, "allocate_ms"), json_string_value(json_array_get(relayed, 0)),
        json_string_value(json_array_get(relayed, 1)), whole(allocation, "lifetime_s"));
    append_row(out, "relay", "%lld/%lld came back, loss %.1f %% (there %.1f, back %.1f)",
               whole(relay, "returned"), whole(relay, "sent"),
               100 * number(relay, "loss"), 100 * number(relay, "loss_there"),
               100 * number(relay, "loss_back"));
    append_row(out, "order", "%lld doubled, %lld out of order, %lld altered",
               whole(relay, "duplicates"), whole(relay, "reordered"),
               whole(relay, "corrupted"));
    append_round_trips(out, json_object_get(relay, "rtt"));
    append_failure(out, item, in_colour);
    return g_string_free(out, FALSE);
}

char *bench_format_item(const json_t *item, bool in_colour)
{
    GString *out = g_string_new(NULL);
    const json_t *allocations = json_object_get(item, "allocations");
    const json_t *relay = json_object_get(item, "throughput");
    append_head(out, item);
    if (allocations)
        append_row(out, "allocations", "%.0f a second (%lld in %.2f s, %lld failed)",
                   number(allocations, "per_second"), whole(allocations, "made"),
                   number(allocations, "seconds"), whole(allocations, "failed"));
    if (relay)
        append_row(out, "throughput",
                   "%.0f packets and %.1f Mbit a second (loss %.2f %% of %lld)",
                   number(relay, "packets_per_second"),
                   number(relay, "megabits_per_second"), 100 * number(relay, "loss"),
                   whole(relay, "sent"));
    append_failure(out, item, in_colour);
    return g_string_free(out, FALSE);
}
