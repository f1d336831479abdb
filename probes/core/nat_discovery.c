/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of RFC 5780 §4 and §3.4, one after the other; the lifetime is in
 * nat_lifetime.c.
 *
 * Filtering is told by silence, which has other causes too. So where the server's other
 * address was not heard, the filter is opened for it and it is asked for once more: what
 * stays silent then is the server. That shows nothing behind a NAT whose mapping is not
 * endpoint-independent, where opening the filter opens another mapping's.
 *
 * RFC 5780 §3.4, §4.1 to §4.4; RFC 4787 §4.1, §5, §6; RFC 3489 §5.
 */
#include "probes/core/nat_discovery.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/nat_discovery_internal.h"
#include "probes/core/wait.h"

/* ---- Names ------------------------------------------------------------------------ */

const char *nat_behaviour_name(enum nat_behaviour behaviour)
{
    static const char *const names[NAT_BEHAVIOUR_N] = {
#define X(symbol, name) [NAT_BEHAVIOUR_##symbol] = name,
        NAT_BEHAVIOURS(X)
#undef X
    };
    return names[behaviour];
}

const char *nat_classic_name(bool is_translated, enum nat_behaviour mapping,
                             enum nat_behaviour filtering)
{
    static const char *const cones[NAT_BEHAVIOUR_N] = {
        [NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT] = "full cone",
        [NAT_BEHAVIOUR_ADDRESS_DEPENDENT] = "restricted cone",
        [NAT_BEHAVIOUR_ADDRESS_AND_PORT_DEPENDENT] = "port-restricted cone",
    };
    if (!is_translated)
        return filtering == NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT ? "open Internet"
                                                               : "symmetric UDP firewall";
    return mapping == NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT ? cones[filtering] : "symmetric";
}

/* ---- Asking ----------------------------------------------------------------------- */

struct connection *nat_discovery_socket(struct nat_discovery *d, GError **error)
{
    enum { TRIES = 8, FIRST_PORT = 32768, N_PORTS = 32768 }; /* RFC 5780 §4.1 */
    struct endpoint local = d->options.local;
    if (local.address.family == ADDRESS_NONE)
        local.address.family = d->options.server.address.family;
    for (unsigned i = 0; i < TRIES; i++) {
        local.port = (uint16_t)(FIRST_PORT + rng_below(&d->rng, N_PORTS));
        struct connection *c = connection_open_peer(&local, d->options.transcript, NULL);
        if (c)
            return c;
    }
    local.port = 0; /* all are taken, or something else is wrong, which this says */
    return connection_open_peer(&local, d->options.transcript, error);
}

struct client_timing nat_discovery_brief(const struct nat_discovery *d)
{
    enum { TRANSMISSIONS = 3, LAST = 3 };
    struct client_timing timing = d->options.timing;
    timing.rc = MIN(timing.rc, (unsigned)TRANSMISSIONS);
    timing.rm = LAST;
    return timing;
}

void nat_discovery_begin_request(struct nat_discovery *d, struct draft *ret_request)
{
    draft_begin(ret_request, &d->rng, STUNMSG_BINDING, STUNMSG_REQUEST);
}

static gboolean read_mapped(const struct answer *answer, struct endpoint *ret,
                            GError **error)
{
    if (answer->message.class != STUNMSG_SUCCESS) {
        g_autofree char *said = answer_describe(answer);
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_ANSWER, "the server answers %s",
                    said);
        return FALSE;
    }
    if (stunmsg_get_address(&answer->message, STUNMSG_XOR_MAPPED_ADDRESS, ret) ==
        STUNMSG_OK)
        return TRUE;
    g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                        "the server's answer has no readable XOR-MAPPED-ADDRESS");
    return FALSE;
}

gboolean nat_discovery_ask(const struct binding_way *way, const struct draft *request,
                           struct heard *ret_heard, struct endpoint *ret_mapped,
                           GError **error)
{
    struct endpoint mapped;
    g_auto(auto_heard) heard = { 0 };
    if (!binding_ask(way, request, &heard, error) ||
        !read_mapped(&heard.answer, &mapped, error))
        return FALSE;
    *ret_mapped = mapped;
    *ret_heard = heard;
    heard = (struct heard){ .at = NULL };
    return TRUE;
}

