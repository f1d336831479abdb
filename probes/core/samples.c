/* SPDX-License-Identifier: Apache-2.0 */
/* Percentiles by the nearest rank, and RFC 3550's jitter. */
#include "probes/core/samples.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

#include "base/clock.h"

void samples_add(struct samples *s, int64_t ns)
{
    enum { FIRST_CAPACITY = 64, WEIGHT = 16 }; /* RFC 3550 §6.4.1: a sixteenth */
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : FIRST_CAPACITY;
        s->ns = g_renew(int64_t, s->ns, s->capacity);
    }
    if (s->count > 0) {
        double change_ns = fabs((double)(ns - s->ns[s->count - 1]));
        s->jitter_ns += (change_ns - s->jitter_ns) / WEIGHT;
    }
    s->ns[s->count++] = ns;
}

void samples_clear(struct samples *s)
{
    g_free(s->ns);
    *s = (struct samples){ 0 };
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t *sorted_copy(const struct samples *s)
{
    int64_t *sorted = g_memdup2(s->ns, s->count * sizeof *s->ns);
    qsort(sorted, s->count, sizeof *sorted, compare);
    return sorted;
}

static int64_t at_percent(const int64_t *sorted, size_t count, double percent)
{
    size_t rank = (size_t)ceil(percent / 100.0 * (double)count);
    return sorted[CLAMP(rank, 1, count) - 1];
}

int64_t samples_percentile(const struct samples *s, double percent)
{
    if (s->count == 0)
        return 0;
    g_autofree int64_t *sorted = sorted_copy(s);
    return at_percent(sorted, s->count, percent);
}

double samples_mean(const struct samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += (double)s->ns[i];
    return s->count ? sum / (double)s->count : 0;
}

static json_t *in_ms(double ns)
{
    return json_real(ns / (double)NS_PER_MS);
}

json_t *samples_to_json(const struct samples *s)
{
    static const struct {
        const char *name;
        double percent;
    } columns[] = { { "min_ms", 0 },
                    { "p50_ms", 50 },
                    { "p95_ms", 95 },
                    { "p99_ms", 99 },
                    { "max_ms", 100 } };
    g_autofree int64_t *sorted = s->count ? sorted_copy(s) : NULL;
    json_t *out = json_pack("{s:I}", "count", (json_int_t)s->count);
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        json_object_set_new(
            out, columns[i].name,
            sorted ? in_ms((double)at_percent(sorted, s->count, columns[i].percent))
                   : json_null());
    json_object_set_new(out, "mean_ms", sorted ? in_ms(samples_mean(s)) : json_null());
    json_object_set_new(out, "jitter_ms", sorted ? in_ms(s->jitter_ns) : json_null());
    return out;
}
