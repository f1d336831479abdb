/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to a handler: what RFC 8489 §6.3 has a server check of any message before it
 * looks at what the message asks for. What is no STUN is not answered.
 *
 * Requests are proven before their attributes are judged (§6.3.1), so that whoever has no
 * credentials learns nothing but the challenge.
 *
 * RFC 8489 §5, §6.2.2, §6.3, §7, §14.
 */
#include "probes/server/message.h"

#include "probes/server/allocate.h"
#include "probes/server/auth.h"
#include "probes/server/binding.h"
#include "probes/server/channel.h"
#include "probes/server/mend.h"
#include "probes/server/permission.h"
#include "probes/server/relay.h"
#include "probes/server/request.h"
#include "probes/server/tcp_relay.h"

enum { SMALL_REQUEST_BYTES = 548, MAX_UNKNOWN = 32 };

typedef void (*request_handler)(struct probe_server *s, struct srv_request *q);

static request_handler find_handler(const struct probe_server *s, uint16_t method)
{
    switch (method) {
    case STUNMSG_BINDING:
        return srv_binding_handle;
    case STUNMSG_ALLOCATE:
        return srv_allocate_handle;
    case STUNMSG_REFRESH:
        return srv_refresh_handle;
    case STUNMSG_CREATE_PERMISSION:
        return srv_permission_handle;
    case STUNMSG_CHANNEL_BIND:
        return srv_channel_handle;
    case STUNMSG_CONNECT:
        return s->options.has_tcp_relay ? srv_connect_handle : NULL;
    case STUNMSG_CONNECTION_BIND:
        return s->options.has_tcp_relay ? srv_connection_bind_handle : NULL;
    }
    return NULL;
}

/* Whether a comprehension-required attribute is understood. */
static bool is_understood(const struct probe_server *s, const struct srv_path *path,
                          uint16_t type)
{
    const struct probe_server_options *o = &s->options;
    switch (type) {
    case STUNMSG_CHANGE_REQUEST: /* RFC 5780 §6.1: not without a second address */
        return srv_binding_can_change(s, path) ||
               srv_has(s, DEFECT_CHANGE_UNSUPPORTED_IGNORED);
    case STUNMSG_PADDING:
    case STUNMSG_RESPONSE_PORT:
        return o->has_nat_discovery;
    case STUNMSG_DONT_FRAGMENT:
        return o->has_dont_fragment;
    case STUNMSG_CONNECTION_ID:
        return o->has_tcp_relay;
    case STUNMSG_ACCESS_TOKEN:
        return o->token_key != NULL;
    case STUNMSG_MESSAGE_INTEGRITY_SHA256:
    case STUNMSG_PASSWORD_ALGORITHM:
    case STUNMSG_USERHASH:
        return o->profile == PROBE_SERVER_8489;
    case STUNMSG_PRIORITY: /* ICE's mean nothing here */
    case STUNMSG_USE_CANDIDATE:
        return false;
    }
    return stunmsg_attribute_name(type) != NULL;
}

static size_t find_unknown(const struct probe_server *s, const struct srv_request *q,
                           uint16_t types[MAX_UNKNOWN])
{
    struct stunmsg_iterator i = stunmsg_attributes(&q->message);
    struct stunmsg_attribute a;
    size_t n = 0;
    if (srv_has(s, DEFECT_UNKNOWN_ACCEPTED))
        return 0;
    while (n < MAX_UNKNOWN && stunmsg_next(&i, &a)) {
        if (a.ignored && !srv_has(s, DEFECT_AFTER_INTEGRITY_COUNTS))
            continue;
        bool is_required = a.type < 0x8000 || (srv_has(s, DEFECT_OPTIONAL_REFUSED) &&
                                               stunmsg_attribute_name(a.type) == NULL);
        if (is_required && !is_understood(s, q->path, a.type))
            types[n++] = a.type;
    }
    return n;
}

/* 420 with what is not understood; false if there is nothing. */
static bool refuse_unknown(struct probe_server *s, const struct srv_request *q)
{
    uint16_t types[MAX_UNKNOWN];
    size_t n = find_unknown(s, q, types);
    if (n == 0)
        return false;
    if (srv_has(s, DEFECT_UNKNOWN_LISTED_PARTLY))
        n = 1;
    struct srv_reply r;
    srv_reply_begin(s, q, STUNMSG_FAILURE, &r);
    srv_reply_add_error(s, &r, STUNMSG_CODE_UNKNOWN_ATTRIBUTE, NULL);
    stunmsg_add_unknown(&r.b, types, n);
    srv_reply_send(s, q, &r);
    return true;
}

