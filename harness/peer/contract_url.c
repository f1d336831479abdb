/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the URIs of STUN and TURN servers: RFC 7064 section 3.1, RFC 7065 section 3.1.
 *
 * Deliberately not: percent-encoding (a host needs none), resolving names, and telling
 * an IPv4 address from a name (the stack does that).
 */
#include "peer/contract_url.h"

#include <string.h>

#include <glib.h>

/* RFC 8489 section 18.6, RFC 8656 section 3.1 */
#define PORT     3478
#define PORT_TLS 5349

static const struct {
    const char *scheme;
    bool turn, tls;
} schemes[] = {
    { "stun:", false, false },
    { "stuns:", false, true },
    { "turn:", true, false },
    { "turns:", true, true },
};

/* Takes the scheme off; schemes are case-insensitive (RFC 3986 section 3.1). */
static const char *parse_scheme(const char *text, struct contract_url *url)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        size_t size = strlen(schemes[i].scheme);
        if (g_ascii_strncasecmp(text, schemes[i].scheme, size) == 0) {
            url->turn = schemes[i].turn;
            url->tls = schemes[i].tls;
            return text + size;
        }
    }
    return NULL;
}

static bool is_host_char(char c, bool in_brackets)
{
    return in_brackets ? g_ascii_isxdigit(c) || c == ':' || c == '.'
                       : g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
}

/* Takes the host off. */
static const char *parse_host(const char *at, struct contract_url *url)
{
    bool in_brackets = *at == '[';
    at += in_brackets;
    size_t size = 0;
    while (is_host_char(at[size], in_brackets))
        size++;
    if (size == 0 || size >= sizeof url->host)
        return NULL;
    memcpy(url->host, at, size);
    url->host[size] = '\0';
    at += size;
    if (!in_brackets)
        return at;
    return *at == ']' ? at + 1 : NULL;
}

/* Takes ":PORT" off, if there is one. */
static const char *parse_port(const char *at, struct contract_url *url)
{
    url->port = url->tls ? PORT_TLS : PORT;
    if (*at != ':')
        return at;
    at++;
    unsigned port = 0;
    const char *digit = at;
    for (; g_ascii_isdigit(*digit) && digit - at < 5; digit++)
        port = port * 10 + (unsigned)(*digit - '0');
    if (digit == at || port == 0 || port > UINT16_MAX)
        return NULL;
    url->port = (uint16_t)port;
    return digit;
}

bool contract_url_parse(const char *text, struct contract_url *ret_url)
{
    struct contract_url url = { 0 };
    const char *at = parse_scheme(text, &url);
    if (at)
        at = parse_host(at, &url);
    if (at)
        at = parse_port(at, &url);
    if (!at)
        return false;
    url.tcp = url.tls;
    if (url.turn && g_ascii_strcasecmp(at, "?transport=tcp") == 0) {
        url.tcp = true;
    } else if (url.turn && g_ascii_strcasecmp(at, "?transport=udp") == 0) {
        url.tcp = false;
    } else if (*at != '\0') {
        return false;
    }
    *ret_url = url;
    return true;
}
