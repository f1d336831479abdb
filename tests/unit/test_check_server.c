/* SPDX-License-Identifier: Apache-2.0 */
/* `rtcprobe check` against the built-in server: what works, over all transports, and what
 * a server's policy does to it. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "probes/commands/check_text.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"
#include "probes/server/server.h"
#include "suite.h"

static struct probe_server *start(const struct probe_server_options *options)
{
    g_autoptr(GError) error = NULL;
    struct probe_server *server = probe_server_start(options, &error);
    ASSERT_TEXT(error ? error->message : NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    return server;
}

/* The server's certificate in a file, which the caller removes. */
static char *write_certificate(const struct probe_server *server)
{
    char *path = NULL;
    int fd = g_file_open_tmp("rtcprobe-ca-XXXXXX", &path, NULL);
    const char *pem = probe_server_certificate(server);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && file_write_all(fd, pem, strlen(pem)));
    close(fd);
    return path;
}

static struct check_result *check(const char *scheme, const struct endpoint *at,
                                  const char *query, const char *password,
                                  const struct tls_options *tls)
{
    char text[ENDPOINT_TEXT_SIZE];
    g_autofree char *uri =
        g_strdup_printf("%s:%s%s", scheme, endpoint_format(at, text), query);
    g_autoptr(auto_credentials) alice = credentials_new("alice", password, NULL);
    struct check_options options = {
        .uri = uri,
        .client = { .connection.tls = tls,
                    .timing = { .rto_ms = 100, .rc = 3, .rm = 2, .timeout_ms = 2000 },
                    .username = alice->user,
                    .password = alice->password,
                    .is_modern = true },
        .credentials = alice,
        .scope = CHECK_RELAYS,
        .n_payloads = 5,
        .payload_bytes = 100,
        .interval_ns = NS_PER_MS,
        .rng = rng_seed(1),
        .deadline_ns = CLOCK_NEVER,
    };
    CU_ASSERT_TRUE_FATAL(ice_url_parse(uri, strlen(uri), &options.url));
    return check_run(&options);
}

static void assert_relays(const struct check_result *result)
{
    ASSERT_TEXT(result->error ? result->error->message : NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(result->chosen);
    const struct check_address *a = result->chosen;
    CU_ASSERT_EQUAL(check_exit_status(result), EXIT_AS_EXPECTED);
    CU_ASSERT_EQUAL(a->relay.result.sent, 5);
    CU_ASSERT_EQUAL(a->relay.result.returned, 5);
    CU_ASSERT_EQUAL(a->relay.result.rtt.count, 5);
    CU_ASSERT_EQUAL(a->allocation.lifetime_s, 600);
    ASSERT_TEXT(a->realm, "rtclab.test");
    CU_ASSERT_EQUAL(result->warnings->len, 0);
}

static void test_all_transports(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = start(&options);
    const struct probe_server_endpoints *at = probe_server_endpoints(server);
    g_autofree char *ca = write_certificate(server);
    struct tls_options tls = { .server_name = "rtclab.test", .ca_file = ca };
    static const struct {
        const char *scheme, *query;
    } uris[] = {
        { "turn", "" },
        { "turn", "?transport=tcp" },
        { "turns", "" },
        { "turns", "?transport=udp" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(uris); i++) {
        bool is_secure = strcmp(uris[i].scheme, "turns") == 0;
        g_autoptr(auto_check_result) result =
            check(uris[i].scheme, is_secure ? &at->secure : &at->plain, uris[i].query,
                  "wonderland", &tls);
        assert_relays(result);
        CU_ASSERT_FALSE(result->chosen->relay.is_own);
        CU_ASSERT_EQUAL(result->chosen->has_tls, is_secure);
        CU_ASSERT_EQUAL(result->chosen->steps[CHECK_PHASE_TLS].state,
                        is_secure ? CHECK_DONE : CHECK_NOT_TRIED);
    }
    unlink(ca);
    probe_server_stop(server);
}

static void test_certificates(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = start(&options);
    const struct probe_server_endpoints *at = probe_server_endpoints(server);
    g_autofree char *ca = write_certificate(server);
    struct tls_options untrusting = { .server_name = "rtclab.test" };
    g_autoptr(auto_check_result) untrusted =
        check("turns", &at->secure, "", "wonderland", &untrusting);
    CU_ASSERT_EQUAL(check_exit_status(untrusted), RTC_ERROR_TLS);
    CU_ASSERT_EQUAL(untrusted->chosen->failed, CHECK_PHASE_TLS);
    CU_ASSERT_PTR_NOT_NULL(strstr(untrusted->advice, "--ca FILE"));
    struct tls_options misnamed = { .server_name = "other.test", .ca_file = ca };
    g_autoptr(auto_check_result) other =
        check("turns", &at->secure, "", "wonderland", &misnamed);
    CU_ASSERT_EQUAL(check_exit_status(other), RTC_ERROR_TLS);
    CU_ASSERT_PTR_NOT_NULL(strstr(other->advice, "--sni NAME"));
    struct tls_options insecure = { .server_name = "other.test", .accepts_any = true };
    g_autoptr(auto_check_result) any =
        check("turns", &at->secure, "", "wonderland", &insecure);
    CU_ASSERT_TRUE(check_is_good(any));
    CU_ASSERT_EQUAL(any->warnings->len, 1);
    unlink(ca);
    probe_server_stop(server);
}

/* Another CA does not make a certificate younger. */
static void test_advice_on_times(void)
{
    static const struct {
        struct tls_report tls;
        const char *advice;
    } rows[] = {
        { { .is_expired = true }, "the server needs a new certificate" },
        { { .is_early = true }, "is this machine's clock right?" },
        { { .is_name_ok = true }, "--ca FILE trusts another authority" },
    };
    const struct check_options options = { 0 };
    const struct endpoint server = { .port = 5349 };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_error_new_literal(PROBE_ERROR, PROBE_ERROR_TLS, "x");
        struct check_address to = { .transport = PROBE_TLS,
                                    .failed = CHECK_PHASE_TLS,
                                    .error = error,
                                    .tls = rows[i].tls };
        char subject[] = "CN=turn.test";
        to.tls.subject = subject;
        g_autofree char *advice = check_advise(&options, &to, &server);
        CU_ASSERT_TRUE(g_str_has_prefix(advice, rows[i].advice));
    }
}

static void test_an_interrupt_is_a_word(void)
{
    g_autoptr(json_t) item = json_pack("{s:s, s:s, s:s}", "name", "stun:a.test", "status",
                                       "skipped", "message", "interrupted");
    g_autofree char *text = check_format_item(item, false);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "SKIPPED interrupted\n"));
}

