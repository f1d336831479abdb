/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe check URI…`: does it work, and where does the time go. The probing is
 * core/check.h; here are the options, the gates and what people read.
 */
#include "probes/commands/commands.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/check_text.h"
#include "probes/commands/quantity.h"
#include "probes/commands/target_options.h"
#include "probes/core/check.h"
#include "probes/core/parallel.h"
#include "probes/core/wait.h"

enum { MOST_URIS_AT_ONCE = 8, USUAL_CERT_DAYS = 14, MOST_DAYS = 36500 };

struct check_values {
    struct target_options target;
    uint64_t count, size;
    int64_t interval_ns;
    struct {
        uint64_t days;
        bool is_set;
    } cert;
    struct time_gate max_rtt;
    struct share_gate max_loss;
};

static gboolean take_count(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, 10000, place, error);
}

static gboolean take_size(const char *text, void *place, GError **error)
{
    return option_read_whole(text, RELAY_MIN_SIZE, 1400, place, error);
}

static gboolean take_cert_days(const char *text, void *place, GError **error)
{
    struct check_values *values =
        (void *)((char *)place - offsetof(struct check_values, cert));
    values->cert.is_set = true;
    return option_read_whole(text, 0, MOST_DAYS, &values->cert.days, error);
}

static const struct option options[] = {
    TARGET_OPTIONS(struct check_values),
    { .name = "count",
      .letter = 'c',
      .argument = "N",
      .preset = "50",
      .help = "Payloads to send through the relay; 0: stop at the allocation",
      .take = take_count,
      .offset = offsetof(struct check_values, count) },
    { .name = "interval",
      .letter = 'i',
      .argument = "TIME",
      .preset = "10ms",
      .help = "Between payloads",
      .take = quantity_take_duration,
      .offset = offsetof(struct check_values, interval_ns) },
    { .name = "size",
      .argument = "BYTES",
      .preset = "160",
      .help = "Of a payload",
      .take = take_size,
      .offset = offsetof(struct check_values, size) },
    { .name = "cert-days",
      .argument = "N",
      .help = "Fail if a certificate expires within so many days (else warn within 14)",
      .take = take_cert_days,
      .offset = offsetof(struct check_values, cert) },
    { .name = "max-rtt",
      .argument = "[pN=]TIME",
      .help = "Fail if round trips through the relay take longer: 80ms, p95=80ms",
      .take = quantity_take_time_gate,
      .offset = offsetof(struct check_values, max_rtt) },
    { .name = "max-loss",
      .argument = "N%",
      .help = "Fail if more payloads are lost",
      .take = quantity_take_share_gate,
      .offset = offsetof(struct check_values, max_loss) },
};

/* ---- Gates ------------------------------------------------------------------------ */

static void say(GPtrArray *to, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(GPtrArray *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(to, g_strdup_vprintf(format, args));
    va_end(args);
}

static void apply_cert_gate(const struct check_values *values,
                            struct check_result *result)
{
    int64_t least = values->cert.is_set ? (int64_t)values->cert.days : USUAL_CERT_DAYS;
    for (unsigned i = 0; i < result->n_addresses; i++) {
        const struct check_address *a = &result->addresses[i];
        char text[ENDPOINT_TEXT_SIZE];
        if (a->error || a->tls.not_after_s == 0 || check_days_left(&a->tls) >= least)
            continue;
        say(values->cert.is_set ? result->failures : result->warnings,
            "the certificate of %s expires in %" G_GINT64_FORMAT " days",
            endpoint_format(&a->endpoint, text), check_days_left(&a->tls));
    }
}

static void apply_relay_gates(const struct check_values *values,
                              struct check_result *result)
{
    const struct check_relay *relay = &result->chosen->relay;
    bool was_measured = relay->result.rtt.count > 0;
    if (values->max_loss.is_set && was_measured &&
        check_loss(relay) > values->max_loss.most)
        say(result->failures, "%.1f %% of the payloads were lost, more than %.1f %%",
            check_loss(relay) * 100, values->max_loss.most * 100);
    int64_t rtt_ns = samples_percentile(&relay->result.rtt, values->max_rtt.percentile);
    if (values->max_rtt.is_set && was_measured && rtt_ns > values->max_rtt.most_ns) {
        g_autofree char *is = quantity_format_ns(rtt_ns);
        g_autofree char *most = quantity_format_ns(values->max_rtt.most_ns);
        say(result->failures, "the relay's round trip is %s at p%g, more than %s", is,
            values->max_rtt.percentile, most);
    }
    if ((values->max_rtt.is_set || values->max_loss.is_set) && !was_measured)
        say(result->failures, "--max-rtt and --max-loss: nothing was measured%s%s",
            relay->not_tried ? ": " : "", relay->not_tried ? relay->not_tried : "");
}

static void apply_gates(const struct check_values *values, struct check_result *result)
{
    if (result->error)
        return;
    apply_cert_gate(values, result);
    apply_relay_gates(values, result);
    if (values->target.is_strict)
        for (unsigned i = 0; i < result->warnings->len; i++)
            say(result->failures, "%s", (const char *)result->warnings->pdata[i]);
}

/* ---- Several URIs ----------------------------------------------------------------- */

struct run {
    const struct check_values *values;
    const struct credentials *credentials;
    struct rng rng;
    GPtrArray *targets; /* struct target * */
    struct report *report;
    GMutex lock;                   /* of what follows, and of the report */
    struct check_result **results; /* NULL: not there yet */
    unsigned n_reported;
    int status;
};

/* In the order given: what is done waits for all before it. */
static void report_done(struct run *run)
{
    for (; run->n_reported < run->targets->len && run->results[run->n_reported];
         run->n_reported++) {
        struct check_result *result = run->results[run->n_reported];
        check_add_metrics(result, report_metrics(run->report), result->uri);
        report_item(run->report, check_to_json(result));
        if (run->status == EXIT_AS_EXPECTED)
            run->status = check_exit_status(result);
    }
}

static struct check_options options_of(const struct run *run, const struct target *target)
{
    const struct target_options *o = &run->values->target;
    return (struct check_options){
        .uri = target->uri,
        .url = target->url,
        .resolve = { .family = o->family,
                     .has_transport = o->transport.is_given,
                     .transport = o->transport.value,
                     .rng = rng_fork(&run->rng, target->uri) },
        .client = target_client_options(o, target, run->credentials, &run->rng),
        .credentials = run->credentials,
        .scope = run->values->count ? CHECK_RELAYS : CHECK_ALLOCATES,
        .n_payloads = (unsigned)run->values->count,
        .payload_bytes = (unsigned)run->values->size,
        .interval_ns = run->values->interval_ns,
        .rng = run->rng,
        .deadline_ns = CLOCK_NEVER,
    };
}

static void check_one(unsigned i, void *data)
{
    struct run *run = data;
    const struct check_options o = options_of(run, run->targets->pdata[i]);
    struct check_result *result = check_run(&o);
    apply_gates(run->values, result);
    g_mutex_lock(&run->lock);
    run->results[i] = result;
    report_done(run);
    g_mutex_unlock(&run->lock);
}

static GPtrArray *read_targets(const struct check_values *values, const GPtrArray *words,
                               GError **error)
{
    g_autoptr(GPtrArray) targets =
        g_ptr_array_new_with_free_func((GDestroyNotify)target_free);
    for (unsigned i = 0; i < words->len; i++) {
        struct target *target = target_new(&values->target, words->pdata[i], error);
        if (!target)
            return NULL;
        g_ptr_array_add(targets, target);
    }
    return g_steal_pointer(&targets);
}

static void run_all(struct run *run)
{
    g_autofree struct check_result **results =
        g_new0(struct check_result *, run->targets->len);
    run->results = results;
    g_mutex_init(&run->lock);
    parallel_for(run->targets->len, MOST_URIS_AT_ONCE, check_one, run);
    g_mutex_clear(&run->lock);
    for (unsigned i = 0; i < run->targets->len; i++)
        check_result_free(results[i]);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct check_values *values = data;
    g_autoptr(auto_credentials) credentials = NULL;
    g_autoptr(GPtrArray) targets = read_targets(values, arguments->words, error);
    if (!targets || !credentials_load(&values->target.credentials, &credentials, error) ||
        !wait_catch_interrupts(error) || !target_capture_begin(&values->target, error))
        return FALSE;
    uint64_t seed = target_seed(&values->target);
    struct run run = {
        .values = values,
        .credentials = credentials,
        .rng = rng_seed(seed),
        .targets = targets,
        .report = target_report(&values->target, "check", seed, check_format_item, NULL),
    };
    run_all(&run);
    target_capture_end(&values->target);
    if (wait_is_interrupted())
        run.status = EXIT_INTERRUPTED;
    *ret_status = report_end(run.report, run.status);
    return TRUE;
}

const struct command probe_command_check = {
    .name = "check",
    .usage = "URI...",
    .summary = "Say whether servers work, each phase timed",
    .description =
        "The phases are DNS, connection, TLS, challenge, allocation, permission and "
        "relay;\n"
        "of a stun: URI DNS, connection, TLS and a Binding. Each address of a name is\n"
        "tried. The relay needs no peer: two allocations talk to each other.\n",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct check_values),
    .least_words = 1,
    .most_words = 1000,
    .execute = execute,
};
