/* SPDX-License-Identifier: Apache-2.0 */
/* From a scenario file as it was written to what the harness works with. */
#ifndef RTCLAB_SCENARIO_ASSEMBLE_H
#define RTCLAB_SCENARIO_ASSEMBLE_H

#include "scenario/document.h"

/**
 * Fills a scenario from a document that was checked and has all its addresses. Everything
 * is copied; id, path and document of the scenario are left to the caller.
 */
void assemble_scenario(const struct document *document, struct scenario *scenario);

#endif
