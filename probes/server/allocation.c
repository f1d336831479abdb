/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of allocations. One that ends, whatever for, is emptied at once and marked,
 * and freed when no handler can be in the middle of it.
 *
 * RFC 8656 §5, §6, §7.2, §8; RFC 8016 §3.
 */
#include "probes/server/allocation.h"

#include <unistd.h>

#include "probes/server/tcp_relay.h"
#include "probes/server/watch.h"

struct srv_allocation *srv_allocation_find(const struct probe_server *s,
                                           const struct srv_path *path)
{
    for (guint i = 0; i < s->allocations->len; i++) {
        struct srv_allocation *a = s->allocations->pdata[i];
        if (!a->is_gone && (srv_path_equal(&a->path, path) ||
                            (a->has_next_path && srv_path_equal(&a->next_path, path))))
            return a;
    }
    return NULL;
}

/* DEFECT_ALLOCATION_BY_USER: whoever it is, the newest of that user; NULL: of anyone. */
static struct srv_allocation *find_newest(const struct probe_server *s, const char *user)
{
    for (guint i = s->allocations->len; i > 0; i--) {
        struct srv_allocation *a = s->allocations->pdata[i - 1];
        if (!a->is_gone && (!user || strcmp(a->user, user) == 0))
            return a;
    }
    return NULL;
}

struct srv_allocation *srv_allocation_for_data(const struct probe_server *s,
                                               const struct srv_path *path)
{
    struct srv_allocation *a = srv_allocation_find(s, path);
    if (!a && srv_has(s, DEFECT_ALLOCATION_BY_USER))
        a = find_newest(s, NULL);
    if (a && a->has_next_path && srv_path_equal(&a->next_path, path)) {
        a->path = a->next_path;
        a->has_next_path = false;
    }
    return a;
}

struct srv_allocation *srv_allocation_for_request(struct probe_server *s,
                                                  const struct srv_request *q,
                                                  enum probe_defect becomes_400)
{
    struct srv_allocation *a = srv_allocation_find(s, q->path);
    if (!a && srv_has(s, DEFECT_ALLOCATION_BY_USER))
        a = find_newest(s, q->user);
    if (!a) {
        if (!srv_has(s, DEFECT_SILENT_WITHOUT_ALLOCATION))
            srv_reply_error(s, q,
                            srv_has(s, becomes_400) ? STUNMSG_CODE_BAD_REQUEST
                                                    : STUNMSG_CODE_ALLOCATION_MISMATCH);
        return NULL;
    }
    if (strcmp(a->user, q->user) != 0 && !srv_has(s, DEFECT_OTHER_USER_ACCEPTED)) {
        srv_reply_error(s, q, STUNMSG_CODE_WRONG_CREDENTIALS); /* RFC 8656 §5 */
        return NULL;
    }
    return a;
}

size_t srv_allocation_count(const struct probe_server *s, const char *user)
{
    size_t n = 0;
    for (guint i = 0; i < s->allocations->len; i++) {
        const struct srv_allocation *a = s->allocations->pdata[i];
        n += !a->is_gone && strcmp(a->user, user) == 0;
    }
    return n;
}

struct srv_allocation *srv_allocation_new(struct probe_server *s,
                                          const struct srv_request *q)
{
    struct srv_allocation *a = g_new0(struct srv_allocation, 1);
    a->path = *q->path;
    a->user = g_strdup(q->user);
    a->connections = g_ptr_array_new_with_free_func(srv_connection_free);
    for (size_t i = 0; i < SRV_N_RELAYS; i++)
        a->relays[i] = (struct srv_relay){ .allocation = a, .fd = -1 };
    g_ptr_array_add(s->allocations, a);
    return a;
}

void srv_allocation_close_relay(struct srv_relay *relay)
{
    srv_watch_remove(g_steal_pointer(&relay->watch));
    if (relay->fd >= 0)
        close(relay->fd);
    relay->fd = -1;
    relay->local = (struct endpoint){ .port = 0 };
}

void srv_allocation_free(gpointer allocation)
{
    struct srv_allocation *a = allocation;
    for (size_t i = 0; i < SRV_N_RELAYS; i++)
        srv_allocation_close_relay(&a->relays[i]);
    g_ptr_array_unref(a->connections);
    g_free(a->user);
    g_free(a);
}

void srv_allocation_delete(struct probe_server *s, struct srv_allocation *a)
{
    if (!a || a->is_gone)
        return;
    a->is_gone = true;
    for (size_t i = 0; i < SRV_N_RELAYS; i++)
        srv_allocation_close_relay(&a->relays[i]);
    for (guint i = 0; i < a->connections->len; i++)
        srv_connection_close(s, a->connections->pdata[i]);
}

void srv_allocation_path_gone(struct probe_server *s, const struct srv_path *path)
{
    for (guint i = 0; i < s->allocations->len; i++) {
        struct srv_allocation *a = s->allocations->pdata[i];
        if (a->is_gone)
            continue;
        if (a->has_next_path && srv_path_equal(&a->next_path, path)) {
            a->has_next_path = false;
        } else if (srv_path_equal(&a->path, path)) {
            a->path.stream = NULL;
            if (a->has_next_path) {
                a->path = a->next_path;
                a->has_next_path = false;
            } else if (!a->is_mobile && !srv_has(s, DEFECT_TCP_CLOSE_KEEPS_ALLOCATION)) {
                srv_allocation_delete(s, a);
            }
        }
    }
}

uint32_t srv_allocation_lifetime_s(const struct probe_server *s,
                                   const struct srv_request *q)
{
    uint32_t usual_s = s->options.default_lifetime_s, asked_s;
    if (stunmsg_get_u32(&q->message, STUNMSG_LIFETIME, &asked_s) != STUNMSG_OK)
        return usual_s;
    if (srv_has(s, DEFECT_SHORT_LIFETIME_HONOURED) && asked_s > 0 && asked_s < usual_s)
        return asked_s;
    if (srv_has(s, DEFECT_LONG_LIFETIME_HONOURED) && asked_s > usual_s)
        return asked_s;
    return MAX(MIN(asked_s, s->options.max_lifetime_s), usual_s);
}

void srv_allocation_extend(struct probe_server *s, struct srv_allocation *a,
                           uint32_t lifetime_s)
{
    a->granted_ns = s->now_ns;
    a->until_ns = s->now_ns + lifetime_s * NS_PER_S;
}

static int64_t ends_ns(const struct probe_server *s, const struct srv_allocation *a)
{
    if (srv_has(s, DEFECT_ALLOCATION_NEVER_EXPIRES))
        return CLOCK_NEVER;
    if (srv_has(s, DEFECT_ALLOCATION_EXPIRES_EARLY))
        return a->granted_ns + (a->until_ns - a->granted_ns) / 2;
    return a->until_ns;
}

int64_t srv_allocations_expire(struct probe_server *s)
{
    int64_t next_ns = CLOCK_NEVER;
    for (guint i = s->allocations->len; i > 0; i--) {
        struct srv_allocation *a = s->allocations->pdata[i - 1];
        if (!a->is_gone && ends_ns(s, a) <= s->now_ns)
            srv_allocation_delete(s, a);
        if (a->is_gone) {
            g_ptr_array_remove_index(s->allocations, i - 1);
            continue;
        }
        next_ns = MIN(next_ns, ends_ns(s, a));
        next_ns = MIN(next_ns, srv_connections_expire(s, a));
    }
    return next_ns;
}
