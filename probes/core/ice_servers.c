/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the specification of RTCIceServer says is checked as a browser does: a TURN server
 * must come with a user name and a credential. What it does not know is passed over, as
 * dictionaries of Web IDL do. No message has a credential in it.
 *
 * W3C webrtc-pc §4.2.4 (RTCIceServer), §4.4.1.6 (its validation); RFC 7064, RFC 7065.
 */
#include "probes/core/ice_servers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/error.h"
#include "base/file.h"

enum { MAX_FILE_BYTES = 1 << 20 };

static void server_clear(struct ice_server *server)
{
    if (server->credential)
        explicit_bzero(server->credential, strlen(server->credential));
    g_free(server->text);
    g_free(server->username);
    g_free(server->credential);
}

void ice_servers_clear(struct ice_servers *servers)
{
    for (size_t i = 0; i < servers->n; i++)
        server_clear(&servers->servers[i]);
    g_free(servers->servers);
    *servers = (struct ice_servers){ 0 };
}

/* Where the reader is, for messages: "FILE: /1/urls". */
struct place {
    const char *where;
    size_t index;
};

static gboolean complain(const struct place *at, const char *what, GError **error)
{
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: /%zu%s", at->where, at->index,
                what);
    return FALSE;
}

static gboolean take_text(const struct place *at, const json_t *object, const char *key,
                          const char **ret, GError **error)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_string(value)) {
        g_autofree char *what = g_strdup_printf("/%s: must be a string", key);
        return complain(at, what, error);
    }
    *ret = json_string_value(value);
    return TRUE;
}

static gboolean add_url(const struct place *at, const json_t *url, const char *username,
                        const char *credential, struct ice_servers *servers,
                        GError **error)
{
    const char *text = json_string_value(url);
    struct ice_server server = { 0 };
    if (!text)
        return complain(at, "/urls: must be a string, or an array of strings", error);
    if (!ice_url_parse(text, strlen(text), &server.url)) {
        g_autofree char *what = g_strdup_printf(
            "/urls: must be a URI such as turn:HOST?transport=tcp, is \"%s\"", text);
        return complain(at, what, error);
    }
    if (server.url.turn && (!username || !credential))
        return complain(at, ": a TURN server needs \"username\" and \"credential\"",
                        error);
    if (servers->n == ICE_SERVERS_MAX) {
        g_autofree char *what =
            g_strdup_printf("/urls: at most %d servers may be given", ICE_SERVERS_MAX);
        return complain(at, what, error);
    }
    server.text = g_strdup(text);
    server.username = g_strdup(username);
    server.credential = g_strdup(credential);
    servers->servers[servers->n++] = server;
    return TRUE;
}

static gboolean add_server(const struct place *at, const json_t *object,
                           struct ice_servers *servers, GError **error)
{
    const char *username = NULL, *credential = NULL;
    const json_t *urls = json_object_get(object, "urls"), *url;
    size_t i;
    if (!json_is_object(object))
        return complain(at, ": must be an object with \"urls\"", error);
    if (!take_text(at, object, "username", &username, error) ||
        !take_text(at, object, "credential", &credential, error))
        return FALSE;
    if (!json_is_array(urls))
        return add_url(at, urls, username, credential, servers, error);
    json_array_foreach(urls, i, url)
    {
        if (!add_url(at, url, username, credential, servers, error))
            return FALSE;
    }
    return TRUE;
}

gboolean ice_servers_read(const char *text, size_t size, const char *where,
                          struct ice_servers *ret, GError **error)
{
    json_error_t fault;
    g_autoptr(json_t) document = json_loadb(text, size, JSON_DECODE_ANY, &fault);
    struct place at = { .where = where };
    if (!document) {
        /* The parser quotes what it stopped at, which may be a password. */
        const char *quote = strstr(fault.text, " near ");
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s:%d:%d: not JSON: %.*s", where,
                    fault.line, fault.column,
                    quote ? (int)(quote - fault.text) : (int)strlen(fault.text),
                    fault.text);
        return FALSE;
    }
    const json_t *array = json_object_get(document, "iceServers"), *object;
    if (!array)
        array = document;
    if (!json_is_array(array)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be an array of servers, or an object with \"iceServers\"",
                    where);
        return FALSE;
    }
    struct ice_servers servers = { .servers =
                                       g_new0(struct ice_server, ICE_SERVERS_MAX) };
    json_array_foreach(array, at.index, object)
    {
        if (!add_server(&at, object, &servers, error)) {
            ice_servers_clear(&servers);
            return FALSE;
        }
    }
    *ret = servers;
    return TRUE;
}

/* At most one byte more than is allowed. */
static char *read_all(const char *path, size_t *ret_size, GError **error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file) {
        rtc_set_errno_error(error, RTC_ERROR_USAGE, errno, "cannot read %s", path);
        return NULL;
    }
    char *text = g_malloc(MAX_FILE_BYTES + 1);
    *ret_size = fread(text, 1, MAX_FILE_BYTES + 1, file);
    bool is_whole = !ferror(file);
    if (!is_whole)
        rtc_set_errno_error(error, RTC_ERROR_USAGE, errno, "cannot read %s", path);
    if (file != stdin)
        fclose(file);
    if (!is_whole)
        g_clear_pointer(&text, g_free);
    return text;
}

gboolean ice_servers_load(const char *path, struct ice_servers *ret, GError **error)
{
    size_t size = 0;
    gboolean done = FALSE;
    char *text = read_all(path, &size, error);
    if (!text)
        return FALSE;
    if (size > MAX_FILE_BYTES)
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: longer than %d bytes", path,
                    MAX_FILE_BYTES);
    else
        done = ice_servers_read(
            text, size, strcmp(path, "-") == 0 ? "standard input" : path, ret, error);
    explicit_bzero(text, size); /* the credentials */
    g_free(text);
    return done;
}
