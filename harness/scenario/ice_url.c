/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of STUN and TURN servers:
 *
 *     stunURI = "stun:" host [ ":" port ]                          RFC 7064 §3.1
 *     turnURI = "turn:" host [ ":" port ] [ "?transport=" name ]   RFC 7065 §3.1
 *
 * The host is a name, an IPv4 address, or an IPv6 address in brackets. It knows neither
 * the schemes with TLS nor percent-encoding, which no name of a scenario needs.
 */
#include "scenario/ice_url.h"

#include <string.h>

static bool parse_port(const char *text, uint16_t *ret_port)
{
    guint64 port;
    if (!g_ascii_string_to_unsigned(text, 10, 1, UINT16_MAX, &port, NULL))
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

bool ice_url_parse(const char *text, struct ice_url *ret_url)
{
    struct ice_url url = { .turn = g_str_has_prefix(text, "turn:") };
    if (!url.turn && !g_str_has_prefix(text, "stun:"))
        return false;
    g_autofree char *rest = g_strdup(text + strlen("stun:"));

    char *query = strchr(rest, '?');
    if (query) {
        *query++ = '\0';
        url.transport = strcmp(query, "transport=udp") == 0   ? "udp"
                        : strcmp(query, "transport=tcp") == 0 ? "tcp"
                                                              : NULL;
        if (!url.turn || !url.transport)
            return false;
    }
    char *host = rest;
    char *port = NULL;
    if (*host == '[') {
        char *end = strchr(++host, ']');
        struct address address;
        if (!end || (end[1] && end[1] != ':'))
            return false;
        port = end[1] ? end + 2 : NULL;
        *end = '\0';
        if (!address_parse(host, &address) || address.family != ADDRESS_IPV6)
            return false;
    } else if ((port = strchr(host, ':'))) {
        *port++ = '\0';
    }
    if (!*host || (port && !parse_port(port, &url.port)))
        return false;
    url.host = g_strdup(host);
    *ret_url = url;
    return true;
}

void ice_url_clear(struct ice_url *url)
{
    g_clear_pointer(&url->host, g_free);
}

char *ice_url_format(const struct ice_url *url, const struct address *host)
{
    char text[ADDRESS_TEXT_SIZE];
    bool brackets = host->family == ADDRESS_IPV6;
    GString *out = g_string_new(url->turn ? "turn:" : "stun:");
    g_string_append_printf(out, "%s%s%s", brackets ? "[" : "", address_format(host, text),
                           brackets ? "]" : "");
    if (url->port)
        g_string_append_printf(out, ":%u", url->port);
    if (url->transport)
        g_string_append_printf(out, "?transport=%s", url->transport);
    return g_string_free(out, FALSE);
}
