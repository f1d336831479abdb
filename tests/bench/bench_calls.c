/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What calls cost on the virtual clock, and whether it tells the truth, in figures.
 *
 * - bench_calls speed [REPEATS]: calls a second, virtual seconds a real second, where the
 *   time of a call goes; one job and two.
 * - bench_calls stacks [REPEATS]: the same for each stack that is there, calling itself,
 *   with data alone and with
 *   audio, video and data.
 * - bench_calls clocks [REPEATS]: the same calls on both clocks, side by side.
 * - bench_calls equal [RERUNS]: one call with one seed again and again, two at a time and
 *   with other load on each core: are the records equal?
 *
 * It runs the rtclab beside it, on this project's scenarios, in a temporary folder.
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/file.h"
#include "call/stacks.h"
#include "lab/preload.h"
#include "peer/stack.h"
#include "scenario/selection.h"

static char *rtclab;
static char *folder;

static void fail(const char *what)
{
    fprintf(stderr, "bench_calls: %s\n", what);
    exit(3);
}

static void remove_folder(const char *path)
{
    char *argv[] = { "rm", "-rf", (char *)path, NULL };
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}

/* Runs rtclab with these words and `--out OUT`; its results.json, caller owns. */
static json_t *run(const char *out, const char *words)
{
    g_autofree char *line =
        g_strdup_printf("%s run --out %s --seed 7 %s", rtclab, out, words);
    g_auto(GStrv) argv = NULL;
    int status = -1;
    g_autofree char *said = NULL;
    g_autofree char *complaint = NULL;
    if (!g_shell_parse_argv(line, NULL, &argv, NULL) ||
        !g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said,
                      &complaint, &status, NULL))
        fail("rtclab cannot be run");
    g_autofree char *path = g_build_filename(out, "results.json", NULL);
    json_t *results = json_load_file(path, 0, NULL);
    if (!results) {
        fprintf(stderr, "%s\n%s%s", line, said, complaint);
        fail("it left no results");
    }
    return results;
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* ---- speed ---- */

/* The processor time of all that was run, which other load changes least. */
static double children_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report_speed(const char *title, const char *words, unsigned jobs)
{
    g_autofree char *out = g_build_filename(folder, "speed", NULL);
    g_autofree char *all =
        g_strdup_printf("%s --clock virtual --all-repeats --jobs %u", words, jobs);
    int64_t since_ns = clock_now_ns();
    double since_cpu_s = children_cpu_s();
    g_autoptr(json_t) results = run(out, all);
    double real_s = (double)(clock_now_ns() - since_ns) / NS_PER_S;
    double cpu_s = children_cpu_s() - since_cpu_s;
    double start_ms = 0, call_ms = 0, end_ms = 0, virtual_s = 0;
    size_t i, n = 0, unexpected = 0, unsupported = 0;
    json_t *call;
    const json_t *costs = json_object_get(json_object_get(results, "run"), "costs");
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const json_t *cost =
            json_object_get(costs, json_string_value(json_object_get(call, "key")));
        n++;
        unsupported += strcmp(json_string_value(json_object_get(call, "outcome")),
                              "unsupported") == 0;
        unexpected += !json_is_true(json_object_get(call, "as_expected"));
        start_ms += number(cost, "start_up_ms");
        call_ms += number(cost, "call_ms");
        end_ms += number(cost, "teardown_ms");
        virtual_s += number(cost, "lab_s");
    }
    remove_folder(out);
    if (unsupported == n) {
        printf("  %-32s unsupported\n", title);
        return;
    }
    double calls = (double)n;
    printf("  %-32s %4u %6zu %8.1f %8.1f %8.1f %8.1f %8.1f %8.0f %8.2f %s\n", title, jobs,
           n, calls / real_s, virtual_s / real_s, start_ms / calls, call_ms / calls,
           end_ms / calls, cpu_s * 1000 / calls, real_s,
           unexpected ? "NOT ALL AS EXPECTED" : "");
}

static void print_speed_titles(void)
{
    printf("calls on the virtual clock; milliseconds are real ones, of one call\n"
           "  %-32s %4s %6s %8s %8s %8s %8s %8s %8s %8s\n",
           "", "jobs", "calls", "calls/s", "virt/s", "start-up", "call", "teardown",
           "cpu", "whole s");
}

