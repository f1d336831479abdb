/* SPDX-License-Identifier: Apache-2.0 */
/* The document as JSON (RFC 8259), and the same a line at a time. */
#include "base/json_text.h"
#include "probes/output/report_writer.h"

static void write_line(struct report *r, const json_t *value)
{
    g_autofree char *line = json_text_dump(value, JSON_COMPACT);
    report_printf(r, "%s\n", line);
}

static int write_document(struct report *r, const json_t *document, int status)
{
    g_autofree char *text = json_text_dump(document, JSON_INDENT(2));
    report_printf(r, "%s\n", text);
    return status;
}

static void write_item_line(struct report *r, const json_t *item, enum verdict verdict)
{
    (void)verdict;
    write_line(r, item);
}

static int write_last_line(struct report *r, const json_t *document, int status)
{
    write_line(r, document);
    return status;
}

const struct report_writer report_writer_json = { .keeps_items = true,
                                                  .end = write_document };
const struct report_writer report_writer_jsonl = { .item = write_item_line,
                                                   .end = write_last_line };
