/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams through a relay and back. One thread: it sends when a payload is due, and
 * between that waits for both clients' sockets.
 *
 * A payload is: 8 bytes by which a run knows its own, 4 of number, 8 of time, 8 of hash
 * over all else, and a filling that follows from the number.
 */
#include "probes/core/relay_run.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

enum {
    MARK_AT = 0,
    NUMBER_AT = 8,
    TIME_AT = 12,
    HASH_AT = 20,
    HASH_SIZE = 8,
    CHANNEL = STUNMSG_CHANNEL_MIN,
    BATCH = 64, /* messages read from one socket before the other's turn */
};
G_STATIC_ASSERT(HASH_AT + HASH_SIZE == RELAY_MIN_SIZE);

/* Which numbers came, and the highest, at one end. */
struct arrivals {
    GByteArray *seen; /* a bit a number */
    uint32_t highest;
    bool has_any;
};

struct relaying {
    struct relay_pair *pair;
    const struct relay_options *options;
    struct relay_result *result;
    uint8_t mark[8];
    uint8_t *payload;
    struct arrivals at_a, at_b;
    int64_t begun_ns;
    uint32_t next_number;
    int64_t next_due_ns;
    int64_t refresh_due_ns;
};

void relay_result_clear(struct relay_result *result)
{
    samples_clear(&result->rtt);
    *result = (struct relay_result){ 0 };
}

/* ---- Two allocations -------------------------------------------------------------- */

static gboolean fail_at(GError **error, GError *cause_consumed, const char *who)
{
    g_propagate_prefixed_error(error, cause_consumed, "%s allocation: ", who);
    return FALSE;
}

static gboolean open_end(const struct client_options *options, const char *who,
                         struct client **ret_client, struct allocation *ret,
                         GError **error)
{
    GError *cause = NULL;
    *ret_client = turn_open(options, NULL, ret, &cause);
    return *ret_client || fail_at(error, cause, who);
}

static gboolean open_way(struct client *from, const struct endpoint *to,
                         bool uses_channels, GError **error)
{
    return uses_channels ? turn_bind(from, CHANNEL, to, error)
                         : turn_permit(from, to, 1, error);
}

gboolean relay_pair_open(const struct client_options *options, bool uses_channels,
                         struct relay_pair *ret, GError **error)
{
    struct client_options of_b = *options;
    struct relay_pair pair = { 0 };
    of_b.rng = rng_fork(&options->rng, "second client");
    int64_t start_ns = clock_now_ns();
    gboolean is_open = open_end(options, "first", &pair.a, &pair.at_a, error);
    pair.allocate_ns = clock_now_ns() - start_ns;
    is_open = is_open && open_end(&of_b, "second", &pair.b, &pair.at_b, error);
    start_ns = clock_now_ns();
    is_open = is_open && open_way(pair.a, &pair.at_b.relayed, uses_channels, error);
    pair.permission_ns = clock_now_ns() - start_ns;
    is_open = is_open && open_way(pair.b, &pair.at_a.relayed, uses_channels, error);
    if (!is_open) {
        relay_pair_close(&pair);
        return FALSE;
    }
    *ret = pair;
    return TRUE;
}

void relay_pair_close(struct relay_pair *pair)
{
    struct client *const clients[] = { pair->a, pair->b };
    for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++) {
        if (!clients[i])
            continue;
        turn_release(clients[i]);
        client_close(clients[i]);
    }
    *pair = (struct relay_pair){ 0 };
}

/* ---- Payloads --------------------------------------------------------------------- */

static void store_be64(uint8_t *at, uint64_t value)
{
    store_be32(at, (uint32_t)(value >> 32));
    store_be32(at + 4, (uint32_t)value);
}

static uint64_t load_be64(const uint8_t *at)
{
    return (uint64_t)load_be32(at) << 32 | load_be32(at + 4);
}

/* SHA-256 over all but itself, cut. */
static void hash_payload(const uint8_t *payload, size_t size, uint8_t out[HASH_SIZE])
{
    uint8_t digest[STUNMSG_SHA256_SIZE];
    gsize digest_size = sizeof digest;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, payload, HASH_AT);
    g_checksum_update(sum, payload + RELAY_MIN_SIZE, (gssize)(size - RELAY_MIN_SIZE));
    g_checksum_get_digest(sum, digest, &digest_size);
    memcpy(out, digest, HASH_SIZE);
}

