/* SPDX-License-Identifier: Apache-2.0 */
/* Cases C01 to C07: ChannelBind (RFC 8656 §12.2). No data is sent here. */
#include "probes/cases/channel_cases.h"

enum { SOME_PORT = 9, OTHER_PORT = 10 }; /* of peers that nothing is sent to */

/* A client with an allocation, and two peers. */
static struct client *open_client(struct trial *t, struct endpoint *ret_peer,
                                  struct endpoint *ret_other)
{
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return NULL;
    *ret_peer = step_peer_address(t, &allocation, SOME_PORT);
    *ret_other = step_peer_address(t, &allocation, OTHER_PORT);
    return c;
}

static bool refuse(struct trial *t, struct client *c, uint16_t channel,
                   const struct endpoint *peer, const char *what)
{
    struct draft request;
    step_begin_bind(c, &request, channel, peer);
    step_sign(c, &request);
    return step_expect_code(t, c, &request, STUNMSG_CODE_BAD_REQUEST, what);
}

void bind_incomplete(struct trial *t)
{
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c && refuse(t, c, 0, &peer, "without CHANNEL-NUMBER"))
        refuse(t, c, STUNMSG_CHANNEL_MIN, NULL, "without XOR-PEER-ADDRESS");
}

/* RFC 5766 §11.2 ends at 0x7FFE, RFC 8656 at 0x4FFF. */
void bind_out_of_range(struct trial *t)
{
    static const uint16_t modern[] = { 0x3fff, 0x5000, 0x7fff };
    static const uint16_t classic[] = { 0x3fff, 0x7fff, 0x8000 };
    const uint16_t *channels = trial_subject(t)->is_modern ? modern : classic;
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    for (unsigned i = 0; c && i < G_N_ELEMENTS(modern); i++) {
        g_autofree char *what = g_strdup_printf("to channel 0x%04X", channels[i]);
        if (!refuse(t, c, channels[i], &peer, what))
            return;
    }
}

void bind_first_and_last(struct trial *t)
{
    uint16_t last = trial_subject(t)->is_modern ? STUNMSG_CHANNEL_MAX : 0x7ffe;
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c && step_expect_bound(t, c, STUNMSG_CHANNEL_MIN, &peer) &&
        step_expect_bound(t, c, last, &other))
        trial_pass(t, "success for 0x%04X and 0x%04X", STUNMSG_CHANNEL_MIN, last);
}

void bind_again(struct trial *t)
{
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c && step_expect_bound(t, c, STUNMSG_CHANNEL_MIN, &peer) &&
        step_expect_bound(t, c, STUNMSG_CHANNEL_MIN, &peer))
        trial_pass(t, "success twice");
}

void bind_channel_twice(struct trial *t)
{
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c && step_expect_bound(t, c, STUNMSG_CHANNEL_MIN, &peer))
        step_refuse_bind(t, c, STUNMSG_CHANNEL_MIN, &other, STUNMSG_CODE_BAD_REQUEST);
}

void bind_peer_twice(struct trial *t)
{
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c && step_expect_bound(t, c, STUNMSG_CHANNEL_MIN, &peer))
        step_refuse_bind(t, c, STUNMSG_CHANNEL_MIN + 1, &peer, STUNMSG_CODE_BAD_REQUEST);
}

void bind_denied(struct trial *t)
{
    struct endpoint peer, other;
    struct client *c = open_client(t, &peer, &other);
    if (c)
        step_refuse_bind(t, c, STUNMSG_CHANNEL_MIN, &trial_subject(t)->denied_peer,
                         STUNMSG_CODE_FORBIDDEN);
}
