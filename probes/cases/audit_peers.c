/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases X04 to X09: where a relay lets its users go. Each address is named in a
 * request and nothing is ever sent to it. CreatePermission and ChannelBind make the
 * server send nothing there either; Connect, where it is not refused, makes it open a
 * connection, and so is tried with --intrusive alone.
 */
#include "probes/cases/audit_internal.h"

#include <string.h>

#include "probes/cases/peer_ranges.h"
#include "probes/core/error.h"

enum { DISCARD_PORT = 9, MOST_NAMED = 6 };

/* Asks a server about many addresses, and keeps what it said. */
struct inquiry {
    struct trial *t;
    uint16_t method;          /* CreatePermission or ChannelBind */
    struct client *ipv4;      /* with an allocation of IPv4, or what the server gives */
    struct client *ipv6;      /* of IPv6; NULL: the server has none */
    uint16_t channel;         /* the next one */
    unsigned n_refused;       /* by 403 */
    unsigned n_out_of_family; /* by 443, for want of a relay of IPv6 */
    unsigned n_allowed, n_odd;
    GString *allowed,
        *odd; /* the first of those allowed, and of those with other codes */
};

static bool inquiry_begin(struct inquiry *q, struct trial *t, uint16_t method)
{
    static const struct allocate_options over_ipv6 = { .family = ADDRESS_IPV6 };
    struct allocation allocation;
    *q = (struct inquiry){ .t = t, .method = method, .channel = STUNMSG_CHANNEL_MIN };
    q->ipv4 = trial_allocated(t, NULL, &allocation);
    if (!q->ipv4)
        return false;
    if (subject_can(trial_subject(t), CAN(RELAY_IPV6))) {
        q->ipv6 = trial_allocated(t, &over_ipv6, &allocation);
        if (!q->ipv6)
            return false;
    }
    q->allowed = g_string_new(NULL);
    q->odd = g_string_new(NULL);
    return true;
}

static void inquiry_clear(struct inquiry *q)
{
    if (q->allowed)
        g_string_free(q->allowed, TRUE);
    if (q->odd)
        g_string_free(q->odd, TRUE);
}
typedef struct inquiry auto_inquiry; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_inquiry, inquiry_clear)

/* Asks about one address. @return false if there is no answer, and a verdict on that */
static bool ask(struct inquiry *q, const struct address *a, unsigned *ret_code)
{
    struct client *c = a->family == ADDRESS_IPV6 && q->ipv6 ? q->ipv6 : q->ipv4;
    struct endpoint peer = { .address = *a, .port = DISCARD_PORT };
    struct draft request;
    g_auto(auto_outcome) outcome = { 0 };
    client_begin(c, &request, q->method, STUNMSG_REQUEST);
    if (q->method == STUNMSG_CHANNEL_BIND)
        stunmsg_add_number(&request.b, STUNMSG_CHANNEL_NUMBER, q->channel++);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
    if (!trial_request(q->t, c, &request, &outcome))
        return false;
    *ret_code = outcome.code;
    return true;
}

static void append(GString *list, unsigned *count, const char *text)
{
    if (++*count <= MOST_NAMED)
        g_string_append_printf(list, "%s%s", *count > 1 ? ", " : "", text);
    else if (*count == MOST_NAMED + 1)
        g_string_append(list, " and others");
}

static void record(struct inquiry *q, const struct address *a, const char *name,
                   unsigned code)
{
    char at[ADDRESS_TEXT_SIZE];
    address_format(a, at);
    if (code == STUNMSG_CODE_FORBIDDEN) {
        q->n_refused++;
    } else if (code == STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH && !q->ipv6 &&
               a->family == ADDRESS_IPV6) {
        q->n_out_of_family++;
    } else if (code == 0) {
        g_autofree char *text = g_strdup_printf("%s (%s)", at, name);
        append(q->allowed, &q->n_allowed, text);
    } else {
        g_autofree char *text = g_strdup_printf("%u for %s (%s)", code, at, name);
        append(q->odd, &q->n_odd, text);
    }
}

static void conclude(struct inquiry *q)
{
    if (q->n_allowed > 0)
        trial_fail(q->t, "%u allowed: %s", q->n_allowed, q->allowed->str);
    else if (q->n_odd > 0)
        trial_fail(q->t, "refused, but not by 403: %s", q->odd->str);
    else if (q->n_out_of_family > 0)
        trial_pass(q->t, "%u refused; %u of IPv6 by 443, the server relays none",
                   q->n_refused, q->n_out_of_family);
    else
        trial_pass(q->t, "%u refused", q->n_refused);
}

