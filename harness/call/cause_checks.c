/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why no pair worked: who did not answer the checks that came, or who dropped them.
 */
#include "call/cause.h"

#include <string.h>

#include "net/network.h"
#include "wire/stunmsg.h"

enum { SHOWN_NUMBERS = 16 };

/* ---- drops ---- */

/* What it is called that an element dropped a packet for a reason; by its name. */
static enum blame_cause class_of(const char *reason)
{
    static const enum blame_cause classes[DROP_N_REASONS] = {
        [DROP_MALFORMED] = BLAME_CAUSE_NETWORK,
        [DROP_BAD_CHECKSUM] = BLAME_CAUSE_NETWORK,
        [DROP_TTL_EXPIRED] = BLAME_CAUSE_NETWORK,
        [DROP_NO_ROUTE] = BLAME_CAUSE_NO_ROUTE,
        [DROP_MULTICAST] = BLAME_CAUSE_NETWORK,
        [DROP_HOST_SILENT] = BLAME_CAUSE_SERVER_SILENT,
        [DROP_LINK_LOSS] = BLAME_CAUSE_LOSS,
        [DROP_LINK_BURST_LOSS] = BLAME_CAUSE_LOSS,
        [DROP_QUEUE_FULL] = BLAME_CAUSE_LOSS,
        [DROP_TOO_BIG] = BLAME_CAUSE_NETWORK,
        [DROP_NAT_NO_MAPPING] = BLAME_CAUSE_FILTERED,
        [DROP_NAT_FILTERED] = BLAME_CAUSE_FILTERED,
        [DROP_NAT_HAIRPIN_OFF] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_PORTS_EXHAUSTED] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_PORT_CONFLICT] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_QUOTA] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_ICMP_REFUSED] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_PROTOCOL] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_NAT_FRAGMENT] = BLAME_CAUSE_REFUSED_BY_NAT,
        [DROP_FIREWALL_DROPPED] = BLAME_CAUSE_BLOCKED,
        [DROP_FIREWALL_REJECTED] = BLAME_CAUSE_BLOCKED,
        [DROP_FIREWALL_RESET] = BLAME_CAUSE_BLOCKED,
        [DROP_FIREWALL_FULL] = BLAME_CAUSE_BLOCKED,
    };
    for (unsigned i = 0; i < DROP_N_REASONS; i++)
        if (g_strcmp0(reason, drop_reason_name(i)) == 0)
            return classes[i];
    return BLAME_CAUSE_NETWORK;
}

static bool is_dropped_for(const struct timeline_packet *packet, enum blame_cause class)
{
    return packet && packet->verdict == TIMELINE_DROPPED && packet->element &&
           class_of(packet->reason) == class;
}

static const struct timeline_packet *packet_of(const struct timeline *timeline,
                                               const GArray *packets, unsigned i)
{
    return find_packet(timeline, g_array_index(packets, uint32_t, i));
}

/* The class that most were dropped for; BLAME_N_CAUSES: none was. */
static enum blame_cause main_class(const struct timeline *timeline, const GArray *packets)
{
    unsigned counts[BLAME_N_CAUSES] = { 0 };
    for (unsigned i = 0; i < packets->len; i++) {
        const struct timeline_packet *packet = packet_of(timeline, packets, i);
        if (packet && packet->verdict == TIMELINE_DROPPED && packet->element)
            counts[class_of(packet->reason)]++;
    }
    enum blame_cause most = BLAME_N_CAUSES;
    for (enum blame_cause i = 0; i < BLAME_N_CAUSES; i++)
        if (i != BLAME_CAUSE_NO_ROUTE && counts[i] > 0 &&
            (most == BLAME_N_CAUSES || counts[i] > counts[most]))
            most = i;
    if (most == BLAME_N_CAUSES && counts[BLAME_CAUSE_NO_ROUTE] > 0)
        return BLAME_CAUSE_NO_ROUTE;
    return most;
}

bool cause_count_drops(const struct timeline *timeline, const GArray *packets,
                       struct cause_drops *ret_drops)
{
    enum blame_cause class = main_class(timeline, packets);
    if (class == BLAME_N_CAUSES)
        return false;
    *ret_drops =
        (struct cause_drops){ .code = class,
                              .packets = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
    /* Few elements: each name is looked for among those seen before. */
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(unsigned));
    const char *reason = NULL;
    for (unsigned i = 0; i < packets->len; i++) {
        const struct timeline_packet *packet = packet_of(timeline, packets, i);
        if (!is_dropped_for(packet, class))
            continue;
        guint at = 0;
        while (at < names->len && strcmp(names->pdata[at], packet->element) != 0)
            at++;
        if (at == names->len) {
            g_ptr_array_add(names, packet->element);
            g_array_set_size(counts, names->len);
        }
        g_array_index(counts, unsigned, at)++;
        reason = reason ? reason : packet->reason;
        ret_drops->count++;
        if (ret_drops->packets->len < SHOWN_NUMBERS)
            g_array_append_val(ret_drops->packets, packet->number);
    }
    GString *words = g_string_new(NULL);
    guint most = 0;
    for (guint i = 0; i < names->len; i++) {
        g_string_append_printf(words, "%s%s %u", i ? ", " : "",
                               (const char *)names->pdata[i],
                               g_array_index(counts, unsigned, i));
        if (g_array_index(counts, unsigned, i) > g_array_index(counts, unsigned, most))
            most = i;
    }
    g_string_append_printf(words, " (%s)", reason);
    ret_drops->words = g_string_free(words, FALSE);
    ret_drops->element = g_strdup(names->pdata[most]);
    return true;
}

