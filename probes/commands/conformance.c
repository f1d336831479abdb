/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of conformance cases. The first URI is resolved and its first address that
 * answers is tried; a name's IPv6 address serves the cases over IPv6. How the rest of the
 * server's transports are reached other URIs may say; else the same port is asked
 * (subject.c).
 */
#include "probes/commands/conformance.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "probes/cases/known.h"
#include "probes/cases/runner.h"
#include "probes/commands/conformance_text.h"
#include "probes/commands/session.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

gboolean conformance_take_jobs(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 64, place, error);
}

gboolean conformance_take_gain(const char *text, void *place, GError **error)
{
    const double least = 1, most = 1000;
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be a number from 1 to 1000, is \"%s\"", text);
        return FALSE;
    }
    *(double *)place = value;
    return TRUE;
}

const struct test_case **conformance_choose(const char *const *selectors,
                                            const struct conformance_options *options,
                                            GError **error)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    for (size_t i = 0; selectors[i]; i++) {
        if (case_selector_is_known(selectors[i]))
            continue;
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "no case is named by \"%s\"; see rtcprobe list", selectors[i]);
        return NULL;
    }
    for (size_t g = 0; case_groups[g]; g++)
        for (size_t i = 0; i < case_groups[g]->n_cases; i++)
            if (case_is_chosen(&case_groups[g]->cases[i], selectors,
                               options->includes_slow, options->includes_intrusive))
                g_ptr_array_add(chosen, (gpointer)&case_groups[g]->cases[i]);
    if (chosen->len == 0) {
        g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE,
                            "the selectors leave no case; slow ones need --slow, "
                            "intrusive ones --intrusive");
        return NULL;
    }
    g_ptr_array_add(chosen, NULL);
    return (const struct test_case **)g_ptr_array_free(g_steal_pointer(&chosen), FALSE);
}

/* ---- The subject ------------------------------------------------------------------ */

/* A run's parts that must outlive the subject, which borrows from them. */
struct setup {
    const struct conformance *conformance;
    struct session session;
    struct credentials *other;
    struct subject subject;
};

static void setup_clear(struct setup *setup)
{
    subject_clear(&setup->subject);
    credentials_free(setup->other);
    session_clear(&setup->session);
}

static gboolean load_credentials(struct setup *setup, GError **error)
{
    const struct conformance_options *o = setup->conformance->options;
    struct credentials_source other = { .user = o->other_user,
                                        .pass_file = o->other_pass_file,
                                        .pass_env = o->other_pass_env };
    struct subject *s = &setup->subject;
    const struct credentials *own = setup->session.credentials;
    if (!credentials_load(&other, &setup->other, error))
        return FALSE;
    if (own) {
        s->username = g_strdup(own->user);
        s->password = g_strdup(own->password);
        s->shared_secret = g_strdup(own->secret);
    }
    if (setup->other) {
        s->other_username = g_strdup(setup->other->user);
        s->other_password = g_strdup(setup->other->password);
    }
    if (o->token_key_file)
        s->token_key = access_token_key_load(o->token_key_file, error);
    return !o->token_key_file || s->token_key;
}

/* The first address of the transport that the first one has, and one of IPv6. */
static void take_addresses(struct subject *s, const struct resolved *resolved)
{
    s->transport = resolved->addresses[0].transport;
    s->servers[s->transport] = resolved->addresses[0].endpoint;
    for (size_t i = 0; i < resolved->count; i++) {
        const struct resolved_address *a = &resolved->addresses[i];
        if (a->transport == s->transport && a->endpoint.address.family == ADDRESS_IPV6 &&
            s->server_ipv6.address.family == ADDRESS_NONE)
            s->server_ipv6 = a->endpoint;
    }
}

/* Where the same server is over another transport, or over IPv6. */
static gboolean take_further_uri(struct setup *setup, const char *uri, GError **error)
{
    g_autoptr(auto_target) target = target_new(setup->conformance->target, uri, error);
    g_auto(auto_resolved) resolved = { 0 };
    struct subject *s = &setup->subject;
    if (!target || !session_resolve(setup->conformance->target, target,
                                    &setup->session.rng, &resolved, error))
        return FALSE;
    const struct resolved_address *a = &resolved.addresses[0];
    if (a->transport != s->transport)
        s->servers[a->transport] = a->endpoint;
    else if (a->endpoint.address.family == ADDRESS_IPV6)
        s->server_ipv6 = a->endpoint;
    return TRUE;
}

