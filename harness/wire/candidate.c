/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICE candidate lines, read and written.
 *
 * The grammar separates by exactly one space, so a line is taken word by word; each word
 * is checked by its own rule and the first that breaks one decides the error. What
 * follows the type are pairs of a name and a value. RFC 8839 has raddr and rport first
 * among them; they are found wherever they stand, since stacks differ there and nothing
 * is gained by refusing a call for it. The pairs we do not know are kept as text and
 * written again.
 *
 * It does not resolve names, does not compute priorities or foundations, and does not
 * judge what a candidate says (a relay without raddr, a priority that fits no type).
 *
 * RFC 8839 §5.1, RFC 6544 §4.5, RFC 8866 §9 (token).
 */
#include "wire/candidate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct word {
    const char *at;
    size_t size;
};

/* The rest of a line; `ended` once the last word has been taken. */
struct words {
    const char *at;
    size_t left;
    bool ended;
};

static const char *const transport_names[] = {
    [CANDIDATE_UDP] = "UDP",
    [CANDIDATE_TCP] = "TCP",
};
_Static_assert(sizeof transport_names / sizeof(char *) == CANDIDATE_N_TRANSPORTS, "");

static const char *const type_names[] = {
    [CANDIDATE_HOST] = "host",
    [CANDIDATE_SRFLX] = "srflx",
    [CANDIDATE_PRFLX] = "prflx",
    [CANDIDATE_RELAY] = "relay",
};
_Static_assert(sizeof type_names / sizeof(char *) == CANDIDATE_N_TYPES, "");

static const char *const tcp_type_names[] = {
    [CANDIDATE_TCP_NONE] = "",
    [CANDIDATE_TCP_ACTIVE] = "active",
    [CANDIDATE_TCP_PASSIVE] = "passive",
    [CANDIDATE_TCP_SO] = "so",
};
_Static_assert(sizeof tcp_type_names / sizeof(char *) == CANDIDATE_N_TCP_TYPES, "");

/* ---- Words ---- */

/* The next word, which may be empty; empty as well when there is none. */
static struct word next_word(struct words *words)
{
    if (words->ended)
        return (struct word){ .at = words->at };
    const char *space = memchr(words->at, ' ', words->left);
    struct word word = { .at = words->at };
    if (space) {
        word.size = (size_t)(space - words->at);
        words->at += word.size + 1;
        words->left -= word.size + 1;
    } else {
        word.size = words->left;
        words->at += words->left;
        words->left = 0;
        words->ended = true;
    }
    return word;
}

static bool word_is(struct word word, const char *text)
{
    return word.size == strlen(text) && strncasecmp(word.at, text, word.size) == 0;
}

/* Finds a word in a table; returns its index, or the table's size. */
static size_t word_index(struct word word, const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && !word_is(word, names[i]))
        i++;
    return i;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 8866 §9: token-char. */
static bool is_token(struct word word)
{
    for (size_t i = 0; i < word.size; i++) {
        char c = word.at[i];
        if (c == '\0' || (!is_alphanumeric(c) && !strchr("!#$%&'*+-.^_`{|}~", c)))
            return false;
    }
    return word.size > 0;
}

/* VCHAR, and beyond ASCII what SDP's UTF-8 may bring. */
static bool is_visible(struct word word)
{
    for (size_t i = 0; i < word.size; i++) {
        if ((unsigned char)word.at[i] <= ' ' || word.at[i] == 0x7f)
            return false;
    }
    return true;
}

static enum candidate_error read_number(struct word word, size_t most_digits,
                                        uint32_t least, uint32_t most,
                                        uint32_t *ret_number)
{
    uint64_t number = 0;
    if (word.size == 0)
        return CANDIDATE_MALFORMED;
    for (size_t i = 0; i < word.size; i++) {
        if (!is_digit(word.at[i]))
            return CANDIDATE_MALFORMED;
        if (i < most_digits)
            number = 10 * number + (uint64_t)(word.at[i] - '0');
    }
    if (word.size > most_digits || number < least || number > most)
        return CANDIDATE_OUT_OF_RANGE;
    *ret_number = (uint32_t)number;
    return CANDIDATE_OK;
}

/* ---- Fields ---- */

static enum candidate_error read_foundation(struct word word, char *out)
{
    if (word.size == 0)
        return CANDIDATE_MALFORMED;
    for (size_t i = 0; i < word.size; i++) {
        if (!is_alphanumeric(word.at[i]) && word.at[i] != '+' && word.at[i] != '/')
            return CANDIDATE_MALFORMED;
    }
    if (word.size >= CANDIDATE_FOUNDATION_SIZE)
        return CANDIDATE_TOO_LONG;
    memcpy(out, word.at, word.size);
    return CANDIDATE_OK;
}

/*
 * A host name by its letters: labels of 1 to 63, of which the last is not a number, so
 * that "192.168.1.300" is a wrong address and not a name.
 */