static void make_payload(struct relaying *r, uint32_t number)
{
    size_t size = r->options->size;
    memcpy(r->payload + MARK_AT, r->mark, sizeof r->mark);
    store_be32(r->payload + NUMBER_AT, number);
    store_be64(r->payload + TIME_AT, (uint64_t)clock_now_ns());
    for (size_t i = RELAY_MIN_SIZE; i < size; i++)
        r->payload[i] = (uint8_t)(number + i);
    hash_payload(r->payload, size, r->payload + HASH_AT);
}

/* Whether a payload is of this run and whole; what is not ours is passed over. A server
   can make a hash, too: number and time must be such as were sent. */
static bool check_payload(struct relaying *r, const struct turn_data *data)
{
    uint8_t hash[HASH_SIZE];
    if (data->size < RELAY_MIN_SIZE ||
        memcmp(data->bytes + MARK_AT, r->mark, sizeof r->mark) != 0)
        return false;
    hash_payload(data->bytes, data->size, hash);
    uint64_t sent_ns = load_be64(data->bytes + TIME_AT);
    if (data->size == r->options->size &&
        memcmp(hash, data->bytes + HASH_AT, HASH_SIZE) == 0 &&
        load_be32(data->bytes + NUMBER_AT) < r->next_number &&
        sent_ns >= (uint64_t)r->begun_ns && sent_ns <= (uint64_t)data->at_ns)
        return true;
    r->result->corrupted++;
    return false;
}

/* Counts one; true if its number came for the first time. */
static bool note_arrival(struct relaying *r, struct arrivals *at, uint32_t number)
{
    guint byte = number / 8;
    uint8_t bit = (uint8_t)(1u << (number % 8));
    if (byte >= at->seen->len) {
        guint before = at->seen->len;
        g_byte_array_set_size(at->seen, byte + 1);
        memset(at->seen->data + before, 0, at->seen->len - before);
    }
    if (at->seen->data[byte] & bit) {
        r->result->duplicates++;
        return false;
    }
    at->seen->data[byte] |= bit;
    if (at->has_any && number < at->highest)
        r->result->reordered++;
    at->highest = at->has_any ? MAX(at->highest, number) : number;
    at->has_any = true;
    return true;
}

/* ---- Running ---------------------------------------------------------------------- */

static gboolean send_payload(struct relaying *r, struct client *from,
                             const struct endpoint *to, const uint8_t *payload,
                             GError **error)
{
    size_t size = r->options->size;
    return r->options->uses_channels
               ? turn_send_channel(from, CHANNEL, payload, size, error)
               : turn_send(from, to, payload, size, error);
}

static gboolean take_at_b(struct relaying *r, const struct turn_data *data,
                          GError **error)
{
    if (!check_payload(r, data))
        return TRUE;
    if (note_arrival(r, &r->at_b, load_be32(data->bytes + NUMBER_AT))) {
        r->result->arrived++;
        r->result->bytes_arrived += data->size;
        r->result->ended_ns = data->at_ns;
    }
    return r->options->is_one_way ||
           send_payload(r, r->pair->b, &r->pair->at_a.relayed, data->bytes, error);
}

static void take_at_a(struct relaying *r, const struct turn_data *data)
{
    if (!check_payload(r, data))
        return;
    uint32_t number = load_be32(data->bytes + NUMBER_AT);
    if (!note_arrival(r, &r->at_a, number))
        return;
    int64_t rtt_ns = data->at_ns - (int64_t)load_be64(data->bytes + TIME_AT);
    r->result->returned++;
    r->result->ended_ns = data->at_ns;
    samples_add(&r->result->rtt, rtt_ns);
    if (r->options->on_return)
        r->options->on_return(number, rtt_ns, r->options->data);
}

/* Reads what is there at one end, and no more than a batch. */
static gboolean drain(struct relaying *r, struct client *c, GError **error)
{
    for (unsigned i = 0; i < BATCH; i++) {
        g_autoptr(GError) cause = NULL;
        g_auto(auto_turn_data) data = { 0 };
        struct inbound in;
        if (!client_next(c, clock_now_ns(), &in, &cause)) {
            if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT))
                return TRUE;
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (!turn_read_data(&in, &data))
            continue;
        if (c == r->pair->a)
            take_at_a(r, &data);
        else if (!take_at_b(r, &data, error))
            return FALSE;
    }
    return TRUE;
}

static uint64_t n_under_way(const struct relaying *r)
{
    const struct relay_result *result = r->result;
    return result->sent - (r->options->is_one_way ? result->arrived : result->returned);
}

static bool may_send_more(const struct relaying *r, int64_t now_ns)
{
    return (r->options->count == 0 || r->result->sent < r->options->count) &&
           now_ns < r->options->end_ns;
}

