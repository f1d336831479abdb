/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases C14 to C16: how long a channel and its permission last (RFC 8656 §9, §12, §12.6).
 * Whether a channel is bound is asked by binding it to another peer: 400 says that it is,
 * and refreshes nothing.
 */
#include "probes/cases/channel_cases.h"

#include "base/clock.h"

enum { CHANNEL = STUNMSG_CHANNEL_MIN };

/* A channel with a peer, and the time from then on. */
static bool open_channel(struct trial *t, struct relay *ret, struct vigil *ret_vigil)
{
    if (!trial_relay(t, ret) ||
        !step_expect_bound(t, ret->client, CHANNEL, &ret->peer->address))
        return false;
    *ret_vigil = vigil_start(ret->client, &ret->allocation);
    return true;
}

/* Binds it to a port that is nobody's. -1: neither success nor 400, and the verdict is
   said. By client_request(), since the nonce may have gone stale meanwhile. */
static int is_bound(struct trial *t, const struct relay *relay)
{
    struct endpoint other = relay->peer->address;
    g_autoptr(GError) error = NULL;
    other.port = other.port == 9 ? 10 : 9;
    if (turn_bind(relay->client, CHANNEL, &other, &error))
        return 0;
    if (client_last_code(relay->client) == STUNMSG_CODE_BAD_REQUEST)
        return 1;
    trial_say_error(t, "binding the channel to another peer", error);
    return -1;
}

static bool expect_unbound(struct trial *t, const struct relay *relay, const char *when)
{
    int bound = is_bound(t, relay);
    if (bound > 0)
        trial_fail(t, "still bound %s: 400 to a ChannelBind to another peer", when);
    return bound == 0;
}

static bool expect_bound(struct trial *t, const struct relay *relay, const char *when)
{
    int bound = is_bound(t, relay);
    if (bound == 0)
        trial_fail(t, "no longer bound %s: a ChannelBind to another peer succeeds", when);
    return bound > 0;
}

/* ChannelData every half minute. */
static bool chatter_until_s(struct trial *t, const struct relay *relay,
                            struct vigil *vigil, unsigned until_s)
{
    enum { STEP_S = 30 };
    for (unsigned s = 0; s < until_s; s += STEP_S) {
        uint8_t payload[TRIAL_PAYLOAD_SIZE];
        trial_payload(t, payload);
        turn_send_channel(relay->client, CHANNEL, payload, sizeof payload, NULL);
        if (!vigil_until_s(t, vigil, MIN(s + STEP_S, until_s)))
            return false;
    }
    return true;
}

/* Looked at only when both are over: before, a permission that a ChannelBind makes last
   too long (C15) could not be told from one that ChannelData refreshed. */
void channel_data_refreshes_nothing(struct trial *t)
{
    enum { OVER_S = TURN_CHANNEL_LIFETIME_S + STEP_AFTER_S };
    struct relay relay;
    struct vigil vigil;
    if (!open_channel(t, &relay, &vigil) ||
        !step_expect_to_peer(t, relay.client, CHANNEL, relay.peer) ||
        !chatter_until_s(t, &relay, &vigil, OVER_S) ||
        !step_expect_none_from_peer(t, relay.client, &relay.allocation, relay.peer,
                                    "ChannelData refreshed the permission: data from "
                                    "the peer arrives after 615 s"))
        return;
    if (expect_unbound(t, &relay, "after 615 s, so ChannelData refreshed it"))
        trial_pass(t, "in spite of ChannelData every 30 s permission and channel are "
                      "over after 615 s");
}

void channel_outlives_permission(struct trial *t)
{
    struct relay relay;
    struct vigil vigil;
    g_auto(auto_turn_data) data = { 0 };
    if (!open_channel(t, &relay, &vigil) ||
        !vigil_until_s(t, &vigil, TURN_PERMISSION_LIFETIME_S - STEP_BEFORE_S) ||
        !step_expect_from_peer(t, &relay, NULL) ||
        !step_expect_to_peer(t, relay.client, CHANNEL, relay.peer) ||
        !vigil_until_s(t, &vigil, TURN_PERMISSION_LIFETIME_S + STEP_AFTER_S))
        return;
    step_open_way(relay.peer, &relay.allocation);
    /* §12.6 does not say that ChannelData to the peer needs the permission too. */
    if (!step_expect_none_from_peer(t, relay.client, &relay.allocation, relay.peer,
                                    "data from the peer arrives after 315 s, without a "
                                    "permission") ||
        !trial_permit(t, relay.client, relay.peer) ||
        !step_expect_from_peer(t, &relay, &data))
        return;
    if (data.channel == CHANNEL)
        trial_pass(t, "data from the peer stops with the permission, and comes as "
                      "ChannelData again with a new one");
    else
        trial_fail(t, "the channel ended with the permission: after a new one data comes "
                      "in a Data indication");
}

void channel_expires(struct trial *t)
{
    struct relay relay;
    struct vigil vigil;
    if (open_channel(t, &relay, &vigil) &&
        vigil_until_s(t, &vigil, TURN_CHANNEL_LIFETIME_S - STEP_BEFORE_S) &&
        expect_bound(t, &relay, "after 585 s") &&
        vigil_until_s(t, &vigil, TURN_CHANNEL_LIFETIME_S + STEP_AFTER_S) &&
        expect_unbound(t, &relay, "after 615 s"))
        trial_pass(t, "bound after 585 s, and after 615 s bound to another peer");
}
