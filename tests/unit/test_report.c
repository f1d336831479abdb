/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report with hostile texts in it, in every format, against tests/data/probe-report/;
 * in those the version and the start are written VERSION and STARTED.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "probes/output/layout.h"
#include "probes/output/report.h"
#include "suite.h"

/* What a server could say: colours, a bell, right-to-left, markup, no UTF-8, a NUL. */
static const char hostile[] = "\x1b[31mred\a \xe2\x80\xae"
                              "evil ]]> <b a=\"'&|#\\\n\xc2\x9b"
                              "2J \xff\xc3 \xef\xbf\xbe \xed\xa0\x80 end\0hidden";

static json_t *item_of(const char *name, const char *title, const char *status,
                       const char *message)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:f}", "name", name, "title", title, "status",
                     status, "message", message, "duration_ms", 12.3);
}

static void fill(struct report *r)
{
    json_t *item = item_of("turn:a.example", "", "pass", "");
    report_item(r, item);
    item =
        item_of("L08", "ChannelBind without an allocation", "fail", "400, must be 437");
    json_object_set_new(item, "group", json_string("allocate"));
    json_object_set_new(item, "software", report_json_text(hostile, sizeof hostile - 1));
    json_object_set_new(item, "messages",
                        json_pack("[{s:f, s:s}, {s:f, s:s}]", "t_ms", 0.25, "direction",
                                  "sent", "t_ms", 9.1, "direction", "received"));
    report_item(r, item);
    report_item(r, item_of("T01", "over # UDP", "unsupported", "no RFC 6062 | here"));
    report_item(r, item_of("A02", "", "known", "401, must be 400"));
    report_item(r, item_of("P07", "", "inconclusive", "nothing came"));
    report_item(r, item_of("X06", "", "info", "private addresses are refused"));
    report_item(r, item_of("M01", "", "skipped", "is slow"));
    report_item(r, item_of("C09", "", "error", "no socket"));
    item = item_of("S22", "SOFTWARE", "non-strict", "discloses its version");
    json_object_set_new(item, "warnings", json_pack("[s]", "certificate: 3 days"));
    report_item(r, item);
    report_set(r, "summary", json_pack("{s:i}", "fail", 1));
    struct metrics *m = report_metrics(r);
    metrics_add(m, "probe_success", 0, NULL);
    metrics_add(m, "rtcprobe_phase_duration_seconds", 0.0041, "phase", "dns", NULL);
    metrics_add(m, "rtcprobe_relay_packets_sent_total", 50, NULL);
    metrics_add(m, "probe_ssl_earliest_cert_expiry", 1785000000, "target", hostile, NULL);
    metrics_add(m, "rtcprobe_phase_duration_seconds", 0.0386, "phase", "tls", NULL);
    metrics_add(m, "rtcprobe_stun_rtt_seconds", NAN, NULL);
}

static int render_with(const struct report_options *options, int status, char **ret_text)
{
    GString *out = g_string_new(NULL);
    struct report *r = report_begin(options, out);
    fill(r);
    int is = report_end(r, status);
    *ret_text = g_string_free(out, FALSE);
    return is;
}

static int render(enum report_format format, int status, char **ret_text)
{
    struct report_options options = { .format = format, .command = "conform", .seed = 7 };
    return render_with(&options, status, ret_text);
}

/* The same with what changes from run to run and from version to version by name. */
static char *normalise(const char *text)
{
    g_autoptr(GRegex) time = g_regex_new(
        "20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3}Z)?", 0, 0, NULL);
    g_autofree char *timeless =
        g_regex_replace_literal(time, text, -1, 0, "STARTED", 0, NULL);
    g_auto(GStrv) parts = g_strsplit(timeless, RTCLAB_VERSION, -1);
    return g_strjoinv("VERSION", parts);
}

