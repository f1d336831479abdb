/* SPDX-License-Identifier: Apache-2.0 */
/* By it two runs know whether their calls of one id had one network. */
#include "scenario/digest.h"

#include <stdlib.h>

char *scenario_digest(const struct scenario *scenario)
{
    static const char *const others[] = { "$schema", "title", "description", "tags",
                                          "expect" };
    json_t *document = json_copy(scenario->document);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        json_object_del(document, others[i]);
    char *text = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text ? text : "", -1);
    free(text);
    json_decref(document);
    return digest;
}
