/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library of clock_program's, whose constructor waits and starts a thread that waits:
 * it runs before the shim's own.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock/clock_early.h"
#include "clock/instruction.h"

static pthread_t thread;
static struct timespec before, after;

static void *sleep_for_an_hour(void *data)
{
    sleep(3600);
    return data;
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "early-bypass") == 0)
        sleep_by_instruction(); /* as a sanitizer's runtime asks for the time. There is no
                                   case of that name: main() does nothing */
    if (argc != 2 || strcmp(argv[1], EARLY_CASE) != 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &before);
    sleep(1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    pthread_create(&thread, NULL, sleep_for_an_hour, NULL);
}

bool early_has_begun(void)
{
    return after.tv_sec > 0;
}

int64_t early_join(int64_t *ret_slept_ns)
{
    *ret_slept_ns = (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec -
                    before.tv_nsec;
    pthread_join(thread, NULL);
    return after.tv_sec * INT64_C(1000000000) + after.tv_nsec;
}
