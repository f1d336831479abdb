/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS answers, walked by libresolv's parser, which checks every length it follows. What
 * it hands out points into the message; values are read through a cursor.
 *
 * Deliberately not: following CNAMEs (a recursive server puts what they lead to into the
 * same answer), DNSSEC, and NAPTRs with a regular expression, which RFC 3958 §2.2.4 does
 * not use.
 */
#include "probes/core/dns_records.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "base/cursor.h"

bool dns_is_plain_name(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-_.");
    return size > 0 && size < DNS_NAME_SIZE - 2 && !name[size];
}

/* A name that ends the record; the root is "". */
static bool read_name(const ns_msg *message, struct cursor *at, char out[DNS_NAME_SIZE])
{
    char name[NS_MAXDNAME];
    if (at->bad || ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), at->at,
                                      name, sizeof name) < 0)
        return false;
    if (strcmp(name, ".") == 0)
        name[0] = '\0';
    else if (!dns_is_plain_name(name))
        return false;
    memcpy(out, name, strlen(name) + 1);
    return true;
}

/* A character string (RFC 1035 §3.3), as text. */
static bool read_text(struct cursor *at, char out[DNS_TEXT_SIZE])
{
    size_t size = cursor_u8(at);
    const uint8_t *text = cursor_take(at, size);
    if (!text || memchr(text, '\0', size))
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool read_srv(const ns_msg *message, struct cursor at, struct dns_srv *out)
{
    out->priority = cursor_u16(&at);
    out->weight = cursor_u16(&at);
    out->port = cursor_u16(&at);
    return read_name(message, &at, out->target);
}

static bool read_naptr(const ns_msg *message, struct cursor at, struct dns_naptr *out)
{
    char flags[DNS_TEXT_SIZE], expression[DNS_TEXT_SIZE];
    out->order = cursor_u16(&at);
    out->preference = cursor_u16(&at);
    if (!read_text(&at, flags) || !read_text(&at, out->services) ||
        !read_text(&at, expression) || !read_name(message, &at, out->replacement))
        return false;
    out->flag =
        flags[0] >= 'A' && flags[0] <= 'Z' ? (char)(flags[0] - 'A' + 'a') : flags[0];
    return !expression[0] && out->replacement[0] && (!flags[0] || !flags[1]);
}

static bool read_address(struct cursor at, enum dns_type type, struct address *out)
{
    size_t size = type == DNS_A ? 4 : 16;
    if (at.left != size)
        return false;
    *out = address_from_bytes(type == DNS_A ? ADDRESS_IPV4 : ADDRESS_IPV6, at.at);
    return true;
}

static bool read_record(const ns_msg *message, const ns_rr *rr, enum dns_type type,
                        struct dns_records *out)
{
    struct cursor at = cursor_over(ns_rr_rdata(*rr), ns_rr_rdlen(*rr));
    switch (type) {
    case DNS_SRV:
        return read_srv(message, at, &out->srv[out->count]);
    case DNS_NAPTR:
        return read_naptr(message, at, &out->naptr[out->count]);
    case DNS_A:
    case DNS_AAAA:
        return read_address(at, type, &out->address[out->count]);
    }
    return false;
}

bool dns_records_parse(const uint8_t *message, size_t size, enum dns_type type,
                       struct dns_records *ret)
{
    ns_msg parsed;
    if (size > NS_MAXMSG || ns_initparse(message, (int)size, &parsed) != 0)
        return false;
    ret->type = type;
    ret->count = 0;
    for (int i = 0; i < ns_msg_count(parsed, ns_s_an) && ret->count < DNS_MAX_RECORDS;
         i++) {
        ns_rr rr;
        if (ns_parserr(&parsed, ns_s_an, i, &rr) != 0)
            return false;
        if (ns_rr_class(rr) == ns_c_in && (int)ns_rr_type(rr) == (int)type &&
            read_record(&parsed, &rr, type, ret))
            ret->count++;
    }
    return true;
}
