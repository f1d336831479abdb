/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance, from a seed. Each element of a call draws from its own named stream, so that
 * one more link never shifts another link's losses.
 *
 *     struct rng call = rng_seed(42);
 *     struct rng up = rng_fork(&call, "link:home-a:up");
 *
 * The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", OOPSLA 2014). It is not for secrets: see rng_entropy().
 */
#ifndef RTCLAB_BASE_RNG_H
#define RTCLAB_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t seed;  /**< what the stream was made from; never changes */
    uint64_t state; /**< where the stream stands */
};

/** A stream that depends on nothing but `seed`. */
struct rng rng_seed(uint64_t seed);

/**
 * A stream of its own for `name`: it depends on the parent's seed and on the name, not on
 * how much the parent has drawn.
 */
struct rng rng_fork(const struct rng *parent, const char *name);

/** The next 64 bits. */
uint64_t rng_next(struct rng *rng);

/** A whole number from 0 to bound - 1, without bias; 0 when bound is 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/** A number from 0 (included) to 1 (excluded). */
double rng_unit(struct rng *rng);

/** True with the given probability; draws nothing for 0 and for 1. */
bool rng_chance(struct rng *rng, double probability);

/**
 * Entropy of the kernel, for seeds that nobody chose and for passwords (getrandom(2)).
 * The only function here whose answer no seed decides.
 */
void rng_entropy(void *out, size_t size);

#endif
