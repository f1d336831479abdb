/* SPDX-License-Identifier: Apache-2.0 */
/* Cases P01 to P08 and P15: permissions (RFC 8656 §9, §10.2). */
#include "probes/cases/permission_cases.h"

void permit_nobody(struct trial *t)
{
    struct draft request;
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    step_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_BAD_REQUEST);
}

/* A client with an allocation and no permission yet, and a peer with its way open. */
static bool open_pair(struct trial *t, struct relay *ret)
{
    struct allocate_options options = trial_peer_options(t);
    struct relay relay;
    relay.client = trial_allocated(t, &options, &relay.allocation);
    relay.peer = relay.client ? trial_peer(t) : NULL;
    if (!relay.peer)
        return false;
    step_open_way(relay.peer, &relay.allocation);
    *ret = relay;
    return true;
}

/* The peer stands between two others, to which nothing is sent: a server that takes the
   first or the last alone does not let it through. */
void permit_several(struct trial *t)
{
    struct relay relay;
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    if (!open_pair(t, &relay))
        return;
    bool is_ipv6 = relay.allocation.relayed.address.family == ADDRESS_IPV6;
    struct endpoint before = { .port = 9 }, after = { .port = 9 };
    address_parse(is_ipv6 ? "2001:db8::1" : "192.0.2.1", &before.address);
    address_parse(is_ipv6 ? "2001:db8::2" : "192.0.2.2", &after.address);
    client_begin(relay.client, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &before);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &relay.peer->address);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &after);
    step_sign(relay.client, &request);
    if (!trial_exchange(t, relay.client, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    if (answer_code(&answer) == STUNMSG_CODE_FORBIDDEN)
        trial_inconclusive(t, "%s: the server denies addresses for documentation", said);
    else if (answer.message.class != STUNMSG_SUCCESS)
        trial_fail(t, "%s", said);
    else if (step_expect_to_peer(t, relay.client, 0, relay.peer) &&
             step_expect_from_peer(t, &relay, NULL))
        trial_pass(t, "the second of three peers is let through both ways");
}

/* Peers that most servers deny: loopback, link-local with its metadata services,
   multicast. */
void permit_denied(struct trial *t)
{
    static const char *const texts[] = { "127.0.0.1", "169.254.169.254", "224.0.0.1" };
    const struct subject *s = trial_subject(t);
    struct endpoint peers[G_N_ELEMENTS(texts) + 1];
    struct allocation allocation;
    unsigned n_peers = 0, n_denied = 0;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    if (subject_can(s, CAN(DENIED)))
        peers[n_peers++] = s->denied_peer;
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++, n_peers++) {
        peers[n_peers].port = 9;
        address_parse(texts[i], &peers[n_peers].address);
    }
    for (unsigned i = 0; i < n_peers; i++) {
        struct draft request;
        g_auto(auto_answer) answer = { 0 };
        if (peers[i].address.family != allocation.relayed.address.family)
            continue;
        client_begin(c, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
        stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peers[i]);
        step_sign(c, &request);
        if (!trial_exchange(t, c, &request, &answer))
            return;
        char at[ADDRESS_TEXT_SIZE];
        address_format(&peers[i].address, at);
        g_autofree char *said = answer_describe(&answer);
        if (answer_code(&answer) == STUNMSG_CODE_FORBIDDEN) {
            n_denied++;
            trial_pass(t, "%s for %s", said, at);
        } else if (answer.message.class != STUNMSG_SUCCESS) {
            trial_fail(t, "%s for %s, must be 403", said, at);
            return;
        }
    }
    if (n_denied == 0)
        trial_unsupported(t, "the server denies none of loopback, link-local and "
                             "multicast peers");
}

