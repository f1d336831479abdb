/* SPDX-License-Identifier: Apache-2.0 */
/* What a program does that bypasses the virtual clock (shim/audit.c finds it). */
#ifndef RTCLAB_CALL_AUDIT_H
#define RTCLAB_CALL_AUDIT_H

#include <glib.h>

/** All bypassing calls of one kind from one place in the code. */
struct audit_finding {
    char *call;  /**< a system call's name */
    char *place; /**< FILE+OFFSET */
    unsigned count;
};

/**
 * Runs a command on the virtual clock, in a host without a network, with the terminal and
 * the environment passed through.
 *
 * @param command      NULL-ended; found by PATH
 * @param ret_status   its exit status, as exec_in_host() has it
 * @param ret_findings array of struct audit_finding, the most frequent first; caller owns
 * @return FALSE with an error when it could not be run, or not on the virtual clock
 */
gboolean audit_clock(char *const *command, int *ret_status, GPtrArray **ret_findings,
                     GError **error);

/** The findings in the text of an audit's file, as audit_clock() has them. */
GPtrArray *audit_parse(const char *text);

#endif
