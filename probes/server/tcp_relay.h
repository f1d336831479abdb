/* SPDX-License-Identifier: Apache-2.0 */
/* TCP between clients and peers (RFC 6062). */
#ifndef RTCLAB_PROBES_SERVER_TCP_RELAY_H
#define RTCLAB_PROBES_SERVER_TCP_RELAY_H

#include "probes/server/allocation.h"
#include "probes/server/stream.h"

/* Starts to listen at a relayed address; false: not possible. */
bool srv_tcp_relay_start(struct probe_server *s, struct srv_relay *relay);

void srv_connect_handle(struct probe_server *s, struct srv_request *q);
void srv_connection_bind_handle(struct probe_server *s, struct srv_request *q);

/* A bound client's bytes, for the peer. */
void srv_tcp_relay_from_client(struct probe_server *s, struct srv_connection *c,
                               const uint8_t *bytes, size_t size);

/* The client reads again: the peer may send. */
void srv_tcp_relay_client_drained(struct srv_connection *c);

/* The client has closed: what it sent still goes to the peer, then that is closed too. */
void srv_tcp_relay_client_gone(struct probe_server *s, struct srv_connection *c);

/* Closes one, and the client's side of it. */
void srv_connection_close(struct probe_server *s, struct srv_connection *c);

/* Ends what waited too long; returns when to be called again. */
int64_t srv_connections_expire(struct probe_server *s, struct srv_allocation *a);

void srv_connection_free(gpointer connection);

#endif
