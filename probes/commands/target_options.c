/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the shared options, and turning them and a URI into what a client needs. What
 * one option cannot know of another is said here when a target is made.
 *
 * RFC 7064 and 7065 (the URIs), RFC 7350 §4.6 (turns over UDP is DTLS), RFC 8489 §18.6
 * (the ports).
 */
#include "probes/commands/target_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/quantity.h"
#include "probes/core/capture.h"
#include "probes/core/resolve.h"

enum { RM = 16 };

static gboolean take_family(uint8_t family, void *place, GError **error)
{
    uint8_t *value = place;
    if (*value != ADDRESS_NONE && *value != family)
        return rtc_fail_usage(
            error,
            "and --ipv%d cannot both be given: without them both families "
            "are tried",
            *value);
    *value = family;
    return TRUE;
}

gboolean target_take_ipv4(const char *text, void *place, GError **error)
{
    (void)text;
    return take_family(ADDRESS_IPV4, place, error);
}

gboolean target_take_ipv6(const char *text, void *place, GError **error)
{
    (void)text;
    return take_family(ADDRESS_IPV6, place, error);
}

/* For a configuration file, which has no flags of one letter. */
gboolean target_take_family(const char *text, void *place, GError **error)
{
    bool is_ipv4 = strcmp(text, "ipv4") == 0;
    if (!is_ipv4 && strcmp(text, "ipv6") != 0)
        return rtc_fail_usage(error, "must be ipv4 or ipv6, is \"%s\"", text);
    *(uint8_t *)place = is_ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    return TRUE;
}

gboolean target_take_transport(const char *text, void *place, GError **error)
{
    struct target_transport *value = place;
    if (!transport_parse(text, &value->value))
        return rtc_fail_usage(error, "must be udp, tcp, tls or dtls, is \"%s\"", text);
    value->is_given = true;
    return TRUE;
}

gboolean target_take_local(const char *text, void *place, GError **error)
{
    struct address address;
    if (!address_parse(text, &address))
        return rtc_fail_usage(error, "must be an address of this machine, is \"%s\"",
                              text);
    *(struct endpoint *)place = (struct endpoint){ .address = address };
    return TRUE;
}

static gboolean take_time(const char *text, int64_t least_ns, int64_t most_ns,
                          int64_t *place, GError **error)
{
    int64_t ns;
    if (!quantity_read_duration(text, &ns, error))
        return FALSE;
    if (ns < least_ns || ns > most_ns) {
        g_autofree char *least = quantity_format_ns(least_ns);
        g_autofree char *most = quantity_format_ns(most_ns);
        return rtc_fail_usage(error, "must be from %s to %s, is \"%s\"", least, most,
                              text);
    }
    *place = ns;
    return TRUE;
}

gboolean target_take_rto(const char *text, void *place, GError **error)
{
    return take_time(text, 10 * NS_PER_MS, 60 * NS_PER_S, place, error);
}

gboolean target_take_timeout(const char *text, void *place, GError **error)
{
    return take_time(text, 10 * NS_PER_MS, 3600 * NS_PER_S, place, error);
}

gboolean target_take_rc(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 20, place, error);
}

gboolean target_take_profile(const char *text, void *place, GError **error)
{
    bool is_modern = strcmp(text, "8489") == 0;
    if (!is_modern && strcmp(text, "5389") != 0)
        return rtc_fail_usage(error, "must be 5389 or 8489, is \"%s\"", text);
    *(bool *)place = is_modern;
    return TRUE;
}

gboolean target_take_seed(const char *text, void *place, GError **error)
{
    struct target_seed *seed = place;
    if (!option_take_seed(text, &seed->value, error))
        return FALSE;
    seed->is_given = true;
    return TRUE;
}

