/* SPDX-License-Identifier: Apache-2.0 */
/* Links: times to the nanosecond, and losses against their closed forms. */
#include "net_probe.h"

#include <math.h>

#include "net/link.h"

enum { N = 200000 };

static struct link link_of(const struct link_direction *c, uint64_t seed)
{
    return link_init(c, rng_seed(seed));
}

static void test_zeros_are_a_perfect_wire(void)
{
    struct link_direction c = { 0 };
    struct link l = link_of(&c, 1);
    for (int64_t t = 0; t < 1000; t++) {
        struct link_fate f = link_submit(&l, 65535, t);
        CU_ASSERT_TRUE(f.n_copies == 1 && f.due_ns[0] == t);
    }
}

static void test_rate_and_queue(void)
{
    /* 8 Mbit/s: 1000 bytes take 1 ms; the queue holds 3000 bytes. */
    struct link_direction c = { .delay_ns = 10 * NS_PER_MS,
                                .rate_bps = 8000000,
                                .queue_bytes = 3000 };
    struct link l = link_of(&c, 1);
    for (unsigned i = 0; i < 3; i++) {
        struct link_fate f = link_submit(&l, 1000, 0);
        CU_ASSERT_EQUAL(f.due_ns[0], (int64_t)(11 + i) * NS_PER_MS);
    }
    struct link_fate full = link_submit(&l, 1000, 0);
    CU_ASSERT_TRUE(full.n_copies == 0 && full.reason == DROP_QUEUE_FULL);
    /* Half a packet has left: still no room for a whole one; after a whole, there is. */
    CU_ASSERT_EQUAL(link_submit(&l, 1000, NS_PER_MS / 2).n_copies, 0);
    CU_ASSERT_EQUAL(link_submit(&l, 1000, NS_PER_MS).due_ns[0], 14 * NS_PER_MS);
    /* An empty queue takes a packet that is larger than itself. */
    CU_ASSERT_EQUAL(link_submit(&l, 9000, NS_PER_S).n_copies, 1);
}

static void test_jitter_keeps_the_order(void)
{
    struct link_direction c = { .delay_ns = 5 * NS_PER_MS, .jitter_ns = 3 * NS_PER_MS };
    struct link l = link_of(&c, 2);
    int64_t last = 0, least = INT64_MAX, most = 0;
    for (int64_t i = 0; i < 10000; i++) {
        int64_t sent = i * NS_PER_MS / 10;
        struct link_fate f = link_submit(&l, 100, sent);
        CU_ASSERT_TRUE(f.due_ns[0] >= last);
        last = f.due_ns[0];
        least = MIN(least, last - sent);
        most = MAX(most, last - sent);
    }
    CU_ASSERT_TRUE(least >= 5 * NS_PER_MS && most <= 8 * NS_PER_MS);
    CU_ASSERT_TRUE(most - least > 2 * NS_PER_MS);
}

static void test_reordering_overtakes(void)
{
    struct link_direction c = { .delay_ns = 20 * NS_PER_MS,
                                .reorder = 0.25,
                                .reorder_gap_ns = 15 * NS_PER_MS };
    struct link l = link_of(&c, 3);
    unsigned early = 0;
    for (int64_t i = 0; i < N; i++) {
        struct link_fate f = link_submit(&l, 100, i * NS_PER_MS);
        int64_t took = f.due_ns[0] - i * NS_PER_MS;
        CU_ASSERT_TRUE(took == 5 * NS_PER_MS || took == 20 * NS_PER_MS);
        early += took == 5 * NS_PER_MS;
    }
    CU_ASSERT_DOUBLE_EQUAL((double)early / N, 0.25, 0.005);
    /* Never by more than the delay. */
    c.reorder_gap_ns = NS_PER_S;
    c.reorder = 1;
    CU_ASSERT_EQUAL(link_submit(&l, 100, N * NS_PER_MS).due_ns[0], N * NS_PER_MS);
}

static void test_duplicates(void)
{
    struct link_direction c = { .delay_ns = 1, .duplicate = 0.1 };
    struct link l = link_of(&c, 4);
    unsigned n = 0;
    for (int64_t i = 0; i < N; i++)
        n += link_submit(&l, 100, i).n_copies == 2;
    CU_ASSERT_DOUBLE_EQUAL((double)n / N, 0.1, 0.003);
}

/* Within four standard deviations of a binomial. */
static void test_independent_loss(void)
{
    static const double rates[] = { 0.001, 0.01, 0.05, 0.5 };
    for (size_t r = 0; r < G_N_ELEMENTS(rates); r++) {
        struct link_direction c = { .loss = rates[r] };
        struct link l = link_of(&c, 5 + r);
        unsigned lost = 0;
        for (int64_t i = 0; i < N; i++) {
            struct link_fate f = link_submit(&l, 100, i);
            lost += f.n_copies == 0;
            CU_ASSERT_TRUE(f.n_copies == 1 || f.reason == DROP_LINK_LOSS);
        }
        double deviation = sqrt(rates[r] * (1 - rates[r]) / N);
        CU_ASSERT_DOUBLE_EQUAL((double)lost / N, rates[r], 4 * deviation);
    }
}

