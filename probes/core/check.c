/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a URI: its addresses are found, all tried at once, and one of them decides. A
 * server whose name has an address that does not work is a server that works for some:
 * that is a warning.
 */
#include "probes/core/check.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"
#include "probes/core/parallel.h"

enum { MOST_ADDRESSES_AT_ONCE = 8, SECONDS_A_DAY = 86400 };

static const char *const phase_names[CHECK_N_PHASES] = {
#define X(symbol, name) [CHECK_PHASE_##symbol] = name,
    CHECK_PHASES(X)
#undef X
};

const char *check_phase_name(enum check_phase phase)
{
    return phase_names[phase];
}

char *check_text(const char *bytes, size_t size)
{
    json_t *text = report_json_text(bytes, size);
    char *copy = g_strdup(json_string_value(text));
    json_decref(text);
    return copy;
}

/* ---- Addresses -------------------------------------------------------------------- */

struct tries {
    const struct check_options *options;
    struct check_result *result;
};

static void try_one(unsigned i, void *data)
{
    struct tries *tries = data;
    check_try_address(tries->options, &tries->result->addresses[i]);
}

/* "2 A, 1 AAAA", or what it was where that says less. */
static char *describe_addresses(const struct ice_url *url,
                                const struct resolved *resolved)
{
    struct address literal;
    unsigned n_ipv4 = 0, n_ipv6 = 0;
    if (address_parse(url->host, &literal))
        return g_strdup("an address, no name");
    for (size_t i = 0; i < resolved->count; i++) {
        bool is_ipv4 = resolved->addresses[i].endpoint.address.family == ADDRESS_IPV4;
        n_ipv4 += is_ipv4;
        n_ipv6 += !is_ipv4;
    }
    return g_strdup_printf("%u A, %u AAAA", n_ipv4, n_ipv6);
}

static gboolean find_addresses(const struct check_options *options,
                               struct check_result *result, GError **error)
{
    g_auto(auto_resolved) resolved = { 0 };
    int64_t start_ns = clock_now_ns();
    int64_t deadline_ns =
        clock_after_ns(start_ns, options->client.timing.timeout_ms * NS_PER_MS);
    gboolean found =
        resolve_url(&options->url, &options->resolve,
                    MIN(deadline_ns, options->deadline_ns), &resolved, error);
    result->dns.duration_ns = clock_now_ns() - start_ns;
    result->dns.state = found ? CHECK_DONE : CHECK_FAILED;
    if (!found)
        return FALSE;
    result->dns.text = describe_addresses(&options->url, &resolved);
    result->n_addresses = (unsigned)resolved.count;
    result->addresses = g_new0(struct check_address, resolved.count);
    for (size_t i = 0; i < resolved.count; i++) {
        const struct resolved_address *from = &resolved.addresses[i];
        result->addresses[i] = (struct check_address){ .endpoint = from->endpoint,
                                                       .transport = from->transport,
                                                       .how = g_strdup(from->how),
                                                       .rtt_ns = -1 };
    }
    return TRUE;
}

/* ---- The verdict ------------------------------------------------------------------ */

static const struct check_address *choose(const struct check_result *result)
{
    const struct check_address *chosen = NULL;
    for (unsigned i = 0; i < result->n_addresses; i++) {
        const struct check_address *a = &result->addresses[i];
        if (!a->error)
            return a;
        if (!chosen || a->failed > chosen->failed)
            chosen = a;
    }
    return chosen;
}

