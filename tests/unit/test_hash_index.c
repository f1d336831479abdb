/* SPDX-License-Identifier: Apache-2.0 */
/* The hash index against a list that is scanned. */
#include "suite.h"

#include "base/rng.h"
#include "net/hash_index.h"

enum { N_HASHES = 40, MAX_VALUES = 300, STEPS = 100000 };

static unsigned count_in(const struct hash_index *ix, uint32_t hash, uint32_t sought)
{
    unsigned n = 0;
    uint32_t value;
    for (size_t at = hash_index_first(ix, hash); hash_index_at(ix, at, &value);
         at = hash_index_next(ix, at, hash))
        n += value == sought;
    return n;
}

/* Few hashes, close together and around the end of the table: long runs, many holes. */
static void test_equals_a_scan(void)
{
    struct hash_index ix = { 0 };
    struct rng rng = rng_seed(9);
    uint32_t hashes[MAX_VALUES];
    bool present[MAX_VALUES] = { 0 };
    size_t n_present = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t value = (uint32_t)rng_below(&rng, MAX_VALUES);
        if (present[value]) {
            hash_index_remove(&ix, hashes[value], value);
            n_present--;
        } else {
            hashes[value] = (uint32_t)rng_below(&rng, N_HASHES) - N_HASHES / 2;
            hash_index_insert(&ix, hashes[value], value);
            n_present++;
        }
        present[value] = !present[value];
        CU_ASSERT_EQUAL_FATAL(ix.used, n_present);
        for (unsigned i = 0; i < 8; i++) {
            value = (uint32_t)rng_below(&rng, MAX_VALUES);
            if (present[value])
                CU_ASSERT_EQUAL_FATAL(count_in(&ix, hashes[value], value), 1);
            CU_ASSERT_EQUAL_FATAL(count_in(&ix, N_HASHES, value), 0);
        }
    }
    hash_index_clear(&ix);
    CU_ASSERT_EQUAL(count_in(&ix, 0, 0), 0);
}

static void test_the_first_value_of_an_address_stays(void)
{
    struct address_map map = { 0 };
    struct address v4 = { ADDRESS_IPV4, { 10, 0, 0, 1 } };
    struct address v6 = { ADDRESS_IPV6, { 10, 0, 0, 1 } };
    uint32_t value = 7;
    CU_ASSERT_FALSE(address_map_get(&map, &v4, &value));
    CU_ASSERT_EQUAL(value, 7);
    address_map_add(&map, &v4, 1);
    address_map_add(&map, &v4, 2);
    CU_ASSERT_FALSE(address_map_get(&map, &v6, &value));
    address_map_add(&map, &v6, 3);
    CU_ASSERT_TRUE(address_map_get(&map, &v4, &value) && value == 1);
    CU_ASSERT_TRUE(address_map_get(&map, &v6, &value) && value == 3);
    address_map_clear(&map);
}

static const struct test tests[] = {
    { "it holds what a list holds", test_equals_a_scan },
    { "the first value of an address stays", test_the_first_value_of_an_address_stays },
};

int main(int argc, char **argv)
{
    return suite_run("hash_index", tests, G_N_ELEMENTS(tests), argc, argv);
}
