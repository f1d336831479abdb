/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trying cases on built-in servers. A try is a case and a defect, or none; each has a
 * server of its own, on loopback and on ports that the kernel chooses, so that tries run
 * side by side: a pool for those that take moments, a thread each for the slow ones.
 *
 * In a profile only: where a case is for RFC 5389 alone, the server is of that kind.
 */
#include "probes/cases/selftest.h"

#include <string.h>

#include "base/clock.h"
#include "probes/cases/runner.h"
#include "probes/core/wait.h"
#include "probes/output/fields.h"
#include "probes/output/report.h"
#include "probes/server/server.h"

/* Peers may be here (probe_server_options_init()), and are where the client is. */
static const char client_address[] = "127.77.0.9";

struct
try {
    const struct test_case *test;
    enum probe_defect defect; /* PROBE_N_DEFECTS: the server is right */
    uint64_t seed;
    json_t *item; /* of runner_try(); NULL: not yet */
};

struct run {
    const struct selftest_options *options;
    GMutex lock;
    GCond changed;
    GArray *tries; /* struct try, those of a case together, the right server's first */
};

/* ---- One try ---------------------------------------------------------------------- */

static void set_user(struct subject *s, const char *name, const char *password)
{
    s->username = g_strdup(name);
    s->password = g_strdup(password);
}

static struct access_token_key *copy_token_key(const uint8_t *bytes)
{
    struct access_token_key *key = g_new0(struct access_token_key, 1);
    key->kid = g_strdup("alice's token");
    key->size = PROBE_SERVER_TOKEN_KEY_BYTES;
    memcpy(key->bytes, bytes, key->size);
    return key;
}

static void describe_server(const struct probe_server *server,
                            const struct probe_server_options *options,
                            const struct try *one, struct subject *ret)
{
    const struct probe_server_endpoints *at = probe_server_endpoints(server);
    struct subject s = { .transport = PROBE_UDP,
                         .server_ipv6 = at->plain_ipv6,
                         .is_modern = options->profile == PROBE_SERVER_8489,
                         .timing = CLIENT_TIMING_DEFAULT,
                         .seed = one->seed };
    s.uri = g_strdup("turn:rtclab.test");
    s.servers[PROBE_UDP] = s.servers[PROBE_TCP] = at->plain;
    s.servers[PROBE_TLS] = s.servers[PROBE_DTLS] = at->secure;
    s.tls = (struct tls_options){ .server_name = "rtclab.test",
                                  .ca_pem = probe_server_certificate(server) };
    address_parse(client_address, &s.local.address);
    if (strcmp(one->test->id, "A21") == 0) /* whose password is not ASCII */
        set_user(&s, options->users[2].name, options->users[2].password);
    else
        set_user(&s, options->users[0].name, options->users[0].password);
    s.other_username = g_strdup(options->users[1].name);
    s.other_password = g_strdup(options->users[1].password);
    s.shared_secret = g_strdup(options->secret);
    if (options->token_key)
        s.token_key = copy_token_key(options->token_key);
    *ret = s;
}

static json_t *report_problem(const char *doing, const GError *error)
{
    g_autofree char *message = g_strdup_printf("%s: %s", doing, error->message);
    return json_pack("{s:s, s:o, s:f}", "status", verdict_name(VERDICT_ERROR), "message",
                     report_json_text(message, strlen(message)), "duration_ms", 0.0);
}

/* What the server can do is asked of one that is right: what a defective one does not
   show would else be taken for a lack, and never be tried. */
static gboolean explore_right(struct probe_server_options options, const struct try *one,
                              struct subject *ret, GError **error)
{
    options.defects = (struct probe_defects){ 0 };
    struct probe_server *server = probe_server_start(&options, error);
    if (!server)
        return FALSE;
    describe_server(server, &options, one, ret);
    gboolean is_done = subject_explore(ret, NULL, error);
    probe_server_stop(server);
    return is_done;
}

