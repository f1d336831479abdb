/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a scenario file: either a scenario, which can be shown, or at least one
 * problem, each of them one line of UTF-8.
 */
#include <stdint.h>
#include <string.h>

#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct scenario *scenario =
        scenario_parse((const char *)data, size, "fuzz.json", "fuzz", problems);
    if ((scenario == NULL) != (problems->len > 0))
        g_error("a scenario and problems, or neither");
    for (unsigned i = 0; i < problems->len; i++) {
        const char *line = problems->pdata[i];
        if (!g_utf8_validate(line, -1, NULL) || strpbrk(line, "\r\n\033"))
            g_error("not a line: %s", line);
    }
    if (scenario) {
        g_autofree char *text = scenario_format(scenario);
        (void)text;
    }
    scenario_free(scenario);
    return 0;
}
