/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases against the built-in server, where its answer is right and yet says nothing of
 * what the case asks for.
 */
#include "suite.h"

#include <jansson.h>

#include "probes/cases/runner.h"
#include "probes/server/server.h"

static void describe(const struct probe_server *server,
                     const struct probe_server_options *options, struct subject *ret)
{
    const struct probe_server_endpoints *at = probe_server_endpoints(server);
    struct subject s = { .transport = PROBE_UDP,
                         .is_modern = true,
                         .timing = CLIENT_TIMING_DEFAULT,
                         .seed = 1 };
    s.uri = g_strdup("turn:rtclab.test");
    s.servers[PROBE_UDP] = s.servers[PROBE_TCP] = at->plain;
    s.username = g_strdup(options->users[0].name);
    s.password = g_strdup(options->users[0].password);
    address_parse("127.0.0.1", &s.local.address);
    *ret = s;
}

/* The verdict on a server whose users may have so many allocations; 0: any number. */
static char *judge_with_quota(const char *id, unsigned quota)
{
    struct subject s;
    struct probe_server_options options;
    struct runner_options running = { .subject = &s,
                                      .again_before = "",
                                      .again_after = "" };
    g_autoptr(GError) error = NULL;
    probe_server_options_init(&options);
    options.quota = quota;
    struct probe_server *server = probe_server_start(&options, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    describe(server, &options, &s);
    CU_ASSERT_FATAL(subject_explore(&s, NULL, &error));
    json_t *item = runner_try(&running, case_find(id));
    char *status = g_strdup(json_string_value(json_object_get(item, "status")));
    json_decref(item);
    subject_clear(&s);
    probe_server_stop(server);
    return status;
}

static void test_quota(void)
{
    g_autofree char *without = judge_with_quota("L21", 0);
    g_autofree char *within = judge_with_quota("L21", 1);
    ASSERT_TEXT(without, "pass");
    ASSERT_TEXT(within, "inconclusive");
}

static const struct test tests[] = {
    { "486 to an Allocate says nothing about the server", test_quota },
};

int main(int argc, char **argv)
{
    return suite_run("trial", tests, G_N_ELEMENTS(tests), argc, argv);
}
