/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk through connectivity checks (RFC 8445), from the moment a peer could use a
 * pair.
 *
 * A check was answered because it was sent; sent because the other side's check came in
 * (a triggered check, section 7.3.1.4), because both candidates were known, or to
 * nominate what had worked before (section 8.1.1). An incoming check was sent by the
 * other peer, and the walk goes on there. Packets' places in the capture only ever fall,
 * so that it ends where several things happened at one instant, too.
 *
 * Between a pair's first use and its peer's word that it is connected lies what the stack
 * waited for. libnice's component is READY when no pair of higher priority than the
 * nominated one is being checked (conn_check_update_check_list_state_for_ready() and
 * priv_prune_pending_checks() in its conncheck.c), so that a pair that nobody answers
 * costs a whole transaction: such a pair is named.
 */
#include "call/blame_walk.h"

#include <string.h>

#include "base/text.h"
#include "wire/stunmsg.h"

/* A check of one peer in the walk. */
struct check {
    enum role role;
    const struct timeline_transaction *transaction;
    uint32_t request; /* packet: where the walk is */
};

static bool is_check_of(const struct timeline_transaction *transaction, enum role role)
{
    return transaction->role == role && transaction->use == TIMELINE_CHECK;
}

static bool is_check_request(const struct timeline *timeline,
                             const struct timeline_packet *packet)
{
    const struct timeline_message *message = find_message(timeline, packet);
    return message && message->is_check && message->class == STUNMSG_REQUEST;
}

static const struct timeline_transaction *
find_by_id(const struct timeline *timeline, enum role role, const char *transaction)
{
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (is_check_of(one, role) && strcmp(one->transaction, transaction) == 0)
            return one;
    }
    return NULL;
}

/* Where a packet comes from and goes to, as its sender's host sees it. */
static char *describe_path(const struct timeline *timeline,
                           const struct timeline_packet *packet)
{
    const struct timeline_message *message = find_message(timeline, packet);
    return g_strdup_printf("%s → %s%s", packet->src, find_far_end(timeline, packet),
                           message && message->is_relayed ? " (relayed)" : "");
}

static GArray *numbers_of(const struct timeline *timeline, uint32_t first,
                          uint32_t second)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    find_add_number(timeline, numbers, first);
    find_add_number(timeline, numbers, second);
    return numbers;
}

/* ---- a check and what became of it ---- */

static bool is_of(const struct timeline *timeline, const struct timeline_packet *packet,
                  const char *transaction, unsigned class)
{
    const struct timeline_message *message = find_message(timeline, packet);
    return message && message->class == class &&
           strcmp(message->transaction, transaction) == 0;
}

/* The check that the other peer answered with this: the last one that had come to it when
   the answer went out. A relay gives what it passes on another id. */
static uint32_t find_answered(const struct timeline *timeline, const struct check *check,
                              uint32_t answer)
{
    enum role other = find_other(check->role);
    const char *transaction = check->transaction->transaction;
    const struct timeline_packet *came = find_packet(timeline, answer);
    uint32_t went = TIMELINE_NONE;
    for (uint32_t i = answer; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (!packet->is_outward || !find_is_at(timeline, packet, other) ||
            !is_of(timeline, packet, transaction, STUNMSG_SUCCESS))
            continue;
        if (went == TIMELINE_NONE || packet->id == came->id)
            went = i;
    }
    for (uint32_t i = went == TIMELINE_NONE ? 0 : went; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (!packet->is_outward && find_is_at(timeline, packet, other) &&
            is_of(timeline, packet, transaction, STUNMSG_REQUEST))
            return i;
    }
    return TIMELINE_NONE;
}

