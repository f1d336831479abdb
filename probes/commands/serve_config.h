/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules of `rtcprobe serve`: how a target is probed, and as whom. A JSON file, so
 * that no credentials are in a URL:
 *
 *     {"modules": {
 *        "turn_udp": {
 *          "probe": "ping" | "check" | "relay",      a Binding; an allocation and some
 *                                                    payloads through it; more of them
 *          "targets": ["turn.example.org", "*.example.net"],  no others; without it: all
 *          "username": "joe", "password_file": F | "password_env": NAME,
 *          "secret_file": F | "secret_env": NAME, "ttl_s": 3600,
 *          "timeout_s": 10, "transport": "udp" | "tcp" | "tls" | "dtls",
 *          "family": "ipv4" | "ipv6", "local": ADDRESS, "profile": "5389" | "8489",
 *          "rto_ms": 500, "rc": 7,
 *          "payloads": 10, "interval_ms": 10, "payload_bytes": 160,
 *          "tls": {"ca": F, "server_name": NAME, "insecure": false}}}}
 *
 * The module "ping" is there without being told of, and is the one of a request that
 * names none.
 */
#ifndef RTCLAB_PROBES_SERVE_CONFIG_H
#define RTCLAB_PROBES_SERVE_CONFIG_H

#include <glib.h>
#include <jansson.h>

#include "probes/commands/target_options.h"
#include "probes/core/check.h"

#define SERVE_DEFAULT_MODULE "ping"

struct serve_module {
    const char *name;
    enum check_scope scope;
    struct target_options target;    /**< what a command line would say */
    struct credentials *credentials; /**< NULL: none */
    int64_t ttl_s;                   /**< of credentials from a secret */
    int64_t limit_ns;                /**< of a whole probe */
    unsigned n_payloads, payload_bytes;
    int64_t interval_ns;
    const json_t *hosts; /**< of globs; NULL: any host may be asked */
};

/** Counted: a probe that runs keeps its own while another one is loaded. */
struct serve_config;

/**
 * Loads a file, with the credentials it names.
 * @param path NULL: there is only the module that is always there
 * @return NULL with RTC_ERROR_USAGE, the message having the file and the JSON pointer;
 *         caller owns
 */
struct serve_config *serve_config_load(const char *path, GError **error);
struct serve_config *serve_config_ref(struct serve_config *config);
void serve_config_unref(struct serve_config *config);

/** A module by its name; NULL: there is none. Borrowed from the config. */
const struct serve_module *serve_config_find(const struct serve_config *config,
                                             const char *name);

/** All modules, by name: const struct serve_module *. Caller frees the array. */
GPtrArray *serve_config_list(const struct serve_config *config);

/** Whether a module may probe a host. */
bool serve_module_allows(const struct serve_module *module, const char *host);

#endif
