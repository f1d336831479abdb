/* SPDX-License-Identifier: Apache-2.0 */
/* Cases P16 and P17: what ICMP and IP headers say (RFC 8656 §11.5, §14). */
#include "probes/cases/permission_cases.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/header_watch.h"

/* ---- ICMP ------------------------------------------------------------------------- */

/* The next Data indication with an ICMP attribute. */
static bool next_icmp(struct client *c, int64_t deadline_ns, struct stunmsg_icmp *ret,
                      bool *ret_has_peer, struct endpoint *ret_peer)
{
    for (;;) {
        struct stunmsg m;
        g_auto(auto_inbound) in = { 0 };
        if (!client_next(c, deadline_ns, &in, NULL))
            return false;
        if (stunmsg_decode(in.bytes, in.size, &m) != STUNMSG_OK ||
            m.class != STUNMSG_INDICATION || m.method != STUNMSG_DATA_INDICATION ||
            stunmsg_get_icmp(&m, ret) != STUNMSG_OK)
            continue;
        *ret_has_peer =
            stunmsg_get_address(&m, STUNMSG_XOR_PEER_ADDRESS, ret_peer) == STUNMSG_OK;
        return true;
    }
}

static void judge_icmp(struct trial *t, const struct stunmsg_icmp *icmp, bool has_peer,
                       const struct endpoint *said, const struct endpoint *peer)
{
    /* Port unreachable: RFC 792, RFC 4443 §3.1. */
    bool is_ipv6 = peer->address.family == ADDRESS_IPV6;
    unsigned type = is_ipv6 ? 1 : 3, code = is_ipv6 ? 4 : 3;
    char at[ENDPOINT_TEXT_SIZE], real[ENDPOINT_TEXT_SIZE];
    endpoint_format(said, at);
    endpoint_format(peer, real);
    if (!has_peer)
        trial_fail(t, "a Data indication with ICMP and without XOR-PEER-ADDRESS");
    else if (icmp->type != type || icmp->code != code)
        trial_fail(t, "ICMP type %u code %u, must be %u and %u", icmp->type, icmp->code,
                   type, code);
    else if (icmp->data != 0)
        trial_fail(t, "ICMP's error data is %u, must be 0", icmp->data);
    else if (!address_equal(&said->address, &peer->address) ||
             (said->port != 0 && said->port != peer->port)) /* 0: not known to it */
        trial_fail(t, "XOR-PEER-ADDRESS %s, while the closed port is %s", at, real);
    else
        trial_pass(t, "ICMP type %u code %u from %s", type, code, at);
}

void icmp_is_relayed(struct trial *t)
{
    enum { TRIES = 3 };
    struct relay relay;
    if (!trial_relay(t, &relay))
        return;
    struct peer *gone = trial_peer_beside(t, relay.peer);
    if (!gone)
        return;
    step_open_way(gone, &relay.allocation);
    trial_close_peer(gone);
    for (unsigned i = 0; i < TRIES; i++) {
        uint8_t payload[TRIAL_PAYLOAD_SIZE];
        struct stunmsg_icmp icmp;
        struct endpoint said = { 0 };
        bool has_peer = false;
        trial_payload(t, payload);
        turn_send(relay.client, &gone->address, payload, sizeof payload, NULL);
        if (next_icmp(relay.client, trial_soon_ns(t), &icmp, &has_peer, &said)) {
            judge_icmp(t, &icmp, has_peer, &said, &gone->address);
            return;
        }
    }
    trial_unsupported(t, "no ICMP attribute came for a closed port: the server does not "
                         "relay ICMP, or none reached it");
}

/* ---- DSCP and DF ------------------------------------------------------------------ */

enum { DSCP_SHIFT = 2, DSCP_AF41 = 34 }; /* the low two bits are ECN's (RFC 3168) */

static bool set_dscp(struct client *c, const struct endpoint *server, int dscp)
{
    int fd = connection_fd(client_connection(c)), byte = dscp << DSCP_SHIFT;
    return server->address.family == ADDRESS_IPV6
               ? setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &byte, sizeof byte) == 0
               : setsockopt(fd, IPPROTO_IP, IP_TOS, &byte, sizeof byte) == 0;
}

