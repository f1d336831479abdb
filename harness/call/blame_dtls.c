/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through the DTLS handshake (RFC 6347, RFC 9147), from its last flight to the
 * client's first ClientHello, which had to wait for ICE.
 *
 * A handshake message that a peer sends a second time, with nothing of DTLS come in since
 * the first, is a retransmission (RFC 6347 section 4.2.4): either it was lost, or the
 * other peer was not ready for it. What is encrypted cannot be told apart but by its
 * size.
 */
#include "call/blame_walk.h"

#include <string.h>

static bool is_handshake(const struct timeline_packet *packet)
{
    static const char prefix[] = "DTLS ";
    return packet->summary && g_str_has_prefix(packet->summary, prefix) &&
           !g_str_has_prefix(packet->summary + strlen(prefix), "application data") &&
           !strstr(packet->summary, "alert");
}

static bool is_hello(const struct timeline_packet *packet)
{
    return is_handshake(packet) && strstr(packet->summary, "ClientHello");
}

/* The first hello of either peer: who sent it is the client. */
static const struct timeline_packet *find_hello(const struct timeline *timeline,
                                                enum role *ret_client)
{
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (!packet->is_outward || !is_hello(packet))
            continue;
        for (enum role role = 0; role < N_ROLES; role++)
            if (find_is_at(timeline, packet, role)) {
                *ret_client = role;
                return packet;
            }
    }
    return NULL;
}

/* The handshake's last packet at a peer. */
static const struct timeline_packet *find_last(const struct timeline *timeline,
                                               enum role role, int64_t by_us)
{
    for (uint32_t i = timeline->packets->len; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->t_us <= by_us && is_handshake(packet) &&
            find_is_at(timeline, packet, role))
            return packet;
    }
    return NULL;
}

/* The packet that this one repeats; NULL: it is the first of its kind. */
static const struct timeline_packet *find_repeated(const struct timeline *timeline,
                                                   enum role role, uint32_t index)
{
    const struct timeline_packet *again = find_packet(timeline, index);
    const struct timeline_packet *found = NULL;
    for (uint32_t i = index; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (!is_handshake(packet) || !find_is_at(timeline, packet, role))
            continue;
        if (!packet->is_outward)
            break;
        if (packet->t_us < again->t_us && packet->size == again->size &&
            strcmp(packet->summary, again->summary) == 0)
            found = packet;
    }
    return found;
}

/* Who dropped a packet, by its id. */
static char *describe_loss(const struct timeline *timeline,
                           const struct timeline_packet *lost)
{
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->id == lost->id && packet->verdict == TIMELINE_DROPPED)
            return g_strdup_printf("%s is lost at %s (%s)", lost->summary,
                                   packet->element ? packet->element : "an element",
                                   packet->reason ? packet->reason : "no reason told");
    }
    return g_strdup_printf("%s is not answered", lost->summary);
}

/* From the last packet down to the hello, what was repeated counted for itself. */
static void walk_handshake(struct walk *walk, int64_t from_us)
{
    const struct timeline *timeline = walk->timeline;
    static const char text[] = "the handshake";
    for (uint32_t i = timeline->packets->len; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->t_us > walk->at_us || packet->t_us <= from_us ||
            !packet->is_outward || !is_handshake(packet))
            continue;
        for (enum role role = 0; role < N_ROLES; role++) {
            const struct timeline_packet *first = find_is_at(timeline, packet, role)
                                                      ? find_repeated(timeline, role, i)
                                                      : NULL;
            if (!first)
                continue;
            GArray *packets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
            g_array_append_val(packets, first->number);
            g_array_append_val(packets, packet->number);
            walk_back(walk, BLAME_DTLS, packet->t_us, role, NULL, g_strdup(text));
            walk_back(walk, BLAME_RETRANSMISSION, MAX(first->t_us, from_us), role,
                      packets, describe_loss(timeline, first));
        }
    }
}

bool walk_dtls(struct walk *walk, enum role role)
{
    const struct timeline *timeline = walk->timeline;
    enum role client = role;
    const struct timeline_packet *hello = find_hello(timeline, &client);
    const struct timeline_packet *last = find_last(timeline, role, walk->at_us);
    if (!hello || !last || hello->t_us > last->t_us)
        return false;
    walk_back(walk, BLAME_STACK, last->t_us, role, NULL,
              g_strdup("DTLS is done, and it is not yet connected"));
    walk_handshake(walk, hello->t_us);
    GArray *packets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_array_append_val(packets, hello->number);
    g_array_append_val(packets, last->number);
    walk_back(walk, BLAME_DTLS, hello->t_us, client, packets, g_strdup("the handshake"));
    walk_ice(walk, client);
    return true;
}
