/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips and what is said of them. */
#ifndef RTCLAB_PROBES_SAMPLES_H
#define RTCLAB_PROBES_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/** Samples in the order they were taken; zero-initialised is empty. */
struct samples {
    int64_t *ns;
    size_t count, capacity;
    double jitter_ns; /**< so far: RFC 3550 §6.4.1, from the change between neighbours */
};

void samples_add(struct samples *s, int64_t ns);
void samples_clear(struct samples *s);

/**
 * A percentile by the nearest rank: a value that was measured.
 * @param percent over 0 to 100; 100 is the largest, and anything near 0 the smallest
 * @return ns; 0 without samples
 */
int64_t samples_percentile(const struct samples *s, double percent);

/** The mean in ns; 0 without samples. */
double samples_mean(const struct samples *s);

/** {"count", "min_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "mean_ms", "jitter_ms"};
 * all but the count are null without samples. */
json_t *samples_to_json(const struct samples *s);

#endif
