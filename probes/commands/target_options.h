/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that subcommands share: who we are, how we get to the server, how long we
 * wait, and what comes out. Declared once; a subcommand composes them into its own table:
 *
 *     struct ping_values {
 *         struct target_options target; // must be called that
 *         uint64_t count;
 *     };
 *     static const struct option options[] = {
 *         { .name = "count", …, .offset = offsetof(struct ping_values, count) },
 *         TARGET_OPTIONS(struct ping_values),
 *     };
 */
#ifndef RTCLAB_PROBES_TARGET_OPTIONS_H
#define RTCLAB_PROBES_TARGET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "probes/core/client.h"
#include "probes/core/credentials.h"
#include "probes/output/report.h"
#include "wire/ice_url.h"

struct target_transport {
    enum probe_transport value;
    bool is_given; /**< else the URI says it */
};

struct target_seed {
    uint64_t value;
    bool is_given; /**< else it is chance's */
};

struct target_options {
    struct credentials_source credentials;
    uint8_t family; /**< enum address_family; ADDRESS_NONE: both */
    struct target_transport transport;
    struct endpoint local;     /**< family ADDRESS_NONE: any; the port is 0 */
    const char *sni, *ca_file; /**< NULL: the URI's host, the system's */
    bool accepts_any_certificate;
    int64_t rto_ns, timeout_ns;
    uint64_t rc;
    bool is_modern; /**< --profile 8489 */
    bool is_strict; /**< a SHOULD that is not met fails too */
    struct target_seed seed;
    const char *pcap_file; /**< NULL: none */
    enum report_format format;
};

/** A URI and what options say of it. */
struct target {
    char *uri; /**< as given; owned */
    struct ice_url url;
    enum probe_transport transport; /**< unless DNS says otherwise: see resolve_url() */
    uint16_t port;
    struct tls_options
        tls; /**< borrows from the options and from `url`: do not move it */
};

/**
 * Reads a URI. The transport is the option's or the URI's (RFC 7064, RFC 7065), with an s
 * over TLS or DTLS in either case; the port is the URI's or that of the transport.
 *
 * @return NULL with RTC_ERROR_USAGE: it is no URI; caller frees
 */
struct target *target_new(const struct target_options *options, const char *uri,
                          GError **error);
void target_free(struct target *target);
typedef struct target auto_target; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_target, target_free)

/** The waiting that options ask for. */
struct client_timing target_timing(const struct target_options *options);

/** The seed given, or entropy, which is another one with each call. */
uint64_t target_seed(const struct target_options *options);

/**
 * What a client needs for this target, but the server's address and the transcript.
 * @param credentials NULL: none; borrowed as all else, for as long as the client lives
 * @param rng         transaction ids come from a fork of it
 */
struct client_options target_client_options(const struct target_options *options,
                                            const struct target *target,
                                            const struct credentials *credentials,
                                            const struct rng *rng);

/** Starts the report that options ask for, on standard output; what is not in the
 * arguments is filled in. */
struct report *target_report(const struct target_options *options, const char *command,
                             uint64_t seed,
                             char *(*format_item)(const json_t *item, bool in_colour),
                             char *(*format_end)(const json_t *document, bool in_colour));

/**
 * Starts the capture that --pcap asks for, if it does. Before the first connection.
 * @return FALSE with RTC_ERROR_ENVIRONMENT, the message saying what is missing
 */
gboolean target_capture_begin(const struct target_options *options, GError **error);

/** Ends it; what went wrong, or was lost, is said on standard error. */
void target_capture_end(const struct target_options *options);

/* ---- The table -------------------------------------------------------------------- */

gboolean target_take_ipv4(const char *text, void *place, GError **error);
gboolean target_take_ipv6(const char *text, void *place, GError **error);
gboolean target_take_family(const char *text, void *place, GError **error);
gboolean target_take_transport(const char *text, void *place, GError **error);
gboolean target_take_local(const char *text, void *place, GError **error);
gboolean target_take_rto(const char *text, void *place, GError **error);
gboolean target_take_timeout(const char *text, void *place, GError **error);
gboolean target_take_rc(const char *text, void *place, GError **error);
gboolean target_take_profile(const char *text, void *place, GError **error);
gboolean target_take_seed(const char *text, void *place, GError **error);

/* clang-format off: tables */
#define TARGET_OPTION(T, name_, letter_, argument_, preset_, take_, field, help_)   \
    {                                                                               \
        .name = name_, .letter = letter_, .argument = argument_, .preset = preset_, \
        .help = help_, .take = take_, .offset = offsetof(T, target.field),          \
        .changes_a_call = true                                                      \
    }
