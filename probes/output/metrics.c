/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics there are, in one table, and Prometheus' text exposition format 0.0.4 of
 * those that were measured. Names, units and the kinds follow Prometheus' conventions:
 * base units, counters in _total.
 *
 * To add a metric, add a row. A name that has none is a mistake in the program, not in
 * what it probes, and ends it.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "probes/output/report.h"

static const struct kind {
    const char *name;
    enum metric_type type;
    const char *help;
} kinds[] = {
    { "probe_success", METRIC_GAUGE, "1 if the probe succeeded, else 0." },
    { "probe_duration_seconds", METRIC_GAUGE, "How long the probe took." },
    { "probe_ssl_earliest_cert_expiry", METRIC_GAUGE,
      "When the first certificate of the server's chain expires, in Unix time." },
    { "rtcprobe_phase_duration_seconds", METRIC_GAUGE,
      "How long each phase of the probe took." },
    { "rtcprobe_stun_rtt_seconds", METRIC_GAUGE,
      "From a STUN request to its response, without retransmissions." },
    { "rtcprobe_stun_error_code", METRIC_GAUGE,
      "The error code that ended the probe; 0: none did." },
    { "rtcprobe_relay_rtt_seconds", METRIC_GAUGE,
      "Round-trip time of payloads through the relay." },
    { "rtcprobe_relay_packets_sent_total", METRIC_COUNTER,
      "Payloads sent into the relay." },
    { "rtcprobe_relay_packets_received_total", METRIC_COUNTER,
      "Payloads that came out of the relay unharmed." },
    { "rtcprobe_relay_jitter_seconds", METRIC_GAUGE,
      "Interarrival jitter of payloads through the relay (RFC 3550)." },
    { "rtcprobe_allocation_lifetime_seconds", METRIC_GAUGE,
      "The lifetime that the server gave the allocation." },
    { "rtcprobe_credential_expiry_timestamp_seconds", METRIC_GAUGE,
      "When the time-limited user name expires, in Unix time." },
    { "rtcprobe_response_gain_ratio", METRIC_GAUGE,
      "Bytes of a response for each byte of its request, IP and UDP headers counted "
      "in." },
    { "rtcprobe_conformance_cases", METRIC_GAUGE, "Conformance cases by their verdict." },
    { "rtcprobe_nat_info", METRIC_GAUGE,
      "1, with how the NATs before the probe map and filter (RFC 4787)." },
    { "rtcprobe_nat_lifetime_seconds", METRIC_GAUGE,
      "How long a mapping was kept that nothing used." },
    { "rtcprobe_build_info", METRIC_GAUGE, "1, with the version of rtcprobe." },
    { "rtcprobe_exporter_probes_running", METRIC_GAUGE, "Probes running now." },
    { "rtcprobe_exporter_probes_total", METRIC_COUNTER,
      "Probes that ended, by their result." },
    { "rtcprobe_exporter_refused_total", METRIC_COUNTER,
      "Probes that were refused because too many were running." },
};

struct sample {
    unsigned kind;
    GPtrArray *labels; /**< char *: name, value, name, value, … escaped */
    double value;
};

struct metrics {
    GPtrArray *samples; /**< struct sample *, in the order they were added */
};

static void free_sample(void *data)
{
    struct sample *sample = data;
    g_ptr_array_unref(sample->labels);
    g_free(sample);
}

struct metrics *metrics_new(void)
{
    struct metrics *m = g_new(struct metrics, 1);
    *m = (struct metrics){ .samples = g_ptr_array_new_with_free_func(free_sample) };
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    g_ptr_array_unref(m->samples);
    g_free(m);
}

const char *metrics_name(unsigned i)
{
    return i < G_N_ELEMENTS(kinds) ? kinds[i].name : NULL;
}

static unsigned find_kind(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(name, kinds[i].name) == 0)
            return i;
    }
    g_error("there is no metric %s: it needs a row in metrics.c", name);
}

