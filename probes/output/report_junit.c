/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML as Jenkins, GitLab and GitHub's actions read it: one suite, a test case an
 * item. A failure stands for `fail`, an error for `error` and `inconclusive`, a skipped
 * one for `skipped`, `unsupported` and `known`; the evidence is the element's text.
 */
#include "base/json_text.h"
#include "base/xml.h"
#include "probes/output/report_writer.h"

/* All that the item says, a key a line. */
static void append_evidence(GString *out, const json_t *item)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)item, key, value)
    {
        g_autofree char *text =
            json_is_string(value)
                ? g_strdup(json_string_value(value))
                : json_text_dump(value, JSON_ENCODE_ANY | JSON_INDENT(2));
        if (!*text)
            continue;
        xml_append_text(out, key);
        g_string_append(out, ": ");
        xml_append_text(out, text);
        g_string_append_c(out, '\n');
    }
}

static const char *element_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_FAIL:
        return "failure";
    case VERDICT_ERROR:
    case VERDICT_INCONCLUSIVE:
        return "error";
    case VERDICT_UNSUPPORTED:
    case VERDICT_SKIPPED:
    case VERDICT_KNOWN:
        return "skipped";
    case VERDICT_PASS:
    case VERDICT_NON_STRICT:
    case VERDICT_INFO:
    case VERDICT_N:
        break;
    }
    return NULL;
}

static void append_result(GString *out, const json_t *item, enum verdict verdict)
{
    const char *element = element_of(verdict);
    if (!element) {
        g_string_append(out, "      <system-out>");
        append_evidence(out, item);
        g_string_append(out, "</system-out>\n");
        return;
    }
    g_autofree char *message =
        g_strconcat(verdict_name(verdict), ": ", report_text_of(item, "message"), NULL);
    g_string_append_printf(out, "      <%s", element);
    xml_append_attribute(out, "message", message);
    if (report_is_bad(verdict))
        xml_append_attribute(out, "type", verdict_name(verdict));
    g_string_append_c(out, '>');
    append_evidence(out, item);
    g_string_append_printf(out, "</%s>\n", element);
}

static double seconds_of(const json_t *item)
{
    return json_number_value(json_object_get(item, "duration_ms")) / 1000;
}

static void append_case(GString *out, const struct report *r, const json_t *item)
{
    enum verdict verdict = VERDICT_ERROR;
    verdict_parse(report_text_of(item, "status"), &verdict);
    const char *group = report_text_of(item, "group");
    g_autofree char *class_name =
        g_strconcat("rtcprobe.", r->options.command, *group ? "." : "", group, NULL);
    g_autofree char *title = report_title_of(item);
    g_string_append(out, "    <testcase");
    xml_append_attribute(out, "name", title);
    xml_append_attribute(out, "classname", class_name);
    g_string_append_printf(out, " time=\"%.3f\">\n", seconds_of(item));
    append_result(out, item, verdict);
    g_string_append(out, "    </testcase>\n");
}

static void append_suite(GString *out, const struct report *r)
{
    size_t i;
    json_t *item;
    double seconds = 0;
    json_array_foreach(r->items, i, item) seconds += seconds_of(item);
    g_autofree char *counts = g_strdup_printf(
        "tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"%.3f\"", r->n_items,
        r->counts[VERDICT_FAIL],
        r->counts[VERDICT_ERROR] + r->counts[VERDICT_INCONCLUSIVE], seconds);
    g_autofree char *started = report_started(r);
    g_string_append_printf(out, "<testsuites name=\"rtcprobe\" %s>\n", counts);
    g_string_append_printf(
        out, "  <testsuite name=\"rtcprobe %s\" %s skipped=\"%u\" timestamp=\"%.19s\">\n",
        r->options.command, counts,
        r->counts[VERDICT_UNSUPPORTED] + r->counts[VERDICT_SKIPPED] +
            r->counts[VERDICT_KNOWN],
        started);
    g_string_append_printf(
        out,
        "    <properties>\n"
        "      <property name=\"version\" value=\"" RTCLAB_VERSION "\"/>\n"
        "      <property name=\"seed\" value=\"%" G_GUINT64_FORMAT "\"/>\n"
        "    </properties>\n",
        r->options.seed);
    json_array_foreach(r->items, i, item) append_case(out, r, item);
    g_string_append(out, "  </testsuite>\n</testsuites>\n");
}

static int write_suite(struct report *r, const json_t *document, int status)
{
    (void)document;
    g_autoptr(GString) out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    append_suite(out, r);
    report_write(r, out->str);
    return status;
}

const struct report_writer report_writer_junit = { .keeps_items = true,
                                                   .end = write_suite };
