/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request for a probe is paused while a thread probes, and goes on in the main loop
 * when that is done. What a scrape may take Prometheus says in a header; the probe ends a
 * little before, so that what it knows still gets through.
 *
 * A page of another site could have a browser scrape an exporter inside a network; it
 * learns nothing, as no answer allows it to be read (no CORS). Where credentials must not
 * be tried on any server that someone names, the module's "targets" say so.
 */
#include "probes/commands/serve_exporter.h"

#include <math.h>
#include <string.h>

#include <libsoup/soup.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "probes/commands/check_text.h"
#include "probes/core/check.h"

#define TIMEOUT_HEADER "X-Prometheus-Scrape-Timeout-Seconds"
#define TEXT_TYPE      "text/plain; charset=utf-8"
#define METRICS_TYPE   "text/plain; version=0.0.4; charset=utf-8"

enum { BACKLOG = 128, MARGIN_MS = 500, MOST_TIMEOUT_S = 600, LAST_TURNS = 1000 };

struct exporter {
    SoupServer *http;
    GMainContext *context;
    struct serve_config *config;
    char *url;
    struct rng rng;
    unsigned most_probes, n_running;
    uint64_t n_good, n_bad, n_refused;
};

/* ---- Answers ---------------------------------------------------------------------- */

static void answer(SoupServerMessage *request, unsigned status, const char *type,
                   const char *text)
{
    soup_server_message_set_status(request, status, NULL);
    soup_server_message_set_response(request, type, SOUP_MEMORY_COPY, text, strlen(text));
}

