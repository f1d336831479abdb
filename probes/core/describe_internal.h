/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of describe share; for no one else. */
#ifndef RTCLAB_PROBES_CORE_DESCRIBE_INTERNAL_H
#define RTCLAB_PROBES_CORE_DESCRIBE_INTERNAL_H

#include <glib.h>

#include "probes/core/describe.h"
#include "wire/stunmsg.h"

struct description {
    struct stunmsg message; /**< of any bytes with a header: for reading values only */
    json_t *object, *attributes, *problems; /**< a reference of its own to each */
};

/** Adds a problem at a byte. */
void describe_problem(struct description *d, size_t at, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/** Puts "value" and "text" of an attribute into its object, as its type has it. */
void describe_value(struct description *d, const struct stunmsg_attribute *a,
                    json_t *object);

/** "XOR-PEER-ADDRESS", or "attribute 0x7777"; `out` has room for 32. */
const char *describe_type_name(uint16_t type, char out[32]);

#endif
