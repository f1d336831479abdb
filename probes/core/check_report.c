/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found, as an item of a report and as metrics. */
#include <string.h>

#include "base/clock.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && *text)
        json_object_set_new(object, key, report_json_text(text, strlen(text)));
}

static void set_endpoint(json_t *object, const char *key, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (e->address.family != ADDRESS_NONE)
        json_object_set_new(object, key, json_string(endpoint_format(e, text)));
}

static json_t *milliseconds(int64_t ns)
{
    return json_real((double)(ns / NS_PER_US) / 1000); /* microseconds are enough */
}

/* ---- JSON ------------------------------------------------------------------------- */

static json_t *step_to_json(enum check_phase phase, const struct check_step *step)
{
    json_t *value = json_pack("{s:s, s:b, s:o}", "phase", check_phase_name(phase), "ok",
                              step->state == CHECK_DONE, "duration_ms",
                              milliseconds(step->duration_ns));
    set_text(value, "text", step->text);
    return value;
}

static json_t *relay_to_json(const struct check_relay *relay)
{
    const struct relay_result *r = &relay->result;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:o}", "sent",
                     (json_int_t)r->sent, "returned", (json_int_t)r->returned,
                     "duplicates", (json_int_t)r->duplicates, "reordered",
                     (json_int_t)r->reordered, "corrupted", (json_int_t)r->corrupted,
                     "loss", check_loss(relay), "own_address", relay->is_own, "rtt",
                     samples_to_json(&r->rtt));
}

static json_t *tls_to_json(const struct tls_report *tls)
{
    json_t *value =
        json_pack("{s:b, s:b}", "trusted", tls->is_trusted, "name_ok", tls->is_name_ok);
    set_text(value, "version", tls->version);
    set_text(value, "cipher", tls->cipher);
    set_text(value, "alpn", tls->alpn);
    set_text(value, "subject", tls->subject);
    set_text(value, "problem", tls->problem);
    if (tls->not_after_s != 0) {
        json_object_set_new(value, "not_after_s", json_integer(tls->not_after_s));
        json_object_set_new(value, "days_left", json_integer(check_days_left(tls)));
    }
    return value;
}

static void set_address_error(json_t *value, const struct check_address *a)
{
    if (!a->error)
        return;
    json_object_set_new(value, "failed", json_string(check_phase_name(a->failed)));
    set_text(value, "message", a->error->message);
    set_text(value, "advice", a->advice);
    if (a->code)
        json_object_set_new(value, "code", json_integer(a->code));
}

static json_t *address_to_json(const struct check_result *result,
                               const struct check_address *a)
{
    json_t *value = json_object();
    set_endpoint(value, "address", &a->endpoint);
    json_object_set_new(value, "transport", json_string(transport_name(a->transport)));
    set_text(value, "how", a->how);
    json_object_set_new(value, "works", json_boolean(!a->error));
    json_object_set_new(value, "chosen", json_boolean(a == result->chosen));
    set_address_error(value, a);
    set_endpoint(value, "redirected_to", &a->redirected);
    json_t *phases = json_array();
    for (unsigned i = 0; i < CHECK_N_PHASES; i++) {
        if (a->steps[i].state != CHECK_NOT_TRIED)
            json_array_append_new(phases,
                                  step_to_json((enum check_phase)i, &a->steps[i]));
    }
    json_object_set_new(value, "phases", phases);
    if (a->has_tls)
        json_object_set_new(value, "tls", tls_to_json(&a->tls));
    set_text(value, "realm", a->realm);
    set_text(value, "software", a->software);
    if (a->rtt_ns >= 0)
        json_object_set_new(value, "rtt_ms", milliseconds(a->rtt_ns));
    set_endpoint(value, "mapped", &a->mapped);
    set_endpoint(value, "relayed", &a->allocation.relayed);
    if (a->allocation.relayed.address.family != ADDRESS_NONE)
        json_object_set_new(value, "lifetime_s", json_integer(a->allocation.lifetime_s));
    if (a->relay.was_measured)
        json_object_set_new(value, "relay", relay_to_json(&a->relay));
    json_object_set_new(value, "duration_ms", milliseconds(a->duration_ns));
    return value;
}

static json_t *texts_to_json(const GPtrArray *texts)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < texts->len; i++)
        json_array_append_new(list,
                              report_json_text(texts->pdata[i], strlen(texts->pdata[i])));
    return list;
}

static enum verdict verdict_of(const struct check_result *result)
{
    if (g_error_matches(result->error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED))
        return VERDICT_SKIPPED;
    return check_is_good(result) ? VERDICT_PASS : VERDICT_FAIL;
}

/* Why it failed, on one line; "" if it did not. Where the request is the phase's name, it
   is not said twice. Caller owns. */