static json_t *try_on(struct probe_server *server,
                      const struct probe_server_options *options, const struct try *one,
                      struct subject *explored)
{
    struct subject s;
    struct runner_options running = { .subject = &s,
                                      .again_before = "rtcprobe selftest",
                                      .again_after = "" };
    describe_server(server, options, one, &s);
    s.alters_vectors = probe_defects_has(&options->defects, DEFECT_VECTORS_ALTERED);
    s.capabilities = explored->capabilities;
    s.timing = explored->timing;
    s.rtt_ns = explored->rtt_ns;
    s.denied_peer = explored->denied_peer;
    s.other_address = probe_server_endpoints(server)->alternate;
    s.realm = g_steal_pointer(&explored->realm);
    json_t *item = runner_try(&running, one->test);
    subject_clear(&s);
    return item;
}

static json_t *try_once(const struct try *one)
{
    struct probe_server_options options;
    struct subject explored = { 0 };
    struct probe_server *server = NULL;
    g_autoptr(GError) error = NULL;
    json_t *item = NULL;
    probe_server_options_init(&options);
    if (one->test->profiles == CASE_CLASSIC)
        options.profile = PROBE_SERVER_5389;
    probe_server_options_for_case(&options, one->test->id);
    if (one->defect != PROBE_N_DEFECTS)
        probe_defects_add(&options.defects, one->defect);
    if (explore_right(options, one, &explored, &error))
        server = probe_server_start(&options, &error);
    if (server)
        item = try_on(server, &options, one, &explored);
    else
        item = report_problem("the built-in server", error);
    if (server)
        probe_server_stop(server);
    subject_clear(&explored);
    return item;
}

/* ---- What came of a case ---------------------------------------------------------- */

static bool is_status(const json_t *item, enum verdict verdict)
{
    return strcmp(field_text(item, "status"), verdict_name(verdict)) == 0;
}

/* A case that only reports tells something else of a server with the defect; and what can
   be known of some servers only is a pass or an information. */
static bool is_found(const struct test_case *test, const json_t *right,
                     const json_t *defective)
{
    if (is_status(defective, VERDICT_FAIL) || is_status(defective, VERDICT_NON_STRICT))
        return true;
    if (is_status(right, VERDICT_PASS) && is_status(defective, VERDICT_INFO))
        return true;
    return test->level == CASE_REPORT &&
           strcmp(field_text(right, "message"), field_text(defective, "message")) != 0;
}

static bool is_right(const struct test_case *test, const json_t *item)
{
    return is_status(item, VERDICT_PASS) ||
           (test->level == CASE_REPORT && is_status(item, VERDICT_INFO));
}

static void append_problem(GString *problems, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void append_problem(GString *problems, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (problems->len > 0)
        g_string_append(problems, "; ");
    g_string_append_vprintf(problems, format, arguments);
    va_end(arguments);
}

static json_t *describe_try(const struct try *one, bool was_right)
{
    bool has_defect = one->defect != PROBE_N_DEFECTS;
    return json_pack("{s:o, s:O, s:O, s:b}", "defect",
                     has_defect ? json_string(probe_defect_describe(one->defect)->name)
                                : json_null(),
                     "status", json_object_get(one->item, "status"), "message",
                     json_object_get(one->item, "message"), "was_right", was_right);
}

static json_t *judge_case(const struct try *tries, size_t n_tries)
{
    const struct test_case *test = tries[0].test;
    g_autoptr(GString) problems = g_string_new(NULL);
    g_autoptr(GString) found = g_string_new(NULL);
    json_t *told = json_array();
    double duration_ms = 0;
    for (size_t i = 0; i < n_tries; i++) {
        const json_t *item = tries[i].item;
        bool has_defect = tries[i].defect != PROBE_N_DEFECTS;
        bool was_right =
            has_defect ? is_found(test, tries[0].item, item) : is_right(test, item);
        duration_ms += json_number_value(json_object_get(item, "duration_ms"));
        json_array_append_new(told, describe_try(&tries[i], was_right));
        if (has_defect && was_right)
            g_string_append_printf(found, "%s%s", found->len ? ", " : "",
                                   probe_defect_describe(tries[i].defect)->name);
        else if (!was_right)
            append_problem(problems, "%s: %s (%s)",
                           has_defect ? probe_defect_describe(tries[i].defect)->name
                                      : "on the server that is right",
                           field_text(item, "status"), field_text(item, "message"));
    }
    if (n_tries == 1)
        append_problem(problems, "no defect can make it fail");
    enum verdict verdict = wait_is_interrupted() ? VERDICT_SKIPPED
                           : problems->len > 0   ? VERDICT_FAIL
                                                 : VERDICT_PASS;
    g_autofree char *message = verdict == VERDICT_PASS
                                   ? g_strdup_printf("found %s", found->str)
                                   : g_strdup(problems->str);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:f, s:o}", "name", test->id, "title",
                     test->title, "group", case_group_of(test)->tag, "status",
                     verdict_name(verdict), "message",
                     report_json_text(message, strlen(message)), "duration_ms",
                     duration_ms, "tries", told);
}

