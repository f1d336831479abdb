/* SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

void suite_assert_text(const char *actual, const char *expected, const char *file,
                       int line)
{
    if (g_strcmp0(actual, expected) == 0) {
        CU_assertImplementation(CU_TRUE, (unsigned)line, "same text", file, "", CU_FALSE);
        return;
    }
    g_autofree char *what =
        g_strdup_printf("text: is \"%s\", must be \"%s\"", actual ? actual : "(NULL)",
                        expected ? expected : "(NULL)");
    CU_assertImplementation(CU_FALSE, (unsigned)line, what, file, "", CU_FALSE);
}

int suite_run(const char *module, const struct test *tests, size_t n_tests, int argc,
              char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(module, NULL, NULL);
    for (size_t i = 0; suite && i < n_tests; i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1]))
            continue;
        if (!CU_add_test(suite, tests[i].name, tests[i].run))
            return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned ran = CU_get_number_of_tests_run();
    unsigned failed = CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    return ran == 0 || failed > 0;
}