static char *message_of(const struct check_result *result)
{
    if (!result->error)
        return g_strdup(result->failures->len > 0 ? result->failures->pdata[0] : "");
    const char *phase =
        check_phase_name(result->chosen ? result->chosen->failed : CHECK_PHASE_DNS);
    const char *message = result->error->message;
    static const char *const requests[] = { "Allocate: ", "Binding: " };
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (g_str_has_prefix(message, requests[i]))
            message += strlen(requests[i]);
    }
    return g_strdup_printf("%s: %s", phase, message);
}

json_t *check_to_json(const struct check_result *result)
{
    g_autofree char *message = message_of(result);
    json_t *item = json_object();
    set_text(item, "name", result->uri);
    json_object_set_new(item, "status", json_string(verdict_name(verdict_of(result))));
    set_text(item, "message", message);
    set_text(item, "advice", result->advice);
    json_object_set_new(item, "duration_ms", milliseconds(result->duration_ns));
    set_text(item, "user", result->user);
    if (result->expires_s > 0)
        json_object_set_new(item, "user_expires_s", json_integer(result->expires_s));
    json_object_set_new(item, "dns", step_to_json(CHECK_PHASE_DNS, &result->dns));
    json_t *addresses = json_array();
    for (unsigned i = 0; i < result->n_addresses; i++)
        json_array_append_new(addresses, address_to_json(result, &result->addresses[i]));
    json_object_set_new(item, "addresses", addresses);
    json_object_set_new(item, "warnings", texts_to_json(result->warnings));
    if (result->failures->len > 0)
        json_object_set_new(item, "failures", texts_to_json(result->failures));
    return item;
}

/* ---- Metrics ---------------------------------------------------------------------- */

struct sink {
    struct metrics *metrics;
    const char *target; /* NULL: no such label */
};

/* With the label "target" behind the others, if there is one. */
static void add(const struct sink *sink, const char *name, double value,
                const char *label, const char *label_value)
{
    const char *target = sink->target ? "target" : NULL;
    if (label)
        metrics_add(sink->metrics, name, value, label, label_value, target, sink->target,
                    NULL);
    else
        metrics_add(sink->metrics, name, value, target, sink->target, NULL);
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static void add_relay(const struct sink *sink, const struct check_relay *relay)
{
    static const struct {
        const char *name;
        double q;
    } percentiles[] = { { "50", 50 }, { "95", 95 }, { "99", 99 } };
    const struct relay_result *r = &relay->result;
    if (!relay->was_measured)
        return;
    add(sink, "rtcprobe_relay_packets_sent_total", (double)r->sent, NULL, NULL);
    add(sink, "rtcprobe_relay_packets_received_total", (double)r->returned, NULL, NULL);
    if (r->rtt.count == 0)
        return;
    add(sink, "rtcprobe_relay_jitter_seconds", r->rtt.jitter_ns / (double)NS_PER_S, NULL,
        NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++)
        add(sink, "rtcprobe_relay_rtt_seconds",
            seconds(samples_percentile(&r->rtt, percentiles[i].q)), "percentile",
            percentiles[i].name);
}

static void add_address(const struct sink *sink, const struct check_address *a)
{
    for (unsigned i = 0; i < CHECK_N_PHASES; i++) {
        if (a->steps[i].state != CHECK_NOT_TRIED)
            add(sink, "rtcprobe_phase_duration_seconds", seconds(a->steps[i].duration_ns),
                "phase", check_phase_name((enum check_phase)i));
    }
    if (a->tls.not_after_s != 0)
        add(sink, "probe_ssl_earliest_cert_expiry", (double)a->tls.not_after_s, NULL,
            NULL);
    if (a->rtt_ns >= 0)
        add(sink, "rtcprobe_stun_rtt_seconds", seconds(a->rtt_ns), NULL, NULL);
    add(sink, "rtcprobe_stun_error_code", a->error ? a->code : 0, NULL, NULL);
    if (a->allocation.relayed.address.family != ADDRESS_NONE)
        add(sink, "rtcprobe_allocation_lifetime_seconds", a->allocation.lifetime_s, NULL,
            NULL);
    add_relay(sink, &a->relay);
}

void check_add_metrics(const struct check_result *result, struct metrics *metrics,
                       const char *target)
{
    struct sink sink = { metrics, target };
    add(&sink, "probe_success", check_is_good(result), NULL, NULL);
    add(&sink, "probe_duration_seconds", seconds(result->duration_ns), NULL, NULL);
    add(&sink, "rtcprobe_phase_duration_seconds", seconds(result->dns.duration_ns),
        "phase", check_phase_name(CHECK_PHASE_DNS));
    if (result->chosen)
        add_address(&sink, result->chosen);
    if (result->expires_s > 0)
        add(&sink, "rtcprobe_credential_expiry_timestamp_seconds",
            (double)result->expires_s, NULL, NULL);
}
