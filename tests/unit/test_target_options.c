/* SPDX-License-Identifier: Apache-2.0 */
/* The options that rtcprobe's subcommands share, and the quantities in them. */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/quantity.h"
#include "probes/commands/target_options.h"
#include "suite.h"

struct values {
    int before;
    struct target_options target;
};

static const struct option table[] = { TARGET_OPTIONS(struct values) };
static const struct option_list list = { table, G_N_ELEMENTS(table) };

/* Parses a command line of words that blanks part; the error's text, or NULL. */
static char *parse(const char *line, struct values *ret)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    struct arguments arguments;
    g_autoptr(GError) error = NULL;
    *ret = (struct values){ 0 };
    gboolean is_good = options_parse(&list, argv, ret, &arguments, &error);
    arguments_clear(&arguments);
    CU_ASSERT_EQUAL(is_good, error == NULL);
    CU_ASSERT_TRUE(is_good || error->code == RTC_ERROR_USAGE);
    return error ? g_strdup(error->message) : NULL;
}

static void test_presets(void)
{
    struct values values;
    g_autofree char *message = parse("", &values);
    ASSERT_TEXT(message, NULL);
    const struct target_options *t = &values.target;
    struct client_timing timing = target_timing(t);
    CU_ASSERT_EQUAL(timing.rto_ms, 500);
    CU_ASSERT_EQUAL(timing.rc, 7);
    CU_ASSERT_EQUAL(timing.rm, 16);
    CU_ASSERT_EQUAL(timing.timeout_ms, 10000);
    CU_ASSERT_TRUE(t->is_modern);
    CU_ASSERT_FALSE(t->is_strict || t->accepts_any_certificate || t->seed.is_given);
    CU_ASSERT_EQUAL(t->family, ADDRESS_NONE);
    CU_ASSERT_EQUAL(t->local.address.family, ADDRESS_NONE);
    CU_ASSERT_EQUAL(t->format, REPORT_HUMAN);
    CU_ASSERT_PTR_NULL(t->credentials.user);
}

static void test_all_options_are_read(void)
{
    struct values values;
    g_autofree char *message =
        parse("--pass-file p --pass-env E --secret-file s --secret-env S -6 --transport "
              "dtls --local ::1 --sni n --ca c --insecure --rto 80ms --rc 3 --timeout 2 "
              "--profile 5389 --strict --seed 0 --pcap x -o tap",
              &values);
    ASSERT_TEXT(message, NULL);
    const struct target_options *t = &values.target;
    CU_ASSERT_EQUAL(t->family, ADDRESS_IPV6);
    CU_ASSERT_TRUE(t->transport.is_given && t->transport.value == PROBE_DTLS);
    CU_ASSERT_EQUAL(t->local.address.family, ADDRESS_IPV6);
    CU_ASSERT_TRUE(t->accepts_any_certificate && t->is_strict && !t->is_modern);
    CU_ASSERT_EQUAL(t->rto_ns, 80 * NS_PER_MS);
    CU_ASSERT_EQUAL(t->rc, 3);
    CU_ASSERT_EQUAL(t->timeout_ns, 2 * NS_PER_S);
    CU_ASSERT_TRUE(t->seed.is_given && target_seed(t) == 0);
    CU_ASSERT_EQUAL(t->format, REPORT_TAP);
}