gboolean nat_discovery_bind(struct nat_discovery *d, struct connection *socket,
                            const struct endpoint *to, struct endpoint *ret_mapped,
                            GError **error)
{
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    const struct binding_way way = { .by = socket,
                                     .to = *to,
                                     .timing = d->options.timing };
    nat_discovery_begin_request(d, &request);
    return nat_discovery_ask(&way, &request, &heard, ret_mapped, error);
}

/* ---- Test I ----------------------------------------------------------------------- */

/* The address that packets to a server leave by: a socket that hears everybody has none
   of its own. */
static gboolean find_local(const struct nat_discovery_options *options,
                           struct endpoint *ret, GError **error)
{
    const struct connection_options how = { .transport = PROBE_UDP,
                                            .server = options->server,
                                            .local = options->local };
    g_autoptr(auto_connection) c =
        connection_open(&how, clock_now_ns() + NS_PER_S, NULL, NULL, error);
    if (!c)
        return FALSE;
    *ret = connection_local(c);
    return TRUE;
}

static gboolean look_at_server(struct nat_discovery *d, GError **error)
{
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(auto_connection) socket = nat_discovery_socket(d, error);
    if (!socket)
        return FALSE;
    const struct binding_way way = { .by = socket,
                                     .to = d->options.server,
                                     .timing = d->options.timing };
    nat_discovery_begin_request(d, &request);
    if (!nat_discovery_ask(&way, &request, &heard, &d->view.mapped, error))
        return FALSE;
    d->view.local = connection_local(socket);
    stunmsg_get_address(&heard.answer.message, STUNMSG_OTHER_ADDRESS, &d->view.other);
    return TRUE;
}

struct nat_discovery *nat_discovery_begin(const struct nat_discovery_options *options,
                                          GError **error)
{
    struct nat_discovery *d = g_new0(struct nat_discovery, 1);
    d->options = *options;
    d->rng = options->rng;
    if (find_local(options, &d->options.local, error) && look_at_server(d, error))
        return d;
    nat_discovery_free(d);
    return NULL;
}

void nat_discovery_free(struct nat_discovery *d)
{
    g_free(d);
}

struct nat_view nat_discovery_view(const struct nat_discovery *d)
{
    return d->view;
}

static gboolean need_other(const struct nat_discovery *d, GError **error)
{
    const struct endpoint *server = &d->options.server, *other = &d->view.other;
    char text[ENDPOINT_TEXT_SIZE];
    if (other->address.family == ADDRESS_NONE) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "the server names no OTHER-ADDRESS: it does not serve RFC "
                            "5780, or has one address only");
        return FALSE;
    }
    if (other->address.family != server->address.family ||
        address_equal(&other->address, &server->address) || other->port == server->port ||
        other->port == 0 || address_is_multicast(&other->address)) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                    "the server's OTHER-ADDRESS %s is not another address and port",
                    endpoint_format(other, text));
        return FALSE;
    }
    return TRUE;
}

/* Silence at the other address is the server's, or its network's: it was asked for what
   any NAT lets pass. */
static void blame_other(GError **error)
{
    if (error && g_error_matches(*error, PROBE_ERROR, PROBE_ERROR_SILENT)) {
        (*error)->code = PROBE_ERROR_ANSWER;
        g_prefix_error(error, "the server's OTHER-ADDRESS cannot be reached: ");
    }
}

/* ---- Mapping ---------------------------------------------------------------------- */

static enum nat_behaviour judge_mapping(const struct nat_mapping *m)
{
    if (!m->is_translated || endpoint_equal(&m->mapped[0], &m->mapped[1]))
        return NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT;
    return endpoint_equal(&m->mapped[1], &m->mapped[2])
               ? NAT_BEHAVIOUR_ADDRESS_DEPENDENT
               : NAT_BEHAVIOUR_ADDRESS_AND_PORT_DEPENDENT;
}

/* Where no NAT is seen the second test is made nevertheless: there may be one on the way
   to the other address. */
