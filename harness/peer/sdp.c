/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session descriptions and candidates of a bare ICE agent.
 *
 * RFC 8839 (sections 4.2, 5.1, 5.4) for what ICE says in SDP, RFC 8840 section 4.1 for
 * trickle ("c=IN IP4 0.0.0.0" and port 9 while no candidate is known), RFC 6544 section
 * 4.5 for TCP, RFC 8866 section 5.14 for "udp octet-stream": datagrams as they are.
 *
 * It takes descriptions of full stacks too, and reads of them no more than ICE: media,
 * DTLS and further m-sections (which a bundle would not use) are passed over. Offer and
 * answer are not compared (RFC 3264): there is nothing to agree on but ICE.
 */
#include "peer/sdp.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4
#define PWD_MIN   22

static const char *const type_names[] = {
    [SDP_HOST] = "host",
    [SDP_SRFLX] = "srflx",
    [SDP_PRFLX] = "prflx",
    [SDP_RELAY] = "relay",
};

static const char *const tcp_type_names[] = {
    [SDP_UDP] = NULL,
    [SDP_TCP_ACTIVE] = "active",
    [SDP_TCP_PASSIVE] = "passive",
    [SDP_TCP_SO] = "so",
};

const char *sdp_candidate_type_name(enum sdp_candidate_type type)
{
    return type_names[type];
}

const char *sdp_tcp_type_name(enum sdp_transport transport)
{
    return tcp_type_names[transport];
}

static gboolean refuse(GError **error, const char *what, const char *wanted,
                       const char *found)
{
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s: must be %s, is \"%.60s\"",
                what, wanted, found ? found : "");
    return FALSE;
}

