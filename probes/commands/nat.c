/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe nat`: how the NATs before this machine map, filter, hairpin and forget, found
 * out with a server of RFC 5780 and said in the words of RFC 4787 and RFC 3489.
 *
 * Each test is an item. What cannot be told is inconclusive and says why: mostly it is
 * the server that lacks a second address.
 */
#include "probes/commands/commands.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/nat_text.h"
#include "probes/commands/quantity.h"
#include "probes/commands/session.h"
#include "probes/core/error.h"
#include "probes/core/nat_discovery.h"
#include "probes/core/wait.h"

struct nat_values {
    struct target_options target;
    bool wants_mapping, wants_filtering, wants_lifetime, wants_hairpin;
    int64_t most_lifetime_ns;
};

static gboolean take_lifetime(const char *text, void *place, GError **error)
{
    int64_t ns;
    if (!quantity_read_duration(text, &ns, error))
        return FALSE;
    if (ns < NS_PER_S || ns > 3600 * NS_PER_S) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be from 1s to 60min, is \"%s\"", text);
        return FALSE;
    }
    *(int64_t *)place = ns;
    return TRUE;
}

static const struct option options[] = {
    { .name = "mapping",
      .help = "How local ports are mapped; this and --filtering if nothing is chosen",
      .take = option_take_flag,
      .offset = offsetof(struct nat_values, wants_mapping) },
    { .name = "filtering",
      .help = "From where a mapping can be reached",
      .take = option_take_flag,
      .offset = offsetof(struct nat_values, wants_filtering) },
    { .name = "hairpin",
      .help = "Whether two sockets behind the NAT reach each other by its address",
      .take = option_take_flag,
      .offset = offsetof(struct nat_values, wants_hairpin) },
    { .name = "lifetime",
      .help = "How long an unused mapping is kept; takes minutes",
      .take = option_take_flag,
      .offset = offsetof(struct nat_values, wants_lifetime) },
    { .name = "max-lifetime",
      .argument = "TIME",
      .preset = "300s",
      .help = "Wait for none that is longer",
      .take = take_lifetime,
      .offset = offsetof(struct nat_values, most_lifetime_ns) },
    TARGET_ADDRESS_OPTIONS(struct nat_values),
    TARGET_TIMING_OPTIONS(struct nat_values),
    TARGET_OUTPUT_OPTIONS(struct nat_values),
};

/* A run, and what it knows by now. */
struct run {
    const struct nat_values *values;
    const char *uri;
    struct nat_discovery *discovery;
    struct report *report;
    json_t *summary; /* borrowed: the document's "nat" */
    struct nat_mapping mapping;
    struct nat_filtering filtering;
    bool has_mapping, has_filtering;
    int status;
};

static json_t *json_endpoint(const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    return e->address.family == ADDRESS_NONE ? json_null()
                                             : json_string(endpoint_format(e, text));
}

/* ---- Items ------------------------------------------------------------------------ */

static void add_item(struct run *run, json_t *item, const char *name, const char *status,
                     const char *message, int64_t start_ns)
{
    double ms = (double)(clock_now_ns() - start_ns) / (double)NS_PER_MS;
    json_object_set_new(item, "name", json_string(name));
    json_object_set_new(item, "target", json_string(run->uri));
    json_object_set_new(item, "status", json_string(status));
    json_object_set_new(item, "message", json_string(message));
    json_object_set_new(item, "duration_ms", json_real(ms));
    report_item(run->report, item);
}

/* A test that came to nothing: the server's fault is inconclusive. */
static void add_failure(struct run *run, const char *name, const GError *error,
                        int64_t start_ns)
{
    bool was_stopped = g_error_matches(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED);
    bool is_ours = g_error_matches(error, PROBE_ERROR, PROBE_ERROR_LOCAL);
    enum verdict verdict = was_stopped ? VERDICT_SKIPPED
                           : is_ours   ? VERDICT_ERROR
                                       : VERDICT_INCONCLUSIVE;
    add_item(run, json_object(), name, verdict_name(verdict), error->message, start_ns);
    run->status =
        was_stopped || is_ours ? probe_error_exit_status(error) : RTC_ERROR_INCONCLUSIVE;
}

static void add_finding(struct run *run, json_t *item, const char *name,
                        const char *message, int64_t start_ns)
{
    add_item(run, item, name, verdict_name(VERDICT_INFO), message, start_ns);
}

static char *describe_mapping(const struct nat_mapping *m)
{
    char local[ENDPOINT_TEXT_SIZE], mapped[ENDPOINT_TEXT_SIZE];
    endpoint_format(&m->local, local);
    if (!m->is_translated)
        return g_strdup_printf("%s: there is no NAT, %s is seen as it is",
                               nat_behaviour_name(m->behaviour), local);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s: %s is seen as ", nat_behaviour_name(m->behaviour),
                           local);
    for (unsigned i = 0; i < m->n_tests; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               endpoint_format(&m->mapped[i], mapped));
    return g_string_free(out, FALSE);
}

static void test_mapping(struct run *run)
{
    const struct nat_mapping *m = &run->mapping;
    int64_t start_ns = clock_now_ns();
    g_autoptr(GError) error = NULL;
    run->has_mapping = nat_discovery_mapping(run->discovery, &run->mapping, &error);
    if (!run->has_mapping) {
        add_failure(run, "mapping", error, start_ns);
        return;
    }
    json_t *tests = json_array();
    for (unsigned i = 0; i < m->n_tests; i++)
        json_array_append_new(tests,
                              json_pack("{s:o, s:o}", "to", json_endpoint(&m->to[i]),
                                        "mapped", json_endpoint(&m->mapped[i])));
    g_autofree char *message = describe_mapping(m);
    add_finding(run,
                json_pack("{s:s, s:b, s:o, s:o}", "behaviour",
                          nat_behaviour_name(m->behaviour), "is_translated",
                          m->is_translated, "local", json_endpoint(&m->local), "tests",
                          tests),
                "mapping", message, start_ns);
}

static void test_filtering(struct run *run)
{
    const struct nat_filtering *f = &run->filtering;
    int64_t start_ns = clock_now_ns();
    g_autoptr(GError) error = NULL;
    run->has_filtering = nat_discovery_filtering(run->discovery, &run->filtering, &error);
    if (!run->has_filtering) {
        add_failure(run, "filtering", error, start_ns);
        return;
    }
    g_autofree char *message = g_strconcat(
        nat_behaviour_name(f->behaviour),
        f->is_certain ? ""
                      : " (if the server honours CHANGE-REQUEST, which behind "
                        "such a mapping cannot be checked)",
        NULL);
    add_finding(run,
                json_pack("{s:s, s:b}", "behaviour", nat_behaviour_name(f->behaviour),
                          "is_certain", f->is_certain),
                "filtering", message, start_ns);
}

/* One machine cannot tell more: its kernel drops what comes from outside with its own
   source address, and a mapping made for the server need not let others in. */
#define HAIRPIN_NOT_SEEN                                                                \
    "not seen: there is none, or it keeps the internal source address, or the mapping " \
    "depends on the destination"

static void test_hairpin(struct run *run)
{
    struct nat_hairpin h;
    int64_t start_ns = clock_now_ns();
    g_autoptr(GError) error = NULL;
    if (!nat_discovery_hairpin(run->discovery, &h, &error)) {
        add_failure(run, "hairpin", error, start_ns);
        return;
    }
    const char *message = !h.is_translated ? "there is no NAT"
                          : !h.works       ? HAIRPIN_NOT_SEEN
                          : h.has_external_source
                              ? "yes, with the external source address"
                              : "yes, with the internal source address, against RFC 4787 "
                                "REQ-9";
    json_t *item =
        json_pack("{s:b, s:b}", "is_translated", h.is_translated, "works", h.works);
    if (h.works)
        json_object_set_new(item, "has_external_source",
                            json_boolean(h.has_external_source));
    add_finding(run, item, "hairpin", message, start_ns);
}

static json_t *json_seconds(int64_t ns)
{
    return ns == CLOCK_NEVER ? json_null() : json_real((double)ns / (double)NS_PER_S);
}

/* Whether it is known that nothing is between that could forget. */
static bool is_open(const struct run *run)
{
    struct nat_view view = nat_discovery_view(run->discovery);
    return endpoint_equal(&view.local, &view.mapped) && run->has_filtering &&
           run->filtering.behaviour == NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT;
}

static void test_lifetime(struct run *run)
{
    struct nat_lifetime l;
    int64_t start_ns = clock_now_ns();
    g_autoptr(GError) error = NULL;
    if (is_open(run)) {
        add_finding(run, json_object(), "lifetime",
                    "there is neither NAT nor filter: nothing ends", start_ns);
        return;
    }
    if (!nat_discovery_lifetime(run->discovery, run->values->most_lifetime_ns, &l,
                                &error)) {
        add_failure(run, "lifetime", error, start_ns);
        return;
    }
    double at_least_s = (double)l.at_least_ns / (double)NS_PER_S;
    g_autofree char *message =
        l.below_ns == CLOCK_NEVER
            ? g_strdup_printf("at least %.1f s: none ended in --max-lifetime", at_least_s)
            : g_strdup_printf("%.1f to %.1f s", at_least_s,
                              (double)l.below_ns / (double)NS_PER_S);
    add_finding(run,
                json_pack("{s:o, s:o}", "at_least_s", json_seconds(l.at_least_ns),
                          "below_s", json_seconds(l.below_ns)),
                "lifetime", message, start_ns);
    metrics_add(report_metrics(run->report), "rtcprobe_nat_lifetime_seconds", at_least_s,
                "target", run->uri, NULL);
}

/* ---- All of it -------------------------------------------------------------------- */

/* On standard error, so that what is read from standard output stays what it is. */
static void state_time(const struct nat_values *values)
{
    int64_t takes_ns = nat_discovery_lifetime_takes_ns(values->most_lifetime_ns);
    fprintf(stderr,
            "rtcprobe nat: the lifetime takes up to %d min; a mapping that ends after 30 "
            "s is\nfound in some 70 s (--max-lifetime bounds it)\n",
            (int)((takes_ns + 60 * NS_PER_S - 1) / (60 * NS_PER_S)));
}

static void run_tests(struct run *run)
{
    const struct nat_values *v = run->values;
    const struct {
        bool is_wanted;
        void (*test)(struct run *run);
    } tests[] = {
        { v->wants_mapping, test_mapping },
        { v->wants_filtering, test_filtering },
        { v->wants_hairpin, test_hairpin },
        { v->wants_lifetime, test_lifetime },
    };
    bool is_any =
        v->wants_mapping || v->wants_filtering || v->wants_hairpin || v->wants_lifetime;
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
        if ((tests[i].is_wanted || (!is_any && i < 2)) && !wait_is_interrupted())
            tests[i].test(run);
}

static void add_view(struct run *run, int64_t start_ns)
{
    char local[ENDPOINT_TEXT_SIZE], mapped[ENDPOINT_TEXT_SIZE];
    struct nat_view view = nat_discovery_view(run->discovery);
    endpoint_format(&view.local, local);
    endpoint_format(&view.mapped, mapped);
    g_autofree char *message = g_strdup_printf("%s is seen as %s", local, mapped);
    add_item(run,
             json_pack("{s:o, s:o, s:o}", "local", json_endpoint(&view.local), "mapped",
                       json_endpoint(&view.mapped), "other_address",
                       json_endpoint(&view.other)),
             "udp", verdict_name(VERDICT_PASS), message, start_ns);
}

/* Silence has two reasons that cannot be told apart here. */
static void add_blocked(struct run *run, const GError *error, int64_t start_ns)
{
    bool is_silent = g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT);
    g_autofree char *message = g_strconcat(
        is_silent ? "UDP is blocked, or no server is there: " : "", error->message, NULL);
    add_item(run, json_object(), "udp", verdict_name(VERDICT_FAIL), message, start_ns);
    if (is_silent)
        json_object_set_new(run->summary, "rfc3489", json_string("UDP blocked"));
    run->status = probe_error_exit_status(error);
}

static void add_names(struct run *run)
{
    if (!run->has_mapping || !run->has_filtering)
        return;
    const char *mapping = nat_behaviour_name(run->mapping.behaviour);
    const char *filtering = nat_behaviour_name(run->filtering.behaviour);
    const char *classic = nat_classic_name(
        run->mapping.is_translated, run->mapping.behaviour, run->filtering.behaviour);
    json_object_set_new(run->summary, "rfc3489", json_string(classic));
    metrics_add(report_metrics(run->report), "rtcprobe_nat_info", 1, "target", run->uri,
                "mapping", mapping, "filtering", filtering, "rfc3489", classic, NULL);
}

static int tell(struct run *run, int64_t start_ns)
{
    struct metrics *metrics = report_metrics(run->report);
    double seconds = (double)(clock_now_ns() - start_ns) / (double)NS_PER_S;
    metrics_add(metrics, "probe_success", run->status == EXIT_AS_EXPECTED, "target",
                run->uri, NULL);
    metrics_add(metrics, "probe_duration_seconds", seconds, "target", run->uri, NULL);
    return report_end(run->report,
                      wait_is_interrupted() ? EXIT_INTERRUPTED : run->status);
}

static gboolean find_udp(const struct session *session, struct endpoint *ret,
                         GError **error)
{
    for (size_t i = 0; i < session->resolved.count; i++) {
        if (session->resolved.addresses[i].transport != PROBE_UDP)
            continue;
        *ret = session->resolved.addresses[i].endpoint;
        return TRUE;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "%s is not over UDP, and NATs are told by UDP alone: ask stun:%s",
                session->target->uri, session->target->url.host);
    return FALSE;
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct nat_values *values = given;
    struct run run = { .values = values, .summary = json_object() };
    g_auto(auto_session) session = { 0 };
    g_autoptr(GError) blocked = NULL;
    struct nat_discovery_options how = { .local = values->target.local,
                                         .timing = target_timing(&values->target) };
    json_t *summary = run.summary;
    if (!session_begin(&values->target, g_ptr_array_index(arguments->words, 0), &session,
                       error) ||
        !find_udp(&session, &how.server, error)) {
        json_decref(summary);
        return FALSE;
    }
    if (values->wants_lifetime)
        state_time(values);
    run.uri = session.target->uri;
    how.rng = rng_fork(&session.rng, "nat");
    run.report = target_report(&values->target, "nat", session.seed, nat_format_item,
                               nat_format_end);
    report_set(run.report, "nat", summary);
    int64_t start_ns = clock_now_ns();
    run.discovery = nat_discovery_begin(&how, &blocked);
    if (run.discovery) {
        add_view(&run, start_ns);
        run_tests(&run);
        add_names(&run);
    } else {
        add_blocked(&run, blocked, start_ns);
    }
    *ret_status = tell(&run, start_ns);
    nat_discovery_free(run.discovery);
    return TRUE;
}

const struct command probe_command_nat = {
    .name = "nat",
    .usage = "URI",
    .summary = "Tell how the NATs before this machine behave",
    .description =
        "Asks a server of RFC 5780, which has two addresses: how local ports are "
        "mapped,\n"
        "who may send to them, how long they are kept. In the words of RFC 4787, and by\n"
        "the name that RFC 3489 had for it (\"port-restricted cone\").\n\n"
        "Exit status: 0 all was found out; 3 UDP is blocked or no server there; 6 the\n"
        "server lacks what a test needs.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct nat_values),
    .least_words = 1,
    .most_words = 1,
    .execute = execute,
};
