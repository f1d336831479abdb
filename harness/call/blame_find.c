/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in a timeline. Indices come from a record that may be damaged: each
 * is checked, and one that points nowhere finds NULL.
 */
#include "call/blame_walk.h"

#include <string.h>

enum role find_other(enum role role)
{
    return role == ROLE_OFFERER ? ROLE_ANSWERER : ROLE_OFFERER;
}

const struct timeline_packet *find_packet(const struct timeline *timeline, uint32_t index)
{
    return index < timeline->packets->len
               ? &g_array_index(timeline->packets, struct timeline_packet, index)
               : NULL;
}

const struct timeline_transaction *find_transaction(const struct timeline *timeline,
                                                    uint32_t index)
{
    return index < timeline->transactions->len
               ? &g_array_index(timeline->transactions, struct timeline_transaction,
                                index)
               : NULL;
}

const struct timeline_pair *find_pair(const struct timeline *timeline, enum role role,
                                      uint32_t index)
{
    return index < timeline->pairs[role]->len
               ? &g_array_index(timeline->pairs[role], struct timeline_pair, index)
               : NULL;
}

const struct timeline_candidate *find_candidate(const struct timeline *timeline,
                                                enum role role, uint32_t index)
{
    return index < timeline->candidates[role]->len
               ? &g_array_index(timeline->candidates[role], struct timeline_candidate,
                                index)
               : NULL;
}

const struct timeline_message *find_message(const struct timeline *timeline,
                                            const struct timeline_packet *packet)
{
    return packet->message < timeline->messages->len
               ? &g_array_index(timeline->messages, struct timeline_message,
                                packet->message)
               : NULL;
}

/* A peer's own tap is where its requests are seen; of one that sent none, that of its
   host's name. */
static bool is_own_tap(const struct timeline *timeline, uint32_t tap, enum role role)
{
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *request =
            one->role == role ? find_packet(timeline, find_first_request(one)) : NULL;
        if (request)
            return request->tap == tap;
    }
    const char *name = tap < timeline->taps->len ? timeline->taps->pdata[tap] : "";
    size_t size = strlen(role_names[role]);
    return strncmp(name, role_names[role], size) == 0 && name[size] == '/';
}

bool find_is_at(const struct timeline *timeline, const struct timeline_packet *packet,
                enum role role)
{
    return packet->verdict != TIMELINE_DROPPED && is_own_tap(timeline, packet->tap, role);
}

const char *find_far_end(const struct timeline *timeline,
                         const struct timeline_packet *packet)
{
    const struct timeline_message *message = find_message(timeline, packet);
    if (message && message->is_relayed)
        return message->peer;
    return packet->is_outward ? packet->dst : packet->src;
}

bool find_same_path(const struct timeline *timeline, const struct timeline_packet *a,
                    const struct timeline_packet *b)
{
    const struct timeline_message *of_a = find_message(timeline, a);
    const struct timeline_message *of_b = find_message(timeline, b);
    if ((of_a && of_a->is_relayed) != (of_b && of_b->is_relayed))
        return false;
    const char *near_a = a->is_outward ? a->src : a->dst;
    const char *near_b = b->is_outward ? b->src : b->dst;
    return g_strcmp0(near_a, near_b) == 0 &&
           g_strcmp0(find_far_end(timeline, a), find_far_end(timeline, b)) == 0;
}

uint32_t find_first_request(const struct timeline_transaction *transaction)
{
    return transaction->requests->len ? g_array_index(transaction->requests, uint32_t, 0)
                                      : TIMELINE_NONE;
}

bool find_has_succeeded(const struct timeline_transaction *transaction)
{
    return transaction->answer != TIMELINE_NONE && transaction->error_code == 0;
}

/* The last request sent until then; -1: none. */
static int last_request(const struct timeline *timeline,
                        const struct timeline_transaction *transaction, int64_t by_us)
{
    int last = -1;
    for (unsigned i = 0; i < transaction->requests->len; i++) {
        const struct timeline_packet *request =
            find_packet(timeline, g_array_index(transaction->requests, uint32_t, i));
        if (request && request->t_us <= by_us)
            last = (int)i;
    }
    return last;
}

unsigned find_effective_request(const struct timeline *timeline,
                                const struct timeline_transaction *transaction,
                                int64_t by_us, bool is_first)
{
    int last = last_request(timeline, transaction, by_us);
    if (last < 0)
        return 0;
    g_autofree bool *is_lost = g_new0(bool, transaction->requests->len);
    for (unsigned i = 0; i < transaction->losses->len; i++) {
        const struct timeline_packet *loss =
            find_packet(timeline, g_array_index(transaction->losses, uint32_t, i));
        int lost = loss ? last_request(timeline, transaction, loss->t_us) : -1;
        if (lost >= 0 && loss->verdict == TIMELINE_DROPPED)
            is_lost[lost] = true;
    }
    int found = last;
    for (int i = last; i >= 0; i--) {
        if (is_lost[i])
            continue;
        found = i;
        if (!is_first)
            break;
    }
    return (unsigned)found;
}

/* Whether a check went to a relayed address of the other peer and not through one of its
   own: what has no permission there is dropped by the server without a word. */
static bool is_to_relay(const struct timeline *timeline,
                        const struct timeline_transaction *transaction)
{
    const struct timeline_packet *request =
        find_packet(timeline, find_first_request(transaction));
    enum role other = find_other(transaction->role);
    if (!request || transaction->use != TIMELINE_CHECK)
        return false;
    const char *far_end = find_far_end(timeline, request);
    for (unsigned i = 0; far_end && i < timeline->candidates[other]->len; i++) {
        const struct timeline_candidate *one = find_candidate(timeline, other, i);
        g_autofree char *end = g_strdup_printf("%s:%u", one->address, one->port);
        if (strcmp(end, far_end) == 0)
            return g_strcmp0(one->type, "relay") == 0;
    }
    return false;
}

char *find_loss_words(const struct timeline *timeline,
                      const struct timeline_transaction *transaction)
{
    for (unsigned i = 0; i < transaction->losses->len; i++) {
        const struct timeline_packet *loss =
            find_packet(timeline, g_array_index(transaction->losses, uint32_t, i));
        if (loss && loss->element)
            return g_strdup_printf(": dropped by %s (%s)", loss->element,
                                   loss->reason ? loss->reason : "no reason told");
    }
    return g_strdup(is_to_relay(timeline, transaction)
                        ? ": the relay had no permission for its sender"
                        : "");
}

void find_add_number(const struct timeline *timeline, GArray *numbers, uint32_t packet)
{
    const struct timeline_packet *found = find_packet(timeline, packet);
    if (found)
        g_array_append_val(numbers, found->number);
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

GArray *find_numbers(const struct timeline *timeline,
                     const struct timeline_transaction *transaction)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (unsigned i = 0; i < transaction->requests->len; i++)
        find_add_number(timeline, numbers,
                        g_array_index(transaction->requests, uint32_t, i));
    for (unsigned i = 0; i < transaction->losses->len; i++)
        find_add_number(timeline, numbers,
                        g_array_index(transaction->losses, uint32_t, i));
    find_add_number(timeline, numbers, transaction->answer);
    g_array_sort(numbers, by_number);
    return numbers;
}

const char *find_attribute(const struct timeline_message *message, const char *name)
{
    for (unsigned i = 0; message && i + 1 < message->attributes->len; i += 2)
        if (g_strcmp0(message->attributes->pdata[i], name) == 0)
            return message->attributes->pdata[i + 1];
    return NULL;
}
