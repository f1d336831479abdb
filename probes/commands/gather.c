/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe gather`: what an ICE agent gathers with the iceServers of an application,
 * candidate by candidate, with times, and which server gave nothing.
 *
 * The candidates are told as they come to people and as JSON lines; other formats have
 * them in the document at the end. What is judged are the servers.
 */
#include "probes/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/gather_text.h"
#include "probes/commands/quantity.h"
#include "probes/commands/target_options.h"
#include "probes/core/gather_run.h"
#include "probes/core/wait.h"

struct gather_values {
    struct target_options target; /* of it those in the table below */
    const char *ice_servers_file;
    uint64_t components;
    int64_t timeout_ns;
    bool is_relay_only, is_udp_only;
};

static gboolean take_components(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 2, place, error);
}

static gboolean take_policy(const char *text, void *place, GError **error)
{
    bool is_relay = strcmp(text, "relay") == 0;
    if (!is_relay && strcmp(text, "all") != 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be all or relay, is \"%s\"",
                    text);
        return FALSE;
    }
    *(bool *)place = is_relay;
    return TRUE;
}

static const struct option options[] = {
    { .name = "ice-servers",
      .argument = "FILE",
      .help = "W3C's iceServers as JSON; -: standard input",
      .take = option_take_text,
      .offset = offsetof(struct gather_values, ice_servers_file) },
    { .name = "components",
      .argument = "N",
      .preset = "1",
      .help = "2: RTCP apart from RTP",
      .take = take_components,
      .offset = offsetof(struct gather_values, components) },
    { .name = "policy",
      .argument = "NAME",
      .preset = "all",
      .help = "iceTransportPolicy: all or relay",
      .take = take_policy,
      .offset = offsetof(struct gather_values, is_relay_only) },
    { .name = "udp-only",
      .help = "No TCP candidates",
      .take = option_take_flag,
      .offset = offsetof(struct gather_values, is_udp_only) },
    { .name = "timeout",
      .argument = "TIME",
      .preset = "30s",
      .help = "Of all gathering",
      .take = quantity_take_duration,
      .offset = offsetof(struct gather_values, timeout_ns) },
    TARGET_FLAG(struct gather_values, "ipv4", '4', target_take_ipv4, family,
                "Only this machine's IPv4 addresses"),
    TARGET_FLAG(struct gather_values, "ipv6", '6', target_take_ipv6, family,
                "Only this machine's IPv6 addresses"),
    TARGET_OPTION(struct gather_values, "local", 0, "ADDRESS", NULL, target_take_local,
                  local, "Only this one of its addresses"),
    TARGET_OPTION(struct gather_values, "output", 'o', "FORMAT", "human",
                  report_take_format, format,
                  "human, json, jsonl, junit, tap, prom or nagios"),
};

/* ---- Candidates ----------------------------------------------------------------- */

struct telling {
    const struct gather_values *values;
    const struct ice_servers *servers;
    struct report *report;
    json_t *candidates; /* for the document */
};

static double to_ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static json_t *describe_priority(uint32_t priority)
{
    return json_pack("{s:i, s:i, s:i}", "type", (int)(priority >> 24), "local",
                     (int)(priority >> 8 & 0xffff), "component", (int)(priority & 0xff));
}

static json_t *describe_candidate(const struct telling *t,
                                  const struct gather_candidate *found)
{
    const struct candidate *c = &found->candidate;
    char text[ENDPOINT_TEXT_SIZE], line[CANDIDATE_LINE_SIZE] = "";
    bool is_tcp = c->transport == CANDIDATE_TCP;
    json_t *object = json_pack(
        "{s:f, s:s, s:i, s:s, s:s, s:s, s:I, s:o}", "t_ms", to_ms(found->after_ns),
        "type", candidate_type_name(c->type), "component", (int)c->component,
        "foundation", c->foundation, "protocol", is_tcp ? "tcp" : "udp", "address",
        endpoint_format(&c->place.endpoint, text), "priority", (json_int_t)c->priority,
        "priority_parts", describe_priority(c->priority));
    if (is_tcp)
        json_object_set_new(object, "tcp_type",
                            json_string(candidate_tcp_type_name(c->tcp_type)));
    if (c->is_related)
        json_object_set_new(object, "related",
                            json_string(endpoint_format(&c->related.endpoint, text)));
    if (found->server != GATHER_NO_SERVER)
        json_object_set_new(object, "url",
                            json_string(t->servers->servers[found->server].text));
    if (candidate_format(c, line, sizeof line) == CANDIDATE_OK)
        json_object_set_new(object, "candidate", json_string(line));
    return object;
}

static void on_candidate(const struct gather_candidate *found, void *data)
{
    struct telling *t = data;
    json_t *object = describe_candidate(t, found);
    if (t->values->target.format == REPORT_HUMAN) {
        g_autofree char *line = gather_format_candidate(object);
        fputs(line, stdout);
        fflush(stdout);
    } else if (t->values->target.format == REPORT_JSONL) {
        json_t *item = json_copy(object);
        json_object_set(item, "name", json_object_get(object, "candidate"));
        json_object_set_new(item, "status", json_string(verdict_name(VERDICT_INFO)));
        report_item(t->report, item);
    }
    json_array_append_new(t->candidates, object);
}

/* ---- Servers -------------------------------------------------------------------- */

static json_t *make_item(const char *name, enum verdict verdict, const char *message)
{
    return json_pack("{s:s, s:s, s:s}", "name", name, "status", verdict_name(verdict),
                     "message", message);
}

/* Whether the same host gave a candidate by another of its URLs. */
static bool has_relayed_otherwise(const struct telling *t,
                                  const struct gather_result *result,
                                  const struct ice_server *s)
{
    for (size_t i = 0; i < t->servers->n; i++)
        if (result->servers[i].n_relayed > 0 &&
            g_ascii_strcasecmp(t->servers->servers[i].url.host, s->url.host) == 0)
            return true;
    return false;
}

static json_t *judge_turn(const struct telling *t, const struct gather_result *result,
                          size_t i)
{
    const struct ice_server *s = &t->servers->servers[i];
    const struct gather_server *found = &result->servers[i];
    if (found->n_relayed > 0) {
        g_autofree char *message = g_strdup_printf(
            "%u relayed candidate%s, the first after %.1f ms", found->n_relayed,
            found->n_relayed > 1 ? "s" : "", to_ms(found->first_ns));
        return make_item(s->text, VERDICT_PASS, message);
    }
    if (has_relayed_otherwise(t, result, s))
        return make_item(s->text, VERDICT_INFO,
                         "no candidate of its own: libnice keeps one for each relay "
                         "address; rtcprobe check tells whether it serves");
    if (!result->is_complete && wait_is_interrupted())
        return make_item(s->text, VERDICT_INCONCLUSIVE, "nothing before the interrupt");
    g_autofree char *waited = quantity_format_ns(result->duration_ns);
    g_autofree char *message = g_strdup_printf(
        "no relayed candidate in %s; libnice does not say why: rtcprobe check does",
        waited);
    return make_item(s->text, VERDICT_FAIL, message);
}

/* Without a NAT it has nothing to add, and a TURN server may have been first. */
static json_t *judge_stun(const struct gather_values *values, const struct ice_server *s,
                          const struct gather_result *result)
{
    if (values->is_relay_only)
        return make_item(s->text, VERDICT_SKIPPED, "--policy relay");
    if (result->counts[CANDIDATE_SRFLX] > 0)
        return make_item(s->text, VERDICT_PASS, "there are server-reflexive candidates");
    return make_item(s->text, VERDICT_INFO,
                     "no server-reflexive candidate: there is no NAT, or no answer; "
                     "rtcprobe ping tells which");
}

static json_t *judge_server(const struct telling *t, size_t i,
                            const struct gather_result *result)
{
    const struct ice_server *s = &t->servers->servers[i];
    const struct gather_server *found = &result->servers[i];
    if (found->unused)
        return make_item(s->text, VERDICT_UNSUPPORTED, found->unused);
    if (found->complaint)
        return make_item(s->text, VERDICT_FAIL, found->complaint);
    return s->url.turn ? judge_turn(t, result, i) : judge_stun(t->values, s, result);
}

static json_t *describe_gathering(const struct gather_result *result)
{
    json_t *counts = json_object();
    for (unsigned i = 0; i < CANDIDATE_N_TYPES; i++)
        json_object_set_new(counts, candidate_type_name((enum candidate_type)i),
                            json_integer(result->counts[i]));
    return json_pack("{s:b, s:f, s:i, s:o}", "is_complete", result->is_complete,
                     "duration_ms", to_ms(result->duration_ns), "local_addresses",
                     (int)result->n_addresses, "candidates", counts);
}

static int tell(struct telling *t, const struct gather_result *result)
{
    unsigned n_failed = 0;
    g_autofree char *here = g_strdup_printf(
        "%u host candidates on %u address%s", result->counts[CANDIDATE_HOST],
        result->n_addresses, result->n_addresses == 1 ? "" : "es");
    report_item(t->report, make_item("this machine", VERDICT_PASS, here));
    for (size_t i = 0; i < t->servers->n; i++) {
        json_t *item = judge_server(t, i, result);
        const char *status = json_string_value(json_object_get(item, "status"));
        n_failed += strcmp(status, verdict_name(VERDICT_FAIL)) == 0;
        report_item(t->report, item);
    }
    report_set(t->report, "gathering", describe_gathering(result));
    report_set(t->report, "candidates", json_incref(t->candidates));
    metrics_add(report_metrics(t->report), "probe_success",
                n_failed == 0 && result->is_complete, NULL);
    metrics_add(report_metrics(t->report), "probe_duration_seconds",
                to_ms(result->duration_ns) / 1000, NULL);
    return report_end(t->report, wait_is_interrupted() ? EXIT_INTERRUPTED
                                 : n_failed > 0 || !result->is_complete
                                     ? EXIT_UNEXPECTED
                                     : EXIT_AS_EXPECTED);
}

/* ---- Doing ---------------------------------------------------------------------- */

static gboolean gather(const struct gather_values *values,
                       const struct ice_servers *servers, int *ret_status, GError **error)
{
    struct telling t = { .values = values,
                         .servers = servers,
                         .candidates = json_array() };
    struct gather_options how = {
        .servers = servers,
        .components = (unsigned)values->components,
        .family = (enum address_family)values->target.family,
        .local = values->target.local.address,
        .is_relay_only = values->is_relay_only,
        .is_udp_only = values->is_udp_only,
        .timeout_ns = values->timeout_ns,
        .tell = on_candidate,
        .data = &t,
    };
    struct gather_result result;
    t.report = target_report(&values->target, "gather", 0, gather_format_item,
                             gather_format_end);
    if (values->target.format == REPORT_HUMAN) {
        fputs(gather_heading, stdout);
        fflush(stdout);
    }
    gboolean done = gather_run(&how, &result, error);
    if (done) {
        *ret_status = tell(&t, &result);
        gather_result_clear(&result);
    } else {
        report_item(t.report,
                    make_item("this machine", VERDICT_ERROR, (*error)->message));
        *ret_status = report_end(t.report, RTC_ERROR_UNREACHABLE);
        g_clear_error(error);
    }
    json_decref(t.candidates);
    return TRUE;
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct gather_values *values = given;
    struct ice_servers servers;
    g_autoptr(GError) failure = NULL;
    (void)arguments;
    if (!values->ice_servers_file) {
        g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE,
                            "--ice-servers FILE is missing; [] in it is for none");
        return FALSE;
    }
    if (!wait_catch_interrupts(error) ||
        !ice_servers_load(values->ice_servers_file, &servers, error))
        return FALSE;
    gboolean done = gather(values, &servers, ret_status, &failure);
    ice_servers_clear(&servers);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return done;
}

const struct command probe_command_gather = {
    .name = "gather",
    .usage = "",
    .summary = "Show what an ICE agent gathers, candidate by candidate",
    .description =
        "A libnice agent with the iceServers of an application, as in\n"
        "  [{\"urls\": \"turn:turn.example.org\", \"username\": \"…\", \"credential\": "
        "\"…\"}]\n"
        "Times count from the start of gathering; the priority is shown as type "
        "preference |\nlocal preference | component.\n\n"
        "Exit status: 0 all servers gave what they are for; 1 one did not, or it was not "
        "done\nin time; 3 there was nothing to gather on.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct gather_values),
    .execute = execute,
};
