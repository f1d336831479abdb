/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program may say in its file that it cannot run on the virtual clock, though the time
 * shim could be preloaded into it: because of what it starts in turn, for example. It is
 * an ELF note, which the harness reads (lab/preload.h); `readelf -n` shows it.
 */
#ifndef RTCLAB_BASE_CLOCK_NOTE_H
#define RTCLAB_BASE_CLOCK_NOTE_H

#include <stdint.h>

#define CLOCK_NOTE_NAME "rtclab"
/** The note's type; its descriptor is the reason: a text of at most CLOCK_NOTE_MAX_BYTES,
    with the NUL, that follows the program's name in a message. */
#define CLOCK_NOTE_NEEDS_WALL_CLOCK 1
#define CLOCK_NOTE_MAX_BYTES        200

/** Once, at file scope: CLOCK_NOTE("drives a browser, …"); */
#define CLOCK_NOTE(reason)                                                           \
    __attribute__((section(".note.rtclab"), used, aligned(4))) static const struct { \
        uint32_t name_size, reason_size, type;                                       \
        char name[(sizeof CLOCK_NOTE_NAME + 3) / 4 * 4];                             \
        char text[(sizeof(reason) + 3) / 4 * 4];                                     \
    } clock_note = { sizeof CLOCK_NOTE_NAME, sizeof(reason),                         \
                     CLOCK_NOTE_NEEDS_WALL_CLOCK, CLOCK_NOTE_NAME, reason }

#endif