/* Which of a check's requests came to the other peer, seen there or by its answer. */
static unsigned find_through(const struct timeline *timeline, const struct check *check,
                             uint32_t end, bool is_answered)
{
    const struct timeline_transaction *one = check->transaction;
    uint32_t arrival = is_answered ? find_answered(timeline, check, end) : end;
    if (arrival == TIMELINE_NONE)
        return find_effective_request(timeline, one, find_packet(timeline, end)->t_us,
                                      true);
    unsigned through = 0;
    for (unsigned i = 0; i < one->requests->len; i++)
        if (g_array_index(one->requests, uint32_t, i) < arrival)
            through = i;
    return through;
}

/* Takes what it was on its way for, from the request that got through, and what it took
   until that one was sent. */
static void walk_transit(struct walk *walk, struct check *check, uint32_t end,
                         bool is_answered)
{
    const struct timeline *timeline = walk->timeline;
    const struct timeline_transaction *one = check->transaction;
    unsigned index = find_through(timeline, check, end, is_answered);
    uint32_t through = g_array_index(one->requests, uint32_t, index);
    const struct timeline_packet *request = find_packet(timeline, through);
    g_autofree char *path = describe_path(timeline, request);
    walk_back(walk, BLAME_CHECKS, request->t_us, check->role,
              numbers_of(timeline, through, end),
              g_strdup_printf(
                  is_answered ? "%s: the check and its answer" : "%s: the check", path));
    check->request = find_first_request(one);
    const struct timeline_packet *first = find_packet(timeline, check->request);
    if (index > 0 && first) {
        g_autofree char *loss = find_loss_words(timeline, one);
        walk_back(walk, BLAME_RETRANSMISSION, first->t_us, check->role,
                  find_numbers(timeline, one),
                  g_strdup_printf("%s: waits to send it again%s", path, loss));
    }
}

/* ---- why a check was sent ---- */

/* The last check of the other side that came in on this path before. */
static uint32_t find_trigger(const struct timeline *timeline, const struct check *check)
{
    const struct timeline_packet *sent = find_packet(timeline, check->request);
    for (uint32_t i = check->request; i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (!packet->is_outward && find_is_at(timeline, packet, check->role) &&
            is_check_request(timeline, packet) && find_same_path(timeline, packet, sent))
            return i;
    }
    return TIMELINE_NONE;
}

/* The answer of an earlier check on the same path: what this one nominates. */
static uint32_t find_earlier_success(const struct timeline *timeline,
                                     const struct check *check,
                                     const struct timeline_transaction **ret_earlier)
{
    const struct timeline_packet *sent = find_packet(timeline, check->request);
    uint32_t latest = TIMELINE_NONE;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *first =
            find_packet(timeline, find_first_request(one));
        if (one == check->transaction || !first || !is_check_of(one, check->role) ||
            !find_has_succeeded(one) || one->answer >= check->request ||
            !find_same_path(timeline, first, sent) ||
            (latest != TIMELINE_NONE && one->answer < latest))
            continue;
        latest = one->answer;
        *ret_earlier = one;
    }
    return latest;
}

/* A relayed check waits for the server's permission for the other end (RFC 8656 section
   9): the request of the one that was granted last before, after `from_us`. */
static const struct timeline_transaction *find_permission(const struct timeline *timeline,
                                                          const struct check *check,
                                                          int64_t from_us)
{
    const struct timeline_packet *sent = find_packet(timeline, check->request);
    const struct timeline_message *message = find_message(timeline, sent);
    if (!message || !message->is_relayed)
        return NULL;
    const char *far_end = find_far_end(timeline, sent);
    const char *port = far_end ? strrchr(far_end, ':') : NULL;
    const struct timeline_transaction *found = NULL;
    for (unsigned i = 0; port && i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *request =
            find_packet(timeline, find_first_request(one));
        if (one->role != check->role || one->method != STUNMSG_CREATE_PERMISSION ||
            !find_has_succeeded(one) || one->answer >= check->request || !request ||
            request->t_us < from_us)
            continue;
        const char *peer =
            find_attribute(find_message(timeline, request), "XOR-PEER-ADDRESS");
        if (peer && strncmp(peer, far_end, (size_t)(port - far_end)) == 0)
            found = one;
    }
    return found;
}

