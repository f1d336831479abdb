/* SPDX-License-Identifier: Apache-2.0 */
/* `rtcprobe serve`, driven over HTTP, against the built-in server. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libsoup/soup.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "probes/commands/serve_config.h"
#include "probes/commands/serve_exporter.h"
#include "probes/core/wait.h"
#include "probes/server/server.h"
#include "suite.h"

/* ---- A server, an exporter and an HTTP client ------------------------------------- */

static char *folder; /* of the files that a configuration names */

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    return path;
}

static struct serve_config *load(const char *json, GError **error)
{
    g_autofree char *path = write_file("modules.json", json);
    return serve_config_load(path, error);
}

struct stage {
    struct probe_server *server;
    struct exporter *exporter;
    SoupSession *http;
    char uri[80]; /* of the server, turn: */
};

static void stage_open(struct stage *s, unsigned most_probes)
{
    struct probe_server_options options;
    char text[ENDPOINT_TEXT_SIZE];
    g_autofree char *password = write_file("password", "wonderland\n");
    g_autofree char *wrong = write_file("wrong", "looking-glass\n");
    g_autofree char *json = g_strdup_printf(
        "{\"modules\": {"
        "\"turn\": {\"probe\": \"check\", \"username\": \"alice\", \"password_file\": "
        "\"%s\", \"payloads\": 3, \"interval_ms\": 1, \"targets\": [\"127.77.*\"]},"
        "\"wrong\": {\"probe\": \"check\", \"username\": \"alice\", \"password_file\": "
        "\"%s\"}}}",
        password, wrong);
    g_autoptr(GError) error = NULL;
    struct serve_config *config = load(json, &error);
    ASSERT_TEXT(error ? error->message : NULL, NULL);
    probe_server_options_init(&options);
    s->server = probe_server_start(&options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->server);
    const struct endpoint *at = &probe_server_endpoints(s->server)->plain;
    g_snprintf(s->uri, sizeof s->uri, "turn:%s", endpoint_format(at, text));
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    const struct exporter_options exporter = { .address = any,
                                               .most_probes = most_probes,
                                               .rng = rng_seed(1) };
    s->exporter = exporter_new(&exporter, config, &error);
    ASSERT_TEXT(error ? error->message : NULL, NULL);
    s->http = soup_session_new();
    serve_config_unref(config);
}

static void stage_close(struct stage *s)
{
    exporter_free(s->exporter);
    soup_session_abort(s->http);
    g_object_unref(s->http);
    probe_server_stop(s->server);
}

/* A request under way. */
struct fetch {
    SoupMessage *message;
    GCancellable *cancellable;
    bool is_done;
    char *text; /* NULL: it failed */
};

static void on_fetched(GObject *session, GAsyncResult *result, void *data)
{
    struct fetch *f = data;
    g_autoptr(GBytes) bytes =
        soup_session_send_and_read_finish(SOUP_SESSION(session), result, NULL);
    f->is_done = true;
    if (bytes)
        f->text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static void fetch_start(const struct stage *s, struct fetch *f, const char *method,
                        const char *path, const char *timeout)
{
    g_autofree char *url = g_strconcat(exporter_url(s->exporter), path, NULL);
    *f = (struct fetch){ .message = soup_message_new(method, url),
                         .cancellable = g_cancellable_new() };
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->message);
    if (timeout)
        soup_message_headers_replace(soup_message_get_request_headers(f->message),
                                     "X-Prometheus-Scrape-Timeout-Seconds", timeout);
    soup_session_send_and_read_async(s->http, f->message, G_PRIORITY_DEFAULT,
                                     f->cancellable, on_fetched, f);
}

static void fetch_wait(struct fetch *f)
{
    while (!f->is_done)
        g_main_context_iteration(NULL, TRUE);
}

static void fetch_clear(struct fetch *f)
{
    g_object_unref(f->message);
    g_object_unref(f->cancellable);
    g_free(f->text);
}

/* One request; its status, and its text if wanted. */
static unsigned get(const struct stage *s, const char *path, char **ret_text)
{
    struct fetch f;
    fetch_start(s, &f, "GET", path, NULL);
    fetch_wait(&f);
    unsigned status = soup_message_get_status(f.message);
    if (ret_text)
        *ret_text = g_steal_pointer(&f.text);
    fetch_clear(&f);
    return status;
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        ASSERT_TEXT(text, part);
    else
        CU_ASSERT_TRUE(true);
}

