/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_LISTEN_H
#define RTCLAB_PROBES_SERVER_LISTEN_H

#include "probes/server/state.h"

/* Opens all sockets that the options ask for and sets the server's endpoints. */
gboolean srv_listen(struct probe_server *s, GError **error);

/* Closes and frees a listener: the array's. */
void srv_listener_free(gpointer listener);

#endif
