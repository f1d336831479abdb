/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URIs of STUN and TURN servers:
 *
 *     stunURI = ("stun:" / "stuns:") host [ ":" port ]                 RFC 7064 §3.1
 *     turnURI = ("turn:" / "turns:") host [ ":" port ]
 *               [ "?transport=" ("udp" / "tcp") ]                      RFC 7065 §3.1
 *
 * A text is taken apart from its front; what is left over at the end is a mistake. The
 * host is an IPv6 address in brackets, or what may stand in a name or an IPv4 address.
 *
 * Deliberately not: percent-encoding (a host needs none), other transports than the two,
 * resolving names, and telling an IPv4 address from a name.
 */
#include "wire/ice_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/address.h"

/* RFC 8489 section 18.6, RFC 8656 section 3.1 */
#define PORT     3478
#define PORT_TLS 5349

#define TRANSPORT "?transport="

/* "stun" is a prefix of "stuns": the colon is part of a scheme. */
static const struct scheme {
    const char *text;
    bool turn, tls;
} schemes[] = {
    { "stun:", false, false },
    { "stuns:", false, true },
    { "turn:", true, false },
    { "turns:", true, true },
};

static const char *const transport_names[] = {
    [ICE_URL_UDP] = "udp",
    [ICE_URL_TCP] = "tcp",
};

struct text {
    const char *at;
    size_t left;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_host_char(char c, bool in_brackets)
{
    if (in_brackets)
        return is_hex(c) || c == ':' || c == '.';
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

/* Takes a fixed word off, in any case, if the text begins with it. */
static bool take_word(struct text *text, const char *word)
{
    size_t size = strlen(word);
    if (text->left < size || strncasecmp(text->at, word, size) != 0)
        return false;
    text->at += size;
    text->left -= size;
    return true;
}

static bool take_scheme(struct text *text, struct ice_url *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!take_word(text, schemes[i].text))
            continue;
        url->turn = schemes[i].turn;
        url->tls = schemes[i].tls;
        return true;
    }
    return false;
}

static bool take_host(struct text *text, struct ice_url *url)
{
    bool in_brackets = take_word(text, "[");
    size_t size = 0;
    while (size < text->left && is_host_char(text->at[size], in_brackets))
        size++;
    if (size == 0 || size >= sizeof url->host)
        return false;
    memcpy(url->host, text->at, size);
    text->at += size;
    text->left -= size;
    if (!in_brackets)
        return true;
    struct address address;
    return take_word(text, "]") && address_parse(url->host, &address) &&
           address.family == ADDRESS_IPV6;
}

static bool take_port(struct text *text, struct ice_url *url)
{
    if (!take_word(text, ":"))
        return true;
    unsigned port = 0;
    size_t size = 0;
    for (; size < text->left && size < 5 && is_digit(text->at[size]); size++)
        port = port * 10 + (unsigned)(text->at[size] - '0');
    if (port == 0 || port > UINT16_MAX)
        return false;
    url->port = (uint16_t)port;
    text->at += size;
    text->left -= size;
    return true;
}

static bool take_transport(struct text *text, struct ice_url *url)
{
    if (!url->turn || !take_word(text, TRANSPORT))
        return true;
    for (enum ice_url_transport i = ICE_URL_UDP; i <= ICE_URL_TCP; i++) {
        if (take_word(text, transport_names[i])) {
            url->transport = i;
            return true;
        }
    }
    return false;
}

bool ice_url_parse(const char *text, size_t size, struct ice_url *ret_url)
{
    struct text rest = { text, size };
    struct ice_url url = { 0 };
    if (!take_scheme(&rest, &url) || !take_host(&rest, &url) || !take_port(&rest, &url) ||
        !take_transport(&rest, &url) || rest.left > 0)
        return false;
    *ret_url = url;
    return true;
}

const char *ice_url_format(const struct ice_url *url, char out[ICE_URL_TEXT_SIZE])
{
    bool in_brackets = strchr(url->host, ':') != NULL;
    char port[8] = "";
    if (url->port)
        snprintf(port, sizeof port, ":%u", url->port);
    snprintf(out, ICE_URL_TEXT_SIZE, "%s%s:%s%s%s%s%s%s", url->turn ? "turn" : "stun",
             url->tls ? "s" : "", in_brackets ? "[" : "", url->host,
             in_brackets ? "]" : "", port, url->transport ? TRANSPORT : "",
             url->transport ? transport_names[url->transport] : "");
    return out;
}

uint16_t ice_url_port(const struct ice_url *url)
{
    return url->port ? url->port : url->tls ? PORT_TLS : PORT;
}

bool ice_url_is_tcp(const struct ice_url *url)
{
    return url->transport ? url->transport == ICE_URL_TCP : url->tls;
}