/* What is often written in other URIs, and where it belongs here. */
static const char *hint_at(const char *uri)
{
    if (strstr(uri, "://"))
        return ": there is no // in it";
    if (strchr(uri, '@'))
        return ": the user is not in it, but in -u NAME";
    return g_ascii_strncasecmp(uri, "stun", 4) == 0 && strstr(uri, "?transport=")
               ? ": for stun: --transport says it"
               : "";
}

struct target *target_new(const struct target_options *options, const char *uri,
                          GError **error)
{
    g_autoptr(auto_target) target = g_new0(struct target, 1);
    if (!ice_url_parse(uri, strlen(uri), &target->url)) {
        rtc_fail_usage(error,
                       "\"%s\" must be a URI such as stun:HOST or "
                       "turns:HOST:443?transport=tcp%s",
                       uri, hint_at(uri));
        return NULL;
    }
    g_autoptr(GError) cause = NULL;
    if (options->ca_file && !tls_read_ca_file(options->ca_file, &cause)) {
        rtc_fail_usage(error, "--ca: %s", cause->message);
        return NULL;
    }
    target->uri = g_strdup(uri);
    const struct resolve_options how = { .has_transport = options->transport.is_given,
                                         .transport = options->transport.value };
    target->transport = resolve_default_transport(&target->url, &how);
    target->port = resolve_port(&target->url, target->transport);
    struct address literal;
    bool is_name = !address_parse(target->url.host, &literal);
    target->tls = (struct tls_options){
        .server_name = options->sni ? options->sni
                       : is_name    ? target->url.host
                                    : NULL,
        .ca_file = options->ca_file,
        .accepts_any = options->accepts_any_certificate,
    };
    return g_steal_pointer(&target);
}

void target_free(struct target *target)
{
    if (target)
        g_free(target->uri);
    g_free(target);
}

struct client_timing target_timing(const struct target_options *options)
{
    return (struct client_timing){
        .rto_ms = (unsigned)(options->rto_ns / NS_PER_MS),
        .rc = (unsigned)options->rc,
        .rm = RM,
        .timeout_ms = (unsigned)(options->timeout_ns / NS_PER_MS),
    };
}

uint64_t target_seed(const struct target_options *options)
{
    uint64_t seed = options->seed.value;
    if (!options->seed.is_given)
        rng_entropy(&seed, sizeof seed);
    return seed;
}

struct client_options target_client_options(const struct target_options *options,
                                            const struct target *target,
                                            const struct credentials *credentials,
                                            const struct rng *rng)
{
    return (struct client_options){
        .connection = { .transport = target->transport,
                        .local = options->local,
                        .tls = &target->tls },
        .timing = target_timing(options),
        .username = credentials ? credentials->user : NULL,
        .password = credentials ? credentials->password : NULL,
        .is_modern = options->is_modern,
        .rng = rng_fork(rng, target->uri),
    };
}

struct report *target_report(const struct target_options *options, const char *command,
                             uint64_t seed,
                             char *(*format_item)(const json_t *item, bool in_colour),
                             char *(*format_end)(const json_t *document, bool in_colour))
{
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org: not empty */
    const struct report_options report = {
        .format = options->format,
        .command = command,
        .seed = seed,
        .is_interactive = isatty(STDOUT_FILENO) && !(no_colour && *no_colour),
        .format_item = format_item,
        .format_end = format_end,
    };
    return report_begin(&report, NULL);
}

gboolean target_capture_begin(const struct target_options *options, GError **error)
{
    return !options->pcap_file || capture_start(options->pcap_file, error);
}

void target_capture_end(const struct target_options *options)
{
    struct capture_counts counts = { 0 };
    g_autoptr(GError) error = NULL;
    if (!options->pcap_file || !capture_is_running())
        return;
    if (!capture_stop(&counts, &error))
        fprintf(stderr, "rtcprobe: %s\n", error->message);
    else if (counts.dropped > 0)
        fprintf(stderr,
                "rtcprobe: --pcap: the kernel dropped %" PRIu64
                " packets that might have "
                "been ours\n",
                counts.dropped);
}
