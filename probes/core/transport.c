/* SPDX-License-Identifier: Apache-2.0 */
/* The four transports, as a table. */
#include "probes/core/transport.h"

#include <string.h>

static const struct {
    const char *name;
    bool is_stream, is_secure;
} transports[PROBE_N_TRANSPORTS] = {
#define X(symbol, name, stream, secure) [PROBE_##symbol] = { name, stream, secure },
    PROBE_TRANSPORTS(X)
#undef X
};

const char *transport_name(enum probe_transport transport)
{
    return transports[transport].name;
}

bool transport_parse(const char *name, enum probe_transport *ret)
{
    for (unsigned i = 0; i < PROBE_N_TRANSPORTS; i++) {
        if (strcmp(name, transports[i].name) == 0) {
            *ret = (enum probe_transport)i;
            return true;
        }
    }
    return false;
}

bool transport_is_stream(enum probe_transport transport)
{
    return transports[transport].is_stream;
}

bool transport_is_secure(enum probe_transport transport)
{
    return transports[transport].is_secure;
}