static void speed(unsigned repeats)
{
    static const struct {
        const char *title, *words;
    } kinds[] = {
        { "open/open~open", "open/open~open" },
        { "nat/symmetric~symmetric (relay)", "'nat/symmetric~symmetric'" },
    };
    print_speed_titles();
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
            g_autofree char *words = g_strdup_printf("%s --modes trickle --repeat %u",
                                                     kinds[i].words, repeats);
            report_speed(kinds[i].title, words, jobs);
        }
        report_speed("default suite, three modes", "", jobs);
    }
}

/* ---- stacks ---- */

/* interop/open, with data alone; its path, caller owns. */
static char *write_data_scenario(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *scenarios = selection_find_folder(NULL, &error);
    if (!scenarios)
        fail(error->message);
    g_autofree char *path = g_build_filename(scenarios, "interop", "open.json", NULL);
    g_autoptr(json_t) scenario = json_load_file(path, 0, NULL);
    if (!scenario)
        fail("there is no interop/open");
    json_object_set_new(scenario, "negotiate", json_pack("[s]", "data"));
    char *copy = g_build_filename(folder, "data.json", NULL);
    if (!file_replace_json(copy, scenario, &error))
        fail(error->message);
    return copy;
}

static void stacks(unsigned repeats)
{
    static const unsigned jobs = 2;
    g_autofree char *data = write_data_scenario();
    const struct {
        const char *what, *scenario;
    } kinds[] = { { "data", data }, { "media", "interop/open" } };
    g_autoptr(GPtrArray) all = stacks_examine();
    print_speed_titles();
    for (guint i = 0; i < all->len; i++) {
        const struct stack_status *status = all->pdata[i];
        g_autofree char *program = stack_find_program(status->name);
        g_autofree char *why = NULL;
        if (status->presence != STACK_PRESENT || !preload_check(program, &why)) {
            printf("  %-32s left out: %s\n", status->name, why ? why : status->detail);
            continue;
        }
        printf("  %s (%s)\n", status->name, status->detail);
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
            g_autofree char *title =
                g_strdup_printf("%s~%s: %s", status->name, status->name, kinds[k].what);
            g_autofree char *words =
                g_strdup_printf("--peers %s --modes trickle --repeat %u %s", status->name,
                                repeats, kinds[k].scenario);
            report_speed(title, words, jobs);
        }
    }
}

/* ---- the two clocks ---- */

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median set-up of the calls of one scenario and mode; NAN: none connected. */
static double median(const json_t *results, const char *scenario, const char *mode)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const json_t *setup = json_object_get(call, "setup_ms");
        if (strcmp(json_string_value(json_object_get(call, "scenario")), scenario) == 0 &&
            strcmp(json_string_value(json_object_get(call, "mode")), mode) == 0 &&
            json_is_number(setup)) {
            double ms = json_number_value(setup);
            g_array_append_val(all, ms);
        }
    }
    if (all->len == 0)
        return NAN;
    qsort(all->data, all->len, sizeof(double), compare_numbers);
    const double *sorted = (const double *)(void *)all->data;
    return all->len % 2 ? sorted[all->len / 2]
                        : (sorted[all->len / 2 - 1] + sorted[all->len / 2]) / 2;
}

static void clocks(unsigned repeats)
{
    g_autofree char *wall_out = g_build_filename(folder, "wall", NULL);
    g_autofree char *virtual_out = g_build_filename(folder, "virtual", NULL);
    g_autofree char *wall_words = g_strdup_printf("--clock wall --repeat %u", repeats);
    g_autofree char *virtual_words =
        g_strdup_printf("--clock virtual --all-repeats --repeat %u", repeats);
    g_autoptr(json_t) wall = run(wall_out, wall_words);
    g_autoptr(json_t) virtual = run(virtual_out, virtual_words);
    printf("median set-up in ms of %u repeats; they shall agree within 10 %% or 20 ms\n"
           "  %-36s %-8s %10s %10s %9s %8s\n",
           repeats, "", "", "wall", "virtual", "differ", "");
    unsigned n = 0, far = 0;
    const char *scenario;
    json_t *ignored;
    json_object_foreach(json_object_get(wall, "scenarios"), scenario, ignored)
    {
        static const char *const modes[] = { "trickle", "half", "full" };
        for (size_t m = 0; m < G_N_ELEMENTS(modes); m++) {
            double real_ms = median(wall, scenario, modes[m]);
            double ms = median(virtual, scenario, modes[m]);
            if (isnan(real_ms) && isnan(ms)) {
                printf("  %-36s %-8s %10s %10s\n", scenario, modes[m], "-", "-");
                continue;
            }
            double by_ms = ms - real_ms;
            bool is_near = fabs(by_ms) <= MAX(20, 0.1 * real_ms); /* false for NAN */
            n++;
            far += !is_near;
            printf("  %-36s %-8s %10.1f %10.1f %+8.1f %s\n", scenario, modes[m], real_ms,
                   ms, by_ms, is_near ? "" : " FAR");
        }
    }
    printf("  %u of %u agree\n", n - far, n);
}

