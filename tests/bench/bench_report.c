/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTML report of a large run costs: how long it takes to write, and how large
 * its page is.
 *
 *     bench_report FOLDER [CALLS]      10,000 unless said otherwise
 *
 * FOLDER is a run's. Its calls, with their timelines, are repeated until there are so
 * many: once as more repeats of the same scenarios, once as more scenarios. The reports
 * are left in FOLDER/report-repeats and FOLDER/report-scenarios.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <glib.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/file.h"
#include "reports/compare.h"
#include "reports/html.h"

static void fail(const char *what)
{
    fprintf(stderr, "bench_report: %s\n", what);
    exit(3);
}

/* The record with `count` calls, the first ones again and again under other names. */
static json_t *enlarge(const json_t *record, size_t count, bool has_more_scenarios)
{
    const json_t *calls = json_object_get(record, "calls");
    size_t n_calls = json_array_size(calls);
    json_t *large = json_copy((json_t *)record), *repeated = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *call = json_copy(json_array_get(calls, i % n_calls));
        int round = (int)(i / n_calls);
        const char *scenario = json_string_value(json_object_get(call, "scenario"));
        const char *mode = json_string_value(json_object_get(call, "mode"));
        json_int_t repeat = json_integer_value(json_object_get(call, "repeat"));
        g_autofree char *name = has_more_scenarios
                                    ? g_strdup_printf("%s-%d", scenario, round)
                                    : g_strdup(scenario);
        if (!has_more_scenarios)
            repeat += 1000 * round;
        g_autofree char *key =
            g_strdup_printf("nice~nice/%s/%s/%" JSON_INTEGER_FORMAT, name, mode, repeat);
        /* Values that seldom are the same, as on the wall clock. */
        double setup_ms = json_number_value(json_object_get(call, "setup_ms"));
        if (setup_ms > 0)
            json_object_set_new(call, "setup_ms",
                                json_real(setup_ms + (double)(i % 9973) / 1000));
        json_object_set_new(call, "scenario", json_string(name));
        json_object_set_new(call, "repeat", json_integer(repeat));
        json_object_set_new(call, "key", json_string(key));
        json_array_append_new(repeated, call);
    }
    json_object_set_new(large, "calls", repeated);
    json_object_set_new(large, "comparisons", compare_modes(repeated));
    return large;
}

/* Of all threads, user and kernel. */
static double processor_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure(const char *name, const json_t *record, const char *folder,
                    size_t count)
{
    enum { ROUNDS = 3 };
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) large = enlarge(record, count, strcmp(name, "scenarios") == 0);
    double best_s = 0, best_cpu_s = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start_cpu_s = processor_s();
        int64_t start_ns = clock_now_ns();
        if (!html_write_report(large, folder, &error))
            fail(error->message);
        double s = (double)(clock_now_ns() - start_ns) / NS_PER_S;
        double cpu_s = processor_s() - start_cpu_s;
        best_s = i == 0 ? s : MIN(best_s, s);
        best_cpu_s = i == 0 ? cpu_s : MIN(best_cpu_s, cpu_s);
    }
    g_autofree char *report = g_build_filename(folder, "report", NULL);
    g_autofree char *kept = g_strdup_printf("%s-%s", report, name);
    g_autofree char *index = g_build_filename(kept, "index.html", NULL);
    struct stat info;
    file_remove_tree(kept);
    if (rename(report, kept) != 0 || stat(index, &info) != 0)
        fail("the report cannot be kept");
    printf("%zu calls, more %-9s  written in %.2f s (processors: %.2f s), index.html "
           "%.2f MB: "
           "%s\n",
           count, name, best_s, best_cpu_s, (double)info.st_size / 1e6, index);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 10000;
    if (argc < 2 || count == 0) {
        fputs("usage: bench_report FOLDER [CALLS]\n", stderr);
        return 2;
    }
    g_autofree char *path = g_build_filename(argv[1], "results.json", NULL);
    g_autoptr(json_t) record = json_load_file(path, 0, NULL);
    if (json_array_size(json_object_get(record, "calls")) == 0)
        fail("there is no results.json with calls");
    measure("repeats", record, argv[1], count);
    measure("scenarios", record, argv[1], count);
    return 0;
}
