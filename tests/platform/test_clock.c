/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual clock: each way to wait and to ask for the time, as tests/clock's program
 * uses them, in a lab; and what the coordinator does with labs that cannot go on.
 */
#include "platform.h"

#include <string.h>

#include "base/clock.h"
#include "clock/clock_lab.h"

/* No case waits for less than a second of virtual time, and most for an hour; a machine
   under load may well take seconds for one. */
static const int64_t real_limit_ns = 60 * NS_PER_S;

static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static char *read_all(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* Runs a shell command in the lab. */
static struct clock_lab_result run_shell(const char *command, const char *log_path)
{
    const char *argv[] = { "sh", "-c", command, NULL };
    return clock_lab_run(&(struct clock_lab_task){
        .commands = { argv }, .n_commands = 1, .log_path = log_path, .seed = 1 });
}

static char **list_cases(const char *program)
{
    char *argv[] = { (char *)program, "--list", NULL };
    g_autofree char *out = NULL;
    int status = 1;
    CU_ASSERT_TRUE_FATAL(
        g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, NULL, &status, NULL));
    CU_ASSERT_EQUAL_FATAL(status, 0);
    return g_strsplit(g_strchomp(out), "\n", -1);
}

static void test_each_case(void)
{
    g_autofree char *program = clock_lab_program("clock_program");
    g_autofree char *log = in_folder("case.log");
    g_auto(GStrv) cases = list_cases(program);
    CU_ASSERT_TRUE(g_strv_length(cases) >= 60);
    for (char **name = cases; *name; name++) {
        unlink(log);
        const char *argv[] = { program, *name, NULL };
        struct clock_lab_result r = clock_lab_run(&(struct clock_lab_task){
            .commands = { argv }, .n_commands = 1, .log_path = log, .seed = 1 });
        if (r.end == CLOCK_LAB_ENDED && r.statuses[0] == 0 && r.real_ns < real_limit_ns)
            continue;
        g_autofree char *said = read_all(log);
        printf("case %s: end %d, status %d, %.3f s virtual, %.3f s real, %s\n%s\n", *name,
               r.end, r.statuses[0], (double)r.virtual_ns / NS_PER_S,
               (double)r.real_ns / NS_PER_S, r.why, said);
        CU_FAIL("a case of clock_program");
    }
}

static void test_hour(void)
{
    g_autofree char *log = in_folder("hour.log");
    struct clock_lab_result r = run_shell("date +%s.%N; sleep 3600; date +%s.%N", log);
    g_autofree char *said = read_all(log);
    CU_ASSERT_EQUAL(r.end, CLOCK_LAB_ENDED);
    CU_ASSERT_EQUAL(r.virtual_ns, 3600 * NS_PER_S);
    ASSERT_TEXT(said, "1735689600.000000000\n1735693200.000000000\n");
}

static void test_spin(void)
{
    struct clock_lab_result r = run_shell("while :; do :; done", NULL);
    CU_ASSERT_EQUAL(r.end, CLOCK_LAB_BROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "thread \"sh\" (process "));
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "spins"));
}

static void test_dead(void)
{
    struct clock_lab_result r = run_shell("sleep 5; sleep infinity & wait", "/dev/null");
    CU_ASSERT_EQUAL(r.end, CLOCK_LAB_DEAD);
    CU_ASSERT_EQUAL(r.virtual_ns, 5 * NS_PER_S);
    CU_ASSERT_TRUE(r.real_ns < real_limit_ns);
}

static void test_static_program(void)
{
    g_autofree char *program = clock_lab_program("clock_static");
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        puts("(no static C library here: nothing to try it with)");
        return;
    }
    const char *argv[] = { program, NULL };
    struct clock_lab_result r =
        clock_lab_run(&(struct clock_lab_task){ .commands = { argv }, .n_commands = 1 });
    CU_ASSERT_EQUAL(r.end, CLOCK_LAB_BROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "clock_static"));
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "does not load"));
}

/* In a process that had it before, without a new one: by exec(), or by an environment
 * that does not name the library. */
static void test_lost_library(void)
{
    static const char *const commands[] = { "exec env -i sleep 1", "env -i sleep 1; :" };
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        struct clock_lab_result r = run_shell(commands[i], "/dev/null");
        CU_ASSERT_EQUAL(r.end, CLOCK_LAB_BROKEN);
        CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "\"sleep\" does not load"));
    }
}

static const struct test tests[] = {
    { "an hour's sleep takes exactly an hour", test_hour },
    { "each wait and each clock, in many ways", test_each_case },
    { "a program that spins is stopped and named", test_spin },
    { "a lab with nothing left to wait for ends at once", test_dead },
    { "a program that cannot be preloaded is named", test_static_program },
    { "a process that loses the library on the way is named", test_lost_library },
};

int main(int argc, char **argv)
{
    platform_require();
    folder = g_dir_make_tmp("rtclab-clock-XXXXXX", NULL);
    int status = suite_run("platform-clock", tests, G_N_ELEMENTS(tests), argc, argv);
    g_autofree char *hour = in_folder("hour.log");
    g_autofree char *case_log = in_folder("case.log");
    unlink(hour);
    unlink(case_log);
    rmdir(folder);
    g_free(folder);
    return status;
}