static const struct {
    enum report_format format;
    const char *file;
    int status;
} goldens[] = {
    { REPORT_HUMAN, "human.txt", 1 },    { REPORT_JSON, "report.json", 1 },
    { REPORT_JSONL, "report.jsonl", 1 }, { REPORT_JUNIT, "junit.xml", 1 },
    { REPORT_TAP, "report.tap", 1 },     { REPORT_PROM, "metrics.prom", 1 },
    { REPORT_NAGIOS, "nagios.txt", 2 },
};

static void test_goldens(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree char *text = NULL;
        CU_ASSERT_EQUAL(render(goldens[i].format, 1, &text), goldens[i].status);
        g_autofree char *is = normalise(text);
        g_autofree char *path =
            g_build_filename(TEST_DATA, "probe-report", goldens[i].file, NULL);
        g_autofree char *wanted = NULL;
        g_file_get_contents(path, &wanted, NULL, NULL);
        ASSERT_TEXT(is, wanted);
    }
}

static void test_nothing_moves_a_terminal(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree char *text = NULL;
        render(goldens[i].format, 1, &text);
        CU_ASSERT_TRUE_FATAL(g_utf8_validate(text, -1, NULL));
        for (const char *at = text; *at; at = g_utf8_next_char(at))
            CU_ASSERT_TRUE(*at == '\n' || !text_moves_terminal(g_utf8_get_char(at)));
    }
}

static void test_json_keeps_what_the_server_said(void)
{
    g_autofree char *text = NULL;
    render(REPORT_JSON, 1, &text);
    g_autoptr(json_t) document = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    json_t *item = json_array_get(json_object_get(document, "items"), 1);
    ASSERT_TEXT(json_string_value(json_object_get(item, "software")),
                "\x1b[31mred\a \xe2\x80\xae"
                "evil ]]> <b a=\"'&|#\\\n\xc2\x9b"
                "2J \\xff\\xc3 \xef\xbf\xbe \\xed\\xa0\\x80 end\\x00hidden");
}

static void test_jsonl_lines_are_json(void)
{
    g_autofree char *text = NULL;
    render(REPORT_JSONL, 6, &text);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    CU_ASSERT_EQUAL(g_strv_length(lines), 10);
    for (unsigned i = 0; lines[i]; i++) {
        g_autoptr(json_t) value = json_loads(lines[i], 0, NULL);
        CU_ASSERT_PTR_NOT_NULL(value);
        CU_ASSERT_EQUAL(json_object_get(value, "schema") != NULL, lines[i + 1] == NULL);
        CU_ASSERT_EQUAL(json_object_get(value, "status") != NULL, lines[i + 1] != NULL);
    }
}

static void count_element(GMarkupParseContext *context, const char *name,
                          const char **names, const char **values, void *data,
                          GError **error)
{
    (void)context, (void)names, (void)values, (void)error;
    int *n = g_hash_table_lookup(data, name);
    if (!n)
        g_hash_table_insert(data, g_strdup(name), n = g_new0(int, 1));
    ++*n;
}

static int count_of(GHashTable *counts, const char *name)
{
    const int *n = g_hash_table_lookup(counts, name);
    return n ? *n : 0;
}

static void test_junit_is_xml(void)
{
    static const GMarkupParser parser = { .start_element = count_element };
    g_autofree char *text = NULL;
    g_autoptr(GHashTable) counts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) error = NULL;
    render(REPORT_JUNIT, 1, &text);
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, 0, counts, NULL);
    CU_ASSERT_TRUE(g_markup_parse_context_parse(context, text, -1, &error));
    CU_ASSERT_TRUE(g_markup_parse_context_end_parse(context, &error));
    ASSERT_TEXT(error ? error->message : NULL, NULL);
    CU_ASSERT_EQUAL(count_of(counts, "testcase"), 9);
    CU_ASSERT_EQUAL(count_of(counts, "failure"), 1);
    CU_ASSERT_EQUAL(count_of(counts, "error"), 2);
    CU_ASSERT_EQUAL(count_of(counts, "skipped"), 3);
}