/* Of no pair in the timeline: at least its remote candidate may be known. */
static uint32_t find_remote(const struct timeline *timeline, const struct check *check)
{
    enum role other = find_other(check->role);
    const char *far_end = find_far_end(timeline, find_packet(timeline, check->request));
    for (unsigned i = 0; far_end && i < timeline->candidates[other]->len; i++) {
        const struct timeline_candidate *one = find_candidate(timeline, other, i);
        g_autofree char *end = g_strdup_printf("%s:%u", one->address, one->port);
        if (strcmp(end, far_end) == 0)
            return i;
    }
    return TIMELINE_NONE;
}

/* When the connection of a check over TCP was begun (RFC 6544 section 7); NULL: it goes
   over UDP, or over one that was there. */
static const struct timeline_packet *
find_connect(const struct timeline *timeline, const struct check *check, int64_t from_us)
{
    enum { TCP = 6 };
    const struct timeline_packet *sent = find_packet(timeline, check->request);
    for (uint32_t i = check->request; sent->protocol == TCP && i-- > 0;) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->t_us < from_us)
            break;
        if (packet->is_outward && find_is_at(timeline, packet, check->role) &&
            strcmp(packet->src, sent->src) == 0 && strcmp(packet->dst, sent->dst) == 0 &&
            g_strcmp0(packet->summary, "TCP SYN") == 0)
            return packet;
    }
    return NULL;
}

/* From when it could be sent to when it was: before it its connection or the server's
   permission, if it takes one, and before that its turn. */
static void walk_turn(struct walk *walk, const struct check *check, int64_t from_us,
                      const char *text)
{
    const struct timeline *timeline = walk->timeline;
    const struct timeline_packet *connect = find_connect(timeline, check, from_us);
    if (connect) {
        GArray *numbers = numbers_of(timeline, check->request, TIMELINE_NONE);
        g_array_prepend_val(numbers, connect->number);
        walk_back(walk, BLAME_CHECKS, connect->t_us, check->role, numbers,
                  g_strdup_printf("the TCP connection to %s", connect->dst));
    }
    const struct timeline_transaction *permission =
        find_permission(timeline, check, from_us);
    if (permission) {
        const struct timeline_packet *answer = find_packet(timeline, permission->answer);
        const struct timeline_packet *request =
            find_packet(timeline, find_first_request(permission));
        walk_back(walk, BLAME_PACING, answer->t_us, check->role, NULL, g_strdup(text));
        walk_back(walk, BLAME_CHECKS, request->t_us, check->role,
                  find_numbers(timeline, permission),
                  g_strdup_printf(
                      "a permission for %s at its TURN server",
                      find_far_end(timeline, find_packet(timeline, check->request))));
    }
    walk_back(walk, BLAME_PACING, from_us, check->role, NULL, g_strdup(text));
}

/* Goes back by one cause; false: the start is reached. */
static bool walk_sent(struct walk *walk, struct check *check)
{
    const struct timeline *timeline = walk->timeline;
    const struct timeline_transaction *one = check->transaction;
    const struct timeline_packet *sent = find_packet(timeline, check->request);
    const struct timeline_transaction *earlier = NULL;
    uint32_t success =
        one->nominates ? find_earlier_success(timeline, check, &earlier) : TIMELINE_NONE;
    if (success != TIMELINE_NONE) {
        walk_back(walk, BLAME_NOMINATION, find_packet(timeline, success)->t_us,
                  check->role, numbers_of(timeline, success, check->request),
                  g_strdup("a pair works and is not yet nominated"));
        check->transaction = earlier;
        walk_transit(walk, check, success, true);
        return true;
    }
    const struct timeline_pair *pair = find_pair(timeline, check->role, one->pair);
    uint32_t local = pair ? pair->local : TIMELINE_NONE;
    uint32_t remote = pair ? pair->remote : find_remote(timeline, check);
    int64_t known_us =
        walk_candidates_known(walk, check->role, local, remote, sent->t_us);
    uint32_t trigger = find_trigger(timeline, check);
    const struct timeline_packet *came = find_packet(timeline, trigger);
    enum role other = find_other(check->role);
    const struct timeline_transaction *cause =
        came ? find_by_id(timeline, other, find_message(timeline, came)->transaction)
             : NULL;
    if (cause && (known_us == TIMELINE_NEVER || came->t_us > known_us)) {
        walk_turn(walk, check, came->t_us, "a triggered check waits for its turn");
        *check = (struct check){ .role = other, .transaction = cause };
        walk_transit(walk, check, trigger, false);
        return check->request < trigger;
    }
    if (known_us != TIMELINE_NEVER)
        walk_turn(walk, check, known_us, "a check waits for its turn");
    walk_candidates(walk, check->role, local, remote);
    return false;
}