static void test_wrong_options_say_what_is_wanted(void)
{
    static const struct {
        const char *line, *message;
    } wrong[] = {
        { "-4 -6", "--ipv6 and --ipv4 cannot both be given: without them both families "
                   "are tried" },
        { "--transport sctp", "--transport must be udp, tcp, tls or dtls, is \"sctp\"" },
        { "--local eth0", "--local must be an address of this machine, is \"eth0\"" },
        { "--rto 0", "--rto must be from 10.0 ms to 60.0 s, is \"0\"" },
        { "--timeout soon",
          "--timeout must be a time such as 80ms, 1.5s or 5min, is \"soon\"" },
        { "--profile 3489", "--profile must be 5389 or 8489, is \"3489\"" },
        { "--rc 0", "--rc must be a whole number from 1 to 20, is \"0\"" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct values values;
        g_autofree char *message = parse(wrong[i].line, &values);
        ASSERT_TEXT(message, wrong[i].message);
    }
}

static void test_targets(void)
{
    static const struct {
        const char *line, *uri;
        enum probe_transport transport;
        unsigned port;
        const char *server_name;
    } targets[] = {
        { "", "stun:a.example", PROBE_UDP, 3478, "a.example" },
        { "", "turn:a.example?transport=tcp", PROBE_TCP, 3478, "a.example" },
        { "", "turns:a.example", PROBE_TLS, 5349, "a.example" },
        { "", "turns:a.example:443?transport=udp", PROBE_DTLS, 443, "a.example" },
        { "--transport tls", "turn:192.0.2.1", PROBE_TLS, 5349, NULL },
        { "--transport dtls --sni b.example", "stuns:[::1]:9", PROBE_DTLS, 9,
          "b.example" },
        { "--transport udp", "turns:a.example", PROBE_DTLS, 5349, "a.example" },
        { "--transport tcp", "turn:a.example?transport=udp", PROBE_TCP, 3478,
          "a.example" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        struct values values;
        g_autofree char *message = parse(targets[i].line, &values);
        ASSERT_TEXT(message, NULL);
        g_autoptr(auto_target) target = target_new(&values.target, targets[i].uri, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(target);
        CU_ASSERT_EQUAL(target->transport, targets[i].transport);
        CU_ASSERT_EQUAL(target->port, targets[i].port);
        if (values.target.sni == NULL)
            ASSERT_TEXT(target->tls.server_name, targets[i].server_name);
        else
            CU_ASSERT_PTR_EQUAL(target->tls.server_name, values.target.sni);
    }
}

static void test_targets_that_are_none(void)
{
    struct values values;
    g_autoptr(GError) error = NULL;
    g_autofree char *message = parse("", &values);
    ASSERT_TEXT(message, NULL);
    CU_ASSERT_PTR_NULL(target_new(&values.target, "a.example:3478", &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "must be a URI such as stun:HOST"));
    static const struct {
        const char *uri, *hint;
    } rows[] = {
        { "turn://a.example", ": there is no // in it" },
        { "turn:joe@a.example", ": the user is not in it, but in -u NAME" },
        { "stun:a.example?transport=tcp", ": for stun: --transport says it" },
        { "turn:a.example:99999", "transport=tcp" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) cause = NULL;
        CU_ASSERT_PTR_NULL(target_new(&values.target, rows[i].uri, &cause));
        CU_ASSERT_TRUE(g_str_has_suffix(cause->message, rows[i].hint));
    }
}

static void test_durations(void)
{
    static const struct {
        const char *text;
        int64_t ns; /* -1: refused */
    } durations[] = {
        { "80ms", 80 * NS_PER_MS },
        { "2", 2 * NS_PER_S },
        { "1.5s", 1500 * NS_PER_MS },
        { "0", 0 },
        { "250us", 250000 },
        { "5min", 300 * NS_PER_S },
        { "1h", 3600 * NS_PER_S },
        { ".5", 500 * NS_PER_MS },
        { "", -1 },
        { "ms", -1 },
        { "-1s", -1 },
        { "1e3", -1 },
        { "1 s", -1 },
        { "inf", -1 },
        { "1.2.3s", -1 },
        { "0x10", -1 },
        { "1m", -1 },
        { "999999h", -1 },
        { ".", -1 },
        { "1sec", -1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(durations); i++) {
        int64_t ns = -1;
        gboolean is_good = quantity_read_duration(durations[i].text, &ns, NULL);
        CU_ASSERT_EQUAL(is_good, durations[i].ns >= 0);
        CU_ASSERT_EQUAL(ns, durations[i].ns);
    }
    int64_t ns = -1;
    CU_ASSERT_FALSE(quantity_take_duration("0ms", &ns, NULL));
    CU_ASSERT_TRUE(quantity_take_duration("1ms", &ns, NULL));
    CU_ASSERT_EQUAL(ns, NS_PER_MS);
}

static void test_gates(void)
{
    struct share_gate share = { 0 };
    CU_ASSERT_TRUE(quantity_take_share_gate("1%", &share, NULL));
    CU_ASSERT_TRUE(share.is_set && share.most > 0.00999 && share.most < 0.01001);
    CU_ASSERT_FALSE(quantity_take_share_gate("1", &share, NULL));
    CU_ASSERT_FALSE(quantity_take_share_gate("101%", &share, NULL));
    struct time_gate time = { 0 };
    CU_ASSERT_TRUE(quantity_take_time_gate("p99.9=80ms", &time, NULL));
    CU_ASSERT_TRUE(time.is_set && time.percentile == 99.9 &&
                   time.most_ns == 80 * NS_PER_MS);
    CU_ASSERT_TRUE(quantity_take_time_gate("2s", &time, NULL));
    CU_ASSERT_TRUE(time.percentile == 100 && time.most_ns == 2 * NS_PER_S);
    static const char *const wrong[] = { "p95", "p=1s", "p101=1s",  "q95=1s",
                                         "",    "p95=", "p95=fast", "p95 =1s" };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        CU_ASSERT_FALSE(quantity_take_time_gate(wrong[i], &time, NULL));
}

static void test_durations_as_text(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } durations[] = {
        { 0, "0.0 us" },
        { 12300, "12.3 us" },
        { 80 * NS_PER_MS, "80.0 ms" },
        { 1520 * NS_PER_MS, "1.52 s" },
        { 600 * NS_PER_S, "600 s" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(durations); i++) {
        g_autofree char *text = quantity_format_ns(durations[i].ns);
        ASSERT_TEXT(text, durations[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "without options the presets hold", test_presets },
        { "every option is read into its place", test_all_options_are_read },
        { "a wrong option says what is wanted", test_wrong_options_say_what_is_wanted },
        { "a URI and options make a target", test_targets },
        { "what is no URI is refused", test_targets_that_are_none },
        { "durations are read, others refused", test_durations },
        { "gates are read, others refused", test_gates },
        { "durations are written", test_durations_as_text },
    };
    return suite_run("target_options", tests, G_N_ELEMENTS(tests), argc, argv);
}
