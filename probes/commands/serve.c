/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe serve`: a Prometheus exporter that probes whatever server a scrape names, in
 * the ways that its configuration allows. SIGHUP loads that again, with the files of
 * passwords that it names; what is wrong is told, and the old one stays.
 */
#include "probes/commands/commands.h"

#include <signal.h>
#include <stdio.h>

#include <glib-unix.h>

#include "base/error.h"
#include "probes/commands/serve_config.h"
#include "probes/commands/serve_exporter.h"
#include "probes/core/wait.h"

enum { DEFAULT_PORT = 9479 };

struct serve_values {
    GSocketAddress *address;
    const char *config;
    uint64_t jobs;
};

/* "ADDRESS", "ADDRESS:PORT", or ":PORT" for every address of both families. */
static gboolean take_address(const char *text, void *place, GError **error)
{
    g_autofree char *whole =
        *text == ':' ? g_strconcat("[::]", text, NULL) : g_strdup(text);
    g_autoptr(GSocketConnectable) parsed =
        g_network_address_parse(whole, DEFAULT_PORT, NULL);
    GNetworkAddress *address = parsed ? G_NETWORK_ADDRESS(parsed) : NULL;
    g_autoptr(GSocketAddress) socket_address =
        address ? g_inet_socket_address_new_from_string(
                      g_network_address_get_hostname(address),
                      g_network_address_get_port(address))
                : NULL;
    if (!socket_address) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be an IP address, and :PORT if wanted, or :PORT alone, is "
                    "\"%s\"",
                    text);
        return FALSE;
    }
    g_set_object((GSocketAddress **)place, socket_address);
    return TRUE;
}

static gboolean take_jobs(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 1000, place, error);
}

static const struct option options[] = {
    { .name = "listen",
      .argument = "[ADDRESS]:PORT",
      .preset = "127.0.0.1:9479",
      .help = "Where to listen; without an address on all; port 0: any",
      .take = take_address,
      .offset = offsetof(struct serve_values, address) },
    { .name = "config",
      .argument = "FILE",
      .help = "The modules, JSON: see rtcprobe(1)",
      .take = option_take_text,
      .offset = offsetof(struct serve_values, config) },
    { .name = "jobs",
      .argument = "N",
      .preset = "16",
      .help = "Probes that may run at once; others get a 503",
      .take = take_jobs,
      .offset = offsetof(struct serve_values, jobs) },
};

struct serving {
    const struct serve_values *values;
    struct exporter *exporter;
    GMainLoop *loop;
};

static gboolean on_end(void *user)
{
    const struct serving *serving = user;
    wait_interrupt(); /* the probes that run */
    g_main_loop_quit(serving->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(void *user)
{
    const struct serving *serving = user;
    g_autoptr(GError) error = NULL;
    struct serve_config *config = serve_config_load(serving->values->config, &error);
    if (!config) {
        fprintf(stderr, "rtcprobe: not reloaded: %s\n", error->message);
        return G_SOURCE_CONTINUE;
    }
    exporter_set_config(serving->exporter, config);
    serve_config_unref(config);
    fprintf(stderr, "rtcprobe: reloaded\n");
    return G_SOURCE_CONTINUE;
}

static void run(struct serving *serving)
{
    serving->loop = g_main_loop_new(NULL, FALSE);
    wait_interrupt_fd(); /* is there before a thread waits, and before the first signal */
    guint sources[] = { g_unix_signal_add(SIGINT, on_end, serving),
                        g_unix_signal_add(SIGTERM, on_end, serving),
                        g_unix_signal_add(SIGHUP, on_reload, serving) };
    printf("%s\n", exporter_url(serving->exporter));
    fflush(stdout);
    g_main_loop_run(serving->loop);
    exporter_free(serving->exporter);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    g_main_loop_unref(serving->loop);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct serve_values *values = data;
    g_autoptr(GSocketAddress) address = values->address; /* take_address() made it */
    struct exporter_options exporter = { .address = address,
                                         .most_probes = (unsigned)values->jobs };
    struct serving serving = { .values = values };
    uint64_t seed;
    (void)arguments;
    (void)ret_status; /* being ended is what ends it: that is no failure */
    rng_entropy(&seed, sizeof seed);
    exporter.rng = rng_seed(seed);
    struct serve_config *config = serve_config_load(values->config, error);
    if (!config)
        return FALSE;
    serving.exporter = exporter_new(&exporter, config, error);
    serve_config_unref(config);
    if (!serving.exporter)
        return FALSE;
    run(&serving);
    return TRUE;
}

const struct command probe_command_serve = {
    .name = "serve",
    .usage = "",
    .summary = "Export metrics of any server to Prometheus",
    .description =
        "GET /probe?target=URI&module=NAME probes and answers with metrics. Modules, "
        "with\n"
        "the credentials, are in --config; SIGHUP loads it again. The first line on\n"
        "standard output is the URL.\n",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct serve_values),
    .least_words = 0,
    .most_words = 0,
    .execute = execute,
};