static bool same_labels(const GPtrArray *a, const GPtrArray *b)
{
    if (a->len != b->len)
        return false;
    for (unsigned i = 0; i < a->len; i++) {
        if (strcmp(a->pdata[i], b->pdata[i]) != 0)
            return false;
    }
    return true;
}

static void add_sample(struct metrics *m, struct sample *consumed)
{
    for (unsigned i = 0; i < m->samples->len; i++) {
        struct sample *other = m->samples->pdata[i];
        if (other->kind == consumed->kind &&
            same_labels(other->labels, consumed->labels)) {
            other->value = consumed->value;
            free_sample(consumed);
            return;
        }
    }
    g_ptr_array_add(m->samples, consumed);
}

void metrics_add(struct metrics *m, const char *name, double value, ...)
{
    struct sample *sample = g_new(struct sample, 1);
    *sample = (struct sample){ .kind = find_kind(name),
                               .labels = g_ptr_array_new_with_free_func(g_free),
                               .value = value };
    va_list args;
    va_start(args, value);
    for (const char *label; (label = va_arg(args, const char *));)
        g_ptr_array_add(sample->labels, text_escape(label));
    va_end(args);
    g_assert(sample->labels->len % 2 == 0);
    add_sample(m, sample);
}

/* The format's own escapes of a label's value; nothing else may be escaped. */
static void append_label_value(GString *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            g_string_append_c(out, '\\');
        if (*value == '\n')
            g_string_append(out, "\\n");
        else
            g_string_append_c(out, *value);
    }
}

/* The shortest of the usual forms that is read back as the same number. */
static void append_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value)) {
        g_string_append(out, "NaN");
    } else if (isinf(value)) {
        g_string_append(out, value > 0 ? "+Inf" : "-Inf");
    } else {
        g_ascii_formatd(text, sizeof text, "%.15g", value);
        if (g_ascii_strtod(text, NULL) != value)
            g_ascii_formatd(text, sizeof text, "%.17g", value);
        g_string_append(out, text);
    }
}

static void append_sample(GString *out, const struct sample *sample)
{
    g_string_append(out, kinds[sample->kind].name);
    for (unsigned i = 0; i < sample->labels->len; i += 2) {
        g_string_append_printf(out, "%c%s=\"", i ? ',' : '{',
                               (const char *)sample->labels->pdata[i]);
        append_label_value(out, sample->labels->pdata[i + 1]);
        g_string_append_c(out, '"');
    }
    g_string_append(out, sample->labels->len ? "} " : " ");
    append_number(out, sample->value);
    g_string_append_c(out, '\n');
}

char *metrics_format(const struct metrics *m)
{
    GString *out = g_string_new(NULL);
    for (unsigned kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        bool is_first = true;
        for (unsigned i = 0; i < m->samples->len; i++) {
            const struct sample *sample = m->samples->pdata[i];
            if (sample->kind != kind)
                continue;
            if (is_first)
                g_string_append_printf(
                    out, "# HELP %s %s\n# TYPE %s %s\n", kinds[kind].name,
                    kinds[kind].help, kinds[kind].name,
                    kinds[kind].type == METRIC_COUNTER ? "counter" : "gauge");
            is_first = false;
            append_sample(out, sample);
        }
    }
    return g_string_free(out, FALSE);
}

json_t *metrics_to_json(const struct metrics *m)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < m->samples->len; i++) {
        const struct sample *sample = m->samples->pdata[i];
        json_t *labels = json_object();
        for (unsigned j = 0; j < sample->labels->len; j += 2)
            json_object_set_new(labels, sample->labels->pdata[j],
                                json_string(sample->labels->pdata[j + 1]));
        json_t *value = isfinite(sample->value) ? json_real(sample->value) : json_null();
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name",
                                              kinds[sample->kind].name, "labels", labels,
                                              "value", value));
    }
    return list;
}