static void refuse(SoupServerMessage *request, unsigned status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void refuse(SoupServerMessage *request, unsigned status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *safe = text_escape(line);
    g_autofree char *text = g_strconcat(safe, "\n", NULL);
    answer(request, status, TEXT_TYPE, text);
}

static void answer_metrics(const struct exporter *e, SoupServerMessage *request)
{
    g_autoptr(auto_metrics) m = metrics_new();
    metrics_add(m, "rtcprobe_build_info", 1, "version", RTCLAB_VERSION, NULL);
    metrics_add(m, "rtcprobe_exporter_probes_running", e->n_running, NULL);
    metrics_add(m, "rtcprobe_exporter_probes_total", (double)e->n_good, "result",
                "success", NULL);
    metrics_add(m, "rtcprobe_exporter_probes_total", (double)e->n_bad, "result",
                "failure", NULL);
    metrics_add(m, "rtcprobe_exporter_refused_total", (double)e->n_refused, NULL);
    g_autofree char *text = metrics_format(m);
    answer(request, SOUP_STATUS_OK, METRICS_TYPE, text);
}

static void answer_page(const struct exporter *e, SoupServerMessage *request)
{
    g_autoptr(GPtrArray) modules = serve_config_list(e->config);
    g_autoptr(GString) page = g_string_new(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>rtcprobe</title></head>\n<body><h1>rtcprobe " RTCLAB_VERSION "</h1>\n"
        "<form action=\"/probe\"><input name=\"target\" size=\"50\" "
        "placeholder=\"turns:turn.example.org:443?transport=tcp\"> "
        "<select name=\"module\">");
    for (unsigned i = 0; i < modules->len; i++) {
        const struct serve_module *module = modules->pdata[i];
        g_autofree char *name = g_markup_escape_text(module->name, -1);
        g_string_append_printf(page, "<option>%s</option>", name);
    }
    g_string_append(page,
                    "</select> <label><input type=\"checkbox\" name=\"debug\" "
                    "value=\"true\"> in words</label> <button>Probe</button></form>\n"
                    "<p><a href=\"/metrics\">Metrics of this exporter</a></p>\n"
                    "</body></html>\n");
    soup_message_headers_replace(soup_server_message_get_response_headers(request),
                                 "Content-Security-Policy",
                                 "default-src 'none'; form-action 'self'; "
                                 "base-uri 'none'; frame-ancestors 'none'");
    answer(request, SOUP_STATUS_OK, "text/html; charset=utf-8", page->str);
}

/* ---- A probe ---------------------------------------------------------------------- */

struct probe {
    struct exporter *exporter;
    SoupServerMessage *request;
    struct serve_config *config; /* keeps the module */
    const struct serve_module *module;
    struct target *target;
    struct rng rng;
    int64_t deadline_ns;
    bool wants_words;
    bool is_good;
    char *text; /* the answer */
};

static void free_probe(struct probe *p)
{
    target_free(p->target);
    serve_config_unref(p->config);
    g_object_unref(p->request);
    g_free(p->text);
    g_free(p);
}

/* In the main loop. */
static gboolean end_probe(void *data)
{
    struct probe *p = data;
    struct exporter *e = p->exporter;
    e->n_running--;
    *(p->is_good ? &e->n_good : &e->n_bad) += 1;
    answer(p->request, SOUP_STATUS_OK, p->wants_words ? TEXT_TYPE : METRICS_TYPE,
           p->text);
    soup_server_message_unpause(p->request);
    free_probe(p);
    return G_SOURCE_REMOVE;
}

static void describe(struct probe *p, const struct check_result *result)
{
    if (p->wants_words) {
        json_t *item = check_to_json(result);
        p->text = check_format_item(item, false);
        json_decref(item);
        return;
    }
    g_autoptr(auto_metrics) metrics = metrics_new();
    check_add_metrics(result, metrics, NULL);
    p->text = metrics_format(metrics);
}

/* Time-limited credentials are made for this probe. */
static struct credentials *fresh_credentials(const struct serve_module *module)
{
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    return module->credentials
               ? credentials_renew(module->credentials, now_s + module->ttl_s)
               : NULL;
}

static void probe_once(struct probe *p)
{
    const struct serve_module *module = p->module;
    const struct target_options *o = &module->target;
    g_autoptr(auto_credentials) fresh = fresh_credentials(module);
    const struct credentials *credentials = fresh ? fresh : module->credentials;
    struct check_options options = {
        .uri = p->target->uri,
        .url = p->target->url,
        .resolve = { .family = o->family,
                     .has_transport = o->transport.is_given,
                     .transport = o->transport.value,
                     .rng = rng_fork(&p->rng, "resolve") },
        .client = target_client_options(o, p->target, credentials, &p->rng),
        .credentials = credentials,
        .scope = module->scope,
        .n_payloads = module->n_payloads,
        .payload_bytes = module->payload_bytes,
        .interval_ns = module->interval_ns,
        .rng = p->rng,
        .deadline_ns = p->deadline_ns,
    };
    g_autoptr(auto_check_result) result = check_run(&options);
    p->is_good = check_is_good(result);
    describe(p, result);
}

static void *run_probe(void *data)
{
    struct probe *p = data;
    probe_once(p);
    /* Not g_main_context_invoke(), which could end it in this thread. */
    g_autoptr(GSource) end = g_idle_source_new();
    g_source_set_priority(end, G_PRIORITY_DEFAULT); /* not after all new requests */
    g_source_set_callback(end, end_probe, p, NULL);
    g_source_attach(end, p->exporter->context);
    return NULL;
}

/* What the module allows, and the scrape less a margin if that is shorter. */
static int64_t limit_of(SoupServerMessage *request, const struct serve_module *module)
{
    const char *text = soup_message_headers_get_one(
        soup_server_message_get_request_headers(request), TIMEOUT_HEADER);
    double seconds = text ? g_ascii_strtod(text, NULL) : 0;
    if (!isfinite(seconds) || seconds <= 0 || seconds > MOST_TIMEOUT_S)
        return module->limit_ns;
    int64_t scrape_ns = (int64_t)(seconds * (double)NS_PER_S);
    int64_t margin_ns = MIN(scrape_ns / 4, MARGIN_MS * NS_PER_MS);
    return MIN(module->limit_ns, scrape_ns - margin_ns);
}

static void start_probe(struct exporter *e, SoupServerMessage *request,
                        const struct serve_module *module, struct target *target_consumed,
                        bool wants_words)
{
    struct probe *p = g_new(struct probe, 1);
    *p = (struct probe){
        .exporter = e,
        .request = g_object_ref(request),
        .config = serve_config_ref(e->config),
        .module = module,
        .target = target_consumed,
        .rng = rng_seed(rng_next(&e->rng)),
        .deadline_ns = clock_now_ns() + limit_of(request, module),
        .wants_words = wants_words,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GThread) thread = g_thread_try_new("probe", run_probe, p, &error);
    if (!thread) {
        refuse(request, SOUP_STATUS_SERVICE_UNAVAILABLE,
               "no thread for another probe: %s", error->message);
        free_probe(p);
        return;
    }
    e->n_running++;
    soup_server_message_pause(request);
}

static const char *value_of(GHashTable *query, const char *name)
{
    return query ? g_hash_table_lookup(query, name) : NULL;
}

static void take_probe(struct exporter *e, SoupServerMessage *request, GHashTable *query)
{
    const char *uri = value_of(query, "target");
    const char *name = value_of(query, "module");
    const char *debug = value_of(query, "debug");
    g_autoptr(GError) error = NULL;
    const struct serve_module *module =
        serve_config_find(e->config, name ? name : SERVE_DEFAULT_MODULE);
    if (!uri || !module) {
        refuse(request, SOUP_STATUS_BAD_REQUEST,
               uri ? "there is no module \"%s\": see /"
                   : "target= is missing: a URI such as turn:turn.example.org%s",
               uri ? name : "");
        return;
    }
    g_autoptr(auto_target) target = target_new(&module->target, uri, &error);
    if (!target) {
        refuse(request, SOUP_STATUS_BAD_REQUEST, "target=%s", error->message);
    } else if (!serve_module_allows(module, target->url.host)) {
        refuse(request, SOUP_STATUS_FORBIDDEN, "module %s has no target %s", module->name,
               target->url.host);
    } else if (e->n_running >= e->most_probes) {
        e->n_refused++;
        refuse(request, SOUP_STATUS_SERVICE_UNAVAILABLE,
               "%u probes run, and no more may at once (--jobs)", e->n_running);
    } else {
        start_probe(e, request, module, g_steal_pointer(&target),
                    debug && strcmp(debug, "true") == 0);
    }
}

/* ---- Requests --------------------------------------------------------------------- */

static void on_request(SoupServer *http, SoupServerMessage *request, const char *path,
                       GHashTable *query, void *user)
{
    struct exporter *e = user;
    const char *method = soup_server_message_get_method(request);
    (void)http;
    if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD) {
        soup_message_headers_replace(soup_server_message_get_response_headers(request),
                                     "Allow", "GET, HEAD");
        refuse(request, SOUP_STATUS_METHOD_NOT_ALLOWED, "only GET and HEAD");
    } else if (strcmp(path, "/probe") == 0) {
        take_probe(e, request, query);
    } else if (strcmp(path, "/metrics") == 0) {
        answer_metrics(e, request);
    } else if (strcmp(path, "/-/healthy") == 0) {
        answer(request, SOUP_STATUS_OK, TEXT_TYPE, "healthy\n");
    } else if (strcmp(path, "/") == 0) {
        answer_page(e, request);
    } else {
        refuse(request, SOUP_STATUS_NOT_FOUND, "there is no such page: see /");
    }
}

