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
#include <stdio.h>

#include <glib-unix.h>

#include "base/error.h"
#include "base/rng.h"
#include "peer/main_nice.h"

/* What a TURN server may take to release its allocations when the call closes. */
#define CLOSE_TIMEOUT_MS 1000
#define FLUSH_TIMEOUT_MS 1000

static void quit(struct nice_peer *peer, int exit_code)
{
    peer->exit_code = exit_code;
    g_main_loop_quit(peer->loop);
}

static void finish(struct nice_peer *peer)
{
    contract_peer_send(peer->contract, contract_make_plain(CONTRACT_DONE));
    contract_peer_flush(peer->contract, FLUSH_TIMEOUT_MS);
    quit(peer, EXIT_AS_EXPECTED);
}

static void on_closed(GObject *agent, GAsyncResult *result, gpointer user)
{
    (void)agent, (void)result;
    finish(user);
}

static gboolean on_close_timeout(gpointer user)
{
    struct nice_peer *peer = user;
    contract_peer_warn(peer->contract, "close: a TURN server did not answer in %d ms",
                       CLOSE_TIMEOUT_MS);
    finish(peer);
    return G_SOURCE_REMOVE;
}

static void close_call(struct nice_peer *peer)
{
    if (peer->closing)
        return;
    peer->closing = true;
    contract_peer_event(peer->contract, EVENT_PEER_ICE_STATE,
                        json_pack("{s:s, s:s}", "state", "closed", "native", "closed"));
    nice_peer_report_connection(peer, "closed");
    if (!peer->agent) {
        finish(peer);
        return;
    }
    g_timeout_add(CLOSE_TIMEOUT_MS, on_close_timeout, peer);
    nice_agent_close_async(peer->agent, on_closed, peer);
}

static void configure(struct nice_peer *peer, const struct contract_configuration *c)
{
    if (peer->configured) {
        contract_peer_warn(peer->contract, "configure: came twice, ignored");
        return;
    }
    peer->configured = true;
    if (!nice_peer_make_agent(peer, c)) {
        quit(peer, EXIT_AS_EXPECTED);
        return;
    }
    nice_peer_report_connection(peer, "new");
    if (c->offerer) {
        nice_peer_describe(peer, true);
        nice_peer_gather(peer);
    }
}

static void obey(struct nice_peer *peer, const struct contract_message *m)
{
    if (m->type == CONTRACT_CLOSE) {
        close_call(peer);
        return;
    }
    if (peer->closing || (!peer->agent && m->type != CONTRACT_CONFIGURE)) {
        contract_peer_warn(peer->contract, "%s: %s, ignored", contract_type_name(m->type),
                           peer->closing ? "after close" : "before configure");
        return;
    }
    switch (m->type) {
    case CONTRACT_CONFIGURE:
        configure(peer, &m->configuration);
        break;
    case CONTRACT_SIGNAL:
        nice_peer_take_signal(peer, m);
        break;
    case CONTRACT_RESTART_ICE:
        nice_peer_restart(peer);
        break;
    case CONTRACT_SEND:
        nice_peer_send(peer, m->text);
        break;
    case CONTRACT_CLOSE:
    case CONTRACT_HELLO:
    case CONTRACT_EVENT:
    case CONTRACT_DONE:
    case CONTRACT_UNSUPPORTED:
    case CONTRACT_N_TYPES:
        break;
    }
}

static gboolean on_contract(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct nice_peer *peer = user;
    for (;;) {
        struct contract_message m;
        g_autoptr(GError) error = NULL;
        switch (contract_peer_next(peer->contract, &m, &error)) {
        case CONTRACT_NEXT_NONE:
            return G_SOURCE_CONTINUE;
        case CONTRACT_NEXT_MESSAGE:
            obey(peer, &m);
            contract_message_clear(&m);
            break;
        case CONTRACT_NEXT_INVALID:
            contract_peer_warn(peer->contract, "%s", error->message);
            if (!peer->configured) {
                quit(peer, EXIT_USAGE);
                return G_SOURCE_REMOVE;
            }
            break;
        case CONTRACT_NEXT_END:
            quit(peer, EXIT_AS_EXPECTED);
            return G_SOURCE_REMOVE;
        }
        if (!g_main_loop_is_running(peer->loop))
            return G_SOURCE_REMOVE;
    }
}

int main(void)
{
    g_autoptr(GError) error = NULL;
    int fd = contract_peer_fd(&error);
    if (fd < 0) {
        fprintf(stderr, "rtclab-peer-nice: %s\n", error->message);
        return error->code;
    }
    struct nice_peer peer = {
        .contract = contract_peer_new(fd),
        .loop = g_main_loop_new(NULL, FALSE),
        .local.mid = "0",
        .turn_urls = g_ptr_array_new_with_free_func(g_free),
        .early = g_ptr_array_new_with_free_func(g_free),
    };
    /* RFC 8866 section 5.2: a numeric id, of which stacks keep 63 bits. */
    rng_entropy(&peer.session_id, sizeof peer.session_id);
    peer.session_id &= INT64_MAX;

    contract_peer_send(peer.contract,
                       contract_make_hello("libnice", NICE_VERSION,
                                           CONTRACT_CAN_TRICKLE | CONTRACT_CAN_DATA |
                                               CONTRACT_CAN_RELAY | CONTRACT_CAN_ICE_TCP |
                                               CONTRACT_CAN_RESTART_ICE));
    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_contract, &peer);
    g_main_loop_run(peer.loop);

    contract_peer_flush(peer.contract, FLUSH_TIMEOUT_MS);
    g_clear_object(&peer.agent);
    contract_peer_free(peer.contract);
    g_ptr_array_unref(peer.early);
    g_ptr_array_unref(peer.turn_urls);
    g_main_loop_unref(peer.loop);
    return peer.exit_code;
}
