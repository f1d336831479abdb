/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a headless Chromium that is spoken to over its DevTools pipe. */
#ifndef RTCLAB_PEER_CHROMIUM_H
#define RTCLAB_PEER_CHROMIUM_H

#include "peer/browser_process.h"
#include "peer/devtools_pipe.h"

/** An environment variable that may name the program. */
#define CHROMIUM_VARIABLE "RTCLAB_CHROMIUM"
/** What it is called otherwise; NULL-ended. */
extern const char *const chromium_programs[];

/**
 * Starts it, as browser_start(), without a tab. It has a fake camera and microphone,
 * finds no name, and sends nothing of its own accord.
 *
 * @param ret_pipe  its DevTools; caller owns
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct browser_process *chromium_start(const char *program,
                                       struct devtools_pipe **ret_pipe, GError **error);

#endif