static bool is_decided(const struct nat_mapping *m)
{
    return m->n_tests == 2 && endpoint_equal(&m->mapped[0], &m->mapped[1]);
}

gboolean nat_discovery_mapping(struct nat_discovery *d, struct nat_mapping *ret,
                               GError **error)
{
    const struct endpoint *server = &d->options.server, *other = &d->view.other;
    struct nat_mapping m = {
        .to = { *server, { other->address, server->port }, *other },
    };
    GError *cause = NULL;
    if (!need_other(d, error))
        return FALSE;
    g_autoptr(auto_connection) socket = nat_discovery_socket(d, error);
    if (!socket)
        return FALSE;
    m.local = connection_local(socket);
    while (m.n_tests < G_N_ELEMENTS(m.to) && !is_decided(&m)) {
        if (!nat_discovery_bind(d, socket, &m.to[m.n_tests], &m.mapped[m.n_tests],
                                &cause)) {
            if (m.n_tests > 0)
                blame_other(&cause);
            g_propagate_error(error, cause);
            return FALSE;
        }
        m.n_tests++;
    }
    for (unsigned i = 0; i < m.n_tests; i++)
        m.is_translated |= !endpoint_equal(&m.mapped[i], &m.local);
    m.behaviour = judge_mapping(&m);
    *ret = m;
    return TRUE;
}

/* ---- Filtering -------------------------------------------------------------------- */

enum change { CHANGE_HEARD, CHANGE_SILENT, CHANGE_FAILED };

/* Whether an answer from elsewhere gets through. */
static enum change ask_change(struct nat_discovery *d, struct connection *socket,
                              uint32_t flags, GError **error)
{
    struct draft request;
    struct endpoint mapped;
    g_auto(auto_heard) heard = { 0 };
    GError *cause = NULL;
    const struct binding_way way = { .by = socket,
                                     .to = d->options.server,
                                     .timing = nat_discovery_brief(d) };
    nat_discovery_begin_request(d, &request);
    stunmsg_add_number(&request.b, STUNMSG_CHANGE_REQUEST, flags);
    if (!nat_discovery_ask(&way, &request, &heard, &mapped, &cause)) {
        if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT)) {
            g_error_free(cause);
            return CHANGE_SILENT;
        }
        g_propagate_prefixed_error(error, cause, "CHANGE-REQUEST: ");
        return CHANGE_FAILED;
    }
    if (!endpoint_equal(&heard.from, &d->options.server))
        return CHANGE_HEARD;
    g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                        "the server answers CHANGE-REQUEST from the same address: it "
                        "does not honour it");
    return CHANGE_FAILED;
}

/* Whether silence was the filter's: it is opened for the server's other address, which
   then must be heard if the mapping is the same. */
static gboolean check_silence(struct nat_discovery *d, struct connection *socket,
                              const struct endpoint *mapped, bool *ret_is_certain,
                              GError **error)
{
    struct endpoint to_other;
    GError *cause = NULL;
    if (!nat_discovery_bind(d, socket, &d->view.other, &to_other, &cause)) {
        blame_other(&cause);
        g_propagate_error(error, cause);
        return FALSE;
    }
    *ret_is_certain = endpoint_equal(&to_other, mapped);
    if (!*ret_is_certain)
        return TRUE;
    switch (ask_change(d, socket, STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT, error)) {
    case CHANGE_HEARD:
        return TRUE;
    case CHANGE_SILENT:
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "the server does not answer from its other address, even "
                            "where the way is open");
        return FALSE;
    case CHANGE_FAILED:
        break;
    }
    return FALSE;
}