static void test_nagios_states(void)
{
    static const struct {
        const char *status;
        int exit_status, is;
        const char *begins;
    } states[] = {
        { "pass", 0, 0, "RTCPROBE CHECK OK - stun:a: fine\n" },
        { "non-strict", 0, 1, "RTCPROBE CHECK WARNING - stun:a: fine\n" },
        { "fail", 3, 2, "RTCPROBE CHECK CRITICAL - stun:a: fine\n" },
        { "inconclusive", 6, 3, "RTCPROBE CHECK UNKNOWN - stun:a: fine\n" },
        { NULL, 130, 3, "RTCPROBE CHECK UNKNOWN - nothing was tried\n" },
        { NULL, 0, 3, "RTCPROBE CHECK UNKNOWN - nothing was tried\n" },
    };
    struct report_options options = { .format = REPORT_NAGIOS, .command = "check" };
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        struct report *r = report_begin(&options, out);
        if (states[i].status)
            report_item(r, item_of("stun:a", "", states[i].status, "fine"));
        CU_ASSERT_EQUAL(report_end(r, states[i].exit_status), states[i].is);
        ASSERT_TEXT(out->str, states[i].begins);
    }
}

static char *format_item(const json_t *item, bool in_colour)
{
    return g_strdup_printf("%d %s\n", in_colour,
                           json_string_value(json_object_get(item, "name")));
}

static char *format_end(const json_t *document, bool in_colour)
{
    return g_strdup_printf("%d items, %d\n",
                           (int)json_array_size(json_object_get(document, "items")),
                           in_colour);
}

static void test_human_text_is_the_command_s(void)
{
    struct report_options options = { .format = REPORT_HUMAN,
                                      .command = "check",
                                      .is_interactive = true,
                                      .format_item = format_item,
                                      .format_end = format_end };
    g_autofree char *text = NULL;
    CU_ASSERT_EQUAL(render_with(&options, 4, &text), 4);
    CU_ASSERT_TRUE(g_str_has_prefix(text, "1 turn:a.example\n1 L08\n"));
    CU_ASSERT_TRUE(g_str_has_suffix(text, "\n1 S22\n9 items, 1\n"));
}

static void test_colour_only_where_asked_for(void)
{
    g_autofree char *plain = layout_verdict(VERDICT_FAIL, false);
    g_autofree char *red = layout_verdict(VERDICT_FAIL, true);
    ASSERT_TEXT(plain, "FAIL");
    ASSERT_TEXT(red, "\x1b[31mFAIL\x1b[0m");
}

static void test_bail_out_on_interrupt(void)
{
    struct report_options options = { .format = REPORT_TAP, .command = "check" };
    g_autoptr(GString) out = g_string_new(NULL);
    CU_ASSERT_EQUAL(report_end(report_begin(&options, out), EXIT_INTERRUPTED), 130);
    CU_ASSERT_TRUE(g_str_has_suffix(out->str, "\nBail out! interrupted\n"));
}

static void test_a_sample_replaces_its_like(void)
{
    g_autoptr(auto_metrics) m = metrics_new();
    metrics_add(m, "rtcprobe_phase_duration_seconds", 1, "phase", "dns", NULL);
    metrics_add(m, "rtcprobe_phase_duration_seconds", INFINITY, "phase", "tls", NULL);
    metrics_add(m, "rtcprobe_phase_duration_seconds", 0.1, "phase", "dns", NULL);
    g_autofree char *text = metrics_format(m);
    ASSERT_TEXT(text, "# HELP rtcprobe_phase_duration_seconds How long each phase of the "
                      "probe took.\n"
                      "# TYPE rtcprobe_phase_duration_seconds gauge\n"
                      "rtcprobe_phase_duration_seconds{phase=\"dns\"} 0.1\n"
                      "rtcprobe_phase_duration_seconds{phase=\"tls\"} +Inf\n");
}

