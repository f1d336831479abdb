/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent of libnice that gathers and does nothing else: full ICE, trickling, with
 * libnice's own timers (RTO 500 ms, three transmissions). UPnP is off: it would talk to
 * the router, not to the servers.
 *
 * Which TURN server gave a relayed candidate stands in its priority: bits 6 to 8 of the
 * local preference are the server's place in the agent's list. libnice's own question for
 * it, nice_candidate_relay_address(), is left alone: 0.1.21 aborts on the candidates that
 * it hands out. Of server-reflexive candidates it is not told who gave them: STUN and
 * TURN servers both do, and equal ones are dropped.
 *
 * Two habits of libnice show in what is gathered. Of several relayed candidates with one
 * address it keeps the first, whatever their ports and servers. And answers of a STUN
 * server that is a TURN server too are taken for relayed data once there is an allocation
 * on it, so that gathering goes on until the request times out, two seconds later.
 *
 * What libnice cannot do is said for each server instead of being tried: a second STUN
 * server, STUN and TURN over TLS (its "TURN over TLS" is Google's pseudo-TLS).
 *
 * RFC 8445 §5.1.1, §5.1.2.1 (priorities), RFC 6544 (TCP).
 */
#include "probes/core/gather_run.h"

#include <string.h>

#include <glib-unix.h>
#include <nice/agent.h>
#include <nice/interfaces.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

enum { MAX_TURN_SERVERS = 8, TURN_PLACE_SHIFT = 6, TURN_PLACE_MASK = 7 };

struct run {
    const struct gather_options *options;
    struct gather_result *result;
    NiceAgent *agent;
    guint stream;
    GMainLoop *loop;
    int64_t start_ns;
    bool is_closing;
    size_t turn[MAX_TURN_SERVERS]; /* which server has which place in the agent's list */
    size_t n_turn;
};

/* ---- Candidates ----------------------------------------------------------------- */

static const NiceCandidateType nice_types[] = {
    [CANDIDATE_HOST] = NICE_CANDIDATE_TYPE_HOST,
    [CANDIDATE_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
    [CANDIDATE_PRFLX] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
    [CANDIDATE_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
};
G_STATIC_ASSERT(G_N_ELEMENTS(nice_types) == CANDIDATE_N_TYPES);

static const NiceCandidateTransport nice_transports[] = {
    [CANDIDATE_TCP_NONE] = NICE_CANDIDATE_TRANSPORT_UDP,
    [CANDIDATE_TCP_ACTIVE] = NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE,
    [CANDIDATE_TCP_PASSIVE] = NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE,
    [CANDIDATE_TCP_SO] = NICE_CANDIDATE_TRANSPORT_TCP_SO,
};
G_STATIC_ASSERT(G_N_ELEMENTS(nice_transports) == CANDIDATE_N_TCP_TYPES);

static struct candidate_place place_of(const NiceAddress *address,
                                       enum candidate_tcp_type tcp_type)
{
    enum { DISCARD = 9 }; /* an active candidate's port (RFC 6544 §4.5) */
    struct candidate_place place = { 0 };
    char text[NICE_ADDRESS_STRING_LEN];
    guint port = nice_address_get_port(address);
    nice_address_to_string(address, text);
    address_parse(text, &place.endpoint.address);
    place.endpoint.port =
        port == 0 && tcp_type == CANDIDATE_TCP_ACTIVE ? DISCARD : (uint16_t)port;
    return place;
}

static struct candidate candidate_of(const NiceCandidate *nice)
{
    struct candidate c = { .component = (uint16_t)nice->component_id,
                           .priority = nice->priority };
    while (c.type + 1 < CANDIDATE_N_TYPES && nice_types[c.type] != nice->type)
        c.type++;
    while (c.tcp_type + 1 < CANDIDATE_N_TCP_TYPES &&
           nice_transports[c.tcp_type] != nice->transport)
        c.tcp_type++;
    c.transport = c.tcp_type == CANDIDATE_TCP_NONE ? CANDIDATE_UDP : CANDIDATE_TCP;
    c.place = place_of(&nice->addr, c.tcp_type);
    c.is_related = c.type != CANDIDATE_HOST && nice_address_is_valid(&nice->base_addr);
    if (c.is_related)
        c.related = place_of(&nice->base_addr, c.tcp_type);
    g_strlcpy(c.foundation, nice->foundation, sizeof c.foundation);
    return c;
}

static size_t server_of(const struct run *run, const struct candidate *c)
{
    size_t place = c->priority >> 8 >> TURN_PLACE_SHIFT & TURN_PLACE_MASK;
    return c->type == CANDIDATE_RELAY && place < run->n_turn ? run->turn[place]
                                                             : GATHER_NO_SERVER;
}

static void on_candidate(NiceAgent *agent, NiceCandidate *nice, struct run *run)
{
    (void)agent;
    struct gather_candidate found = { .after_ns = clock_now_ns() - run->start_ns,
                                      .candidate = candidate_of(nice) };
    found.server = server_of(run, &found.candidate);
    run->result->counts[found.candidate.type]++;
    if (found.server != GATHER_NO_SERVER) {
        struct gather_server *server = &run->result->servers[found.server];
        if (server->n_relayed++ == 0)
            server->first_ns = found.after_ns;
    }
    if (run->options->tell)
        run->options->tell(&found, run->options->data);
}

/* Nobody speaks with us yet; but without a reader the agent hears no server either. */
static void on_message(NiceAgent *agent, guint stream, guint component, guint size,
                       char *bytes, gpointer data)
{
    (void)agent, (void)stream, (void)component, (void)size, (void)bytes, (void)data;
}

/* libnice tells no reason but in its log, and there by name: "Agent: 0x…: s:1/c:1: Can't
 * resolve TURN server turn.example.org: …". */
static void on_log(const char *domain, GLogLevelFlags level, const char *text,
                   gpointer data)
{
    struct run *run = data;
    const char *reason = strstr(text, "Can't");
    (void)domain, (void)level;
    for (size_t i = 0; !run->is_closing && i < run->options->servers->n; i++) {
        struct gather_server *server = &run->result->servers[i];
        if (!server->unused && !server->complaint &&
            strstr(text, run->options->servers->servers[i].url.host))
            server->complaint = g_strdup(reason ? reason : text);
    }
}

/* ---- The end -------------------------------------------------------------------- */

static void on_gathered(NiceAgent *agent, guint stream, struct run *run)
{
    (void)agent, (void)stream;
    run->result->is_complete = true;
    g_main_loop_quit(run->loop);
}

static gboolean on_timeout(gpointer data)
{
    struct run *run = data;
    g_main_loop_quit(run->loop);
    return G_SOURCE_CONTINUE; /* removed with the others */
}

static gboolean on_interrupt(int fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition;
    return on_timeout(data);
}

/* ---- The agent ------------------------------------------------------------------ */

static bool is_wanted(const struct gather_options *o, const struct address *address)
{
    static const struct address link_local[] = {
        { ADDRESS_IPV4, { 169, 254 } },  /* RFC 3927 */
        { ADDRESS_IPV6, { 0xfe, 0x80 } } /* RFC 4291 §2.5.6 */
    };
    if (o->local.family != ADDRESS_NONE)
        return address_equal(address, &o->local);
    if (o->family != ADDRESS_NONE && address->family != o->family)
        return false;
    return !address_in_prefix(address, &link_local[0], 16) &&
           !address_in_prefix(address, &link_local[1], 10);
}

static void add_addresses(struct run *run)
{
    /* The loopback only where it is asked for. */
    bool is_chosen = run->options->local.family != ADDRESS_NONE;
    GList *texts = nice_interfaces_get_local_ips(is_chosen);
    for (GList *i = texts; i; i = i->next) {
        struct address address;
        NiceAddress nice;
        nice_address_init(&nice);
        if (address_parse(i->data, &address) && is_wanted(run->options, &address) &&
            nice_address_set_from_string(&nice, i->data) &&
            nice_agent_add_local_address(run->agent, &nice))
            run->result->n_addresses++;
    }
    g_list_free_full(texts, g_free);
}

static const char *add_stun(struct run *run, const struct ice_server *s, bool *has_stun)
{
    if (s->url.tls)
        return "libnice has no STUN over TLS";
    if (*has_stun)
        return "libnice takes one STUN server, and has another";
    *has_stun = true;
    g_object_set(run->agent, "stun-server", s->url.host, "stun-server-port",
                 (guint)ice_url_port(&s->url), NULL);
    return NULL;
}

static const char *add_turn(struct run *run, const struct ice_server *s, size_t index)
{
    NiceRelayType type =
        ice_url_is_tcp(&s->url) ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP;
    if (s->url.tls)
        return "libnice has no TURN over TLS";
    if (run->n_turn == MAX_TURN_SERVERS)
        return "libnice takes eight TURN servers, and has them";
    for (guint component = 1; component <= run->options->components; component++)
        if (!nice_agent_set_relay_info(run->agent, run->stream, component, s->url.host,
                                       ice_url_port(&s->url), s->username, s->credential,
                                       type))
            return "libnice refused it";
    run->turn[run->n_turn++] = index;
    return NULL;
}

static void add_servers(struct run *run)
{
    bool has_stun = false;
    for (size_t i = 0; i < run->options->servers->n; i++) {
        const struct ice_server *s = &run->options->servers->servers[i];
        run->result->servers[i].unused =
            s->url.turn ? add_turn(run, s, i) : add_stun(run, s, &has_stun);
    }
}

static void make_agent(struct run *run)
{
    const struct gather_options *o = run->options;
    run->agent = nice_agent_new_full(NULL, NICE_COMPATIBILITY_RFC5245,
                                     NICE_AGENT_OPTION_ICE_TRICKLE);
    g_object_set(run->agent, "upnp", FALSE, "ice-tcp", (gboolean)!o->is_udp_only,
                 "force-relay", (gboolean)o->is_relay_only, NULL);
    g_signal_connect(run->agent, "new-candidate-full", G_CALLBACK(on_candidate), run);
    g_signal_connect(run->agent, "candidate-gathering-done", G_CALLBACK(on_gathered),
                     run);
    run->stream = nice_agent_add_stream(run->agent, o->components);
    for (guint component = 1; component <= o->components; component++)
        nice_agent_attach_recv(run->agent, run->stream, component, NULL, on_message,
                               NULL);
    add_addresses(run);
    add_servers(run);
}

static gboolean gather(struct run *run, GError **error)
{
    if (run->result->n_addresses == 0) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                            "this machine has no such address to gather on");
        return FALSE;
    }
    run->start_ns = clock_now_ns();
    if (!nice_agent_gather_candidates(run->agent, run->stream)) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                            "libnice cannot gather: no socket could be bound");
        return FALSE;
    }
    int64_t timeout_ms = CLAMP(run->options->timeout_ns / NS_PER_MS, 1, G_MAXINT);
    guint timeout = g_timeout_add((guint)timeout_ms, on_timeout, run);
    guint interrupt = g_unix_fd_add(wait_interrupt_fd(), G_IO_IN, on_interrupt, run);
    if (!run->result->is_complete)
        g_main_loop_run(run->loop);
    run->result->duration_ns = clock_now_ns() - run->start_ns;
    g_source_remove(timeout);
    g_source_remove(interrupt);
    return TRUE;
}

