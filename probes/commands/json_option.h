/* SPDX-License-Identifier: Apache-2.0 */
/* -o of the subcommands that ask no server: text for people, or JSON. */
#ifndef RTCLAB_PROBES_JSON_OPTION_H
#define RTCLAB_PROBES_JSON_OPTION_H

#include <stdbool.h>

#include "cli/options.h"

/** `take` for "human" or "json": a bool, whether it is JSON. */
gboolean json_option_take(const char *text, void *place, GError **error);

/** The option; `field`, a bool, is in the struct T that the options fill. */
#define JSON_OPTION(T, field)                                                           \
    {                                                                                   \
        .name = "output", .letter = 'o', .argument = "FORMAT", .preset = "human",       \
        .help = "human or json", .take = json_option_take, .offset = offsetof(T, field) \
    }

#endif