static void test_the_manual_has_each_metric(void)
{
    g_autofree char *manual = NULL;
    CU_ASSERT_TRUE_FATAL(
        g_file_get_contents(TEST_DATA "/../../probes/rtcprobe.1", &manual, NULL, NULL));
    for (unsigned i = 0; metrics_name(i); i++)
        ASSERT_TEXT(strstr(manual, metrics_name(i)) ? metrics_name(i) : "not there",
                    metrics_name(i));
}

static void test_formats_are_parsed(void)
{
    enum report_format format = REPORT_HUMAN;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(report_take_format("tap", &format, NULL));
    CU_ASSERT_EQUAL(format, REPORT_TAP);
    CU_ASSERT_FALSE(report_take_format("xml", &format, &error));
    CU_ASSERT_EQUAL(format, REPORT_TAP);
    ASSERT_TEXT(error->message, "must be one of human, json, jsonl, junit, tap, prom, "
                                "nagios, is \"xml\"");
}

static void test_verdicts_are_parsed(void)
{
    for (unsigned i = 0; i < VERDICT_N; i++) {
        enum verdict verdict = VERDICT_N;
        CU_ASSERT_TRUE(verdict_parse(verdict_name((enum verdict)i), &verdict));
        CU_ASSERT_EQUAL(verdict, i);
    }
    enum verdict verdict = VERDICT_N;
    CU_ASSERT_FALSE(verdict_parse("passed", &verdict));
    CU_ASSERT_EQUAL(verdict, VERDICT_N);
}

static void test_wrap(void)
{
    g_autofree char *wrapped =
        layout_wrap("FAIL  ",
                    "one two three \xe4\xb8\x80\xe4\xb8\x80 four\nfive "
                    "averyveryverylongword x",
                    18);
    ASSERT_TEXT(wrapped, "FAIL  one two\n"
                         "      three \xe4\xb8\x80\xe4\xb8\x80\n"
                         "      four five\n"
                         "      averyveryverylongword\n"
                         "      x\n");
    g_autofree char *empty = layout_wrap("> ", "", 40);
    ASSERT_TEXT(empty, "> \n");
}

static void test_json_text_takes_every_byte(void)
{
    char bytes[256];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        g_autofree char *copy = g_memdup2(bytes, size);
        g_autoptr(json_t) text = report_json_text(copy, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_EQUAL(strlen(json_string_value(text)), json_string_length(text));
    }
}

static void test_a_full_disk_is_told(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct report_options options = { .format = REPORT_JSON, .command = "check" };
        dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
        close(STDERR_FILENO);
        _exit(report_end(report_begin(&options, NULL), 0));
    }
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ENVIRONMENT);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "every format is as it was", test_goldens },
        { "no format prints what moves a terminal", test_nothing_moves_a_terminal },
        { "JSON keeps what the server said", test_json_keeps_what_the_server_said },
        { "each line of jsonl is JSON, the last the document",
          test_jsonl_lines_are_json },
        { "JUnit's is well-formed XML with the right elements", test_junit_is_xml },
        { "Nagios' exit status and line fit the verdict", test_nagios_states },
        { "people read the command's own text", test_human_text_is_the_command_s },
        { "colour only where it is asked for", test_colour_only_where_asked_for },
        { "TAP bails out on an interrupt", test_bail_out_on_interrupt },
        { "a sample takes the place of its like", test_a_sample_replaces_its_like },
        { "the manual has each metric", test_the_manual_has_each_metric },
        { "formats are parsed, others refused", test_formats_are_parsed },
        { "verdicts have one name each", test_verdicts_are_parsed },
        { "paragraphs wrap at blanks", test_wrap },
        { "output that cannot be written is an error", test_a_full_disk_is_told },
        { "any bytes make a JSON text", test_json_text_takes_every_byte },
    };
    return suite_run("report", tests, G_N_ELEMENTS(tests), argc, argv);
}
