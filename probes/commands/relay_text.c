/* SPDX-License-Identifier: Apache-2.0 */
/* What `relay` and `bench` measured, as people read it: a line a thing, its name first.
 */
#include "probes/commands/relay_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"

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
    g_autofree char *uri = text_escape(field_text(item, "name"));
    g_string_append_printf(out, "%s\n", uri);
}

/* Only a failure has a line at the end. */
static void append_failure(GString *out, const json_t *item, bool in_colour)
{
    if (strcmp(field_text(item, "status"), verdict_name(VERDICT_FAIL)) != 0)
        return;
    g_autofree char *word = layout_verdict(VERDICT_FAIL, in_colour);
    g_autofree char *message = text_escape(field_text(item, "message"));
    g_string_append_printf(out, "%s %s\n", word, message);
}

static void append_round_trips(GString *out, const json_t *rtt)
{
    if (field_whole(rtt, "count") == 0)
        return;
    append_row(out, "round trip", "min %.2f  p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms",
               field_number(rtt, "min_ms"), field_number(rtt, "p50_ms"),
               field_number(rtt, "p95_ms"), field_number(rtt, "p99_ms"),
               field_number(rtt, "max_ms"));
    append_row(out, "jitter", "%.2f ms", field_number(rtt, "jitter_ms"));
}

char *relay_format_item(const json_t *item, bool in_colour)
{
    GString *out = g_string_new(NULL);
    const json_t *allocation = json_object_get(item, "allocation");
    const json_t *relay = json_object_get(item, "relay");
    const json_t *relayed = json_object_get(allocation, "relayed");
    append_head(out, item);
    append_row(out, "allocate", "%.1f ms, %s and %s, lifetime %lld s",
               field_number(allocation, "allocate_ms"),
               json_string_value(json_array_get(relayed, 0)),
               json_string_value(json_array_get(relayed, 1)),
               field_whole(allocation, "lifetime_s"));
    append_row(out, "relay", "%lld/%lld came back, loss %.1f %% (there %.1f, back %.1f)",
               field_whole(relay, "returned"), field_whole(relay, "sent"),
               100 * field_number(relay, "loss"), 100 * field_number(relay, "loss_there"),
               100 * field_number(relay, "loss_back"));
    append_row(out, "order", "%lld doubled, %lld out of order, %lld altered",
               field_whole(relay, "duplicates"), field_whole(relay, "reordered"),
               field_whole(relay, "corrupted"));
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
                   field_number(allocations, "per_second"),
                   field_whole(allocations, "made"), field_number(allocations, "seconds"),
                   field_whole(allocations, "failed"));
    if (relay)
        append_row(out, "throughput",
                   "%.0f packets and %.1f Mbit a second (loss %.2f %% of %lld)",
                   field_number(relay, "packets_per_second"),
                   field_number(relay, "megabits_per_second"),
                   100 * field_number(relay, "loss"), field_whole(relay, "sent"));
    append_failure(out, item, in_colour);
    return g_string_free(out, FALSE);
}
