/* SPDX-License-Identifier: Apache-2.0 */
/* What must agree between the values of a scenario file. */
#ifndef RTCLAB_SCENARIO_CHECK_H
#define RTCLAB_SCENARIO_CHECK_H

#include "scenario/document.h"
#include "scenario/problems.h"

/** Adds a problem for each thing that does not fit together. */
void check_document(const struct document *document, struct problems *problems);

#endif
