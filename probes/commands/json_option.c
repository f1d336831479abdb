/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/commands/json_option.h"

#include <string.h>

#include "base/error.h"

gboolean json_option_take(const char *text, void *place, GError **error)
{
    bool is_json = strcmp(text, "json") == 0;
    if (!is_json && strcmp(text, "human") != 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be human or json, is \"%s\"",
                    text);
        return FALSE;
    }
    *(bool *)place = is_json;
    return TRUE;
}