/* ---- which pair was usable, and when ---- */

/* What made a pair usable: the peer's own check was answered, or, of a controlled one,
   the other's nominating check came in. */
struct usable {
    struct check check;
    uint32_t end; /* packet: the answer, or the check that came in */
    bool is_answer;
};

static bool has_nominated(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (is_check_of(one, role) && one->nominates)
            return true;
    }
    return false;
}

/* The first nominating check of the other side on a path. */
static uint32_t find_nomination(const struct timeline *timeline, enum role role,
                                const struct timeline_packet *path)
{
    for (uint32_t i = 0; i < timeline->packets->len; i++) {
        const struct timeline_packet *packet = find_packet(timeline, i);
        if (packet->is_outward || !find_is_at(timeline, packet, role) ||
            !is_check_request(timeline, packet) ||
            !find_same_path(timeline, packet, path))
            continue;
        const struct timeline_transaction *of = find_by_id(
            timeline, find_other(role), find_message(timeline, packet)->transaction);
        if (of && of->nominates)
            return i;
    }
    return TIMELINE_NONE;
}

/* The pair that the peer could use first, if its own checks count, and nominations do. */
static bool find_usable(const struct timeline *timeline, enum role role, int64_t by_us,
                        bool needs_nomination, struct usable *ret_usable)
{
    bool is_controlling = has_nominated(timeline, role);
    uint32_t best = TIMELINE_NONE;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *path =
            find_packet(timeline, find_first_request(one));
        if (!is_check_of(one, role) || !find_has_succeeded(one) || !path)
            continue;
        uint32_t end = one->answer;
        bool is_answer = true;
        if (needs_nomination && is_controlling && !one->nominates)
            continue;
        if (needs_nomination && !is_controlling) {
            uint32_t nomination = find_nomination(timeline, role, path);
            if (nomination == TIMELINE_NONE)
                continue;
            is_answer = end >= nomination;
            end = MAX(end, nomination);
        }
        const struct timeline_packet *packet = find_packet(timeline, end);
        if (!packet || packet->t_us > by_us || end >= best)
            continue;
        const struct timeline_transaction *of =
            is_answer ? one
                      : find_by_id(timeline, find_other(role),
                                   find_message(timeline, packet)->transaction);
        best = end;
        *ret_usable = (struct usable){
            .check = { .role = is_answer ? role : find_other(role), .transaction = of },
            .end = end,
            .is_answer = is_answer,
        };
    }
    return best != TIMELINE_NONE;
}

/* ---- what a peer waited for though it had a pair ---- */

/* When a check that nobody answers is given up: a stack whose last wait is as long as its
   first (RFC 8489 section 6.2.1 with Rm = 1, as in libnice's stun_timer_refresh()). */