/* A UDP port that never answers. */
static int open_silence(char uri[64])
{
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    g_socket_address_to_native(any, &address, sizeof address, NULL);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0 &&
                         bind(fd, (struct sockaddr *)&address,
                              (socklen_t)g_socket_address_get_native_size(any)) == 0 &&
                         getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    g_autoptr(GSocketAddress) is = g_socket_address_new_from_native(&address, size);
    g_snprintf(uri, 64, "probe?target=stun:127.0.0.1:%u",
               g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(is)));
    return fd;
}

/* ---- Pages ------------------------------------------------------------------------ */

static void test_pages(void)
{
    struct stage s;
    stage_open(&s, 4);
    g_autofree char *page = NULL, *metrics = NULL, *healthy = NULL;
    CU_ASSERT_EQUAL(get(&s, "", &page), 200);
    assert_has(page, "<option>ping</option><option>turn</option>");
    CU_ASSERT_EQUAL(get(&s, "metrics", &metrics), 200);
    assert_has(metrics, "\nrtcprobe_exporter_probes_running 0\n");
    assert_has(metrics, "\nrtcprobe_exporter_probes_total{result=\"success\"} 0\n");
    CU_ASSERT_EQUAL(get(&s, "-/healthy", &healthy), 200);
    ASSERT_TEXT(healthy, "healthy\n");
    CU_ASSERT_EQUAL(get(&s, "probes", NULL), 404);
    struct fetch f;
    fetch_start(&s, &f, "POST", "probe", NULL);
    fetch_wait(&f);
    CU_ASSERT_EQUAL(soup_message_get_status(f.message), 405);
    fetch_clear(&f);
    stage_close(&s);
}

static void test_requests_that_are_wrong(void)
{
    struct stage s;
    stage_open(&s, 4);
    static const struct {
        const char *path;
        unsigned status;
        const char *says;
    } wrong[] = {
        { "probe", 400, "target= is missing" },
        { "probe?target=", 400, "must be a URI" },
        { "probe?target=turn.example.org", 400, "must be a URI" },
        { "probe?target=stun:127.0.0.1&module=%1b%5b31m", 400, "\"\\x1b[31m\"" },
        { "probe?target=turn:127.0.0.1&module=turn", 403, "has no target 127.0.0.1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *text = NULL;
        CU_ASSERT_EQUAL(get(&s, wrong[i].path, &text), wrong[i].status);
        assert_has(text, wrong[i].says);
    }
    stage_close(&s);
}

/* ---- Probes ----------------------------------------------------------------------- */

static void test_probes(void)
{
    struct stage s;
    stage_open(&s, 4);
    g_autofree char *ping = NULL, *check = NULL, *wrong = NULL, *words = NULL;
    g_autofree char *metrics = NULL;
    g_autofree char *url = g_strdup_printf("probe?target=%s", s.uri);
    g_autofree char *turn_url = g_strdup_printf("%s&module=turn", url);
    g_autofree char *wrong_url = g_strdup_printf("%s&module=wrong", url);
    g_autofree char *words_url = g_strdup_printf("%s&debug=true", wrong_url);
    CU_ASSERT_EQUAL(get(&s, url, &ping), 200);
    assert_has(ping, "\nprobe_success 1\n");
    assert_has(ping, "{phase=\"binding\"} ");
    CU_ASSERT_EQUAL(get(&s, turn_url, &check), 200);
    assert_has(check, "\nprobe_success 1\n");
    assert_has(check, "\nrtcprobe_relay_packets_received_total 3\n");
    CU_ASSERT_EQUAL(get(&s, wrong_url, &wrong), 200);
    assert_has(wrong, "\nprobe_success 0\n");
    assert_has(wrong, "\nrtcprobe_stun_error_code 401\n");
    CU_ASSERT_EQUAL(get(&s, words_url, &words), 200);
    assert_has(words, "FAIL allocate: 401");
    CU_ASSERT_PTR_NULL(strstr(words, "looking-glass"));
    get(&s, "metrics", &metrics);
    assert_has(metrics, "\nrtcprobe_exporter_probes_total{result=\"success\"} 2\n");
    assert_has(metrics, "\nrtcprobe_exporter_probes_total{result=\"failure\"} 2\n");
    stage_close(&s);
}

static void test_a_scrape_s_timeout_is_kept(void)
{
    struct stage s;
    struct fetch f;
    char silence[64];
    stage_open(&s, 4);
    int fd = open_silence(silence);
    int64_t start_ns = clock_now_ns();
    fetch_start(&s, &f, "GET", silence, "0.2");
    fetch_wait(&f);
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < 5 * NS_PER_S); /* the module has ten */
    CU_ASSERT_EQUAL(soup_message_get_status(f.message), 200);
    assert_has(f.text, "\nprobe_success 0\n");
    fetch_clear(&f);
    close(fd);
    stage_close(&s);
}

