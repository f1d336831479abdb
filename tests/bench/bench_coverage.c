/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often intervals of 95 % hold what they are of, and how often tests at 5 % raise a
 * false alarm: samples are drawn from distributions whose truth is known.
 *
 *     bench_coverage [EXPERIMENTS]     how many for each figure; 2000
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "reports/statistics.h"

enum { MOST_PAIRS = 1000, N_TRUTH = 400000 };

static const double ALPHA = 1 - STATISTICS_CONFIDENCE;

/* Box and Muller's. */
static double draw_normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(1 - rng_unit(rng)));
    return radius * cos(2 * G_PI * rng_unit(rng));
}

static double draw_exponential(struct rng *rng)
{
    return -log(1 - rng_unit(rng));
}

/* Now and then a retransmission. */
static double draw_retransmission(struct rng *rng)
{
    return 180 + 10 * draw_normal(rng) + (rng_chance(rng, 0.2) ? 500 : 0);
}

/* What an agent does that looks at its timers every 20 ms. */
static double draw_ticks(struct rng *rng)
{
    return 20 * round(8 + 1.5 * draw_normal(rng));
}

static double draw_log_normal(struct rng *rng)
{
    return exp(draw_normal(rng));
}

static const struct {
    const char *name;
    double (*draw)(struct rng *rng);
} distributions[] = {
    { "normal", draw_normal },         { "exponential", draw_exponential },
    { "log-normal", draw_log_normal }, { "500 ms more in 20 %", draw_retransmission },
    { "ticks of 20 ms", draw_ticks },
};

static void draw_all(double *values, size_t count, double (*draw)(struct rng *rng),
                     struct rng *rng)
{
    for (size_t i = 0; i < count; i++)
        values[i] = draw(rng);
}

static double shift_of(double (*draw)(struct rng *rng))
{
    g_autofree double *values = g_new(double, N_TRUTH);
    struct rng rng = rng_seed(1);
    draw_all(values, N_TRUTH, draw, &rng);
    return statistics_shift(values, N_TRUTH);
}

static void measure_shifts(int experiments)
{
    static const size_t counts[] = { 6, 8, 10, 20, 50, 200, 1000 };
    printf("interval of the shift: %% that hold it\n%-22s", "pairs");
    for (size_t c = 0; c < G_N_ELEMENTS(counts); c++)
        printf("%7zu", counts[c]);
    printf("\n");
    for (size_t d = 0; d < G_N_ELEMENTS(distributions); d++) {
        double truth = shift_of(distributions[d].draw);
        printf("%-22s", distributions[d].name);
        for (size_t c = 0; c < G_N_ELEMENTS(counts); c++) {
            struct rng rng = rng_seed(100 + c);
            double values[MOST_PAIRS];
            int held = 0, n = counts[c] == 200 ? experiments / 4 : experiments;
            for (int i = 0; i < n; i++) {
                draw_all(values, counts[c], distributions[d].draw, &rng);
                struct statistics_interval interval =
                    statistics_shift_interval(values, counts[c]);
                held += interval.low <= truth && truth <= interval.high;
            }
            printf("%7.1f", 100.0 * held / n);
            fflush(stdout);
        }
        printf("\n");
    }
}

static unsigned draw_successes(struct rng *rng, unsigned trials, double rate)
{
    unsigned successes = 0;
    for (unsigned i = 0; i < trials; i++)
        successes += rng_chance(rng, rate);
    return successes;
}

static void measure_rates(int experiments)
{
    static const double rates[] = { 0.5, 0.8, 0.95, 0.99 };
    static const unsigned counts[] = { 5, 10, 20, 50, 200 };
    printf("\ninterval of a rate, and of the difference of two that are equal\n%-22s",
           "calls");
    for (size_t c = 0; c < G_N_ELEMENTS(counts); c++)
        printf("%14u", counts[c]);
    printf("\n");
    for (size_t r = 0; r < G_N_ELEMENTS(rates); r++) {
        printf("rate %-17.2f", rates[r]);
        for (size_t c = 0; c < G_N_ELEMENTS(counts); c++) {
            struct rng rng = rng_seed(200 + c);
            int held = 0, held_both = 0;
            for (int i = 0; i < 10 * experiments; i++) {
                unsigned one = draw_successes(&rng, counts[c], rates[r]);
                unsigned other = draw_successes(&rng, counts[c], rates[r]);
                struct statistics_interval interval =
                    statistics_rate_interval(one, counts[c]);
                held += interval.low <= rates[r] && rates[r] <= interval.high;
                interval = statistics_rate_difference(one, counts[c], other, counts[c]);
                held_both += interval.low <= 0 && 0 <= interval.high;
            }
            printf("%8.1f %5.1f", 10.0 * held / experiments,
                   10.0 * held_both / experiments);
        }
        printf("\n");
    }
}

/* Twenty scenarios without a difference: how many alarms, and in how many runs any. */
static void measure_alarms(int experiments)
{
    enum { N_SCENARIOS = 20 };
    static const size_t counts[] = { 6, 10, 20, 60 };
    printf("\nno difference: %% of tests below 0.05, %% of runs of %d scenarios with an "
           "alarm "
           "after Holm\n%-22s",
           N_SCENARIOS, "pairs");
    for (size_t c = 0; c < G_N_ELEMENTS(counts); c++)
        printf("%14zu", counts[c]);
    printf("\n%-22s", "ticks of 20 ms");
    for (size_t c = 0; c < G_N_ELEMENTS(counts); c++) {
        struct rng rng = rng_seed(300 + c);
        int alarms = 0, runs = 0, n = experiments / 2;
        for (int i = 0; i < n; i++) {
            double p_values[N_SCENARIOS], differences[MOST_PAIRS];
            for (size_t s = 0; s < N_SCENARIOS; s++) {
                for (size_t k = 0; k < counts[c]; k++)
                    differences[k] = draw_ticks(&rng) - draw_ticks(&rng);
                p_values[s] = statistics_signed_rank(differences, counts[c]);
                alarms += p_values[s] < ALPHA;
            }
            statistics_correct_holm(p_values, N_SCENARIOS);
            bool is_alarm = false;
            for (size_t s = 0; s < N_SCENARIOS; s++)
                is_alarm |= p_values[s] < ALPHA;
            runs += is_alarm;
        }
        printf("%8.1f %5.1f", 100.0 * alarms / n / N_SCENARIOS, 100.0 * runs / n);
    }
    printf("\n");
}

static void measure_time(void)
{
    static const size_t counts[] = { 10, 100, 500, 501, 1000, 10000, 100000 };
    printf("\ntime of statistics_compare_pairs()\n");
    for (size_t c = 0; c < G_N_ELEMENTS(counts); c++) {
        struct rng rng = rng_seed(400);
        g_autofree struct statistics_difference *pairs =
            g_new0(struct statistics_difference, counts[c]);
        for (size_t i = 0; i < counts[c]; i++)
            pairs[i].value = draw_log_normal(&rng);
        struct statistics_paired paired;
        int64_t start_ns = clock_now_ns();
        statistics_compare_pairs(pairs, counts[c], &paired);
        printf("%8zu pairs %8.1f ms\n", counts[c],
               (double)(clock_now_ns() - start_ns) / NS_PER_MS);
    }
}

int main(int argc, char **argv)
{
    int experiments = argc > 1 ? atoi(argv[1]) : 2000;
    if (experiments < 10) {
        fprintf(stderr, "usage: bench_coverage [EXPERIMENTS], 10 or more\n");
        return 2;
    }
    measure_shifts(experiments);
    measure_rates(experiments);
    measure_alarms(experiments);
    measure_time();
    return 0;
}
