/* SPDX-License-Identifier: Apache-2.0 */
/* Deliberately not here: escaping for XML, Markdown or a terminal, which is the report's.
 */
#include "reports/call_words.h"

#include <string.h>

#include "base/text.h"

enum { MAX_PACKETS = 8 }; /* that a cause names */

const char *call_text(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

static bool has_status(const json_t *call, const char *status)
{
    const json_t *known = json_object_get(call, "known_failure");
    return strcmp(call_text(known, "status", ""), status) == 0;
}

enum call_verdict call_verdict_of(const json_t *call)
{
    if (strcmp(call_text(call, "outcome", ""), "unsupported") == 0)
        return CALL_UNSUPPORTED;
    if (json_is_true(json_object_get(call, "as_expected")))
        return json_is_true(json_object_get(call, "flaky")) ? CALL_FLAKY
                                                            : CALL_AS_EXPECTED;
    return has_status(call, "fails") ? CALL_KNOWN_FAILURE : CALL_NOT_AS_EXPECTED;
}

bool call_passes_unexpectedly(const json_t *call)
{
    return has_status(call, "passes");
}

bool call_is_error(const json_t *call)
{
    return strcmp(call_text(call, "outcome", ""), "error") == 0;
}

char *call_pair(const json_t *call)
{
    const json_t *selected = json_object_get(call, "selected");
    const json_t *offerer = json_object_get(selected, "offerer");
    const char *left = call_text(offerer, "local", NULL);
    const char *right = call_text(json_object_get(selected, "answerer"), "local", NULL);
    if (!left && !right)
        return g_strdup("connected");
    g_autofree char *pair = g_strdup_printf(
        "%s~%s%s", left ? left : "?", right ? right : "?",
        strcmp(call_text(offerer, "protocol", ""), "tcp") == 0 ? "/tcp" : "");
    return text_escape(pair);
}

const char *call_why(const json_t *call)
{
    const char *why = call_text(call, "why", "");
    return *why ? why : call_text(call, "outcome", "no reason is recorded");
}

char *call_cause(const json_t *call)
{
    const json_t *cause = json_object_get(call, "cause");
    const char *text = call_text(cause, "text", "");
    if (!*text)
        return NULL;
    GString *out = g_string_new(text);
    const json_t *packets = json_object_get(cause, "packets");
    const char *opening = json_array_size(packets) == 1 ? " (packet " : " (packets ";
    size_t i, n = 0;
    json_t *packet;
    json_array_foreach(packets, i, packet)
    {
        if (json_is_integer(packet) && n++ < MAX_PACKETS)
            g_string_append_printf(out, "%s%" JSON_INTEGER_FORMAT,
                                   n == 1 ? opening : ", ", json_integer_value(packet));
    }
    if (n > MAX_PACKETS)
        g_string_append(out, ", ...");
    if (n > 0)
        g_string_append_c(out, ')');
    return g_string_free(out, FALSE);
}

char *call_name_change(const json_t *change)
{
    const char *kind = call_text(change, "kind", "?");
    const char *key = call_text(change, "key", NULL);
    const char *mode = call_text(change, "mode", NULL);
    if (key)
        return g_strdup_printf("%s %s", key, kind);
    if (!call_text(change, "scenario", NULL))
        return g_strdup_printf("all calls: %s", kind);
    return g_strdup_printf("%s~%s/%s%s%s %s", call_text(change, "offerer", "?"),
                           call_text(change, "answerer", "?"),
                           call_text(change, "scenario", "?"), mode ? "/" : "",
                           mode ? mode : "", kind);
}
