/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe cred`: makes time-limited credentials from the secret that a server shares
 * with whoever hands them out (draft-uberti-behave-turn-rest, coturn's use-auth-secret),
 * and says what a user name of that kind says. The one command that prints a password.
 *
 * JSON is W3C's RTCConfiguration if there are URIs, to be given to a browser as it is;
 * else the answer that the draft's section 2.2 describes.
 */
#include "probes/commands/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "probes/commands/json_option.h"
#include "probes/core/credentials.h"
#include "wire/ice_url.h"

struct cred_values {
    const char *user, *secret_file, *secret_env, *uris;
    uint64_t ttl_s;
    bool is_json;
};

static gboolean take_ttl(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, UINT64_C(10) * 366 * 86400, place, error);
}

static gboolean take_uris(const char *text, void *place, GError **error)
{
    g_auto(GStrv) uris = g_strsplit(text, ",", -1);
    for (char **uri = uris; *uri; uri++) {
        struct ice_url url;
        if (!ice_url_parse(*uri, strlen(*uri), &url)) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                        "must be URIs of STUN or TURN, is \"%s\"", *uri);
            return FALSE;
        }
    }
    *(const char **)place = text;
    return TRUE;
}

static const struct option options[] = {
    { .name = "user",
      .letter = 'u',
      .argument = "NAME",
      .preset = CREDENTIALS_NAME,
      .help = "Whom they are for",
      .take = option_take_text,
      .offset = offsetof(struct cred_values, user) },
    { .name = "secret-file",
      .argument = "FILE",
      .help = "The secret is its first line",
      .take = option_take_text,
      .offset = offsetof(struct cred_values, secret_file) },
    { .name = "secret-env",
      .argument = "NAME",
      .help = "The secret is this environment variable",
      .take = option_take_text,
      .offset = offsetof(struct cred_values, secret_env) },
    { .name = "ttl",
      .argument = "SECONDS",
      .preset = G_STRINGIFY(CREDENTIALS_TTL_S),
      .help = "How long they are valid",
      .take = take_ttl,
      .offset = offsetof(struct cred_values, ttl_s) },
    { .name = "uri",
      .argument = "URI[,URI...]",
      .help = "The servers they are for, with -o json",
      .take = take_uris,
      .offset = offsetof(struct cred_values, uris) },
    JSON_OPTION(struct cred_values, is_json),
};

static gboolean fail(GError **error, const char *message)
{
    g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE, message);
    return FALSE;
}

/* Calendar time for people; what is beyond the calendar's end stays a number. */
static char *format_time(int64_t at_s)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(at_s);
    return at ? g_date_time_format(at, "%Y-%m-%d %H:%M:%S UTC")
              : g_strdup_printf("second %" PRId64 " since 1970", at_s);
}

static int64_t now_s(void)
{
    return clock_calendar_ns() / NS_PER_S;
}

static void print_json(json_t *value_consumed)
{
    char *text = json_dumps(value_consumed, JSON_INDENT(2));
    puts(text);
    credentials_wipe(text);
    json_decref(value_consumed);
}

/* ---- rest ---- */

static json_t *list_uris(const char *uris)
{
    json_t *list = json_array();
    g_auto(GStrv) each = g_strsplit(uris, ",", -1);
    for (char **uri = each; *uri; uri++)
        json_array_append_new(list, json_string(*uri));
    return list;
}

static json_t *rest_to_json(const struct credentials *c, const char *uris)
{
    if (uris)
        return json_pack("{s:[{s:o, s:s, s:s}]}", "iceServers", "urls", list_uris(uris),
                         "username", c->user, "credential", c->password);
    return json_pack("{s:s, s:s, s:I, s:o}", "username", c->user, "password", c->password,
                     "ttl", (json_int_t)MAX(c->expires_s - now_s(), 0), "uris",
                     json_array());
}

static void print_rest(const struct credentials *c)
{
    g_autofree char *at = format_time(c->expires_s);
    g_autofree char *expiry = credentials_format_expiry(c->expires_s, now_s());
    g_autofree char *user = text_escape(c->user);
    printf("user      %s\npassword  %s\n%s, at %s\n", user, c->password, expiry, at);
}

static gboolean execute_rest(const struct cred_values *values, GError **error)
{
    const struct credentials_source source = {
        .user = values->user,
        .secret_file = values->secret_file,
        .secret_env = values->secret_env,
        .ttl_s = (int64_t)values->ttl_s,
    };
    if (!values->secret_file && !values->secret_env)
        return fail(error, "cred rest needs --secret-file FILE or --secret-env NAME");
    g_autoptr(auto_credentials) c = NULL;
    if (!credentials_load(&source, &c, error))
        return FALSE;
    if (values->is_json)
        print_json(rest_to_json(c, values->uris));
    else
        print_rest(c);
    return TRUE;
}

/* ---- decode ---- */

static void print_decoded(const char *user, bool is_limited, int64_t expires_s,
                          const char *name)
{
    g_autofree char *shown = text_escape(name ? name : is_limited ? "" : user);
    if (!is_limited) {
        printf("not time-limited: it does not begin with a time\nname     %s\n", shown);
        return;
    }
    g_autofree char *at = format_time(expires_s);
    g_autofree char *expiry = credentials_format_expiry(expires_s, now_s());
    printf("%s, at %s\n", expiry, at);
    if (name)
        printf("name     %s\n", shown);
    else
        puts("names nobody: it is the time alone");
}

static gboolean execute_decode(const char *user, bool wants_json, GError **error)
{
    int64_t expires_s = 0;
    const char *name = NULL;
    if (!g_utf8_validate(user, -1, NULL))
        return fail(error, "USERNAME is not UTF-8");
    bool is_limited = credentials_parse_user(user, &expires_s, &name);
    if (!wants_json) {
        print_decoded(user, is_limited, expires_s, name);
        return TRUE;
    }
    json_t *value = json_pack("{s:s, s:b, s:s?}", "username", user, "time_limited",
                              is_limited, "name", is_limited ? name : user);
    if (is_limited) {
        json_object_set_new(value, "expires_s", json_integer(expires_s));
        json_object_set_new(value, "is_expired", json_boolean(expires_s <= now_s()));
    }
    print_json(value);
    return TRUE;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct cred_values *values = data;
    const char *what = arguments->words->pdata[0];
    bool has_user = arguments->words->len == 2;
    (void)ret_status;
    if (strcmp(what, "rest") == 0)
        return has_user ? fail(error, "cred rest takes its user as -u NAME")
                        : execute_rest(values, error);
    if (strcmp(what, "decode") == 0)
        return has_user
                   ? execute_decode(arguments->words->pdata[1], values->is_json, error)
                   : fail(error, "cred decode needs the USERNAME to decode");
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "there is no \"cred %s\": it is cred rest or cred decode USERNAME", what);
    return FALSE;
}

const struct command probe_command_cred = {
    .name = "cred",
    .usage = "rest|decode [USERNAME]",
    .summary = "Make time-limited credentials from a secret, or say what one says",
    .description = "rest prints a user name and its password, valid for --ttl seconds;\n"
                   "decode says until when a user name is valid, and whose it is.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct cred_values),
    .least_words = 1,
    .most_words = 2,
    .execute = execute,
};
