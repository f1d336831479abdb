/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the time shim can be preloaded into a program, from its file alone: what the
 * dynamic linker would do with LD_PRELOAD, and whether that would be enough.
 */
#ifndef RTCLAB_LAB_PRELOAD_H
#define RTCLAB_LAB_PRELOAD_H

#include <stdbool.h>

/**
 * Looks at an executable, and at the interpreters of a script.
 *
 * @param path    the file
 * @param ret_why when not: what follows the program's name in a message, such as "is
 *                linked statically"; caller owns
 * @return false if it cannot carry a preloaded library, or if that cannot be told
 */
bool preload_check(const char *path, char **ret_why);

#endif