static int64_t given_up_us(const struct timeline *timeline,
                           const struct timeline_transaction *one, int64_t by_us)
{
    if (one->requests->len < 2)
        return TIMELINE_NEVER;
    const struct timeline_packet *first = find_packet(timeline, find_first_request(one));
    const struct timeline_packet *second =
        find_packet(timeline, g_array_index(one->requests, uint32_t, 1));
    const struct timeline_packet *last = find_packet(
        timeline, g_array_index(one->requests, uint32_t, one->requests->len - 1));
    return first && second && last && last->t_us <= by_us
               ? last->t_us + second->t_us - first->t_us
               : TIMELINE_NEVER;
}

/* The check whose end this moment was: one that nobody had answered. */
static const struct timeline_transaction *find_awaited(const struct timeline *timeline,
                                                       enum role role, int64_t by_us)
{
    static const int64_t slack_us = 40 * 1000; /* two of libnice's ticks */
    const struct timeline_transaction *found = NULL;
    int64_t nearest_us = slack_us + 1;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *answer = find_packet(timeline, one->answer);
        if (!is_check_of(one, role) || (answer && answer->t_us < by_us))
            continue;
        int64_t end_us = given_up_us(timeline, one, by_us);
        if (end_us == TIMELINE_NEVER || ABS(end_us - by_us) >= nearest_us)
            continue;
        found = one;
        nearest_us = ABS(end_us - by_us);
    }
    return found;
}

static void walk_wait(struct walk *walk, enum role role, int64_t from_us)
{
    const struct timeline *timeline = walk->timeline;
    if (walk->at_us <= from_us)
        return;
    const struct timeline_transaction *awaited =
        find_awaited(timeline, role, walk->at_us);
    const struct timeline_packet *path =
        awaited ? find_packet(timeline, find_first_request(awaited)) : NULL;
    if (!path) {
        walk_back(walk, BLAME_STACK, from_us, role, NULL,
                  g_strdup("has a pair, and is not yet connected"));
        return;
    }
    g_autofree char *way = describe_path(timeline, path);
    g_autofree char *loss = find_loss_words(timeline, awaited);
    g_autofree char *times = text_times(awaited->requests->len);
    walk_back(walk, BLAME_NOMINATION, from_us, role, find_numbers(timeline, awaited),
              g_strdup_printf("has a pair, and waits for the end of a check of higher "
                              "priority: %s, sent %s since %.0f ms, not answered%s",
                              way, times, (double)path->t_us / 1000.0, loss));
}

/* No check can be seen (they went over TCP, say): only what the peer said is known. */
static void walk_unseen(struct walk *walk, enum role role)
{
    const struct timeline *timeline = walk->timeline;
    const struct timeline_pair *selected = NULL;
    for (unsigned i = 0; i < timeline->pairs[role]->len; i++) {
        const struct timeline_pair *one = find_pair(timeline, role, i);
        if (one->selected_us != TIMELINE_NEVER && one->selected_us <= walk->at_us &&
            (!selected || one->selected_us < selected->selected_us))
            selected = one;
    }
    uint32_t local = selected ? selected->local : TIMELINE_NONE;
    uint32_t remote = selected ? selected->remote : TIMELINE_NONE;
    if (selected)
        walk_wait(walk, role, selected->selected_us);
    int64_t known_us = walk_candidates_known(walk, role, local, remote, walk->at_us);
    if (known_us != TIMELINE_NEVER)
        walk_back(walk, BLAME_CHECKS, known_us, role, NULL,
                  g_strdup("checks that the record does not show"));
    walk_candidates(walk, role, local, remote);
}

void walk_ice(struct walk *walk, enum role role)
{
    const struct timeline *timeline = walk->timeline;
    struct usable usable = { 0 };
    if (!find_usable(timeline, role, walk->at_us, true, &usable) &&
        !find_usable(timeline, role, walk->at_us, false, &usable)) {
        walk_unseen(walk, role);
        return;
    }
    walk_wait(walk, role, find_packet(timeline, usable.end)->t_us);
    struct check check = usable.check;
    walk_transit(walk, &check, usable.end, usable.is_answer);
    for (unsigned i = 0; i < timeline->packets->len && walk_sent(walk, &check); i++)
        continue;
}