/* When the next payload may go out; CLOCK_NEVER: when one has come back. */
static int64_t next_due_ns(const struct relaying *r, int64_t now_ns)
{
    if (r->options->interval_ns > 0)
        return r->next_due_ns;
    return n_under_way(r) < r->options->window ? now_ns : CLOCK_NEVER;
}

static gboolean send_next(struct relaying *r, GError **error)
{
    uint32_t number = r->next_number++;
    make_payload(r, number);
    if (!send_payload(r, r->pair->a, &r->pair->at_b.relayed, r->payload, error))
        return FALSE;
    if (r->result->sent++ == 0)
        r->result->started_ns = r->next_due_ns = clock_now_ns();
    /* From the last due time, not from now: a late one does not slow the rest down. */
    r->next_due_ns += r->options->interval_ns;
    return TRUE;
}

/* Permissions last five minutes, allocations ten: both are made new every two. */
static gboolean keep_alive(struct relaying *r, int64_t now_ns, GError **error)
{
    enum { REFRESH_S = 120 };
    struct relay_pair *p = r->pair;
    bool uses_channels = r->options->uses_channels;
    if (now_ns < r->refresh_due_ns)
        return TRUE;
    r->refresh_due_ns = now_ns + REFRESH_S * NS_PER_S;
    return r->result->sent == 0 ||
           (turn_refresh(p->a, TURN_DEFAULT_LIFETIME_S, NULL, error) &&
            turn_refresh(p->b, TURN_DEFAULT_LIFETIME_S, NULL, error) &&
            open_way(p->a, &p->at_b.relayed, uses_channels, error) &&
            open_way(p->b, &p->at_a.relayed, uses_channels, error));
}

static enum wait_end wait_for_both(struct relaying *r, int64_t deadline_ns)
{
    struct connection *const ends[] = { client_connection(r->pair->a),
                                        client_connection(r->pair->b) };
    struct pollfd fds[G_N_ELEMENTS(ends)];
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        fds[i] = (struct pollfd){ .fd = connection_fd(ends[i]), .events = POLLIN };
        if (connection_has_message(ends[i]))
            deadline_ns = 0;
    }
    return wait_for(fds, G_N_ELEMENTS(fds), deadline_ns);
}

static gboolean go_on(struct relaying *r, GError **error)
{
    int64_t give_up_ns = CLOCK_NEVER;
    for (;;) {
        int64_t now_ns = clock_now_ns(), due_ns = CLOCK_NEVER;
        if (!keep_alive(r, now_ns, error))
            return FALSE;
        if (may_send_more(r, now_ns)) {
            due_ns = next_due_ns(r, now_ns);
            if (due_ns <= now_ns && !send_next(r, error))
                return FALSE;
            due_ns = MIN(next_due_ns(r, now_ns), r->options->end_ns);
            give_up_ns = clock_after_ns(clock_now_ns(), r->options->linger_ns);
        }
        if (!drain(r, r->pair->b, error) || !drain(r, r->pair->a, error))
            return FALSE;
        bool is_sending = may_send_more(r, clock_now_ns());
        if (!is_sending && (n_under_way(r) == 0 || clock_now_ns() >= give_up_ns))
            return TRUE;
        if (is_sending)
            due_ns = MIN(due_ns, next_due_ns(r, clock_now_ns()));
        /* With a window and nothing coming back, the window is lost: as the last ones. */
        if (wait_for_both(r, MIN(due_ns, give_up_ns)) == WAIT_INTERRUPTED) {
            g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED,
                                "interrupted");
            return FALSE;
        }
        if (is_sending && r->options->interval_ns == 0 && clock_now_ns() >= give_up_ns)
            return TRUE;
    }
}

gboolean relay_run(struct relay_pair *pair, const struct relay_options *options,
                   struct relay_result *ret, GError **error)
{
    g_autofree uint8_t *payload = g_malloc(options->size);
    struct relaying r = { .pair = pair,
                          .options = options,
                          .result = ret,
                          .payload = payload,
                          .begun_ns = clock_now_ns(),
                          .at_a.seen = g_byte_array_new(),
                          .at_b.seen = g_byte_array_new() };
    g_assert(options->size >= RELAY_MIN_SIZE && options->size <= TURN_MAX_DATA);
    *ret = (struct relay_result){ 0 };
    store_be64(r.mark, rng_next(client_rng(pair->a)));
    gboolean is_done = go_on(&r, error);
    g_byte_array_unref(r.at_a.seen);
    g_byte_array_unref(r.at_b.seen);
    return is_done;
}