static bool is_host_name(struct word word)
{
    size_t label = 0;
    bool is_number = true;
    if (word.size > 0 && word.at[word.size - 1] == '.')
        word.size--;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.at[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            is_number = true;
        } else if (!is_alphanumeric(c) && c != '-' && c != '_') {
            return false;
        } else {
            is_number = is_number && is_digit(c);
            if (++label > 63)
                return false;
        }
    }
    return label > 0 && !is_number;
}

static enum candidate_error read_address(struct word word, struct candidate_place *place)
{
    if (word.size >= sizeof place->name)
        return CANDIDATE_TOO_LONG;
    char text[CANDIDATE_NAME_SIZE] = { 0 };
    if (word.size == 0 || memchr(word.at, '\0', word.size))
        return CANDIDATE_MALFORMED;
    memcpy(text, word.at, word.size);
    if (address_parse(text, &place->endpoint.address))
        return CANDIDATE_OK;
    if (!is_host_name(word))
        return CANDIDATE_MALFORMED;
    memcpy(place->name, text, sizeof text);
    return CANDIDATE_OK;
}

static enum candidate_error read_port(struct word word, struct candidate_place *place)
{
    uint32_t port;
    enum candidate_error error = read_number(word, 5, 0, UINT16_MAX, &port);
    if (error == CANDIDATE_OK)
        place->endpoint.port = (uint16_t)port;
    return error;
}

static enum candidate_error keep_extension(struct candidate *c, struct word name,
                                           struct word value)
{
    if (!is_token(name) || !is_visible(value))
        return CANDIDATE_MALFORMED;
    size_t used = strlen(c->extensions);
    size_t gap = used > 0;
    if (name.size + 1 + value.size + gap >= sizeof c->extensions - used)
        return CANDIDATE_TOO_LONG;
    char *at = c->extensions + used;
    if (gap)
        *at++ = ' ';
    memcpy(at, name.at, name.size);
    at[name.size] = ' ';
    memcpy(at + name.size + 1, value.at, value.size);
    return CANDIDATE_OK;
}

/* What has been seen of the pairs that may come once. */
struct seen {
    bool raddr;
    bool rport;
};

static enum candidate_error read_pair(struct candidate *c, struct seen *seen,
                                      struct word name, struct word value)
{
    if (word_is(name, "raddr")) {
        if (seen->raddr)
            return CANDIDATE_MALFORMED;
        seen->raddr = true;
        return read_address(value, &c->related);
    }
    if (word_is(name, "rport")) {
        if (seen->rport)
            return CANDIDATE_MALFORMED;
        seen->rport = true;
        return read_port(value, &c->related);
    }
    if (word_is(name, "tcptype") && c->transport == CANDIDATE_TCP) {
        size_t type = word_index(value, tcp_type_names, CANDIDATE_N_TCP_TYPES);
        if (c->tcp_type != CANDIDATE_TCP_NONE || type == CANDIDATE_TCP_NONE ||
            type == CANDIDATE_N_TCP_TYPES)
            return CANDIDATE_MALFORMED;
        c->tcp_type = (enum candidate_tcp_type)type;
        return CANDIDATE_OK;
    }
    return keep_extension(c, name, value);
}

static enum candidate_error read_pairs(struct words *words, struct candidate *c)
{
    struct seen seen = { 0 };
    while (!words->ended) {
        struct word name = next_word(words);
        if (words->ended) /* a name without even the space before an empty value */
            return CANDIDATE_MALFORMED;
        enum candidate_error error = read_pair(c, &seen, name, next_word(words));
        if (error != CANDIDATE_OK)
            return error;
    }
    if (seen.raddr != seen.rport)
        return CANDIDATE_MALFORMED;
    /* RFC 6544 §4.5: a TCP candidate has its tcptype. */
    if (c->transport == CANDIDATE_TCP && c->tcp_type == CANDIDATE_TCP_NONE)
        return CANDIDATE_MALFORMED;
    c->is_related = seen.raddr;
    return CANDIDATE_OK;
}

/* The fields up to the type: foundation, component, transport, priority, address, port.
 */
static enum candidate_error read_fields(struct words *words, struct candidate *c)
{
    uint32_t number;
    enum candidate_error error = read_foundation(next_word(words), c->foundation);
    if (error != CANDIDATE_OK)
        return error;

    /* RFC 8839 grants three digits, RFC 5245 granted five; the range is the same. */
    error = read_number(next_word(words), 5, 1, 256, &number);
    if (error != CANDIDATE_OK)
        return error;
    c->component = (uint16_t)number;

    struct word transport = next_word(words);
    size_t known = word_index(transport, transport_names, CANDIDATE_N_TRANSPORTS);
    if (known == CANDIDATE_N_TRANSPORTS)
        return is_token(transport) ? CANDIDATE_UNKNOWN_KIND : CANDIDATE_MALFORMED;
    c->transport = (enum candidate_transport)known;

    error = read_number(next_word(words), 10, 1, INT32_MAX, &c->priority);
    if (error != CANDIDATE_OK)
        return error;
    error = read_address(next_word(words), &c->place);
    if (error != CANDIDATE_OK)
        return error;
    error = read_port(next_word(words), &c->place);
    if (error != CANDIDATE_OK)
        return error;

