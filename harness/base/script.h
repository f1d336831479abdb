/* SPDX-License-Identifier: Apache-2.0 */
/* What runs a script: execve(2), "Interpreter scripts". */
#ifndef RTCLAB_BASE_SCRIPT_H
#define RTCLAB_BASE_SCRIPT_H

#include <stdbool.h>

/** Linux reads no further for "#!": BINPRM_BUF_SIZE. */
enum { SCRIPT_START_BYTES = 256 };

struct script {
    char *interpreter; /**< as its first line names it; "" if it names none */
    bool uses_env;     /**< which is env(1) */
    char *target;      /**< and finds this in PATH; NULL: it finds none */
};

/**
 * Reads the start of a file.
 * @param start at most SCRIPT_START_BYTES of it, and a NUL
 * @return false: it has no "#!", `ret` is untouched; else script_clear() it
 */
bool script_read(const char *start, struct script *ret);
void script_clear(struct script *script);

/** Whether a program has what it takes to run: false of a script without interpreter. */
bool script_can_run(const char *path);

#endif
