/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: made, prepared (RFC 8265) and forgotten. Where they are read from is in
 * credentials_load.c.
 *
 * Texts that are plain ASCII, as most are, never pass through a function that leaves
 * copies of them behind; those that must be normalised pass through GLib, which does.
 */
#include "probes/core/credentials.h"

#include <inttypes.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/error.h"

#define SHA1_SIZE 20

void credentials_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

static void wipe_bytes(uint8_t *bytes, size_t size)
{
    if (bytes)
        explicit_bzero(bytes, size);
    g_free(bytes);
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    g_free(c->user);
    g_free(c->name);
    credentials_wipe(c->password);
    credentials_wipe(c->secret);
    wipe_bytes(c->token, c->token_size);
    wipe_bytes(c->token_key, c->token_key_size);
    g_free(c);
}

/* RFC 8264 §4.3 by the general categories of §9: letters, digits, marks, spaces, symbols
   and punctuation. */
static bool is_freeform(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return false;
    case G_UNICODE_FORMAT:
        return c == 0x200c || c == 0x200d; /* the joiners */
    default: /* an open list: each version of Unicode may add to it */
        return true;
    }
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* The mapping and normalisation of RFC 8265 §4.2.2 for valid UTF-8. */
static char *map_and_normalise(const char *text)
{
    GString *mapped = g_string_sized_new(2 * strlen(text));
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool is_space = g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR;
        g_string_append_unichar(mapped, is_space ? ' ' : c);
    }
    char *normal = g_utf8_normalize(mapped->str, -1, G_NORMALIZE_NFC);
    explicit_bzero(mapped->str, mapped->len);
    g_string_free(mapped, TRUE);
    return normal;
}

char *credentials_prepare(const char *what, const char *text, GError **error)
{
    const char *problem = NULL;
    if (!*text)
        problem = "is empty";
    else if (!g_utf8_validate(text, -1, NULL))
        problem = "is not UTF-8";
    for (const char *at = text; !problem && *at; at = g_utf8_next_char(at))
        if (!is_freeform(g_utf8_get_char(at)))
            problem = "holds a control character, or another that RFC 8265 refuses";
    if (!problem)
        return is_ascii(text) ? g_strdup(text) : map_and_normalise(text);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s %s", what, problem);
    return NULL;
}

static char *prepare_user(const char *user, GError **error)
{
    g_autofree char *prepared = credentials_prepare("the user name", user, error);
    if (prepared && strlen(prepared) >= CREDENTIALS_USER_SIZE) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "the user name has %zu bytes, and STUN has room for %d",
                    strlen(prepared), CREDENTIALS_USER_SIZE - 1);
        return NULL;
    }
    return g_steal_pointer(&prepared);
}

struct credentials *credentials_new(const char *user, const char *password,
                                    GError **error)
{
    g_autoptr(auto_credentials) c = g_new0(struct credentials, 1);
    c->user = prepare_user(user, error);
    if (!c->user)
        return NULL;
    c->password = credentials_prepare("the password", password, error);
    if (!c->password)
        return NULL;
    const char *name;
    credentials_parse_user(c->user, &c->expires_s, &name);
    return g_steal_pointer(&c);
}

static char *rest_password(const char *secret, const char *user)
{
    uint8_t hmac[SHA1_SIZE];
    int status = gnutls_hmac_fast(GNUTLS_MAC_SHA1, secret, strlen(secret), user,
                                  strlen(user), hmac);
    g_assert(status == 0); /* it can only fail for a hash that is not there */
    char *password = g_base64_encode(hmac, sizeof hmac);
    explicit_bzero(hmac, sizeof hmac);
    return password;
}

struct credentials *credentials_new_from_secret(const char *secret, const char *name,
                                                int64_t expires_s, GError **error)
{
    g_autoptr(auto_credentials) c = g_new0(struct credentials, 1);
    g_autofree char *user =
        g_strdup_printf("%" PRId64 "%s%s", expires_s, name ? ":" : "", name ? name : "");
    if (!*secret) {
        g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE, "the secret is empty");
        return NULL;
    }
    c->user = prepare_user(user, error);
    if (!c->user)
        return NULL;
    c->password = rest_password(secret, c->user);
    c->expires_s = expires_s;
    c->secret = g_strdup(secret);
    c->name = g_strdup(name);
    return g_steal_pointer(&c);
}

struct credentials *credentials_renew(const struct credentials *c, int64_t expires_s)
{
    return c->secret ? credentials_new_from_secret(c->secret, c->name, expires_s, NULL)
                     : NULL;
}

bool credentials_parse_user(const char *user, int64_t *ret_expires_s,
                            const char **ret_name)
{
    size_t n_digits = strspn(user, "0123456789");
    /* Eighteen digits fit into 63 bits. */
    if (n_digits == 0 || n_digits > 18 || (user[n_digits] && user[n_digits] != ':'))
        return false;
    *ret_expires_s = g_ascii_strtoll(user, NULL, 10);
    *ret_name = user[n_digits] && user[n_digits + 1] ? user + n_digits + 1 : NULL;
    return true;
}

char *credentials_format_expiry(int64_t expires_s, int64_t now_s)
{
    static const struct {
        int64_t at_least_s, unit_s;
        const char *one, *many;
    } units[] = {
        { 2 * 86400, 86400, "day", "days" },
        { 2 * 3600, 3600, "h", "h" },
        { 2 * 60, 60, "min", "min" },
        { 0, 1, "s", "s" },
    };
    bool is_past = expires_s <= now_s;
    int64_t distance_s = is_past ? now_s - expires_s : expires_s - now_s;
    size_t i = 0;
    while (distance_s < units[i].at_least_s)
        i++;
    int64_t n = distance_s / units[i].unit_s;
    const char *unit = n == 1 ? units[i].one : units[i].many;
    return is_past ? g_strdup_printf("expired %" PRId64 " %s ago", n, unit)
                   : g_strdup_printf("expires in %" PRId64 " %s", n, unit);
}
