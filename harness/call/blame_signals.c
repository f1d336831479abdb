/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk before the first check: how a peer came to know both candidates of a pair.
 * What came last counts: its own candidate was gathered, or the other's came by
 * signalling and had to be gathered there, or the other's description came (its
 * credentials are in each check, RFC 8445 section 7.2.2). An answerer begins when it has
 * the offer.
 */
#include "call/blame_walk.h"

#include <string.h>

#include "base/text.h"
#include "wire/stunmsg.h"

/* ---- descriptions ---- */

static const struct timeline_description *
find_description(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->descriptions->len; i++) {
        const struct timeline_description *description =
            &g_array_index(timeline->descriptions, struct timeline_description, i);
        if (description->role == role && description->sent_us != TIMELINE_NEVER)
            return description;
    }
    return NULL;
}

/* Whether it waited for its candidates: the mode holds it back, or its stack did. */
static bool is_held(const struct walk *walk,
                    const struct timeline_description *description)
{
    return walk->mode == MODE_FULL ||
           (walk->mode == MODE_HALF && description->role == ROLE_OFFERER) ||
           (description->sdp && strstr(description->sdp, "a=candidate"));
}

/* ---- gathering ---- */

static int64_t gathering_began(const struct timeline *timeline, enum role role)
{
    for (unsigned i = 0; i < timeline->events->len; i++) {
        const struct timeline_event *event =
            &g_array_index(timeline->events, struct timeline_event, i);
        if (event->kind == EVENT_PEER_GATHERING_STATE &&
            strcmp(event->src, role_names[role]) == 0 &&
            g_strcmp0(json_string_value(json_object_get(event->data, "state")),
                      "gathering") == 0)
            return event->t_us;
    }
    return 0;
}

/* When a transaction ended; a silent one has lasted for as long as gathering did, but
   brought no candidate. */
static int64_t ended_us(const struct timeline *timeline,
                        const struct timeline_transaction *transaction, int64_t by_us,
                        bool for_all)
{
    const struct timeline_packet *answer = find_packet(timeline, transaction->answer);
    if (answer && answer->t_us <= by_us)
        return answer->t_us;
    return for_all ? by_us : TIMELINE_NEVER;
}

/* What gathering waited for, of all or until it had one candidate: the server whose
   transaction ended last. */
static const struct timeline_transaction *find_slowest(const struct timeline *timeline,
                                                       enum role role, int64_t from_us,
                                                       int64_t to_us, bool for_all)
{
    const struct timeline_transaction *slowest = NULL;
    int64_t slowest_us = TIMELINE_NEVER;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        const struct timeline_packet *request =
            find_packet(timeline, find_first_request(one));
        bool gathers = one->use == TIMELINE_GATHERING ||
                       (one->use == TIMELINE_TURN && one->method == STUNMSG_ALLOCATE);
        if (one->role != role || !gathers || !request || request->t_us < from_us ||
            request->t_us >= to_us)
            continue;
        int64_t end_us = ended_us(timeline, one, to_us, for_all);
        if (end_us > slowest_us)
            slowest = one, slowest_us = end_us;
    }
    return slowest;
}

static char *describe_gathering(const struct timeline *timeline,
                                const struct timeline_transaction *slowest,
                                const char *until, int64_t to_us)
{
    if (!slowest)
        return g_strdup_printf("gathers until %s", until);
    const char *server = slowest->server ? slowest->server : "a server";
    const struct timeline_packet *answer = find_packet(timeline, slowest->answer);
    if (answer && answer->t_us <= to_us)
        return g_strdup_printf("gathers until %s; last came the answer of %s", until,
                               server);
    g_autofree char *loss = find_loss_words(timeline, slowest);
    g_autofree char *times = text_times(slowest->requests->len);
    return g_strdup_printf("gathers until %s; %s is asked %s and does not answer%s",
                           until, server, times, loss);
}

/* The transaction with the same server that this one had to wait for: it brought the
   nonce (RFC 8489 section 9.2.4). */
static const struct timeline_transaction *
find_before(const struct timeline *timeline, const struct timeline_transaction *after)
{
    const struct timeline_transaction *found = NULL;
    for (unsigned i = 0; i < timeline->transactions->len; i++) {
        const struct timeline_transaction *one = find_transaction(timeline, i);
        if (one->role == after->role && one->method == after->method &&
            one->answer < find_first_request(after) &&
            g_strcmp0(one->server, after->server) == 0)
            found = one;
    }
    return found;
}

/* Takes what was lost on the way to a server and back, of gathering that goes on from
   `from_us`. */
static void walk_lost(struct walk *walk, const struct timeline_transaction *slowest,
                      int64_t from_us, const char *text)
{
    const struct timeline *timeline = walk->timeline;
    for (const struct timeline_transaction *one = slowest; one;
         one = find_before(timeline, one)) {
        const struct timeline_packet *answer = find_packet(timeline, one->answer);
        if (!answer || one->losses->len == 0)
            continue;
        unsigned index = find_effective_request(timeline, one, answer->t_us, true);
        const struct timeline_packet *through =
            find_packet(timeline, g_array_index(one->requests, uint32_t, index));
        const struct timeline_packet *first =
            find_packet(timeline, find_first_request(one));
        if (!through || !first || index == 0 || first->t_us < from_us)
            continue;
        g_autofree char *loss = find_loss_words(timeline, one);
        walk_back(walk, BLAME_GATHERING, through->t_us, one->role,
                  find_numbers(timeline, one), g_strdup(text));
        walk_back(walk, BLAME_RETRANSMISSION, first->t_us, one->role,
                  find_numbers(timeline, one),
                  g_strdup_printf("waits to ask %s again%s", one->server, loss));
    }
}

