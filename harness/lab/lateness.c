/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets: values below 32 have one each; above, each power of two is cut into 32 equal
 * parts.
 */
#include "lab/lateness.h"

static unsigned bucket_of(uint64_t value)
{
    if (value < LATENESS_SUB)
        return (unsigned)value;
    unsigned log2 = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = log2 - 5;
    unsigned bucket =
        (shift + 1) * LATENESS_SUB + (unsigned)((value >> shift) & (LATENESS_SUB - 1));
    return bucket < LATENESS_BUCKETS ? bucket : LATENESS_BUCKETS - 1;
}

static int64_t bucket_end(unsigned bucket)
{
    if (bucket < LATENESS_SUB)
        return (int64_t)bucket;
    unsigned shift = bucket / LATENESS_SUB - 1;
    uint64_t start = (uint64_t)(LATENESS_SUB + bucket % LATENESS_SUB) << shift;
    return (int64_t)(start + ((uint64_t)1 << shift) - 1);
}

void lateness_add(struct lateness *l, int64_t late_ns)
{
    if (late_ns < 0)
        late_ns = 0;
    if (late_ns > l->max_ns)
        l->max_ns = late_ns;
    l->count++;
    l->buckets[bucket_of((uint64_t)late_ns)]++;
}

int64_t lateness_quantile_ns(const struct lateness *l, double q)
{
    if (l->count == 0)
        return 0;
    uint64_t wanted = (uint64_t)(q * (double)(l->count - 1)) + 1;
    uint64_t seen = 0;
    for (unsigned i = 0; i < LATENESS_BUCKETS; i++) {
        seen += l->buckets[i];
        if (seen >= wanted) {
            int64_t end = bucket_end(i);
            return end < l->max_ns ? end : l->max_ns;
        }
    }
    return l->max_ns;
}