static void warn(struct check_result *result, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void warn(struct check_result *result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(result->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

/* What is wrong though it works. A machine without IPv6 says nothing of the server. */
static void warn_of_addresses(struct check_result *result)
{
    for (unsigned i = 0; i < result->n_addresses; i++) {
        const struct check_address *a = &result->addresses[i];
        char text[ENDPOINT_TEXT_SIZE];
        if (a->error && a != result->chosen &&
            !g_error_matches(a->error, PROBE_ERROR, PROBE_ERROR_LOCAL) &&
            !g_error_matches(a->error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED))
            warn(result, "%s over %s fails: %s: %s", endpoint_format(&a->endpoint, text),
                 transport_name(a->transport), check_phase_name(a->failed),
                 a->error->message);
        if (!a->error && a->has_tls && a->tls.problem)
            warn(result, "%s: %s", endpoint_format(&a->endpoint, text), a->tls.problem);
    }
}

static void warn_of_relay(struct check_result *result)
{
    const struct check_relay *relay = &result->chosen->relay;
    if (relay->not_tried)
        warn(result, "the relay was not tried: %s", relay->not_tried);
    const struct relay_result *r = &relay->result;
    if (r->returned < r->sent)
        warn(result, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " payloads were lost",
             r->sent - r->returned, r->sent);
    if (r->duplicates > 0)
        warn(result, "%" G_GUINT64_FORMAT " payloads came twice", r->duplicates);
}

static void judge(const struct check_options *options, struct check_result *result)
{
    result->chosen = choose(result);
    warn_of_addresses(result);
    if (result->chosen->error) {
        result->error = g_error_copy(result->chosen->error);
        result->advice = g_strdup(result->chosen->advice);
    } else {
        warn_of_relay(result);
    }
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    if (!result->error && options->scope > CHECK_ANSWERS && result->expires_s > 0 &&
        result->expires_s <= now_s)
        warn(result, "the user name has expired, and the server takes it");
}

struct check_result *check_run(const struct check_options *options)
{
    struct check_result *result = g_new(struct check_result, 1);
    *result = (struct check_result){
        .uri = g_strdup(options->uri),
        .warnings = g_ptr_array_new_with_free_func(g_free),
        .failures = g_ptr_array_new_with_free_func(g_free),
    };
    if (options->credentials && options->url.turn) {
        result->user = g_strdup(options->credentials->user);
        result->expires_s = options->credentials->expires_s;
    }
    int64_t start_ns = clock_now_ns();
    if (find_addresses(options, result, &result->error)) {
        struct tries tries = { options, result };
        parallel_for(result->n_addresses, MOST_ADDRESSES_AT_ONCE, try_one, &tries);
        judge(options, result);
    } else {
        result->advice = g_strdup("check the name, or give an address");
    }
    result->duration_ns = clock_now_ns() - start_ns;
    return result;
}

bool check_is_good(const struct check_result *result)
{
    return !result->error && result->failures->len == 0;
}

int check_exit_status(const struct check_result *result)
{
    if (result->error)
        return probe_error_exit_status(result->error);
    return result->failures->len > 0 ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
}

int64_t check_days_left(const struct tls_report *tls)
{
    int64_t left_s = tls->not_after_s - clock_calendar_ns() / NS_PER_S;
    return left_s >= 0 ? left_s / SECONDS_A_DAY : -((-left_s - 1) / SECONDS_A_DAY + 1);
}

double check_loss(const struct check_relay *relay)
{
    const struct relay_result *r = &relay->result;
    return r->sent ? 1 - (double)r->returned / (double)r->sent : 0;
}

static void clear_address(struct check_address *a)
{
    for (unsigned i = 0; i < CHECK_N_PHASES; i++)
        g_free(a->steps[i].text);
    g_clear_error(&a->error);
    tls_report_clear(&a->tls);
    g_free(a->how);
    g_free(a->advice);
    g_free(a->realm);
    g_free(a->software);
    relay_result_clear(&a->relay.result);
    g_free(a->relay.not_tried);
}

void check_result_free(struct check_result *result)
{
    if (!result)
        return;
    for (unsigned i = 0; i < result->n_addresses; i++)
        clear_address(&result->addresses[i]);
    g_free(result->addresses);
    g_free(result->uri);
    g_free(result->dns.text);
    g_clear_error(&result->error);
    g_free(result->advice);
    g_free(result->user);
    g_ptr_array_unref(result->warnings);
    g_ptr_array_unref(result->failures);
    g_free(result);
}
