/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and makes the messages of the peer contract (harness/peer/README.md).
 *
 * Theory of operation: a line is first counted, without a parser: its nesting and the
 * number of its values bound the memory and the stack that jansson then needs. jansson
 * refuses what is not UTF-8, duplicate keys and "\u0000". Then a table says who may send
 * which type and how its fields are read. The result borrows its texts from the JSON.
 *
 * It does not judge what a message says (an SDP, a candidate): that is for the stack, and
 * for the test of how the stack takes it.
 */
#include "peer/contract.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* How much of what was found goes into an error. */
#define FOUND_MAX 60

static const struct {
    const char *name;
    enum contract_end end;
} types[] = {
#define X(symbol, text, from) [CONTRACT_##symbol] = { text, from },
    CONTRACT_TYPES(X)
#undef X
};
G_STATIC_ASSERT(G_N_ELEMENTS(types) == CONTRACT_N_TYPES);

static const char *const capabilities[] = {
#define X(symbol, text) text,
    CONTRACT_CAPABILITIES(X)
#undef X
};
G_STATIC_ASSERT(G_N_ELEMENTS(capabilities) == CONTRACT_N_CAPABILITIES);

const char *contract_type_name(enum contract_type type)
{
    return types[type].name;
}

static const char *const bundle_policies[] = {
#define X(symbol, text) [CONTRACT_##symbol] = text,
    CONTRACT_BUNDLE_POLICIES(X)
#undef X
        NULL,
};

static const char *const directions[] = {
#define X(symbol, text) [CONTRACT_##symbol] = text,
    CONTRACT_DIRECTIONS(X)
#undef X
        NULL,
};

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *utf8 = g_utf8_make_valid(text, -1);
    for (char *c = utf8; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    g_set_error_literal(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, utf8);
    return FALSE;
}

/* A value as text for an error, cut short. */
static char *found(const json_t *value)
{
    if (!value)
        return g_strdup("nothing");
    g_autofree char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (text && strlen(text) > FOUND_MAX)
        return g_strdup_printf("%.*s…", FOUND_MAX, text);
    return g_strdup(text ? text : "something unprintable");
}

static gboolean refuse_value(GError **error, enum contract_type type, const char *where,
                             const char *wanted, const json_t *value)
{
    g_autofree char *text = found(value);
    return refuse(error, "%s: /%s: must be %s, is %s", types[type].name, where, wanted,
                  text);
}

/* Bounds what jansson will have to build, whether or not the line is JSON. */
static gboolean check_size(const char *line, size_t size, GError **error)
{
    unsigned depth = 0, values = 1;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = line[i];
        if (c == '\0')
            return refuse(error, "a NUL in a message, at byte %zu", i);
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        in_string = c == '"';
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        values += c == ',' || c == '{' || c == '[';
        if (depth > CONTRACT_DEPTH_MAX)
            return refuse(error, "a message nested deeper than %d", CONTRACT_DEPTH_MAX);
        if (values > CONTRACT_VALUES_MAX)
            return refuse(error, "a message of more than %d values", CONTRACT_VALUES_MAX);
    }
    return TRUE;
}

/* A text that must be there, or may be absent (then `ret_text` is set to NULL). */
static gboolean read_text(const struct contract_message *m, const json_t *object,
                          const char *key, bool optional, const char **ret_text,
                          GError **error)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value) && !(optional && (!value || json_is_null(value))))
        return refuse_value(error, m->type, key, "a text", value);
    *ret_text = json_string_value(value);
    return TRUE;
}

static int capability_from_name(const char *name)
{
    for (int i = 0; i < CONTRACT_N_CAPABILITIES; i++)
        if (name && strcmp(capabilities[i], name) == 0)
            return i;
    return -1;
}

