/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CUnit executable a module: a test file lists its tests and calls suite_run().
 *
 *     static const struct test tests[] = {
 *         { "a preserved port stays the same", test_preserve },
 *     };
 *     int main(int argc, char **argv)
 *     {
 *         return suite_run("nat", tests, G_N_ELEMENTS(tests), argc, argv);
 *     }
 */
#ifndef RTCLAB_TESTS_SUITE_H
#define RTCLAB_TESTS_SUITE_H

#include <CUnit/CUnit.h>
#include <glib.h>

struct test {
    const char *name; /**< states the behaviour */
    void (*run)(void);
};

/**
 * Runs the tests (or only those whose name contains argv[1]) and prints CUnit's summary.
 * @return 0 if all passed; 1 if one failed, or if none ran
 */
int suite_run(const char *module, const struct test *tests, size_t n_tests, int argc,
              char **argv);

/** Fails the running test, with both texts in the output, unless they are the same. */
#define ASSERT_TEXT(actual, expected) \
    suite_assert_text(actual, expected, __FILE__, __LINE__)
void suite_assert_text(const char *actual, const char *expected, const char *file,
                       int line);

#endif