/* The DSCP that a payload arrives with; -1: not known; false: the verdict is said. */
static bool relay_dscp(struct trial *t, const struct relay *relay, int *ret_dscp)
{
    struct connection *peer = relay->peer->connection;
    if (!step_expect_to_peer(t, relay->client, 0, relay->peer))
        return false;
    int tos = connection_last_marks(peer).tos;
    *ret_dscp = tos < 0 ? -1 : tos >> DSCP_SHIFT;
    return true;
}

/* Sends with DONT-FRAGMENT; whether the header that arrives has DF. */
static gboolean relay_whole(struct trial *t, const struct relay *relay,
                            struct header_watch *watch, bool *ret_df, GError **error)
{
    enum { TRIES = 3 };
    struct draft send;
    struct ip_view ip;
    for (unsigned i = 0; i < TRIES; i++) {
        uint8_t payload[TRIAL_PAYLOAD_SIZE];
        g_clear_error(error);
        trial_payload(t, payload);
        client_begin(relay->client, &send, STUNMSG_SEND, STUNMSG_INDICATION);
        stunmsg_add_address(&send.b, STUNMSG_XOR_PEER_ADDRESS, &relay->peer->address);
        stunmsg_add(&send.b, STUNMSG_DATA, payload, sizeof payload);
        stunmsg_add_number(&send.b, STUNMSG_DONT_FRAGMENT, 0);
        if (!client_send(relay->client, &send, error))
            return FALSE;
        if (header_watch_find(watch, payload, sizeof payload, trial_soon_ns(t), &ip,
                              error)) {
            *ret_df = ip.dont_fragment;
            return TRUE;
        }
    }
    return FALSE;
}

/* A few words on DF; NULL: the verdict is said. Silence is right for a server that cannot
   set it: to that one the attribute is unknown (§11.2). */
static const char *judge_df(struct trial *t, const struct relay *relay)
{
    struct endpoint local = connection_local(relay->peer->connection);
    bool has_df = false;
    g_autoptr(GError) error = NULL;
    if (local.address.family != ADDRESS_IPV4)
        return "IPv6 has no DF";
    g_autoptr(auto_header_watch) watch = header_watch_open(&local, NULL);
    if (!watch)
        return "DF not looked at, which needs CAP_NET_RAW";
    if (!relay_whole(t, relay, watch, &has_df, &error))
        return "nothing relayed with DONT-FRAGMENT, as by a server that cannot set DF";
    if (has_df)
        return "DF set for DONT-FRAGMENT";
    trial_fail(t, "a Send indication with DONT-FRAGMENT is relayed without DF");
    return NULL;
}

void marks_are_relayed(struct trial *t)
{
    struct relay relay;
    int plain, marked;
    if (!trial_relay(t, &relay))
        return;
    struct endpoint server = connection_server(client_connection(relay.client));
    if (!relay_dscp(t, &relay, &plain))
        return;
    if (!set_dscp(relay.client, &server, DSCP_AF41)) {
        trial_inconclusive(t, "this machine does not let DSCP be set");
        return;
    }
    if (!relay_dscp(t, &relay, &marked))
        return;
    const char *df = judge_df(t, &relay);
    if (!df)
        return;
    if (plain < 0 || marked < 0)
        trial_inconclusive(t, "this machine does not tell DSCP; %s", df);
    else if (plain == 0 && marked == DSCP_AF41)
        trial_pass(t, "DSCP is copied; %s", df);
    else if (plain == marked && marked == 0)
        trial_pass(t, "DSCP is always best effort, the alternate behavior; %s", df);
    else if (plain == marked)
        trial_pass(t, "DSCP is always %d, by the server or a marker on the path; %s",
                   marked, df);
    else
        trial_fail(t, "DSCP %d arrives as %d, DSCP 0 as %d", DSCP_AF41, marked, plain);
}