/* Gilbert and Elliott: the share of bad is enter / (enter + leave), the loss is the mean
 * of both states' weighted so, and a stay in the bad state lasts 1 / leave packets. */
static void test_burst_loss(void)
{
    static const struct burst_loss rows[] = {
        { .enter = 0.01, .leave = 0.25, .loss_good = 0, .loss_bad = 1 },
        { .enter = 0.02, .leave = 0.10, .loss_good = 0.001, .loss_bad = 0.5 },
        { .enter = 0.30, .leave = 0.30, .loss_good = 0.1, .loss_bad = 0.2 },
    };
    for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
        const struct burst_loss *b = &rows[r];
        struct link_direction c = { .burst = *b };
        struct link l = link_of(&c, 20 + r);
        unsigned lost = 0, bad = 0, stays = 0;
        bool was_bad = false;
        for (int64_t i = 0; i < N; i++) {
            lost += link_submit(&l, 100, i).n_copies == 0;
            bad += l.burst_is_bad;
            stays += l.burst_is_bad && !was_bad;
            was_bad = l.burst_is_bad;
        }
        double share = b->enter / (b->enter + b->leave);
        double loss = share * b->loss_bad + (1 - share) * b->loss_good;
        /* Bursts make neighbours alike: fewer independent samples, hence 10 %. */
        CU_ASSERT_DOUBLE_EQUAL((double)bad / N, share, 0.1 * share);
        CU_ASSERT_DOUBLE_EQUAL((double)lost / N, loss, 0.1 * loss);
        CU_ASSERT_DOUBLE_EQUAL((double)bad / stays, 1 / b->leave, 0.1 / b->leave);
    }
}

static void test_reason_of_burst_loss(void)
{
    struct link_direction c = { .burst = { .enter = 1, .leave = 0, .loss_bad = 1 } };
    struct link l = link_of(&c, 1);
    CU_ASSERT_EQUAL(link_submit(&l, 100, 0).reason, DROP_LINK_BURST_LOSS);
}

static void test_extremes_do_not_overflow(void)
{
    /* 1 bit/s: a byte takes 8 s. The queue's bound, 4 GiB, is a thousand years. */
    struct link_direction c = { .rate_bps = 1, .queue_bytes = UINT32_MAX };
    struct link l = link_of(&c, 1);
    CU_ASSERT_EQUAL(link_submit(&l, 20, 0).due_ns[0], 160 * NS_PER_S);
    int64_t last = 0;
    for (unsigned i = 0; i < 70000; i++) {
        struct link_fate f = link_submit(&l, 65535, 0);
        CU_ASSERT_TRUE(f.n_copies == 0 || f.due_ns[0] >= last);
        last = f.n_copies ? f.due_ns[0] : last;
    }
    c = (struct link_direction){ .delay_ns = CLOCK_NEVER, .jitter_ns = CLOCK_NEVER - 1 };
    l = link_of(&c, 1);
    CU_ASSERT_EQUAL(link_submit(&l, 20, NS_PER_S).due_ns[0], CLOCK_NEVER);
    /* As fast as can be said: a nanosecond is the least that anything takes. */
    c = (struct link_direction){ .rate_bps = UINT64_MAX };
    l = link_of(&c, 1);
    CU_ASSERT_EQUAL(link_submit(&l, 65535, 5).due_ns[0], 6);
}

static void test_times_before_zero(void)
{
    struct link_direction c = { .delay_ns = 10, .rate_bps = 8 * (uint64_t)NS_PER_S };
    struct link l = link_of(&c, 1);
    CU_ASSERT_EQUAL(link_submit(&l, 20, -1000).due_ns[0], -1000 + 20 + 10);
}

static const struct test tests[] = {
    { "all zeros are a wire that takes no time", test_zeros_are_a_perfect_wire },
    { "the rate and the queue's bound are exact", test_rate_and_queue },
    { "jitter never reorders", test_jitter_keeps_the_order },
    { "a reordered packet overtakes by the gap", test_reordering_overtakes },
    { "duplicates come as often as configured", test_duplicates },
    { "independent loss is binomial", test_independent_loss },
    { "burst loss agrees with the chain's closed forms", test_burst_loss },
    { "a loss in the bad state says so", test_reason_of_burst_loss },
    { "extreme rates and delays do not overflow", test_extremes_do_not_overflow },
    { "time may start before zero", test_times_before_zero },
};

int main(int argc, char **argv)
{
    return suite_run("link", tests, G_N_ELEMENTS(tests), argc, argv);
}