static void test_too_many_are_refused(void)
{
    struct stage s;
    struct fetch f;
    char silence[64];
    stage_open(&s, 1);
    int fd = open_silence(silence);
    fetch_start(&s, &f, "GET", silence, "0.3");
    g_autofree char *metrics = NULL;
    do {
        g_clear_pointer(&metrics, g_free);
        get(&s, "metrics", &metrics);
    } while (!strstr(metrics, "\nrtcprobe_exporter_probes_running 1\n"));
    g_autofree char *text = NULL, *after = NULL;
    CU_ASSERT_EQUAL(get(&s, silence, &text), 503);
    assert_has(text, "1 probes run");
    get(&s, "metrics", &after);
    assert_has(after, "\nrtcprobe_exporter_refused_total 1\n");
    fetch_wait(&f);
    CU_ASSERT_EQUAL(soup_message_get_status(f.message), 200);
    fetch_clear(&f);
    close(fd);
    stage_close(&s);
}

static void test_a_scraper_that_leaves(void)
{
    struct stage s;
    struct fetch f;
    char silence[64];
    stage_open(&s, 4);
    int fd = open_silence(silence);
    fetch_start(&s, &f, "GET", silence, "0.2");
    g_autofree char *metrics = NULL;
    do {
        g_clear_pointer(&metrics, g_free);
        get(&s, "metrics", &metrics);
    } while (!strstr(metrics, "\nrtcprobe_exporter_probes_running 1\n"));
    g_cancellable_cancel(f.cancellable);
    fetch_wait(&f);
    CU_ASSERT_PTR_NULL(f.text);
    fetch_clear(&f);
    do {
        g_clear_pointer(&metrics, g_free);
        CU_ASSERT_EQUAL(get(&s, "metrics", &metrics), 200);
    } while (!strstr(metrics, "\nrtcprobe_exporter_probes_running 0\n"));
    close(fd);
    stage_close(&s);
}

static void test_an_interrupt_ends_it(void)
{
    struct stage s;
    struct fetch f;
    char silence[64];
    stage_open(&s, 4);
    int fd = open_silence(silence);
    fetch_start(&s, &f, "GET", silence, NULL); /* for ten seconds */
    g_autofree char *metrics = NULL;
    do {
        g_clear_pointer(&metrics, g_free);
        get(&s, "metrics", &metrics);
    } while (!strstr(metrics, "\nrtcprobe_exporter_probes_running 1\n"));
    int64_t start_ns = clock_now_ns();
    wait_interrupt();
    exporter_free(s.exporter);
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < 5 * NS_PER_S);
    wait_reset();
    soup_session_abort(s.http);
    fetch_wait(&f);
    fetch_clear(&f);
    g_object_unref(s.http);
    probe_server_stop(s.server);
    close(fd);
}

static void test_another_configuration(void)
{
    struct stage s;
    stage_open(&s, 4);
    struct serve_config *config = load("{\"modules\": {\"udp\": {}}}", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    exporter_set_config(s.exporter, config);
    serve_config_unref(config);
    g_autofree char *url = g_strdup_printf("probe?target=%s&module=", s.uri);
    g_autofree char *gone = g_strconcat(url, "turn", NULL);
    g_autofree char *come = g_strconcat(url, "udp", NULL);
    CU_ASSERT_EQUAL(get(&s, gone, NULL), 400);
    CU_ASSERT_EQUAL(get(&s, come, NULL), 200);
    stage_close(&s);
}

/* ---- Configurations --------------------------------------------------------------- */

static void test_all_keys_are_read(void)
{
    struct stage s;
    stage_open(&s, 1);
    g_autofree char *ca = write_file("ca.pem", probe_server_certificate(s.server));
    stage_close(&s);
    g_autofree char *secret = write_file("secret", "hush\n");
    g_autofree char *json = g_strdup_printf(
        "{\"modules\": {\"m\": {\"probe\": \"relay\", \"username\": \"joe\", "
        "\"secret_file\": \"%s\", \"ttl_s\": 60, \"timeout_s\": 5, \"transport\": "
        "\"dtls\", \"family\": \"ipv6\", \"local\": \"::1\", \"profile\": \"5389\", "
        "\"rto_ms\": 100, \"rc\": 3, \"payload_bytes\": 200, \"tls\": {\"ca\": \"%s\", "
        "\"server_name\": \"n\", \"insecure\": true}}}}",
        secret, ca);
    g_autoptr(GError) error = NULL;
    struct serve_config *config = load(json, &error);
    ASSERT_TEXT(error ? error->message : NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    const struct serve_module *m = serve_config_find(config, "m");
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->scope, CHECK_RELAYS);
    CU_ASSERT_EQUAL(m->n_payloads, 100);
    CU_ASSERT_EQUAL(m->payload_bytes, 200);
    CU_ASSERT_EQUAL(m->limit_ns, 5 * NS_PER_S);
    CU_ASSERT_EQUAL(m->ttl_s, 60);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m->credentials);
    CU_ASSERT_TRUE(m->credentials->expires_s > 0);
    struct client_timing timing = target_timing(&m->target);
    CU_ASSERT_EQUAL(timing.rto_ms, 100);
    CU_ASSERT_EQUAL(timing.rc, 3);
    CU_ASSERT_EQUAL(timing.timeout_ms, 5000);
    CU_ASSERT_EQUAL(m->target.family, ADDRESS_IPV6);
    CU_ASSERT_TRUE(m->target.transport.is_given &&
                   m->target.transport.value == PROBE_DTLS);
    CU_ASSERT_FALSE(m->target.is_modern);
    CU_ASSERT_TRUE(m->target.accepts_any_certificate);
    ASSERT_TEXT(m->target.sni, "n");
    serve_config_unref(config);
}

