/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer's STUN and TURN servers did for it: refused, were silent, or could not be
 * reached. The first error 401 of an allocation asks for credentials (RFC 8489 section
 * 9.2.4), so that an error counts only where it was the server's last word: the peer did
 * not ask once more, whether that was granted or nobody answered.
 */
#include "call/cause.h"

#include "base/text.h"
#include "wire/stunmsg.h"

static bool is_allocation(const struct timeline_transaction *one, enum role role)
{
    return one->role == role && one->use == TIMELINE_TURN &&
           one->method == STUNMSG_ALLOCATE;
}

bool cause_has_relay(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (is_allocation(one, role) && find_has_succeeded(one))
            return true;
    }
    return false;
}

/* Whether a peer asked the same server once more. */
static bool was_asked_again(const struct timeline *timeline, unsigned index)
{
    const struct timeline_transaction *one = find_transaction(timeline, index);
    for (unsigned i = index + 1; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *later = find_transaction(timeline, i);
        if (is_allocation(later, one->role) && g_strcmp0(later->server, one->server) == 0)
            return true;
    }
    return false;
}

/* The last error that was a server's last word to a peer. */
static void find_refusal(const struct timeline *timeline, enum role role,
                         struct cause *cause)
{
    const struct timeline_transaction *refused = NULL;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (is_allocation(one, role) && one->error_code != 0 &&
            !was_asked_again(timeline, i))
            refused = one;
    }
    if (!refused)
        return;
    const struct timeline_message *answer =
        find_message(timeline, find_packet(timeline, refused->answer));
    const char *words = find_attribute(answer, "ERROR-CODE");
    g_autofree char *code = g_strdup_printf("%u", refused->error_code);
    cause_set(cause, BLAME_CAUSE_RELAY_REFUSED, g_strdup(refused->server),
              find_numbers(timeline, refused),
              g_strdup_printf("the TURN server %s refuses the %s a relay: %s",
                              refused->server, role_names[role], words ? words : code));
}

static bool is_of(const struct timeline_transaction *one, enum role role, bool for_relay)
{
    if (one->role != role)
        return false;
    return is_allocation(one, role) || (!for_relay && one->use == TIMELINE_GATHERING);
}

/* What a peer's host sent over TCP and was dropped: TURN over TCP. */
static void add_dropped_tcp(const struct timeline *timeline, enum role role,
                            GArray *dropped)
{
    enum { TCP = 6 };
    g_autoptr(GHashTable) sent = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->protocol != TCP)
            continue;
        if (packet->verdict != TIMELINE_DROPPED) {
            if (packet->is_outward && find_is_at(timeline, packet, role))
                g_hash_table_add(sent, (gpointer)&packet->id);
        } else if (g_hash_table_contains(sent, &packet->id)) {
            g_array_append_val(dropped, i);
        }
    }
}

/* A server that does not answer, by who dropped what was sent to it; else it is the
   server itself. */
static void find_silence(const struct timeline *timeline, enum role role, bool for_relay,
                         struct cause *cause)
{
    const struct timeline_transaction *silent = NULL;
    g_autoptr(GArray) dropped = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (!is_of(one, role, for_relay) || one->answer != TIMELINE_NONE)
            continue;
        silent = silent ? silent : one;
        g_array_append_vals(dropped, one->losses->data, one->losses->len);
    }
    if (!silent)
        return;
    add_dropped_tcp(timeline, role, dropped);
    struct cause_drops drops = { 0 };
    bool is_dropped = cause_count_drops(timeline, dropped, &drops);
    g_autofree char *times = text_times(silent->requests->len);
    if (is_dropped && drops.code != BLAME_CAUSE_SERVER_SILENT)
        cause_set(cause, drops.code, g_strdup(drops.element), g_array_ref(drops.packets),
                  g_strdup_printf("what the %s sends to %s does not pass: dropped by %s",
                                  role_names[role], silent->server, drops.words));
    else
        cause_set(cause, BLAME_CAUSE_SERVER_SILENT, g_strdup(silent->server),
                  find_numbers(timeline, silent),
                  g_strdup_printf("%s does not answer the %s, asked %s", silent->server,
                                  role_names[role], times));
    cause_drops_clear(&drops);
}

void cause_find_server(const struct timeline *timeline, enum role role, bool for_relay,
                       struct cause *cause)
{
    if (cause_has_relay(timeline, role) && for_relay)
        return;
    find_refusal(timeline, role, cause);
    find_silence(timeline, role, for_relay, cause);
}
