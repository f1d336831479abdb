/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_TESTS_CLOCK_EARLY_H
#define RTCLAB_TESTS_CLOCK_EARLY_H

#include <stdbool.h>
#include <stdint.h>

/** Only for this case the constructor does anything: it sleeps for a second, and then
 * starts a thread that sleeps for an hour. */
#define EARLY_CASE "constructor"

/** Whether the constructor did: not in a process that was forked before its main(). */
bool early_has_begun(void);

/** Waits for the thread. Returns when it was started; and how long the sleep was. */
int64_t early_join(int64_t *ret_slept_ns);

#endif
