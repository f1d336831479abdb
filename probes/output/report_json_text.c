/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to JSON: what is no UTF-8 becomes visible escapes. */
#include "base/text.h"
#include "probes/output/report_writer.h"

json_t *report_json_text(const char *bytes, size_t size)
{
    g_autofree char *text = text_from_bytes(bytes, size);
    return json_string(text);
}