static gboolean read_url(struct contract_message *m, const json_t *server,
                         const json_t *value, GError **error)
{
    struct contract_configuration *c = &m->configuration;
    if (c->n_servers == CONTRACT_SERVERS_MAX)
        return refuse(error, "configure: /iceServers: more than %d URLs",
                      CONTRACT_SERVERS_MAX);
    struct contract_server *s = &c->servers[c->n_servers];
    s->text = json_string_value(value);
    if (!s->text || !ice_url_parse(s->text, strlen(s->text), &s->url))
        return refuse_value(error, m->type, "iceServers/urls",
                            "a STUN or TURN URI (RFC 7064, RFC 7065)", value);
    if (!read_text(m, server, "username", !s->url.turn, &s->username, error) ||
        !read_text(m, server, "credential", !s->url.turn, &s->credential, error))
        return FALSE;
    c->n_servers++;
    return TRUE;
}

/* RTCIceServer.urls is one text or an array of texts. */
static gboolean read_server(struct contract_message *m, const json_t *server,
                            GError **error)
{
    const json_t *urls = json_object_get(server, "urls");
    if (!json_is_array(urls))
        return read_url(m, server, urls, error);
    size_t i;
    const json_t *url;
    json_array_foreach(urls, i, url)
    {
        if (!read_url(m, server, url, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_protocols(struct contract_message *m, GError **error)
{
    const json_t *protocols = json_object_get(m->json, "protocols");
    struct contract_configuration *c = &m->configuration;
    if (!protocols) {
        c->udp = true;
        return TRUE;
    }
    size_t i;
    const json_t *value;
    json_array_foreach(protocols, i, value)
    {
        const char *name = json_string_value(value);
        if (g_strcmp0(name, "udp") == 0)
            c->udp = true;
        else if (g_strcmp0(name, "tcp") == 0)
            c->tcp = true;
        else
            return refuse_value(error, m->type, "protocols", "\"udp\" or \"tcp\"", value);
    }
    if (!c->udp && !c->tcp)
        return refuse_value(error, m->type, "protocols", "[\"udp\"], [\"tcp\"] or both",
                            protocols);
    return TRUE;
}

/* A list of "data", "audio" and "video" as a set. */
static gboolean read_media(const struct contract_message *m, const char *key,
                           unsigned standard, unsigned *ret_set, GError **error)
{
    const unsigned known = CONTRACT_CAN_DATA | CONTRACT_CAN_AUDIO | CONTRACT_CAN_VIDEO;
    const json_t *list = json_object_get(m->json, key);
    if (!list) {
        *ret_set = standard;
        return TRUE;
    }
    if (!json_is_array(list))
        return refuse_value(error, m->type, key, "an array", list);
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        int bit = capability_from_name(json_string_value(value));
        if (bit < 0 || !(known & 1u << bit))
            return refuse_value(error, m->type, key, "\"data\", \"audio\" or \"video\"",
                                value);
        *ret_set |= 1u << bit;
    }
    return TRUE;
}

/* One of a NULL-ended list of words; the first if it is absent. */
static gboolean read_word(const struct contract_message *m, const char *key,
                          const char *const *words, unsigned *ret_index, GError **error)
{
    const json_t *value = json_object_get(m->json, key);
    const char *text = json_string_value(value);
    *ret_index = 0;
    if (!value)
        return TRUE;
    for (unsigned i = 0; words[i]; i++) {
        if (g_strcmp0(text, words[i]) == 0) {
            *ret_index = i;
            return TRUE;
        }
    }
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    g_autofree char *wanted = g_strdup_printf("one of %s", list);
    return refuse_value(error, m->type, key, wanted, value);
}

/* RTCDataChannelInit's bounds are of 16 bits. */
static gboolean read_bound(const struct contract_message *m, const json_t *channel,
                           const char *key, int *ret_bound, GError **error)
{
    const json_t *value = json_object_get(channel, key);
    json_int_t bound = json_integer_value(value);
    *ret_bound = value ? (int)bound : -1;
    if (value && (!json_is_integer(value) || bound < 0 || bound > UINT16_MAX))
        return refuse_value(error, m->type, key, "a whole number from 0 to 65535", value);
    return TRUE;
}

static gboolean read_channel(struct contract_message *m, GError **error)
{
    struct contract_channel *c = &m->configuration.channel;
    const json_t *channel = json_object_get(m->json, "dataChannel");
    const json_t *ordered = json_object_get(channel, "ordered");
    if (channel && !json_is_object(channel))
        return refuse_value(error, m->type, "dataChannel", "an object", channel);
    if (ordered && !json_is_boolean(ordered))
        return refuse_value(error, m->type, "dataChannel/ordered", "true or false",
                            ordered);
    c->ordered = !json_is_false(ordered);
    return read_bound(m, channel, "maxRetransmits", &c->max_retransmits, error) &&
           read_bound(m, channel, "maxPacketLifeTime", &c->max_packet_lifetime_ms, error);
}

static gboolean read_configure(struct contract_message *m, GError **error)
{
    struct contract_configuration *c = &m->configuration;
    const json_t *role = json_object_get(m->json, "role");
    c->offerer = g_strcmp0(json_string_value(role), "offerer") == 0;
    if (!c->offerer && g_strcmp0(json_string_value(role), "answerer") != 0)
        return refuse_value(error, m->type, "role", "\"offerer\" or \"answerer\"", role);

    const json_t *policy = json_object_get(m->json, "iceTransportPolicy");
    c->relay_only = g_strcmp0(json_string_value(policy), "relay") == 0;
    if (policy && !c->relay_only && g_strcmp0(json_string_value(policy), "all") != 0)
        return refuse_value(error, m->type, "iceTransportPolicy", "\"all\" or \"relay\"",
                            policy);

    const json_t *servers = json_object_get(m->json, "iceServers");
    if (servers && !json_is_array(servers))
        return refuse_value(error, m->type, "iceServers", "an array", servers);
    size_t i;
    const json_t *server;
    json_array_foreach(servers, i, server)
    {
        if (!read_server(m, server, error))
            return FALSE;
    }
    unsigned policy_index, direction_index;
    if (!read_word(m, "bundlePolicy", bundle_policies, &policy_index, error) ||
        !read_word(m, "direction", directions, &direction_index, error))
        return FALSE;
    c->bundle_policy = policy_index;
    c->direction = direction_index;
    return read_protocols(m, error) && read_channel(m, error) &&
           read_media(m, "negotiate", CONTRACT_CAN_DATA, &c->negotiate, error) &&
           read_media(m, "echo", 0, &c->echo, error);
}

static gboolean read_description(struct contract_message *m, const json_t *description,
                                 GError **error)
{
    const json_t *type = json_object_get(description, "type");
    m->offer = g_strcmp0(json_string_value(type), "offer") == 0;
    if (!m->offer && g_strcmp0(json_string_value(type), "answer") != 0)
        return refuse_value(error, m->type, "description/type", "\"offer\" or \"answer\"",
                            type);
    return read_text(m, description, "sdp", false, &m->sdp, error);
}

static gboolean read_candidate(struct contract_message *m, const json_t *candidate,
                               GError **error)
{
    if (!read_text(m, candidate, "candidate", false, &m->candidate, error) ||
        !read_text(m, candidate, "sdpMid", true, &m->sdp_mid, error) ||
        !read_text(m, candidate, "usernameFragment", true, &m->username_fragment, error))
        return FALSE;
    const json_t *index = json_object_get(candidate, "sdpMLineIndex");
    if (index && !json_is_null(index)) {
        json_int_t value = json_integer_value(index);
        if (!json_is_integer(index) || value < 0 || value > UINT16_MAX)
            return refuse_value(error, m->type, "candidate/sdpMLineIndex",
                                "a whole number from 0 to 65535", index);
        m->sdp_m_line_index = (int)value;
    }
    return TRUE;
}

static gboolean read_signal(struct contract_message *m, GError **error)
{
    const json_t *description = json_object_get(m->json, "description");
    const json_t *candidate = json_object_get(m->json, "candidate");
    if (json_is_object(description) && !candidate)
        return read_description(m, description, error);
    if (json_is_object(candidate) && !description)
        return read_candidate(m, candidate, error);
    return refuse(error,
                  "signal: must have an object description or an object candidate");
}

static gboolean read_hello(struct contract_message *m, GError **error)
{
    const json_t *version = json_object_get(m->json, "contract");
    if (!json_is_integer(version) || json_integer_value(version) != CONTRACT_VERSION)
        return refuse_value(error, m->type, "contract", G_STRINGIFY(CONTRACT_VERSION),
                            version);
    m->contract = CONTRACT_VERSION;
    if (!read_text(m, m->json, "stack", false, &m->stack, error) ||
        !read_text(m, m->json, "version", false, &m->version, error))
        return FALSE;
    const json_t *loopback = json_object_get(m->json, "loopback");
    if (loopback && !json_is_boolean(loopback))
        return refuse_value(error, m->type, "loopback", "true or false", loopback);
    m->no_loopback = json_is_false(loopback);
    const json_t *list = json_object_get(m->json, "capabilities");
    if (!json_is_array(list))
        return refuse_value(error, m->type, "capabilities", "an array", list);
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        if (!json_is_string(value))
            return refuse_value(error, m->type, "capabilities", "texts", value);
        int bit = capability_from_name(json_string_value(value));
        if (bit >= 0)
            m->capabilities |= 1u << bit;
    }
    return TRUE;
}

/* A peer reports what it did: not what the network, the harness or a server did, nor
 * that it started or exited, which is the harness' to see. */
static gboolean read_event(struct contract_message *m, GError **error)
{
    const json_t *kind = json_object_get(m->json, "kind");
    const char *name = json_string_value(kind);
    if (!name || !event_kind_from_name(name, &m->kind) ||
        !g_str_has_prefix(name, "peer.") || m->kind == EVENT_PEER_STARTED ||
        m->kind == EVENT_PEER_EXITED)
        return refuse_value(error, m->type, "kind", "a kind that a peer can report",
                            kind);
    const json_t *t_ns = json_object_get(m->json, "t_ns");
    if (t_ns && (!json_is_integer(t_ns) || json_integer_value(t_ns) < 0))
        return refuse_value(error, m->type, "t_ns", "a whole number from 0 on", t_ns);
    m->t_ns = t_ns ? (int64_t)json_integer_value(t_ns) : -1;
    m->data = json_object_get(m->json, "data");
    if (m->data && !json_is_object(m->data))
        return refuse_value(error, m->type, "data", "an object", m->data);
    return TRUE;
}

static gboolean read_send(struct contract_message *m, GError **error)
{
    const json_t *value = json_object_get(m->json, "data_hex");
    if (!value)
        return read_text(m, m->json, "data", false, &m->text, error);
    const char *hex = json_string_value(value);
    size_t length = hex ? strlen(hex) : 1;
    if (length % 2 != 0 || strspn(hex, "0123456789abcdefABCDEF") != length)
        return refuse_value(error, m->type, "data_hex", "bytes, two digits each", value);
    uint8_t *bytes = g_malloc(length / 2 + 1);
    for (size_t i = 0; i < length / 2; i++)
        bytes[i] = (uint8_t)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                             g_ascii_xdigit_value(hex[2 * i + 1]));
    m->bytes = g_bytes_new_take(bytes, length / 2);
    return TRUE;
}

static gboolean read_fields(struct contract_message *m, GError **error)
{
    switch (m->type) {
    case CONTRACT_CONFIGURE:
        return read_configure(m, error);
    case CONTRACT_SIGNAL:
        return read_signal(m, error);
    case CONTRACT_HELLO:
        return read_hello(m, error);
    case CONTRACT_EVENT:
        return read_event(m, error);
    case CONTRACT_SEND:
        return read_send(m, error);
    case CONTRACT_UNSUPPORTED:
        return read_text(m, m->json, "what", false, &m->text, error);
    case CONTRACT_RESTART_ICE:
    case CONTRACT_CLOSE:
    case CONTRACT_DONE:
    case CONTRACT_N_TYPES:
        break;
    }
    return TRUE;
}

static gboolean read_type(struct contract_message *m, enum contract_end from,
                          GError **error)
{
    const json_t *value = json_object_get(m->json, "type");
    const char *name = json_string_value(value);
    for (m->type = 0; m->type < CONTRACT_N_TYPES; m->type++) {
        if (name && strcmp(name, types[m->type].name) == 0) {
            if (types[m->type].end & from)
                return TRUE;
            return refuse(error, "%s: only the %s sends it", name,
                          from == CONTRACT_PEER ? "harness" : "peer");
        }
    }
    g_autofree char *text = found(value);
    return refuse(error, "/type: must be a type of the contract, is %s", text);
}

gboolean contract_parse(const char *line, size_t size, enum contract_end from,
                        struct contract_message *ret_message, GError **error)
{
    if (size > CONTRACT_LINE_MAX_BYTES)
        return refuse(error, "a message of more than %d bytes", CONTRACT_LINE_MAX_BYTES);
    if (!check_size(line, size, error))
        return FALSE;
    json_error_t why;
    g_auto(contract_message) m = { .sdp_m_line_index = -1, .t_ns = -1 };
    m.json = json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
    if (!m.json)
        return refuse(error, "no JSON: %s", why.text);
    if (!json_is_object(m.json))
        return refuse(error, "a message must be a JSON object");
    if (!read_type(&m, from, error) || !read_fields(&m, error))
        return FALSE;
    *ret_message = m;
    m.json = NULL;
    m.bytes = NULL;
    return TRUE;
}

void contract_message_clear(struct contract_message *message)
{
    json_decref(message->json);
    message->json = NULL;
    g_clear_pointer(&message->bytes, g_bytes_unref);
}

char *contract_line(json_t *message)
{
    char *line = NULL;
    if (message) {
        g_autofree char *text = json_dumps(message, JSON_COMPACT);
        if (text && strlen(text) <= CONTRACT_LINE_MAX_BYTES)
            line = g_strconcat(text, "\n", NULL);
        json_decref(message);
    }
    return line;
}

json_t *contract_make_hello(const char *stack, const char *version, unsigned set)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < CONTRACT_N_CAPABILITIES; i++)
        if (set & 1u << i)
            json_array_append_new(names, json_string(capabilities[i]));
    return json_pack("{s:s, s:i, s:s, s:s, s:o}", "type", "hello", "contract",
                     CONTRACT_VERSION, "stack", stack, "version", version, "capabilities",
                     names);
}