/* May come after close_agent() gave up: so the loop is its own reference, and all it has.
 */
static void on_closed(GObject *agent, GAsyncResult *result, gpointer data)
{
    GMainLoop *loop = data;
    (void)agent, (void)result;
    g_main_loop_quit(loop);
    g_main_loop_unref(loop);
}

/* Gives the allocations back, if the servers let it. */
static void close_agent(struct run *run)
{
    enum { GOODBYE_MS = 1000 };
    g_signal_handlers_disconnect_by_data(run->agent, run);
    guint timeout = g_timeout_add(GOODBYE_MS, on_timeout, run);
    nice_agent_close_async(run->agent, on_closed, g_main_loop_ref(run->loop));
    g_main_loop_run(run->loop);
    g_source_remove(timeout);
    g_object_unref(run->agent);
}

void gather_result_clear(struct gather_result *result)
{
    for (size_t i = 0; i < G_N_ELEMENTS(result->servers); i++)
        g_free(result->servers[i].complaint);
    *result = (struct gather_result){ 0 };
}

gboolean gather_run(const struct gather_options *options, struct gather_result *ret,
                    GError **error)
{
    static const GLogLevelFlags logged =
        G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE;
    struct gather_result result = { 0 };
    struct run run = { .options = options,
                       .result = &result,
                       .loop = g_main_loop_new(NULL, FALSE) };
    guint log = g_log_set_handler("libnice", logged, on_log, &run);
    make_agent(&run);
    gboolean done = gather(&run, error);
    run.is_closing = true; /* what it complains of then is that it was ended */
    close_agent(&run);
    g_log_remove_handler("libnice", log);
    g_main_loop_unref(run.loop);
    if (done)
        *ret = result;
    else
        gather_result_clear(&result);
    return done;
}
