/* SPDX-License-Identifier: Apache-2.0 */
/* junit.xml: what CI systems read of a run. */
#ifndef RTCLAB_REPORTS_JUNIT_H
#define RTCLAB_REPORTS_JUNIT_H

#include <jansson.h>

/**
 * A suite a scenario, a case a call by its key, valid by the schema that Jenkins' xUnit
 * plug-in holds reports against (junit-10.xsd), which is Surefire's with its reruns.
 *
 *     as expected               passes
 *     flaky                     passes, a flakyFailure or flakyError each earlier attempt
 *     not as expected           failure; rerunFailure, rerunError: earlier attempts
 *     error                     error
 *     unsupported               skipped, type "unsupported"
 *     a known failure           skipped, type "known", with its reason
 *
 * What the baseline changed is a suite of its own, each regression a failure; so is, as
 * an error, a run that is not complete. A case's time is the set-up time of a call that
 * connected, on the call's clock; others have none.
 *
 * @param results results.json
 * @return the document, UTF-8; caller owns
 */
char *junit_format(const json_t *results);

#endif
