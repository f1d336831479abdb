/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks that rtclab knows, whether they are installed or not. */
#ifndef RTCLAB_PEER_STACK_H
#define RTCLAB_PEER_STACK_H

#include <stdbool.h>
#include <stddef.h>

/** A stack's program is called so, and then by the stack's name. */
#define STACK_PROGRAM_PREFIX "rtclab-peer-"

/** Stands for all stacks that are there, where peers are chosen. */
#define STACK_ALL "all"

struct stack {
    const char *name;    /**< as in --peers and in keys of calls */
    const char *what;    /**< in words */
    const char *install; /**< the command that installs it and builds its program */
    bool is_browser; /**< it starts slowly, and computes much; its program says that it
                          is not for the virtual clock */
};

/** All of them, in the order of every report. */
extern const struct stack stack_table[];
extern const size_t stack_count;

/** The stack of that name; NULL: it is not known. */
const struct stack *stack_find(const char *name);

/** "; did you mean \"gst\"?" if a name is near that of a stack, else "". Caller owns. */
char *stack_hint(const char *name);

/**
 * A stack's program: beside this program, or in PATH.
 * @param name of the stack, known or not
 * @return an absolute path, caller owns; NULL: there is none, or a known stack's is a
 *         script whose interpreter is not installed
 */
char *stack_find_program(const char *name);

/** Says that a stack has no program, and the command that installs it. Caller owns. */
char *stack_describe_missing(const struct stack *stack);

#endif