static void test_wrong_configurations(void)
{
    static const struct {
        const char *json, *says;
    } wrong[] = {
        { "{", "line 1: " },
        { "{\"modules\": {\"m\": {\"password\": hush", "line 1: " },
        { "{\"modules\": {\"m\": {\"tls\": {\"ca\": \"/nonexistent/ca.pem\"}}}}",
          "/modules/m: cannot read the CAs of /nonexistent/ca.pem: No such file" },
        { "[]", "/: must be an object with \"modules\"" },
        { "{\"modules\": {}, \"more\": 1}", "/: must be an object with \"modules\"" },
        { "{\"modules\": {\"m\": 1}}", "/modules/m: must be an object" },
        { "{\"modules\": {\"m\": {\"user\": \"joe\"}}}", "/modules/m/user: is unknown" },
        { "{\"modules\": {\"m\": {\"usernam\": \"joe\"}}}",
          "did you mean \"username\"?" },
        { "{\"modules\": {\"m\": {\"password\": \"x\"}}}", "/password: is unknown" },
        { "{\"modules\": {\"m\": {\"probe\": \"all\"}}}",
          "/modules/m/probe: must be ping, check or relay, is \"all\"" },
        { "{\"modules\": {\"m\": {\"probe\": \"check\"}}}",
          "/modules/m: a check needs \"username\"" },
        { "{\"modules\": {\"m\": {\"timeout_s\": 0}}}",
          "/modules/m/timeout_s: must be a whole number from 1 to 600" },
        { "{\"modules\": {\"m\": {\"timeout_s\": \"5\"}}}", "must be a whole number" },
        { "{\"modules\": {\"m\": {\"tls\": {\"insecure\": 1}}}}",
          "/modules/m/tls/insecure: must be true or false" },
        { "{\"modules\": {\"m\": {\"targets\": [1]}}}",
          "/modules/m/targets: must be an array of texts" },
        { "{\"modules\": {\"m\": {\"family\": \"ipv5\"}}}", "must be ipv4 or ipv6" },
        { "{\"modules\": {\"m\": {\"username\": \"joe\", \"password_file\": "
          "\"/nonexistent/pw\"}}}",
          "/modules/m: password_file: cannot open /nonexistent/pw" },
        { "{\"modules\": {\"m\": {\"username\": \"joe\"}}}",
          "/modules/m: username needs a password: password_file, password_env, or "
          "secret_file" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_PTR_NULL(load(wrong[i].json, &error));
        CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        assert_has(error->message, wrong[i].says);
        CU_ASSERT_PTR_NULL(strstr(error->message, "hush"));
    }
    CU_ASSERT_PTR_NULL(serve_config_load("/nonexistent/modules.json", NULL));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "the pages are there", test_pages },
        { "a wrong request says what is wrong", test_requests_that_are_wrong },
        { "probes end in metrics, or in words", test_probes },
        { "a scrape's timeout is kept", test_a_scrape_s_timeout_is_kept },
        { "too many at once are refused", test_too_many_are_refused },
        { "a scraper that leaves harms nothing", test_a_scraper_that_leaves },
        { "an interrupt ends the probes that run", test_an_interrupt_ends_it },
        { "another configuration is taken", test_another_configuration },
        { "every key of a module is read", test_all_keys_are_read },
        { "a wrong configuration says where", test_wrong_configurations },
    };
    folder = g_dir_make_tmp("rtcprobe-serve-XXXXXX", NULL);
    g_assert(folder);
    int status = suite_run("serve", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