static GSocket *open_socket(GSocketAddress *address, GError **error)
{
    g_autoptr(GSocket) socket =
        g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_TCP, error);
    if (!socket)
        return NULL;
    g_socket_set_listen_backlog(socket, BACKLOG);
    if (!g_socket_bind(socket, address, TRUE, error) || !g_socket_listen(socket, error))
        return NULL;
    return g_steal_pointer(&socket);
}

struct exporter *exporter_new(const struct exporter_options *options,
                              struct serve_config *config, GError **error)
{
    g_autoptr(SoupServer) http = soup_server_new("server-header", "rtcprobe", NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocket) socket = open_socket(options->address, &cause);
    if (!socket || !soup_server_listen_socket(http, socket, 0, &cause)) {
        g_autofree char *where =
            g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(options->address));
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot listen on %s: %s",
                    where, cause->message);
        return NULL;
    }
    struct exporter *e = g_new0(struct exporter, 1);
    e->http = g_steal_pointer(&http);
    e->context = g_main_context_ref_thread_default();
    e->config = serve_config_ref(config);
    e->rng = options->rng;
    e->most_probes = options->most_probes;
    GSList *uris = soup_server_get_uris(e->http);
    e->url = g_uri_to_string(uris->data);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    soup_server_add_handler(e->http, NULL, on_request, e, NULL);
    return e;
}

void exporter_set_config(struct exporter *exporter, struct serve_config *config)
{
    serve_config_ref(config);
    serve_config_unref(exporter->config);
    exporter->config = config;
}

void exporter_free(struct exporter *exporter)
{
    if (!exporter)
        return;
    exporter->most_probes = 0;
    while (exporter->n_running > 0)
        g_main_context_iteration(exporter->context, TRUE);
    for (int i = 0; i < LAST_TURNS && g_main_context_iteration(exporter->context, FALSE);
         i++)
        ; /* so that the answers get out */
    soup_server_disconnect(exporter->http);
    g_object_unref(exporter->http);
    serve_config_unref(exporter->config);
    g_main_context_unref(exporter->context);
    g_free(exporter->url);
    g_free(exporter);
}

const char *exporter_url(const struct exporter *exporter)
{
    return exporter->url;
}