json_t *contract_make_description(bool offer, const char *sdp)
{
    return json_pack("{s:s, s:{s:s, s:s}}", "type", "signal", "description", "type",
                     offer ? "offer" : "answer", "sdp", sdp);
}

json_t *contract_make_candidate(const char *candidate, const char *sdp_mid,
                                int sdp_m_line_index, const char *username_fragment)
{
    return json_pack("{s:s, s:{s:s, s:s*, s:i, s:s*}}", "type", "signal", "candidate",
                     "candidate", candidate, "sdpMid", sdp_mid, "sdpMLineIndex",
                     sdp_m_line_index, "usernameFragment", username_fragment);
}

json_t *contract_make_event(enum event_kind kind, int64_t t_ns, json_t *data)
{
    return json_pack("{s:s, s:s, s:I, s:o}", "type", "event", "kind",
                     event_kind_name(kind), "t_ns", (json_int_t)t_ns, "data", data);
}

json_t *contract_make_unsupported(const char *what)
{
    return json_pack("{s:s, s:s}", "type", "unsupported", "what", what);
}

json_t *contract_make_send(const char *text)
{
    return json_pack("{s:s, s:s}", "type", "send", "data", text);
}

json_t *contract_make_send_binary(const char *hex)
{
    return json_pack("{s:s, s:s}", "type", "send", "data_hex", hex);
}

json_t *contract_make_plain(enum contract_type type)
{
    return json_pack("{s:s}", "type", types[type].name);
}
