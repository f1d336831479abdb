/* SPDX-License-Identifier: Apache-2.0 */
/* A line a reply, numbers in columns; below, a line a thing, its name first. */
#include "probes/commands/ping_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"
#include "wire/stunmsg.h"

static void append_answer(GString *out, const json_t *event)
{
    const char *mapped = field_text(event, "mapped"),
               *before = field_text(event, "before");
    long long code = field_whole(event, "code");
    if (json_is_false(json_object_get(event, "is_success"))) {
        const char *reason = stunmsg_code_reason((unsigned)code);
        if (code == 0)
            g_string_append(out, "an error without a code");
        else
            g_string_append_printf(out, "error %lld (%s)", code,
                                   reason ? reason : "no known code");
    } else if (*before) {
        g_string_append_printf(out, "%s, was %s", mapped, before);
    } else {
        g_string_append(out, *mapped ? mapped : "no mapped address");
    }
}

char *ping_format_event(const json_t *event)
{
    const char *kind = field_text(event, "event");
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%5lld  ", field_whole(event, "number"));
    if (strcmp(kind, "lost") == 0) {
        g_string_append(out, "       no answer");
    } else if (strcmp(kind, "unreachable") == 0) {
        g_string_append(out, "       port or host unreachable (ICMP)");
    } else {
        g_string_append_printf(out, "%8.2f ms  ", field_number(event, "rtt_ms"));
        append_answer(out, event);
        if (strcmp(kind, "doubled") == 0)
            g_string_append(out, "  (once more)");
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

static void append_round_trips(GString *out, const json_t *rtt)
{
    if (field_whole(rtt, "count") == 0)
        return;
    g_string_append_printf(
        out, "  round trip  min %.2f  p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms\n",
        field_number(rtt, "min_ms"), field_number(rtt, "p50_ms"),
        field_number(rtt, "p95_ms"), field_number(rtt, "p99_ms"),
        field_number(rtt, "max_ms"));
    g_string_append_printf(out, "  jitter      %.2f ms\n",
                           field_number(rtt, "jitter_ms"));
}

static void append_counts(GString *out, const json_t *ping)
{
    g_string_append_printf(out, "  sent        %lld, received %lld, loss %.1f %%",
                           field_whole(ping, "sent"), field_whole(ping, "received"),
                           100 * field_number(ping, "loss"));
    if (field_whole(ping, "doubled") > 0)
        g_string_append_printf(out, ", %lld doubled", field_whole(ping, "doubled"));
    if (field_whole(ping, "unreachable") > 0)
        g_string_append_printf(out, ", %lld ICMP errors",
                               field_whole(ping, "unreachable"));
    g_string_append_c(out, '\n');
}

char *ping_format_item(const json_t *item, bool in_colour)
{
    GString *out = g_string_new(NULL);
    const json_t *ping = json_object_get(item, "ping");
    g_autofree char *uri = text_escape(field_text(item, "name"));
    g_string_append_printf(out, "%s\n", uri);
    if (ping) {
        append_counts(out, ping);
        append_round_trips(out, json_object_get(ping, "rtt"));
        if (field_whole(ping, "mapped_changes") > 0)
            g_string_append_printf(out, "  mapped      changed %lld times, %s last\n",
                                   field_whole(ping, "mapped_changes"),
                                   field_text(ping, "mapped"));
    }
    if (strcmp(field_text(item, "status"), verdict_name(VERDICT_FAIL)) == 0) {
        g_autofree char *word = layout_verdict(VERDICT_FAIL, in_colour);
        g_autofree char *message = text_escape(field_text(item, "message"));
        g_string_append_printf(out, "%s %s\n", word, message);
    }
    return g_string_free(out, FALSE);
}
