/* SPDX-License-Identifier: Apache-2.0 */
/* Several things at once, a thread each. */
#ifndef RTCLAB_PROBES_PARALLEL_H
#define RTCLAB_PROBES_PARALLEL_H

/**
 * Calls `run` once for each i from 0 to n - 1, of which at most `most` run at a time, and
 * waits for them all. Where no thread can be made, what is left runs in the caller's.
 */
void parallel_for(unsigned n, unsigned most, void (*run)(unsigned i, void *data),
                  void *data);

#endif
