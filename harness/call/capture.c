/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the network's decisions to pcapng.
 *
 * A packet that crosses a NAT is there once on each side of it, with one packet id; the
 * outer one says what was translated. A packet that was dropped is there at the tap of
 * the element that dropped it, with the reason; so is one that was late instead. So
 * "frame.comment" in Wireshark lists all decisions, and a display filter on
 * frame.packet_id follows one packet.
 */
#include "call/capture.h"

#include "base/clock.h"
#include "wire/pcapng.h"

/* What a crash may cost: the packets of so much time. */
static const int64_t flush_every_ns = 200 * NS_PER_MS;

struct capture {
    struct pcapng *file;
    int64_t offset_ns;
    int64_t flushed_ns; /* the lab's time */
    const struct network *network;
};

struct capture *capture_open(const char *path, const struct network *network,
                             int64_t offset_ns, GError **error)
{
    struct pcapng *file = pcapng_open(path, error);
    if (!file)
        return NULL;
    struct capture *c = g_new(struct capture, 1);
    *c = (struct capture){ .file = file, .offset_ns = offset_ns, .network = network };
    /* In the order of their numbers, so that a tap's number is its interface's. */
    for (unsigned tap = 0; tap < network_n_taps(network); tap++)
        pcapng_add_interface(file, network_tap_name(network, tap), NULL);
    return c;
}

static char *make_late_comment(const char *tap, const struct network_event *e)
{
    const char *reason = drop_reason_name(e->reason);
    if (e->late_ns == 0)
        return g_strdup_printf(
            "lost by %s (%s); nobody would send it again, so it arrives", tap, reason);
    return g_strdup_printf("lost by %s (%s); its retransmission, %" G_GINT64_FORMAT
                           " ms later, stands for it",
                           tap, reason, e->late_ns / NS_PER_MS);
}

static char *make_comment(const struct capture *c, const struct network_event *e)
{
    const char *tap = network_tap_name(c->network, e->tap);
    char before[ENDPOINT_TEXT_SIZE];
    char after[ENDPOINT_TEXT_SIZE];
    switch (e->verdict) {
    case PACKET_PASSED:
        return NULL;
    case PACKET_TRANSLATED:
        return g_strdup_printf("translated by %s: %s -> %s", tap,
                               endpoint_format(&e->before, before),
                               endpoint_format(&e->after, after));
    case PACKET_DROPPED:
        return g_strdup_printf("dropped by %s: %s", tap, drop_reason_name(e->reason));
    case PACKET_LATE:
        return make_late_comment(tap, e);
    }
    return NULL;
}

void capture_add(struct capture *c, const struct network_event *e)
{
    if (e->kind != NETWORK_PACKET)
        return;
    g_autofree char *comment = make_comment(c, e);
    struct pcapng_packet_options options = {
        .comment = comment,
        .packet_id = e->packet_id,
        .direction = e->direction == PACKET_OUTWARD ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
    };
    pcapng_add_packet(c->file, e->tap, e->at_ns + c->offset_ns, e->packet->bytes,
                      e->packet->size, &options);
    if (e->at_ns - c->flushed_ns >= flush_every_ns) {
        pcapng_flush(c->file);
        c->flushed_ns = e->at_ns;
    }
}

gboolean capture_close(struct capture *c, GError **error)
{
    gboolean ok = pcapng_close(c->file, error);
    g_free(c);
    return ok;
}