    if (!word_is(next_word(words), "typ"))
        return CANDIDATE_MALFORMED;
    struct word type = next_word(words);
    known = word_index(type, type_names, CANDIDATE_N_TYPES);
    if (known == CANDIDATE_N_TYPES)
        return is_token(type) ? CANDIDATE_UNKNOWN_KIND : CANDIDATE_MALFORMED;
    c->type = (enum candidate_type)known;
    return CANDIDATE_OK;
}

static bool skip_prefix(struct words *words, const char *prefix)
{
    size_t size = strlen(prefix);
    if (words->left < size || strncasecmp(words->at, prefix, size) != 0)
        return false;
    words->at += size;
    words->left -= size;
    return true;
}

enum candidate_error candidate_parse(const char *text, size_t size,
                                     struct candidate *ret_candidate)
{
    struct words words = { .at = text, .left = size };
    struct candidate c = { 0 };
    if (words.left > 0 && text[words.left - 1] == '\n')
        words.left--;
    if (words.left > 0 && text[words.left - 1] == '\r')
        words.left--;
    if (words.left >= CANDIDATE_LINE_SIZE)
        return CANDIDATE_TOO_LONG;
    if (words.left == 0)
        return CANDIDATE_MALFORMED;
    /* "a=" without "candidate:" would be some other attribute. */
    if (skip_prefix(&words, "a=") && !skip_prefix(&words, "candidate:"))
        return CANDIDATE_MALFORMED;
    skip_prefix(&words, "candidate:");

    enum candidate_error error = read_fields(&words, &c);
    if (error == CANDIDATE_OK)
        error = read_pairs(&words, &c);
    if (error == CANDIDATE_OK)
        *ret_candidate = c;
    return error;
}

/* ---- Writing ---- */

static const char *place_text(const struct candidate_place *place,
                              char out[ADDRESS_TEXT_SIZE])
{
    return place->name[0] ? place->name : address_format(&place->endpoint.address, out);
}

enum candidate_error candidate_format(const struct candidate *c, char *out,
                                      size_t out_size)
{
    char line[CANDIDATE_LINE_SIZE], address[ADDRESS_TEXT_SIZE];
    char related[CANDIDATE_NAME_SIZE + 24] = "";
    if (c->is_related)
        snprintf(related, sizeof related, " raddr %s rport %u",
                 place_text(&c->related, address), c->related.endpoint.port);
    int size = snprintf(
        line, sizeof line, "candidate:%s %u %s %u %s %u typ %s%s%s%s%s%s", c->foundation,
        c->component, transport_names[c->transport], c->priority,
        place_text(&c->place, address), c->place.endpoint.port, type_names[c->type],
        related, c->tcp_type == CANDIDATE_TCP_NONE ? "" : " tcptype ",
        tcp_type_names[c->tcp_type], c->extensions[0] ? " " : "", c->extensions);
    if (size < 0 || (size_t)size >= sizeof line || (size_t)size >= out_size)
        return CANDIDATE_NO_SPACE;
    memcpy(out, line, (size_t)size + 1);
    return CANDIDATE_OK;
}

/* ---- Names ---- */

const char *candidate_extension(const struct candidate *candidate, const char *name,
                                size_t *ret_size)
{
    struct words words = { .at = candidate->extensions,
                           .left = strlen(candidate->extensions) };
    while (words.left > 0) {
        struct word key = next_word(&words);
        struct word value = next_word(&words);
        if (key.size == strlen(name) && memcmp(key.at, name, key.size) == 0) {
            *ret_size = value.size;
            return value.at;
        }
    }
    return NULL;
}

const char *candidate_transport_name(enum candidate_transport transport)
{
    return transport_names[transport];
}

const char *candidate_type_name(enum candidate_type type)
{
    return type_names[type];
}

bool candidate_type_from_name(const char *name, enum candidate_type *ret_type)
{
    struct word word = { .at = name, .size = strlen(name) };
    size_t i = word_index(word, type_names, CANDIDATE_N_TYPES);
    if (i == CANDIDATE_N_TYPES)
        return false;
    *ret_type = (enum candidate_type)i;
    return true;
}

const char *candidate_tcp_type_name(enum candidate_tcp_type type)
{
    return tcp_type_names[type];
}

const char *candidate_error_text(enum candidate_error error)
{
    static const char *const texts[] = {
        [CANDIDATE_OK] = "well-formed",
        [CANDIDATE_MALFORMED] = "malformed",
        [CANDIDATE_OUT_OF_RANGE] = "a number is out of range",
        [CANDIDATE_TOO_LONG] = "too long",
        [CANDIDATE_UNKNOWN_KIND] = "unknown transport or type",
        [CANDIDATE_NO_SPACE] = "does not fit",
    };
    _Static_assert(sizeof texts / sizeof *texts == CANDIDATE_N_ERRORS, "one text each");
    return texts[error];
}