/* Takes what a peer gathered for, from when it began.
   @param candidate until it had this one; NULL: until it had all */
static void walk_gathering(struct walk *walk, enum role role,
                           const struct timeline_candidate *candidate)
{
    const struct timeline *timeline = walk->timeline;
    int64_t from_us = gathering_began(timeline, role);
    g_autofree char *until =
        candidate ? g_strdup_printf("it has %s %s", candidate->type, candidate->address)
                  : g_strdup("its description may go out");
    const struct timeline_transaction *slowest =
        find_slowest(timeline, role, from_us, walk->at_us, !candidate);
    g_autofree char *text = describe_gathering(timeline, slowest, until, walk->at_us);
    walk_lost(walk, slowest, from_us, text);
    walk_back(walk, BLAME_GATHERING, from_us, role,
              slowest ? find_numbers(timeline, slowest) : NULL, g_strdup(text));
}

/* ---- the start ---- */

static void walk_description(struct walk *walk,
                             const struct timeline_description *description)
{
    enum role role = description->role;
    walk_back(walk, BLAME_SIGNALLING, description->sent_us, role, NULL,
              g_strdup_printf("the %s is on its way",
                              description->type ? description->type : "description"));
    if (is_held(walk, description))
        walk_gathering(walk, role, NULL);
    walk_start(walk, role);
}

void walk_start(struct walk *walk, enum role role)
{
    const struct timeline_description *offer =
        find_description(walk->timeline, ROLE_OFFERER);
    bool waited = role == ROLE_ANSWERER && offer &&
                  offer->delivered_us != TIMELINE_NEVER &&
                  offer->delivered_us <= walk->at_us && walk->n_turns++ < 2;
    walk_back(walk, BLAME_STACK, waited ? offer->delivered_us : 0, role, NULL,
              g_strdup(role == ROLE_ANSWERER ? "takes the offer in and answers"
                                             : "makes the offer"));
    if (waited)
        walk_description(walk, offer);
}

/* ---- candidates ---- */

static int64_t known_us(int64_t us, int64_t by_us)
{
    return us != TIMELINE_NEVER && us <= by_us ? us : TIMELINE_NEVER;
}

/* A candidate that the other side was never told of was found by a check. */
static int64_t remote_known(const struct timeline_candidate *remote, int64_t by_us)
{
    if (!remote || remote->sent_us == TIMELINE_NEVER)
        return TIMELINE_NEVER;
    int64_t taken_us = known_us(remote->taken_us, by_us);
    return taken_us != TIMELINE_NEVER ? taken_us : known_us(remote->delivered_us, by_us);
}

static int64_t local_known(const struct timeline_candidate *local, int64_t by_us)
{
    if (!local || g_strcmp0(local->type, "prflx") == 0)
        return TIMELINE_NEVER;
    return known_us(local->gathered_us, by_us);
}

static int64_t credentials_known(const struct walk *walk, enum role role, int64_t by_us)
{
    const struct timeline_description *description =
        find_description(walk->timeline, find_other(role));
    return description ? known_us(description->delivered_us, by_us) : TIMELINE_NEVER;
}

int64_t walk_candidates_known(const struct walk *walk, enum role role, uint32_t local,
                              uint32_t remote, int64_t by_us)
{
    const struct timeline *timeline = walk->timeline;
    int64_t remote_us =
        remote_known(find_candidate(timeline, find_other(role), remote), by_us);
    if (remote_us == TIMELINE_NEVER)
        return TIMELINE_NEVER;
    int64_t local_us = local_known(find_candidate(timeline, role, local), by_us);
    return MAX(MAX(remote_us, local_us), credentials_known(walk, role, by_us));
}

static void walk_remote(struct walk *walk, enum role from,
                        const struct timeline_candidate *candidate)
{
    const struct timeline_description *description =
        find_description(walk->timeline, from);
    if (description && description->sent_us == candidate->sent_us) {
        walk_description(walk, description);
        return;
    }
    walk_back(walk, BLAME_SIGNALLING, candidate->sent_us, from, NULL,
              g_strdup_printf("the candidate %s %s is on its way", candidate->type,
                              candidate->address));
    walk_gathering(walk, from, candidate);
    walk_start(walk, from);
}

void walk_candidates(struct walk *walk, enum role role, uint32_t local, uint32_t remote)
{
    const struct timeline *timeline = walk->timeline;
    enum role other = find_other(role);
    int64_t by_us = walk->at_us;
    const struct timeline_candidate *of_local = find_candidate(timeline, role, local);
    const struct timeline_candidate *of_remote = find_candidate(timeline, other, remote);
    int64_t local_us = local_known(of_local, by_us);
    int64_t remote_us = remote_known(of_remote, by_us);
    int64_t credentials_us = credentials_known(walk, role, by_us);
    if (remote_us != TIMELINE_NEVER && remote_us >= local_us &&
        remote_us >= credentials_us) {
        walk_back(walk, BLAME_PACING, remote_us, role, NULL,
                  g_strdup("a check waits for its turn"));
        walk_remote(walk, other, of_remote);
    } else if (credentials_us != TIMELINE_NEVER && credentials_us >= local_us) {
        walk_back(walk, BLAME_PACING, credentials_us, role, NULL,
                  g_strdup("a check waits for its turn"));
        walk_description(walk, find_description(timeline, other));
    } else if (local_us != TIMELINE_NEVER) {
        walk_back(walk, BLAME_PACING, local_us, role, NULL,
                  g_strdup("a check waits for its turn"));
        walk_gathering(walk, role, of_local);
        walk_start(walk, role);
    } else {
        walk_start(walk, role);
    }
}