/* In the words of the second user's options; credentials_load() has the first's. */
static gboolean check_other_user(const struct conformance_options *o, GError **error)
{
    bool has_password = o->other_pass_file || o->other_pass_env;
    if (o->other_user && !has_password)
        return rtc_fail_usage(error, "--other-user needs a password: --other-pass-file "
                                     "FILE or --other-pass-env NAME");
    return o->other_user || !has_password ||
           rtc_fail_usage(error, "a password needs its user: --other-user NAME");
}

static gboolean make_subject(struct setup *setup, GError **error)
{
    const struct conformance *conformance = setup->conformance;
    const struct target_options *o = conformance->target;
    struct subject *s = &setup->subject;
    if (!check_other_user(conformance->options, error) ||
        !session_begin(o, conformance->uris[0], &setup->session, error) ||
        !load_credentials(setup, error))
        return FALSE;
    s->uri = g_strdup(conformance->uris[0]);
    s->tls = setup->session.target->tls;
    s->local = o->local;
    s->is_modern = o->is_modern;
    s->allows_intrusion = conformance->options->includes_intrusive;
    s->max_gain = conformance->options->max_gain;
    s->timing = target_timing(o);
    s->seed = setup->session.seed;
    take_addresses(s, &setup->session.resolved);
    for (size_t i = 1; conformance->uris[i]; i++)
        if (!take_further_uri(setup, conformance->uris[i], error))
            return FALSE;
    return TRUE;
}

/* ---- Running and telling ---------------------------------------------------------- */

struct telling {
    struct report *report;
    struct known *known, *baseline;
    unsigned counts[VERDICT_N][CASE_N_LEVELS];
};

static enum case_level level_of(const json_t *item)
{
    const char *name = json_string_value(json_object_get(item, "level"));
    for (unsigned i = 0; i < CASE_N_LEVELS; i++)
        if (strcmp(case_level_name((enum case_level)i), name) == 0)
            return (enum case_level)i;
    g_assert_not_reached();
}

/* What X01 and X02 measured. */
static void add_gains(struct report *report, const json_t *item)
{
    const char *kind;
    json_t *gain;
    json_object_foreach(json_object_get(item, "gains"), kind, gain)
        metrics_add(report_metrics(report), "rtcprobe_response_gain_ratio",
                    json_number_value(gain), "kind", kind, NULL);
}

static void tell(json_t *item_consumed, void *data)
{
    struct telling *telling = data;
    enum verdict verdict = VERDICT_ERROR;
    add_gains(telling->report, item_consumed);
    if (telling->known)
        known_apply(telling->known, item_consumed);
    if (telling->baseline)
        known_apply(telling->baseline, item_consumed);
    verdict_parse(json_string_value(json_object_get(item_consumed, "status")), &verdict);
    telling->counts[verdict][level_of(item_consumed)]++;
    report_item(telling->report, item_consumed);
}

static unsigned count(const struct telling *telling, enum verdict verdict)
{
    unsigned n = 0;
    for (unsigned i = 0; i < CASE_N_LEVELS; i++)
        n += telling->counts[verdict][i];
    return n;
}

static int judge(const struct telling *telling)
{
    if (wait_is_interrupted())
        return EXIT_INTERRUPTED;
    if (count(telling, VERDICT_FAIL) > 0)
        return EXIT_UNEXPECTED;
    if (count(telling, VERDICT_ERROR) > 0)
        return EXIT_ENVIRONMENT;
    return count(telling, VERDICT_INCONCLUSIVE) > 0 ? RTC_ERROR_INCONCLUSIVE
                                                    : EXIT_AS_EXPECTED;
}

static void add_metrics(const struct telling *telling)
{
    struct metrics *metrics = report_metrics(telling->report);
    for (unsigned v = 0; v < VERDICT_N; v++)
        for (unsigned l = 0; l < CASE_N_LEVELS; l++)
            metrics_add(metrics, "rtcprobe_conformance_cases", telling->counts[v][l],
                        "status", verdict_name((enum verdict)v), "level",
                        case_level_name((enum case_level)l), NULL);
}

