/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP side of `rtcprobe serve`, on the thread's default main context:
 *
 *     GET /probe?target=URI[&module=NAME][&debug=true]   probes, and answers with metrics
 *     GET /metrics                                        the exporter's own
 *     GET /-/healthy                                      that it is there
 *     GET /                                               what there is
 */
#ifndef RTCLAB_PROBES_SERVE_EXPORTER_H
#define RTCLAB_PROBES_SERVE_EXPORTER_H

#include <gio/gio.h>

#include "base/rng.h"
#include "probes/commands/serve_config.h"

struct exporter;

struct exporter_options {
    GSocketAddress *address; /**< port 0: any that is free */
    unsigned most_probes;    /**< that run at once; more are answered with 503 */
    struct rng rng;
};

/** @return caller frees; NULL with RTC_ERROR_ENVIRONMENT: the address cannot be had */
struct exporter *exporter_new(const struct exporter_options *options,
                              struct serve_config *config, GError **error);

/** Takes other modules from now on; probes that run keep theirs. */
void exporter_set_config(struct exporter *exporter, struct serve_config *config);

/**
 * Ends it. Probes that run are waited for: call wait_interrupt() first to end them too.
 */
void exporter_free(struct exporter *exporter);

/** Where it is: "http://127.0.0.1:9479/"; borrowed. */
const char *exporter_url(const struct exporter *exporter);

#endif