#define TARGET_TEXT(T, name, letter, argument, field, help) \
    TARGET_OPTION(T, name, letter, argument, NULL, option_take_text, field, help)
#define TARGET_FLAG(T, name, letter, take, field, help) \
    TARGET_OPTION(T, name, letter, NULL, NULL, take, field, help)

/** Who we are. */
#define TARGET_CREDENTIAL_OPTIONS(T)                                                    \
    TARGET_TEXT(T, "user", 'u', "NAME", credentials.user, "The user name"),             \
        TARGET_TEXT(T, "pass-file", 0, "FILE", credentials.pass_file,                   \
                    "The password is its first line"),                                  \
        TARGET_TEXT(T, "pass-env", 0, "NAME", credentials.pass_env,                     \
                    "The password is this environment variable"),                       \
        TARGET_TEXT(T, "secret-file", 0, "FILE", credentials.secret_file,               \
                    "Make time-limited credentials from the secret in its first line"), \
        TARGET_TEXT(T, "secret-env", 0, "NAME", credentials.secret_env,                 \
                    "The same from this environment variable")

/** Which of the addresses there are, at either end. */
#define TARGET_ADDRESS_OPTIONS(T)                                               \
    TARGET_FLAG(T, "ipv4", '4', target_take_ipv4, family,                       \
                "Only the server's IPv4 addresses"),                            \
        TARGET_FLAG(T, "ipv6", '6', target_take_ipv6, family,                   \
                    "Only the server's IPv6 addresses"),                        \
        TARGET_OPTION(T, "local", 0, "ADDRESS", NULL, target_take_local, local, \
                      "Where to send from")

/** How we get there. */
#define TARGET_PATH_OPTIONS(T)                                                           \
    TARGET_ADDRESS_OPTIONS(T),                                                           \
        TARGET_OPTION(T, "transport", 0, "NAME", NULL, target_take_transport, transport, \
                      "udp, tcp, tls or dtls, whatever the URI says"),                   \
        TARGET_TEXT(T, "sni", 0, "NAME", sni,                                            \
                    "The name to ask for and verify, if not the URI's"),                 \
        TARGET_TEXT(T, "ca", 0, "FILE", ca_file,                                         \
                    "Trust the certificates in this PEM file, not the system's"),        \
        TARGET_FLAG(T, "insecure", 0, option_take_flag, accepts_any_certificate,         \
                    "Tell of a bad certificate and go on")

/** How long we wait. */
#define TARGET_TIMING_OPTIONS(T)                                                       \
    TARGET_OPTION(T, "rto", 0, "TIME", "500ms", target_take_rto, rto_ns,               \
                  "Before the first retransmission over UDP; doubles"),                \
        TARGET_OPTION(T, "rc", 0, "N", "7", target_take_rc, rc,                        \
                      "Transmissions of a request in all"),                            \
        TARGET_OPTION(T, "timeout", 0, "TIME", "10s", target_take_timeout, timeout_ns, \
                      "Of a handshake, and of a request with its retransmissions")

/** What the server is held against. */
#define TARGET_PROFILE_OPTIONS(T)                                                 \
    TARGET_OPTION(T, "profile", 0, "RFC", "8489", target_take_profile, is_modern, \
                  "5389 (with 5766) or 8489 (with 8656)"),                        \
        TARGET_FLAG(T, "strict", 0, option_take_flag, is_strict,                  \
                    "A SHOULD that is not met fails")

/** Chance, and what comes out. A run that is repeated says its seed itself. */
#define TARGET_OUTPUT_OPTIONS(T)                                                  \
    { .name = "seed",                                                             \
      .argument = "N",                                                            \
      .take = target_take_seed,                                                   \
      .help = "The same chance as in a run before",                               \
      .offset = offsetof(T, target.seed) },                                       \
        { .name = "pcap",                                                         \
          .argument = "FILE",                                                     \
          .take = option_take_text,                                               \
          .help = "Capture this traffic (needs CAP_NET_RAW)",                     \
          .offset = offsetof(T, target.pcap_file) },                              \
    {                                                                             \
        .name = "output", .letter = 'o', .argument = "FORMAT", .preset = "human", \
        .take = report_take_format,                                               \
        .help = "human, json, jsonl, junit, tap, prom or nagios",                 \
        .offset = offsetof(T, target.format)                                      \
    }

/** All of them. */
#define TARGET_OPTIONS(T)                                                           \
    TARGET_CREDENTIAL_OPTIONS(T), TARGET_PATH_OPTIONS(T), TARGET_TIMING_OPTIONS(T), \
        TARGET_PROFILE_OPTIONS(T), TARGET_OUTPUT_OPTIONS(T)
/* clang-format on */

#endif