static json_t *describe_subject(const struct subject *s)
{
    char at[ENDPOINT_TEXT_SIZE];
    json_t *capabilities = json_object();
    for (unsigned i = 0; i < CAPABILITY_N; i++)
        json_object_set_new(capabilities, capability_name((enum capability)i),
                            json_boolean(s->capabilities & (1u << i)));
    json_t *server = json_pack(
        "{s:s, s:s, s:s, s:f, s:s, s:o}", "uri", s->uri, "address",
        endpoint_format(&s->servers[s->transport], at), "transport",
        transport_name(s->transport), "rtt_ms", (double)s->rtt_ns / (double)NS_PER_MS,
        "profile", s->is_modern ? "8489" : "5389", "capabilities", capabilities);
    if (s->software)
        json_object_set_new(server, "software",
                            report_json_text(s->software, strlen(s->software)));
    if (s->realm)
        json_object_set_new(server, "realm",
                            report_json_text(s->realm, strlen(s->realm)));
    return server;
}

static gboolean load_known(const struct conformance_options *o, struct telling *telling,
                           GError **error)
{
    if (o->known_file && !(telling->known = known_load(o->known_file, error)))
        return FALSE;
    return !o->baseline_file ||
           (telling->baseline = known_load(o->baseline_file, error)) != NULL;
}

/* The X cases too are repeated by conform, which takes ids. */
static char *format_again(const struct conformance *conformance)
{
    GString *out = g_string_new("rtcprobe conform");
    for (size_t i = 0; conformance->uris[i]; i++) {
        g_autofree char *word = text_quote_word(conformance->uris[i]);
        g_string_append_printf(out, " %s", word);
    }
    return g_string_free(out, FALSE);
}

/* A TURN server that asks for credentials, and there are none. */
static bool lacks_credentials(const struct subject *s)
{
    return subject_can(s, CAN(CHALLENGE) | CAN(TURN)) && !subject_can(s, CAN(AUTH));
}

/* Whether cases are among them that are about what an allocation does: of the others some
   want one as a means, or can be of use without. */
static bool needs_allocations(const struct test_case *const *cases)
{
    for (size_t i = 0; cases[i]; i++) {
        const struct case_group *group = case_group_of(cases[i]);
        if (group != &cases_stun && group != &cases_nat && group != &cases_audit &&
            (cases[i]->needs & CAN(AUTH)))
            return true;
    }
    return false;
}

static int run_cases(const struct conformance *conformance, struct setup *setup,
                     struct telling *telling)
{
    telling->report =
        target_report(conformance->target, conformance->command, setup->session.seed,
                      conformance->shows_messages   ? conformance_format_item_and_messages
                      : conformance->shows_observed ? conformance_format_item_observed
                                                    : conformance_format_item,
                      conformance_format_end);
    /* What is green only for want of a password must not go without a word. */
    if (lacks_credentials(&setup->subject))
        fprintf(stderr,
                "rtcprobe %s: no credentials: what needs an allocation is not tried\n",
                conformance->command);
    json_t *server = describe_subject(&setup->subject);
    report_set(telling->report, "server", server);
    g_autofree char *again = format_again(conformance);
    struct runner_options options = {
        .subject = &setup->subject,
        .cases = conformance->cases,
        .jobs = (unsigned)conformance->options->jobs,
        .is_strict = conformance->target->is_strict,
        .again_before = again,
        .again_after = conformance->arguments->rerun->str,
        .done = tell,
        .data = telling,
    };
    runner_run(&options);
    add_metrics(telling);
    bool is_gone = !wait_is_interrupted() && !subject_is_alive(&setup->subject);
    report_set(telling->report, "answers_at_the_end", json_boolean(!is_gone));
    int status = is_gone ? EXIT_UNEXPECTED : judge(telling);
    if (status == EXIT_AS_EXPECTED && lacks_credentials(&setup->subject) &&
        needs_allocations(conformance->cases))
        status = RTC_ERROR_CREDENTIALS;
    status = report_end(telling->report, status);
    if (is_gone)
        fprintf(stderr,
                "rtcprobe %s: the server does not answer any more: a message ended it. "
                "--jobs 1 shows after which case\n",
                conformance->command);
    return status;
}

gboolean conformance_run(const struct conformance *conformance, int *ret_status,
                         GError **error)
{
    struct telling telling = { 0 };
    struct setup setup = { .conformance = conformance };
    gboolean is_done = load_known(conformance->options, &telling, error) &&
                       make_subject(&setup, error) &&
                       subject_explore(&setup.subject, NULL, error);
    if (is_done)
        *ret_status = run_cases(conformance, &setup, &telling);
    known_free(telling.known);
    known_free(telling.baseline);
    setup_clear(&setup);
    return is_done;
}