/* All samples of a range. */
static bool ask_range(struct inquiry *q, const struct peer_range *range)
{
    struct address samples[PEER_RANGE_MAX_SAMPLES];
    size_t n = peer_range_samples(range, samples);
    for (size_t i = 0; i < n; i++) {
        unsigned code;
        if (!ask(q, &samples[i], &code))
            return false;
        record(q, &samples[i], range->name, code);
    }
    return true;
}

static void must_refuse(struct trial *t, enum peer_rule rule)
{
    g_auto(auto_inquiry) q = { 0 };
    if (!inquiry_begin(&q, t, STUNMSG_CREATE_PERMISSION))
        return;
    for (size_t i = 0; i < peer_ranges_count; i++)
        if (peer_ranges[i].rule == rule && !ask_range(&q, &peer_ranges[i]))
            return;
    conclude(&q);
}

void audit_own_peers(struct trial *t)
{
    must_refuse(t, PEER_RULE_SELF);
}

void audit_local_peers(struct trial *t)
{
    must_refuse(t, PEER_RULE_LOCAL);
}

/* ---- X06: the policy -------------------------------------------------------------- */

/* What is done with a range, of which all or some may be allowed. */
static bool describe_range(struct inquiry *q, const struct peer_range *range,
                           GString *out)
{
    unsigned allowed = q->n_allowed, refused = q->n_refused, odd = q->n_odd;
    if (!ask_range(q, range))
        return false;
    allowed = q->n_allowed - allowed;
    refused = q->n_refused - refused;
    odd = q->n_odd - odd;
    g_string_append_printf(out, "%s%s/%u (%s) %s", out->len ? "; " : "", range->prefix,
                           range->bits, range->name,
                           allowed && (refused || odd) ? "in part"
                           : allowed                   ? "allowed"
                           : refused || odd            ? "refused"
                                                       : "not of a family it relays");
    return true;
}

void audit_policy_peers(struct trial *t)
{
    g_autoptr(GString) policy = g_string_new(NULL), never = g_string_new(NULL);
    g_auto(auto_inquiry) q = { 0 };
    unsigned n_never_allowed = 0;
    if (!inquiry_begin(&q, t, STUNMSG_CREATE_PERMISSION))
        return;
    for (size_t i = 0; i < peer_ranges_count; i++) {
        const struct peer_range *range = &peer_ranges[i];
        unsigned before = q.n_allowed;
        if (range->rule != PEER_RULE_NEVER && range->rule != PEER_RULE_POLICY)
            continue;
        if (!describe_range(&q, range, policy))
            return;
        if (range->rule == PEER_RULE_NEVER && q.n_allowed > before &&
            !strstr(never->str, range->name))
            append(never, &n_never_allowed, range->name);
    }
    if (n_never_allowed > 0)
        trial_warn(t, "%s allowed, which no peer has: %s", never->str, policy->str);
    else
        trial_info(t, "%s", policy->str);
}

/* ---- X07: disguises --------------------------------------------------------------- */

static bool must_be_refused(const struct peer_range *range)
{
    return range->rule == PEER_RULE_SELF || range->rule == PEER_RULE_LOCAL;
}

void audit_disguised_peers(struct trial *t)
{
    g_auto(auto_inquiry) q = { 0 };
    if (!inquiry_begin(&q, t, STUNMSG_CREATE_PERMISSION))
        return;
    for (size_t i = 0; i < peer_ranges_count; i++) {
        struct address samples[PEER_RANGE_MAX_SAMPLES];
        peer_range_samples(&peer_ranges[i], samples);
        if (!must_be_refused(&peer_ranges[i]) || samples[0].family != ADDRESS_IPV4)
            continue;
        for (unsigned d = 0; d < PEER_N_DISGUISES; d++) {
            struct address a = peer_disguise(&samples[0], (enum peer_disguise)d);
            unsigned code;
            if (!ask(&q, &a, &code))
                return;
            record(&q, &a, peer_disguise_name((enum peer_disguise)d), code);
        }
    }
    conclude(&q);
}

/* ---- X08: the server itself ------------------------------------------------------- */