static void test_a_wrong_password(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = start(&options);
    g_autoptr(auto_check_result) result =
        check("turn", &probe_server_endpoints(server)->plain, "", "looking-glass", NULL);
    CU_ASSERT_EQUAL(check_exit_status(result), RTC_ERROR_CREDENTIALS);
    CU_ASSERT_EQUAL(result->chosen->failed, CHECK_PHASE_ALLOCATE);
    CU_ASSERT_EQUAL(result->chosen->code, 401);
    CU_ASSERT_PTR_NOT_NULL(strstr(result->advice, "realm is rtclab.test"));
    g_autoptr(json_t) item = check_to_json(result);
    g_autofree char *dump = json_dumps(item, 0);
    g_autofree char *text = check_format_item(item, true);
    CU_ASSERT_PTR_NULL(strstr(dump, "looking-glass"));
    CU_ASSERT_PTR_NULL(strstr(text, "looking-glass"));
    probe_server_stop(server);
}

static void test_a_quota_of_one_talks_to_itself(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    options.quota = 1;
    struct probe_server *server = start(&options);
    const struct endpoint *at = &probe_server_endpoints(server)->plain;
    /* Twice: the allocation was given back. */
    for (int i = 0; i < 2; i++) {
        g_autoptr(auto_check_result) result = check("turn", at, "", "wonderland", NULL);
        assert_relays(result);
        CU_ASSERT_TRUE(result->chosen->relay.is_own);
    }
    probe_server_stop(server);
}

static void test_a_server_that_refuses_itself(void)
{
    struct probe_server_options options;
    struct probe_server_prefix elsewhere = { .bits = 24 };
    probe_server_options_init(&options);
    address_parse("192.0.2.0", &elsewhere.address);
    options.peers = &elsewhere;
    options.n_peers = 1;
    struct probe_server *server = start(&options);
    g_autoptr(auto_check_result) result =
        check("turn", &probe_server_endpoints(server)->plain, "", "wonderland", NULL);
    CU_ASSERT_TRUE(check_is_good(result));
    CU_ASSERT_PTR_NOT_NULL_FATAL(result->chosen->relay.not_tried);
    CU_ASSERT_EQUAL(result->warnings->len, 1);
    CU_ASSERT_EQUAL(result->chosen->steps[CHECK_PHASE_RELAY].state, CHECK_NOT_TRIED);
    probe_server_stop(server);
}

static void test_a_relay_that_loses_everything(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    probe_defects_add(&options.defects, DEFECT_DATA_WITHOUT_PEER);
    struct probe_server *server = start(&options);
    g_autoptr(auto_check_result) result =
        check("turn", &probe_server_endpoints(server)->plain, "", "wonderland", NULL);
    CU_ASSERT_EQUAL(check_exit_status(result), RTC_ERROR_UNREACHABLE);
    CU_ASSERT_EQUAL(result->chosen->failed, CHECK_PHASE_RELAY);
    CU_ASSERT_EQUAL(result->chosen->relay.result.sent, 5);
    CU_ASSERT_PTR_NOT_NULL(strstr(result->advice, "relay ports"));
    probe_server_stop(server);
}

static void test_stun_of_a_turn_server(void)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = start(&options);
    g_autoptr(auto_check_result) result =
        check("stun", &probe_server_endpoints(server)->plain, "", "wonderland", NULL);
    CU_ASSERT_TRUE(check_is_good(result));
    CU_ASSERT_PTR_NULL(result->user);
    CU_ASSERT_EQUAL(result->chosen->steps[CHECK_PHASE_CHALLENGE].state, CHECK_NOT_TRIED);
    CU_ASSERT_EQUAL(result->chosen->mapped.address.family, ADDRESS_IPV4);
    probe_server_stop(server);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "payloads cross the relay over all transports", test_all_transports },
        { "certificates are judged, or told of", test_certificates },
        { "a certificate out of its time is no matter of CAs", test_advice_on_times },
        { "an interrupt stands apart from its verdict", test_an_interrupt_is_a_word },
        { "a wrong password is 4, and in no output", test_a_wrong_password },
        { "with a quota of one it talks to itself", test_a_quota_of_one_talks_to_itself },
        { "a server that refuses itself as a peer serves",
          test_a_server_that_refuses_itself },
        { "a relay that loses everything fails", test_a_relay_that_loses_everything },
        { "of a stun: URI only a Binding is asked", test_stun_of_a_turn_server },
    };
    return suite_run("check_server", tests, G_N_ELEMENTS(tests), argc, argv);
}
