/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics alone, as Prometheus' text exposition: for node_exporter's textfiles. */
#include "probes/output/report_writer.h"

static int write_metrics(struct report *r, const json_t *document, int status)
{
    (void)document;
    g_autofree char *text = metrics_format(r->metrics);
    report_write(r, text);
    return status;
}

const struct report_writer report_writer_prom = { .end = write_metrics };
