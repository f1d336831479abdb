/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How late packets were on the wall clock: a histogram of fixed size whose buckets grow
 * with the value, so that each quantile is right to within 1/32 of itself.
 */
#ifndef RTCLAB_LAB_LATENESS_H
#define RTCLAB_LAB_LATENESS_H

#include <stdint.h>

enum { LATENESS_SUB = 32, LATENESS_BUCKETS = 60 * LATENESS_SUB };

struct lateness {
    uint64_t count;
    int64_t max_ns;
    uint32_t buckets[LATENESS_BUCKETS];
};

/** Takes in one packet's lateness; a negative one counts as 0. */
void lateness_add(struct lateness *l, int64_t late_ns);

/** The q-quantile (0 to 1) in ns: the upper end of its bucket; 0 if nothing came in. */
int64_t lateness_quantile_ns(const struct lateness *l, double q);

#endif
