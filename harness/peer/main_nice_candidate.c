/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/main_nice_candidate.h"

#include "peer/peer_event.h"

/* What both sides have names for. */
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

static enum candidate_type type_of(NiceCandidateType type)
{
    enum candidate_type i = CANDIDATE_HOST;
    while (i + 1 < CANDIDATE_N_TYPES && nice_types[i] != type)
        i++;
    return i;
}

static enum candidate_tcp_type tcp_type_of(NiceCandidateTransport transport)
{
    enum candidate_tcp_type i = CANDIDATE_TCP_NONE;
    while (i + 1 < CANDIDATE_N_TCP_TYPES && nice_transports[i] != transport)
        i++;
    return i;
}

/* RFC 6544 section 4.5: an active candidate's port is 9, "discard". */
static uint16_t port_of(const NiceAddress *address, NiceCandidateTransport transport)
{
    guint port = nice_address_get_port(address);
    return port == 0 && transport == NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE ? 9
                                                                         : (uint16_t)port;
}

static struct candidate_place place_of(const NiceAddress *address,
                                       NiceCandidateTransport transport)
{
    struct candidate_place place = { .endpoint.port = port_of(address, transport) };
    char text[NICE_ADDRESS_STRING_LEN];
    nice_address_to_string(address, text);
    address_parse(text, &place.endpoint.address);
    return place;
}

struct candidate candidate_from_nice(const NiceCandidate *nice)
{
    struct candidate c = {
        .component = (uint16_t)nice->component_id,
        .priority = nice->priority,
        .place = place_of(&nice->addr, nice->transport),
        .type = type_of(nice->type),
        .tcp_type = tcp_type_of(nice->transport),
    };
    c.transport = c.tcp_type == CANDIDATE_TCP_NONE ? CANDIDATE_UDP : CANDIDATE_TCP;
    g_strlcpy(c.foundation, nice->foundation, sizeof c.foundation);
    c.is_related =
        nice->type != NICE_CANDIDATE_TYPE_HOST && nice_address_is_valid(&nice->base_addr);
    if (c.is_related)
        c.related = place_of(&nice->base_addr, nice->transport);
    return c;
}

static void set_address(NiceAddress *address, const struct candidate_place *place)
{
    char text[ADDRESS_TEXT_SIZE];
    nice_address_init(address);
    if (!place->name[0] && nice_address_set_from_string(
                               address, address_format(&place->endpoint.address, text)))
        nice_address_set_port(address, place->endpoint.port);
}

NiceCandidate *candidate_to_nice(const struct candidate *c, guint stream)
{
    NiceCandidate *nice = nice_candidate_new(nice_types[c->type]);
    nice->transport = nice_transports[c->tcp_type];
    nice->component_id = c->component;
    nice->stream_id = stream;
    nice->priority = c->priority;
    g_strlcpy(nice->foundation, c->foundation, sizeof nice->foundation);
    set_address(&nice->addr, &c->place);
    nice_address_init(&nice->base_addr);
    if (c->is_related)
        set_address(&nice->base_addr, &c->related);
    return nice;
}

json_t *nice_candidate_event(const NiceCandidate *nice)
{
    struct candidate c = candidate_from_nice(nice);
    char text[CANDIDATE_LINE_SIZE] = "";
    candidate_format(&c, text, sizeof text);
    return peer_event_candidate(&c, text);
}
