/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls whom in a run, from --peers and from keys. "all" stands for each stack that
 * is there: "all" or "all,all" is every ordered pair of them, "gst,all" has gst call
 * each, "all,gst" has each call gst.
 */
#ifndef RTCLAB_COMMAND_PAIRS_H
#define RTCLAB_COMMAND_PAIRS_H

#include "call/run.h"

/** Whether the text of --peers has "all" in it. */
bool pairs_have_all(const char *peers);

/**
 * Fills the pairs of a run, and the stacks that are left out of "all".
 *
 * @param peers  the text of --peers; NULL: the keys say it
 * @param keys   struct call_key (run_options.h); when there are any, "all" stands for the
 *               peers that they name
 * @param stacks struct stack_status (call/stacks.h): all that are known; else, NULL
 * @param ret    strings are borrowed from the other arguments, or interned; cleared by
 *               pairs_clear()
 * @return FALSE with RTC_ERROR_ENVIRONMENT: no stack is there
 */
gboolean pairs_choose(const char *peers, const GPtrArray *keys, const GPtrArray *stacks,
                      struct run_options *ret, GError **error);
void pairs_clear(struct run_options *options);

#endif