void cause_drops_clear(struct cause_drops *drops)
{
    g_free(drops->element);
    g_free(drops->words);
    if (drops->packets)
        g_array_unref(drops->packets);
    *drops = (struct cause_drops){ 0 };
}

/* ---- checks ---- */

bool cause_has_pair(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->role == role && one->use == TIMELINE_CHECK && find_has_succeeded(one))
            return true;
    }
    return false;
}

/* Connections of ICE over TCP that did not come about. */
static void add_tcp_drops(const struct timeline *timeline, GArray *dropped)
{
    enum { TCP = 6 };
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->protocol == TCP && packet->verdict == TIMELINE_DROPPED)
            g_array_append_val(dropped, i);
    }
}

static void find_drops(const struct timeline *timeline, struct cause *cause)
{
    g_autoptr(GArray) dropped = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    unsigned n_checks = 0;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->use != TIMELINE_CHECK || find_has_succeeded(one))
            continue;
        n_checks += one->requests->len;
        g_array_append_vals(dropped, one->losses->data, one->losses->len);
    }
    if (n_checks == 0)
        add_tcp_drops(timeline, dropped);
    struct cause_drops drops = { 0 };
    if (cause_count_drops(timeline, dropped, &drops))
        cause_set(cause, drops.code, g_strdup(drops.element), g_array_ref(drops.packets),
                  g_strdup_printf("no check gets through: %u of %u dropped by %s",
                                  drops.count, MAX(n_checks, drops.count), drops.words));
    cause_drops_clear(&drops);
}

static void set_silent(const struct timeline *timeline,
                       const struct timeline_transaction *silent, struct cause *cause)
{
    cause_set(
        cause, BLAME_CAUSE_PEER_SILENT, g_strdup(role_names[find_other(silent->role)]),
        find_numbers(timeline, silent),
        g_strdup_printf("checks of the %s arrive, and the %s does not answer",
                        role_names[silent->role], role_names[find_other(silent->role)]));
}

/* Of each transaction that one peer's checks came to the other with, and of each that the
   other answered; char *, borrowed. */
static void list_arrivals(const struct timeline *timeline, GHashTable *came,
                          GHashTable *answered)
{
    enum { RTO_US = 500000 }; /* RFC 8489 §6.2.1: what came later, the end cut off */
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        struct timeline_message *message =
            (struct timeline_message *)find_message(timeline, packet);
        if (!message || !message->is_check || packet->verdict == TIMELINE_DROPPED)
            continue;
        if (message->class != STUNMSG_REQUEST && packet->is_outward)
            g_hash_table_add(answered, message->transaction);
        else if (message->class == STUNMSG_REQUEST && !packet->is_outward &&
                 packet->t_us < timeline->end_us - RTO_US &&
                 (find_is_at(timeline, packet, ROLE_OFFERER) ||
                  find_is_at(timeline, packet, ROLE_ANSWERER)))
            g_hash_table_add(came, message->transaction);
    }
}

/* A check that came to the other peer would have made a pair, whatever became of others:
   that it was not answered comes before what was dropped. */
static void find_unanswered(const struct timeline *timeline, struct cause *cause)
{
    g_autoptr(GHashTable) came = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) answered = g_hash_table_new(g_str_hash, g_str_equal);
    list_arrivals(timeline, came, answered);
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->use == TIMELINE_CHECK && one->answer == TIMELINE_NONE &&
            g_hash_table_contains(came, one->transaction) &&
            !g_hash_table_contains(answered, one->transaction)) {
            set_silent(timeline, one, cause);
            return;
        }
    }
}

static void find_answers(const struct timeline *timeline, struct cause *cause)
{
    const struct timeline_transaction *silent = NULL;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->use != TIMELINE_CHECK)
            continue;
        if (one->error_code != 0)
            cause_set(cause, BLAME_CAUSE_CHECKS_REFUSED, NULL,
                      find_numbers(timeline, one),
                      g_strdup_printf("a check of the %s is answered with error %u",
                                      role_names[one->role], one->error_code));
        else if (one->answer == TIMELINE_NONE && !silent)
            silent = one;
    }
    if (silent)
        set_silent(timeline, silent, cause);
}

void cause_find_checks(const struct timeline *timeline, struct cause *cause)
{
    bool has_sent[N_ROLES] = { false, false };
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->use == TIMELINE_CHECK)
            has_sent[one->role] = true;
    }
    find_unanswered(timeline, cause);
    find_drops(timeline, cause);
    find_answers(timeline, cause);
    for (enum role role = 0; role < N_ROLES; role++)
        if (!has_sent[role])
            cause_set(cause, BLAME_CAUSE_NO_CHECKS, g_strdup(role_names[role]), NULL,
                      g_strdup_printf("the %s sends no check", role_names[role]));
}
