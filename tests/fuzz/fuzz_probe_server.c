/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any messages to the built-in server, without its sockets towards clients: which defect
 * (2 bytes), the profile (1), then for each message who sends it and how much later (1),
 * its size (2) and bytes. Nobody need prove who he is, so that all handlers are reached;
 * relays are real sockets, but nobody outside loopback can be reached from theirs.
 */
#include <stdint.h>

#include "base/cursor.h"
#include "probes/server/allocation.h"
#include "probes/server/message.h"
#include "probes/server/relay_port.h"

enum { MAX_MESSAGES = 64, STEP_SECONDS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct probe_server *make_server(struct cursor *c)
{
    struct probe_server_options options;
    uint16_t defect = cursor_u16(c);
    uint8_t kind = cursor_u8(c);
    probe_server_options_init(&options);
    options.ipv6 = (struct address){ .family = ADDRESS_NONE };
    options.profile = kind & 1 ? PROBE_SERVER_5389 : PROBE_SERVER_8489;
    probe_defects_add(&options.defects, DEFECT_AUTHENTICATION_OFF);
    if (defect < PROBE_N_DEFECTS)
        probe_defects_add(&options.defects, (enum probe_defect)defect);
    return srv_new(&options);
}

/* One of four clients: two over UDP, two over TCP. */
static struct srv_path path_of(uint8_t who)
{
    return (struct srv_path){
        .transport = who & 2 ? SRV_TCP : SRV_UDP,
        .client = { { .family = ADDRESS_IPV4, .bytes = { 127, 77, 0, 9 } }, who & 1 },
        .local = { { .family = ADDRESS_IPV4, .bytes = { 127, 77, 0, 1 } }, 3478 },
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_over(data, size);
    struct probe_server *server = make_server(&c);
    for (int i = 0; i < MAX_MESSAGES && c.left > 3; i++) {
        uint8_t who = cursor_u8(&c);
        size_t message_size = cursor_u16(&c);
        message_size = MIN(message_size, c.left);
        const uint8_t *message = cursor_take(&c, message_size);
        /* An exact copy, so that a sanitizer sees a read past its end. */
        g_autofree uint8_t *copy = g_memdup2(message, message_size);
        const struct srv_path path = path_of(who);
        server->now_ns += (who >> 2) * STEP_SECONDS * NS_PER_S;
        srv_allocations_expire(server);
        srv_reservations_expire(server);
        srv_message_receive(server, &path, copy, message_size);
    }
    srv_free(server);
    return 0;
}