/* ---- equal records ---- */

static pid_t start_load(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned i = 0;; i++)
            ;
    }
    return pid;
}

/* Both files of the only call of a run, hashed. */
static char *digest(const char *out, const char *key)
{
    static const char *const files[] = { "events.jsonl", "trace.pcapng" };
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(out, "calls", key, files[i], NULL);
        char *bytes;
        gsize size;
        if (!g_file_get_contents(path, &bytes, &size, NULL))
            fail("a record is missing");
        g_checksum_update(sum, (const guchar *)bytes, (gssize)size);
        g_free(bytes);
    }
    return g_strdup(g_checksum_get_string(sum));
}

enum { SIDE_BY_SIDE = 2 };

/* Every second rerun, each digest a line into a file. */
static void rerun(const char *key, unsigned reruns, unsigned which)
{
    g_autofree char *list_path = g_strdup_printf("%s/digests-%u", folder, which);
    FILE *list = fopen(list_path, "w");
    g_autofree char *out = g_strdup_printf("%s/equal-%u", folder, which);
    g_autofree char *words = g_strdup_printf("--clock virtual '%s'", key);
    for (unsigned i = which; list && i < reruns; i += SIDE_BY_SIDE) {
        json_decref(run(out, words));
        g_autofree char *text = digest(out, key);
        fprintf(list, "%s\n", text);
        remove_folder(out);
    }
    if (!list || fclose(list) != 0)
        fail("cannot write");
}

static void equal(unsigned reruns)
{
    static const char key[] = "nice~nice/nat/symmetric~symmetric/trickle/1";
    pid_t load[SIDE_BY_SIDE];
    pid_t runners[SIDE_BY_SIDE];
    int64_t since_ns = clock_now_ns();
    for (unsigned i = 0; i < SIDE_BY_SIDE; i++) {
        load[i] = start_load();
        runners[i] = fork();
        if (runners[i] == 0) {
            rerun(key, reruns, i);
            _exit(0);
        }
    }
    int status, bad = 0;
    for (unsigned i = 0; i < SIDE_BY_SIDE; i++) {
        waitpid(runners[i], &status, 0);
        bad |= status;
    }
    for (unsigned i = 0; i < SIDE_BY_SIDE; i++)
        kill(load[i], SIGKILL);
    if (bad)
        fail("a rerun failed");
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned n = 0, most = 0;
    for (unsigned i = 0; i < SIDE_BY_SIDE; i++) {
        g_autofree char *list_path = g_strdup_printf("%s/digests-%u", folder, i);
        char *text = NULL;
        if (!g_file_get_contents(list_path, &text, NULL, NULL))
            fail("no digests");
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n++) {
            unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, line)) + 1;
            g_hash_table_insert(counts, g_strdup(line), GUINT_TO_POINTER(count));
            most = MAX(most, count);
        }
        g_free(text);
    }
    printf("%s, seed 7, %u reruns, two at a time, a busy loop on each core as well:\n"
           "  %u of %u records are equal, %u distinct ones in all; %.1f s\n",
           key, n, most, n, g_hash_table_size(counts),
           (double)(clock_now_ns() - since_ns) / NS_PER_S);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *own_folder = g_path_get_dirname(self ? self : "./");
    rtclab = g_build_filename(own_folder, "rtclab", NULL);
    folder = g_dir_make_tmp("rtclab-bench-XXXXXX", NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "speed") == 0)
        speed(count ? count : 100);
    else if (strcmp(what, "stacks") == 0)
        stacks(count ? count : 20);
    else if (strcmp(what, "clocks") == 0)
        clocks(count ? count : 10);
    else if (strcmp(what, "equal") == 0)
        equal(count ? count : 1000);
    else
        fputs("usage: bench_calls speed|stacks|clocks|equal [COUNT]\n", stderr);
    remove_folder(folder);
    g_free(folder);
    g_free(rtclab);
    return 0;
}
