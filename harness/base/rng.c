/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <errno.h>
#include <sys/random.h>

#include <glib.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct rng rng_seed(uint64_t seed)
{
    return (struct rng){ .seed = seed, .state = seed };
}

struct rng rng_fork(const struct rng *parent, const char *name)
{
    /* FNV-1a over the name, then mixed: neighbouring names give unrelated streams. */
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return rng_seed(mix(parent->seed ^ mix(hash)));
}

uint64_t rng_next(struct rng *rng)
{
    rng->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(rng->state);
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* Reject the part of the range that does not divide evenly. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t drawn;
    do
        drawn = rng_next(rng);
    while (drawn >= limit);
    return drawn % bound;
}

double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

bool rng_chance(struct rng *rng, double probability)
{
    if (probability <= 0)
        return false;
    if (probability >= 1)
        return true;
    return rng_unit(rng) < probability;
}

void rng_entropy(void *out, size_t size)
{
    uint8_t *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno != EINTR)
            g_error("getrandom: %s", g_strerror(errno));
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}