/* A text of ice-char (RFC 8839 section 5.1) from min to size - 1 long. */
static bool copy_ice_chars(char *out, size_t size, size_t min, const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789+/");
    if (text[length] != '\0' || length < min || length >= size)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

static bool parse_number(const char *text, guint64 max, guint64 *ret_number)
{
    return text && g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

/* The names in one of the tables above. */
static int index_of(const char *const *names, int n_names, const char *name)
{
    for (int i = 0; i < n_names; i++)
        if (names[i] && name && g_ascii_strcasecmp(names[i], name) == 0)
            return i;
    return -1;
}

/* Pairs of a name and a value follow the type: raddr, rport, tcptype, extensions. */
static gboolean parse_extensions(char **word, struct sdp_candidate *c, bool tcp,
                                 GError **error)
{
    bool has_tcp_type = false;
    guint64 number;
    for (; word[0]; word += 2) {
        if (!word[1])
            return refuse(error, "candidate", "pairs of names and values", word[0]);
        if (strcmp(word[0], "raddr") == 0) {
            if (strlen(word[1]) >= sizeof c->related_address)
                return refuse(error, "candidate: raddr", "an address", word[1]);
            g_strlcpy(c->related_address, word[1], sizeof c->related_address);
        } else if (strcmp(word[0], "rport") == 0) {
            if (!parse_number(word[1], UINT16_MAX, &number))
                return refuse(error, "candidate: rport", "a port", word[1]);
            c->related_port = (uint16_t)number;
        } else if (tcp && strcmp(word[0], "tcptype") == 0) {
            int transport = index_of(tcp_type_names, SDP_TCP_SO + 1, word[1]);
            if (transport < 0)
                return refuse(error, "candidate: tcptype", "active, passive or so",
                              word[1]);
            c->transport = (enum sdp_transport)transport;
            has_tcp_type = true;
        }
    }
    if (tcp && !has_tcp_type)
        return refuse(error, "candidate: tcptype", "there for TCP (RFC 6544)", "");
    return TRUE;
}

gboolean sdp_candidate_parse(const char *text, struct sdp_candidate *ret_candidate,
                             GError **error)
{
    const char *at = text;
    if (g_str_has_prefix(at, "a="))
        at += 2;
    if (!g_str_has_prefix(at, "candidate:") || strlen(at) > 1024)
        return refuse(error, "candidate", "\"candidate:…\" of up to 1024 bytes", text);

    g_auto(GStrv) word = g_strsplit(at + strlen("candidate:"), " ", -1);
    guint n_words = g_strv_length(word);
    if (n_words < 8 || strcmp(word[6], "typ") != 0)
        return refuse(error, "candidate",
                      "foundation component transport priority address port typ type",
                      at);

    struct sdp_candidate c = { 0 };
    guint64 component, priority, port;
    bool tcp = g_ascii_strcasecmp(word[2], "tcp") == 0;
    int type = index_of(type_names, G_N_ELEMENTS(type_names), word[7]);
    if (!copy_ice_chars(c.foundation, sizeof c.foundation, 1, word[0]))
        return refuse(error, "candidate: foundation", "1 to 32 ice-char", word[0]);
    if (!parse_number(word[1], 256, &component) || component == 0)
        return refuse(error, "candidate: component", "from 1 to 256", word[1]);
    if (!tcp && g_ascii_strcasecmp(word[2], "udp") != 0)
        return refuse(error, "candidate: transport", "UDP or TCP", word[2]);
    if (!parse_number(word[3], UINT32_MAX, &priority) || priority == 0)
        return refuse(error, "candidate: priority", "from 1 to 2^32 - 1", word[3]);
    if (word[4][0] == '\0' || strlen(word[4]) >= sizeof c.address)
        return refuse(error, "candidate: address", "an address or a name", word[4]);
    if (!parse_number(word[5], UINT16_MAX, &port))
        return refuse(error, "candidate: port", "from 0 to 65535", word[5]);
    if (type < 0)
        return refuse(error, "candidate: type", "host, srflx, prflx or relay", word[7]);
    c.component = (unsigned)component;
    c.priority = (uint32_t)priority;
    c.port = (uint16_t)port;
    c.type = (enum sdp_candidate_type)type;
    g_strlcpy(c.address, word[4], sizeof c.address);
    if (!parse_extensions(word + 8, &c, tcp, error))
        return FALSE;
    *ret_candidate = c;
    return TRUE;
}

char *sdp_candidate_format(const struct sdp_candidate *c, const char *ufrag)
{
    GString *text = g_string_new(NULL);
    const char *tcp_type = tcp_type_names[c->transport];
    g_string_printf(text, "candidate:%s %u %s %u %s %u typ %s", c->foundation,
                    c->component, tcp_type ? "TCP" : "UDP", c->priority, c->address,
                    c->port, type_names[c->type]);
    if (c->related_address[0])
        g_string_append_printf(text, " raddr %s rport %u", c->related_address,
                               c->related_port);
    if (tcp_type)
        g_string_append_printf(text, " tcptype %s", tcp_type);
    if (ufrag)
        g_string_append_printf(text, " ufrag %s", ufrag);
    return g_string_free(text, FALSE);
}

/* One attribute, "NAME:VALUE" or "NAME". */
static gboolean parse_attribute(const char *at, bool in_section, struct sdp_session *s,
                                GError **error)
{
    if (g_str_has_prefix(at, "ice-ufrag:")) {
        if (!copy_ice_chars(s->ufrag, sizeof s->ufrag, UFRAG_MIN, at + 10))
            return refuse(error, "a=ice-ufrag", "4 to 256 ice-char", at + 10);
    } else if (g_str_has_prefix(at, "ice-pwd:")) {
        if (!copy_ice_chars(s->pwd, sizeof s->pwd, PWD_MIN, at + 8))
            return refuse(error, "a=ice-pwd", "22 to 256 ice-char", at + 8);
    } else if (g_str_has_prefix(at, "ice-options:")) {
        g_auto(GStrv) options = g_strsplit(at + 12, " ", -1);
        s->trickle |= g_strv_contains((const char *const *)options, "trickle");
    } else if (strcmp(at, "end-of-candidates") == 0) {
        s->end_of_candidates = true;
    } else if (in_section && g_str_has_prefix(at, "mid:")) {
        if (strlen(at + 4) >= sizeof s->mid || strlen(at + 4) == 0)
            return refuse(error, "a=mid", "1 to 32 characters", at + 4);
        g_strlcpy(s->mid, at + 4, sizeof s->mid);
    } else if (in_section && g_str_has_prefix(at, "candidate:")) {
        if (s->candidates->len == SDP_CANDIDATES_MAX)
            return refuse(error, "a=candidate",
                          "there at most " G_STRINGIFY(SDP_CANDIDATES_MAX) " times", at);
        g_ptr_array_add(s->candidates, g_strdup(at));
    }
    return TRUE;
}

gboolean sdp_session_parse(const char *text, struct sdp_session *ret_session,
                           GError **error)
{
    if (!g_str_has_prefix(text, "v=0"))
        return refuse(error, "session description", "one that begins with v=0", text);
    struct sdp_session s = { .mid = "0",
                             .candidates = g_ptr_array_new_with_free_func(g_free) };
    unsigned n_sections = 0;
    gboolean good = TRUE;
    while (good && *text && n_sections < 2) {
        size_t size = strcspn(text, "\r\n");
        g_autofree char *line = g_strndup(text, size);
        text += size;
        text += strspn(text, "\r\n");
        if (g_str_has_prefix(line, "m="))
            n_sections++;
        else if (g_str_has_prefix(line, "a=") && n_sections < 2)
            good = parse_attribute(line + 2, n_sections > 0, &s, error);
    }
    if (good && n_sections == 0)
        good = refuse(error, "session description", "one with an m-section", "");
    if (good && (!s.ufrag[0] || !s.pwd[0]))
        good = refuse(error, "a=ice-ufrag and a=ice-pwd", "both there", s.ufrag);
    if (good)
        *ret_session = s;
    else
        sdp_session_clear(&s);
    return good;
}

void sdp_session_clear(struct sdp_session *session)
{
    g_clear_pointer(&session->candidates, g_ptr_array_unref);
}

char *sdp_session_format(const struct sdp_session *session, uint64_t id, unsigned version)
{
    return g_strdup_printf("v=0\r\n"
                           "o=- %" G_GUINT64_FORMAT " %u IN IP4 0.0.0.0\r\n"
                           "s=-\r\n"
                           "t=0 0\r\n"
                           "a=ice-options:trickle\r\n"
                           "m=application 9 udp octet-stream\r\n"
                           "c=IN IP4 0.0.0.0\r\n"
                           "a=mid:%s\r\n"
                           "a=sendrecv\r\n"
                           "a=ice-ufrag:%s\r\n"
                           "a=ice-pwd:%s\r\n",
                           id, version, session->mid, session->ufrag, session->pwd);
}