void permit_other_family(struct trial *t)
{
    struct draft request;
    struct allocation allocation;
    struct endpoint peer = { .port = 9 };
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    bool is_ipv6 = allocation.relayed.address.family == ADDRESS_IPV6;
    address_parse(is_ipv6 ? "192.0.2.1" : "2001:db8::1", &peer.address);
    client_begin(c, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    step_sign(c, &request);
    /* RFC 5766 alone has no 443, and no other peer than an IPv4 one. */
    unsigned invalid = trial_subject(t)->is_modern ? 0 : STUNMSG_CODE_BAD_REQUEST;
    trial_expect_codes(
        t, c, &request,
        (const unsigned[]){ STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH, invalid, 0 });
}

/* A good peer first: a server that installs as it reads has it when it finds the other.
 */
void permit_one_malformed(struct trial *t)
{
    uint8_t cut[4] = { 0, STUNMSG_FAMILY_IPV4, 0, 9 }; /* no address */
    struct relay relay;
    struct draft request;
    if (!open_pair(t, &relay))
        return;
    if (relay.peer->address.address.family == ADDRESS_IPV6)
        cut[1] = STUNMSG_FAMILY_IPV6;
    client_begin(relay.client, &request, STUNMSG_CREATE_PERMISSION, STUNMSG_REQUEST);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &relay.peer->address);
    stunmsg_add(&request.b, STUNMSG_XOR_PEER_ADDRESS, cut, sizeof cut);
    step_sign(relay.client, &request);
    if (trial_expect_code(t, relay.client, &request, STUNMSG_CODE_BAD_REQUEST) &&
        step_expect_none_from_peer(
            t, relay.client, &relay.allocation, relay.peer,
            "400, but the peer that stood before the malformed one has a permission"))
        trial_pass(t, "400 (Bad Request), and none has a permission");
}

void permission_is_by_address(struct trial *t)
{
    struct relay relay;
    struct peer *first;
    if (!trial_relay(t, &relay))
        return;
    first = relay.peer;
    relay.peer = trial_peer_beside(t, first);
    if (!relay.peer)
        return;
    step_open_way(relay.peer, &relay.allocation);
    if (!address_equal(&relay.peer->address.address, &first->address.address)) {
        trial_inconclusive(t, "a NAT gives this machine's sockets different addresses");
        return;
    }
    if (step_expect_from_peer(t, &relay, NULL) &&
        step_expect_to_peer(t, relay.client, 0, relay.peer))
        trial_pass(t, "data passes both ways to another port than the permitted one");
}

void permission_is_needed(struct trial *t)
{
    struct relay relay;
    if (!open_pair(t, &relay) ||
        !step_expect_none_from_peer(t, relay.client, &relay.allocation, relay.peer,
                                    "data from a peer without a permission arrives"))
        return;
    /* The silence counts if it is over with the permission. */
    if (trial_permit(t, relay.client, relay.peer) &&
        step_expect_from_peer(t, &relay, NULL))
        trial_pass(t, "dropped without a permission, relayed with it");
}

void permission_expires(struct trial *t)
{
    struct relay relay;
    if (!trial_relay(t, &relay))
        return;
    struct vigil vigil = vigil_start(relay.client, &relay.allocation);
    if (!vigil_until_s(t, &vigil, TURN_PERMISSION_LIFETIME_S - STEP_BEFORE_S) ||
        !step_expect_from_peer(t, &relay, NULL) ||
        !step_expect_to_peer(t, relay.client, 0, relay.peer) || /* refreshes nothing */
        !vigil_until_s(t, &vigil, TURN_PERMISSION_LIFETIME_S + STEP_AFTER_S))
        return;
    step_open_way(relay.peer, &relay.allocation);
    if (step_expect_none_from_peer(t, relay.client, &relay.allocation, relay.peer,
                                   "data from the peer arrives after 315 s") &&
        step_expect_none_to_peer(t, relay.client, 0, relay.peer,
                                 "data to the peer arrives after 315 s"))
        trial_pass(t, "data passes after 285 s, and neither way after 315 s");
}

void permission_is_per_allocation(struct trial *t)
{
    struct allocate_options options = trial_peer_options(t);
    struct relay relay;
    struct allocation other;
    if (!trial_relay(t, &relay))
        return;
    struct client *c = trial_allocated(t, &options, &other);
    if (!c)
        return;
    step_open_way(relay.peer, &other);
    if (step_expect_none_from_peer(t, c, &other, relay.peer,
                                   "data from the peer arrives by another allocation, "
                                   "which has no permission") &&
        step_expect_none_to_peer(t, c, 0, relay.peer,
                                 "data to the peer arrives by another allocation, which "
                                 "has no permission") &&
        step_expect_from_peer(t, &relay, NULL))
        trial_pass(t, "dropped by the allocation without a permission, relayed by the "
                      "other");
}