static bool describe_peer(struct inquiry *q, const struct endpoint *peer,
                          const char *name, GString *out)
{
    char at[ADDRESS_TEXT_SIZE];
    unsigned code;
    if (peer->address.family == ADDRESS_NONE)
        return true;
    if (!ask(q, &peer->address, &code))
        return false;
    g_string_append_printf(out, "%s%s (%s) ", out->len ? "; " : "",
                           address_format(&peer->address, at), name);
    if (code == 0)
        g_string_append(out, "allowed");
    else
        g_string_append_printf(out, "refused by %u", code);
    return true;
}

void audit_server_as_peer(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    g_autoptr(GString) out = g_string_new(NULL);
    struct allocation allocation;
    g_auto(auto_inquiry) q = { 0 };
    if (!inquiry_begin(&q, t, STUNMSG_CREATE_PERMISSION) ||
        !trial_allocated(t, NULL, &allocation))
        return;
    if (describe_peer(&q, &s->servers[s->transport], "where it listens", out) &&
        describe_peer(&q, &allocation.relayed, "where it relays", out) &&
        describe_peer(&q, &s->other_address, "its other address", out))
        trial_info(t, "%s", out->str);
}

/* ---- X09: the same by other methods ----------------------------------------------- */

/* What ChannelBind lets through though CreatePermission does not. What both let through
   X04 and X05 tell. */
static bool try_binds(struct inquiry *binds, struct inquiry *permissions)
{
    for (size_t i = 0; i < peer_ranges_count; i++) {
        struct address samples[PEER_RANGE_MAX_SAMPLES];
        size_t n = must_be_refused(&peer_ranges[i])
                       ? peer_range_samples(&peer_ranges[i], samples)
                       : 0;
        for (size_t k = 0; k < n; k++) {
            unsigned permitted, bound;
            if (!ask(permissions, &samples[k], &permitted) ||
                (permitted > 0 && !ask(binds, &samples[k], &bound)))
                return false;
            if (permitted > 0)
                record(binds, &samples[k], peer_ranges[i].name, bound);
        }
    }
    return true;
}

/* Connects of an allocation of TCP, until one is not refused: more would do more harm. */
static void try_connects(struct trial *t, unsigned n_binds)
{
    static const struct allocate_options over_tcp = { .protocol = TURN_PROTOCOL_TCP };
    enum probe_transport transport = trial_subject(t)->transport;
    struct allocation allocation;
    unsigned n_refused = 0;
    struct client *c =
        trial_client_over(t, transport_is_stream(transport) ? transport : PROBE_TCP);
    if (!c || !trial_allocate(t, c, &over_tcp, &allocation))
        return;
    for (size_t i = 0; i < peer_ranges_count; i++) {
        struct address samples[PEER_RANGE_MAX_SAMPLES];
        struct draft request;
        char at[ADDRESS_TEXT_SIZE];
        g_auto(auto_answer) answer = { 0 };
        g_autoptr(GError) error = NULL;
        peer_range_samples(&peer_ranges[i], samples);
        struct endpoint peer = { .address = samples[0], .port = DISCARD_PORT };
        if (!must_be_refused(&peer_ranges[i]) ||
            samples[0].family != allocation.relayed.address.family)
            continue;
        if (turn_permit(c, &peer, 1, NULL))
            continue; /* allowed by CreatePermission too */
        client_begin(c, &request, STUNMSG_CONNECT, STUNMSG_REQUEST);
        stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, &peer);
        gboolean is_connected = client_request(c, &request, &answer, &error);
        if (!is_connected && client_last_code(c) == STUNMSG_CODE_FORBIDDEN) {
            n_refused++;
            continue;
        }
        trial_fail(t, "Connect to %s (%s): %s, must be 403",
                   address_format(&peer.address, at), peer_ranges[i].name,
                   is_connected ? "success" : error->message);
        return;
    }
    trial_pass(t, "%u refused to ChannelBind, %u to Connect", n_binds, n_refused);
}

void audit_other_methods(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    g_auto(auto_inquiry) binds = { 0 }, permissions = { 0 };
    if (!inquiry_begin(&binds, t, STUNMSG_CHANNEL_BIND) ||
        !inquiry_begin(&permissions, t, STUNMSG_CREATE_PERMISSION) ||
        !try_binds(&binds, &permissions))
        return;
    conclude(&binds);
    if (trial_verdict(t) == VERDICT_PASS && s->allows_intrusion &&
        subject_can(s, CAN(TCP_RELAY)))
        try_connects(t, binds.n_refused);
}