/* ---- All of them ------------------------------------------------------------------ */

static GArray *list_tries(const struct selftest_options *options)
{
    GArray *tries = g_array_new(FALSE, TRUE, sizeof(struct try));
    for (size_t i = 0; options->cases[i]; i++) {
        const struct test_case *test = options->cases[i];
        struct try one = { .test = test,
                           .defect = PROBE_N_DEFECTS,
                           .seed = options->seed };
        g_array_append_val(tries, one);
        for (unsigned d = 0; d < PROBE_N_DEFECTS; d++) {
            one.defect = (enum probe_defect)d;
            if (probe_defect_breaks(one.defect, test->id) &&
                (options->only == PROBE_N_DEFECTS || options->only == one.defect))
                g_array_append_val(tries, one);
        }
    }
    return tries;
}

struct job {
    struct run *run;
    guint place;
};

static void run_job(gpointer data, gpointer user_data)
{
    g_autofree struct job *job = data;
    struct run *run = job->run;
    (void)user_data;
    json_t *item = try_once(&g_array_index(run->tries, struct try, job->place));
    g_mutex_lock(&run->lock);
    g_array_index(run->tries, struct try, job->place).item = item;
    g_cond_signal(&run->changed);
    g_mutex_unlock(&run->lock);
}

static gpointer run_slow(gpointer data)
{
    run_job(data, NULL);
    return NULL;
}

static void start_all(struct run *run, GThreadPool *pool, GPtrArray *threads)
{
    for (guint i = 0; i < run->tries->len; i++) {
        struct job *job = g_new(struct job, 1);
        *job = (struct job){ .run = run, .place = i };
        if (g_array_index(run->tries, struct try, i).test->tags & CASE_SLOW)
            g_ptr_array_add(threads, g_thread_new("try", run_slow, job));
        else
            g_thread_pool_push(pool, job, NULL);
    }
}

/* The tries of the case that begins at `from`; how many there are. */
static size_t await_case(struct run *run, guint from)
{
    const struct test_case *test = g_array_index(run->tries, struct try, from).test;
    size_t n = 0;
    g_mutex_lock(&run->lock);
    for (guint i = from;
         i < run->tries->len && g_array_index(run->tries, struct try, i).test == test;
         i++, n++)
        while (!g_array_index(run->tries, struct try, i).item)
            g_cond_wait(&run->changed, &run->lock);
    g_mutex_unlock(&run->lock);
    return n;
}

void selftest_run(const struct selftest_options *options)
{
    struct run run = { .options = options, .tries = list_tries(options) };
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    GThreadPool *pool =
        g_thread_pool_new(run_job, NULL, (gint)MAX(options->jobs, 1u), TRUE, NULL);
    g_mutex_init(&run.lock);
    g_cond_init(&run.changed);
    start_all(&run, pool, threads);
    for (guint from = 0; from < run.tries->len;) {
        size_t n = await_case(&run, from);
        options->done(judge_case(&g_array_index(run.tries, struct try, from), n),
                      options->data);
        from += (guint)n;
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < threads->len; i++)
        g_thread_join(g_ptr_array_index(threads, i));
    for (guint i = 0; i < run.tries->len; i++)
        json_decref(g_array_index(run.tries, struct try, i).item);
    g_array_unref(run.tries);
    g_cond_clear(&run.changed);
    g_mutex_clear(&run.lock);
}