gboolean nat_discovery_filtering(struct nat_discovery *d, struct nat_filtering *ret,
                                 GError **error)
{
    static const struct {
        uint32_t flags;
        enum nat_behaviour if_heard;
    } tests[] = { { STUNMSG_CHANGE_IP | STUNMSG_CHANGE_PORT,
                    NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT },
                  { STUNMSG_CHANGE_PORT, NAT_BEHAVIOUR_ADDRESS_DEPENDENT } };
    struct nat_filtering f = { .behaviour = NAT_BEHAVIOUR_ADDRESS_AND_PORT_DEPENDENT };
    struct endpoint mapped;
    if (!need_other(d, error))
        return FALSE;
    g_autoptr(auto_connection) socket = nat_discovery_socket(d, error);
    if (!socket || !nat_discovery_bind(d, socket, &d->options.server, &mapped, error))
        return FALSE;
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        enum change change = ask_change(d, socket, tests[i].flags, error);
        if (change == CHANGE_FAILED)
            return FALSE;
        if (change == CHANGE_SILENT)
            continue;
        f.behaviour = tests[i].if_heard;
        break;
    }
    f.is_certain = f.behaviour == NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT;
    if (!f.is_certain && !check_silence(d, socket, &mapped, &f.is_certain, error))
        return FALSE;
    *ret = f;
    return TRUE;
}

/* ---- Hairpinning ------------------------------------------------------------------ */

/* One end: its socket, where it is seen, and the request that it sends to the other's. */
struct end {
    struct connection *socket;
    struct endpoint mapped;
    struct draft request;
};

/* Whether an end has heard the other's request, and from where. */
static bool has_heard(struct end *end, const struct end *other, struct endpoint *ret_from)
{
    struct received in;
    struct stunmsg m;
    while (connection_receive_from(end->socket, 0, &in, ret_from, NULL))
        if (stunmsg_decode(in.bytes, in.size, &m) == STUNMSG_OK &&
            m.class == STUNMSG_REQUEST &&
            memcmp(m.transaction, draft_transaction(&other->request),
                   sizeof m.transaction) == 0)
            return true;
    return false;
}

/* Both ends send, so that each opens its filter for the other, and both listen. */
static gboolean try_hairpin(struct nat_discovery *d, struct end ends[2],
                            struct nat_hairpin *ret, GError **error)
{
    enum { TRIES = 3 };
    struct pollfd fds[2] = { { .fd = connection_fd(ends[0].socket), .events = POLLIN },
                             { .fd = connection_fd(ends[1].socket), .events = POLLIN } };
    for (unsigned i = 0; i < TRIES; i++) {
        int64_t until_ns = clock_now_ns() + d->options.timing.rto_ms * NS_PER_MS;
        for (unsigned e = 0; e < 2; e++)
            if (!connection_send_to(ends[e].socket, &ends[1 - e].mapped,
                                    ends[e].request.bytes, draft_size(&ends[e].request),
                                    error))
                return FALSE;
        while (clock_now_ns() < until_ns &&
               wait_for(fds, G_N_ELEMENTS(fds), until_ns) == WAIT_READY) {
            for (unsigned e = 0; e < 2; e++) {
                struct endpoint from;
                if (!has_heard(&ends[e], &ends[1 - e], &from))
                    continue;
                ret->works = true;
                ret->has_external_source =
                    address_equal(&from.address, &ends[1 - e].mapped.address);
                return TRUE;
            }
        }
        if (wait_is_interrupted())
            return wait_until(until_ns, error);
    }
    return TRUE;
}

gboolean nat_discovery_hairpin(struct nat_discovery *d, struct nat_hairpin *ret,
                               GError **error)
{
    struct nat_hairpin h = { .is_translated = false };
    g_autoptr(auto_connection) a = nat_discovery_socket(d, error);
    if (!a)
        return FALSE;
    g_autoptr(auto_connection) b = nat_discovery_socket(d, error);
    if (!b)
        return FALSE;
    struct end ends[2] = { { .socket = a }, { .socket = b } };
    for (unsigned e = 0; e < 2; e++) {
        struct endpoint local = connection_local(ends[e].socket);
        if (!nat_discovery_bind(d, ends[e].socket, &d->options.server, &ends[e].mapped,
                                error))
            return FALSE;
        h.is_translated |= !endpoint_equal(&local, &ends[e].mapped);
        nat_discovery_begin_request(d, &ends[e].request);
    }
    if (h.is_translated && !try_hairpin(d, ends, &h, error))
        return FALSE;
    *ret = h;
    return TRUE;
}