static void answer_unknown_method(struct probe_server *s, const struct srv_request *q)
{
    struct srv_reply r;
    if (srv_has(s, DEFECT_UNKNOWN_METHOD_405)) {
        srv_reply_error(s, q, STUNMSG_CODE_MOBILITY_FORBIDDEN); /* 405, by its number */
    } else if (srv_has(s, DEFECT_UNKNOWN_METHOD_SUCCEEDS)) {
        srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
        srv_reply_send(s, q, &r);
    }
    /* RFC 8489 §6.3: silence. */
}

static void handle_request(struct probe_server *s, struct srv_request *q)
{
    uint16_t method = q->message.method;
    request_handler handler = find_handler(s, method);
    if (!handler) {
        answer_unknown_method(s, q);
        return;
    }
    if (srv_has(s, DEFECT_PADDING_MUST_BE_ZERO) && srv_mend_has_padding(&q->message)) {
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        return;
    }
    if (method != STUNMSG_BINDING) {
        if (!srv_auth_check(s, q) || srv_reply_repeat(s, q))
            return;
    }
    if (refuse_unknown(s, q))
        return;
    uint8_t *last_ones = NULL;
    if (srv_has(s, DEFECT_LAST_DUPLICATE_COUNTS))
        last_ones = srv_mend_keep_last(&q->message);
    handler(s, q);
    g_free(last_ones);
}

static void handle_indication(struct probe_server *s, struct srv_request *q)
{
    uint16_t types[MAX_UNKNOWN];
    uint16_t method = q->message.method;
    if (srv_has(s, DEFECT_INDICATIONS_GET_420) && refuse_unknown(s, q))
        return;
    if (method == STUNMSG_BINDING && srv_has(s, DEFECT_INDICATIONS_ANSWERED))
        srv_binding_handle(s, q);
    /* RFC 8489 §6.3.2: one with unknown attributes is dropped. */
    if (method == STUNMSG_SEND && find_unknown(s, q, types) == 0)
        srv_relay_handle_send(s, q);
}

static void handle(struct probe_server *s, const struct srv_path *path,
                   const struct stunmsg *m)
{
    struct srv_request q = { .path = path, .message = *m };
    enum stunmsg_error fingerprint = stunmsg_check_fingerprint(m);
    q.has_fingerprint = fingerprint != STUNMSG_ABSENT;
    if (fingerprint != STUNMSG_OK && fingerprint != STUNMSG_ABSENT &&
        !srv_has(s, DEFECT_FINGERPRINT_UNCHECKED))
        return;
    if (srv_has(s, DEFECT_LARGE_REQUESTS_LOST) && m->size > SMALL_REQUEST_BYTES)
        return;
    switch ((enum stunmsg_class)m->class) {
    case STUNMSG_REQUEST:
        handle_request(s, &q);
        return;
    case STUNMSG_INDICATION:
        handle_indication(s, &q);
        return;
    case STUNMSG_SUCCESS: /* we ask for nothing: nobody has anything to answer */
    case STUNMSG_FAILURE:
        if (srv_has(s, DEFECT_RESPONSES_ANSWERED))
            srv_binding_handle(s, &q);
        return;
    }
}

void srv_message_receive(struct probe_server *s, const struct srv_path *path,
                         const uint8_t *bytes, size_t size)
{
    struct stunmsg m;
    if (s->is_dead)
        return;
    enum stunmsg_error found = stunmsg_decode(bytes, size, &m);
    if (found == STUNMSG_OK) {
        handle(s, path, &m);
        return;
    }
    g_autofree uint8_t *mended = srv_mend(s, found, bytes, size, &m);
    if (mended)
        handle(s, path, &m);
    else if (size > 0 && (bytes[0] & 0xc0) == 0x40)
        srv_channel_receive(s, path, bytes, size);
}

enum stunmsg_error srv_message_frame_size(const struct probe_server *s,
                                          const uint8_t *bytes, size_t size,
                                          size_t *ret_size)
{
    struct cursor c = cursor_over(bytes, size);
    uint16_t start = cursor_u16(&c);
    size_t length = cursor_u16(&c);
    if (c.bad || !srv_channel_is_valid(s, start))
        return stunmsg_frame_size(bytes, size, ret_size);
    *ret_size = STUNMSG_CHANNEL_HEADER_SIZE + ((length + 3) & ~(size_t)3);
    return STUNMSG_OK;
}
