/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab-peer-nice: libnice as a peer of rtclab (harness/peer/README.md).
 *
 * One agent, one stream of one component, no DTLS: what is measured is ICE alone. The
 * main loop belongs to libnice; this file is the contract's side of it. The files:
 *
 *     main_nice.c         configure, commands, the end
 *     main_nice_agent.c   the agent, and its signals as events
 *     main_nice_signal.c  descriptions and candidates
 */
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "peer/main_nice.h"

/* What a TURN server may take to release its allocations when the call closes. */
#define CLOSE_TIMEOUT_MS 1000

static void on_closed(GObject *agent, GAsyncResult *result, gpointer user)
{
    (void)agent, (void)result;
    struct nice_peer *peer = user;
    contract_loop_finish(peer->loop);
}

static gboolean on_close_timeout(gpointer user)
{
    struct nice_peer *peer = user;
    contract_peer_warn(peer->contract, "close: a TURN server did not answer in %d ms",
                       CLOSE_TIMEOUT_MS);
    contract_loop_finish(peer->loop);
    return G_SOURCE_REMOVE;
}

static void close_call(void *stack)
{
    struct nice_peer *peer = stack;
    peer->closing = true;
    contract_peer_event(peer->contract, EVENT_PEER_ICE_STATE,
                        json_pack("{s:s, s:s}", "state", "closed", "native", "closed"));
    nice_peer_report_connection(peer, "closed");
    if (!peer->agent) {
        contract_loop_finish(peer->loop);
        return;
    }
    g_timeout_add(CLOSE_TIMEOUT_MS, on_close_timeout, peer);
    nice_agent_close_async(peer->agent, on_closed, peer);
}

static bool configure(void *stack, const struct contract_configuration *c)
{
    struct nice_peer *peer = stack;
    if (!nice_peer_make_agent(peer, c))
        return false;
    nice_peer_report_connection(peer, "new");
    if (c->offerer) {
        nice_peer_describe(peer, true);
        nice_peer_gather(peer);
    }
    return true;
}

static void take_signal(void *stack, const struct contract_message *message)
{
    nice_peer_take_signal(stack, message);
}

static void restart_ice(void *stack)
{
    nice_peer_restart(stack);
}

static void send_data(void *stack, const struct contract_message *message)
{
    gsize size = message->bytes ? 0 : strlen(message->text);
    const char *data =
        message->bytes ? g_bytes_get_data(message->bytes, &size) : message->text;
    nice_peer_send(stack, data, size);
}

static const struct contract_commands commands = {
    .configure = configure,
    .signal = take_signal,
    .restart_ice = restart_ice,
    .send = send_data,
    .close = close_call,
};

int main(void)
{
    struct nice_peer peer = { .local.mid = "0" };
    peer.loop = contract_loop_new("rtclab-peer-nice", &commands, &peer);
    if (!peer.loop)
        return EXIT_USAGE;
    peer.contract = contract_loop_peer(peer.loop);
    peer.turn_urls = g_ptr_array_new_with_free_func(g_free);
    peer.early = g_ptr_array_new_with_free_func(g_free);
    /* RFC 8866 section 5.2: a numeric id, of which stacks keep 63 bits. */
    rng_entropy(&peer.session_id, sizeof peer.session_id);
    peer.session_id &= INT64_MAX;

    int status = contract_loop_run(
        peer.loop, contract_make_hello("libnice", NICE_VERSION,
                                       CONTRACT_CAN_TRICKLE | CONTRACT_CAN_DATA |
                                           CONTRACT_CAN_RELAY | CONTRACT_CAN_ICE_TCP |
                                           CONTRACT_CAN_RESTART_ICE));
    g_clear_object(&peer.agent);
    g_ptr_array_unref(peer.early);
    g_ptr_array_unref(peer.turn_urls);
    contract_loop_free(peer.loop);
    return status;
}
