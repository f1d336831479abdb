/* SPDX-License-Identifier: Apache-2.0 */
/* Which stacks are there: each is started, and asked. */
#ifndef RTCLAB_CALL_STACKS_H
#define RTCLAB_CALL_STACKS_H

#include <glib.h>

enum stack_presence {
    STACK_PRESENT, /**< it said hello */
    STACK_MISSING, /**< no program, or it says itself that it cannot be used here */
    STACK_SILENT,  /**< its program is there, but did not say hello */
};

struct stack_status {
    char *name;
    enum stack_presence presence;
    char *detail; /**< what it is and its version; or what is wrong and what to do */
};

/**
 * Starts the program of each stack, side by side in a sandbox without a network, and
 * waits some seconds for what it says first. First the known stacks in their order, then
 * others that stand beside this program.
 *
 * @return struct stack_status, caller owns
 */
GPtrArray *stacks_examine(void);

/**
 * Asks one known stack in the same way.
 * @return why it is not there and what to do, caller owns; NULL: it is, or does not say
 */
char *stacks_why_missing(const char *name);

#endif
