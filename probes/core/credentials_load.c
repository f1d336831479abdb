/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials from files and the environment: never from the command line, which every
 * user of the machine can read.
 *
 * What is read goes through one buffer that is overwritten afterwards. The parser of JSON
 * leaves copies of a token behind, which last for minutes.
 */
#include "probes/core/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

#define FILE_SIZE_MAX (64 * 1024)

struct buffer {
    char bytes[FILE_SIZE_MAX + 1]; /* room for the NUL, or for one byte too many */
    size_t size;
};

static void buffer_free(struct buffer *buffer)
{
    explicit_bzero(buffer, sizeof *buffer);
    g_free(buffer);
}
typedef struct buffer auto_buffer;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_buffer, buffer_free)

/* A pipe, as of a shell's <(…), has a mode that says nothing. */
static void warn_if_others_may_read(int fd, const char *option, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        !(status.st_mode & (S_IRGRP | S_IROTH)))
        return;
    g_autofree char *shown = text_escape(path);
    g_autofree char *word = text_quote_word(path);
    g_autofree char *shown_word = text_escape(word);
    fprintf(stderr, "rtcprobe: --%s: others may read %s; chmod 600 %s\n", option, shown,
            shown_word);
}

static gboolean read_all(int fd, struct buffer *buffer)
{
    while (buffer->size < sizeof buffer->bytes) {
        ssize_t n =
            read(fd, buffer->bytes + buffer->size, sizeof buffer->bytes - buffer->size);
        if (n == 0)
            return TRUE;
        if (n > 0)
            buffer->size += (size_t)n;
        else if (errno != EINTR)
            return FALSE;
    }
    return TRUE;
}

/* A whole file, NUL-ended. */
static struct buffer *read_file(const char *option, const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        rtc_fail_usage(error, "--%s: cannot open %s: %s", option, path,
                       g_strerror(errno));
        return NULL;
    }
    warn_if_others_may_read(fd, option, path);
    g_autoptr(auto_buffer) buffer = g_new0(struct buffer, 1);
    gboolean ok = read_all(fd, buffer);
    int saved = errno;
    close(fd);
    if (!ok) {
        rtc_fail_usage(error, "--%s: cannot read %s: %s", option, path,
                       g_strerror(saved));
        return NULL;
    }
    if (buffer->size > FILE_SIZE_MAX) {
        rtc_fail_usage(error, "--%s: %s is longer than 64 KiB", option, path);
        return NULL;
    }
    buffer->bytes[buffer->size] = '\0';
    if (memchr(buffer->bytes, '\0', buffer->size)) {
        rtc_fail_usage(error, "--%s: %s holds a NUL byte", option, path);
        return NULL;
    }
    return g_steal_pointer(&buffer);
}

/* The first line of a file, without its end; wiped by the caller. */
static char *read_line(const char *option, const char *path, GError **error)
{
    g_autoptr(auto_buffer) buffer = read_file(option, path, error);
    if (!buffer)
        return NULL;
    size_t length = strcspn(buffer->bytes, "\n");
    if (length > 0 && buffer->bytes[length] == '\n' && buffer->bytes[length - 1] == '\r')
        length--;
    if (length == 0) {
        rtc_fail_usage(error, "--%s: the first line of %s is empty", option, path);
        return NULL;
    }
    return g_strndup(buffer->bytes, length);
}

static char *read_environment(const char *option, const char *name, GError **error)
{
    const char *value = g_getenv(name);
    if (!value || !*value) {
        rtc_fail_usage(error, "--%s: the environment has no %s, or it is empty", option,
                       name);
        return NULL;
    }
    return g_strdup(value);
}

/* ---- A password or a secret ---- */

static struct credentials *load_password(const struct credentials_source *source,
                                         GError **error)
{
    const char *option = source->pass_file ? "pass-file" : "pass-env";
    char *password = source->pass_file
                         ? read_line(option, source->pass_file, error)
                         : read_environment(option, source->pass_env, error);
    if (!password)
        return NULL;
    struct credentials *c = credentials_new(source->user, password, error);
    credentials_wipe(password);
    return c;
}

static struct credentials *load_secret(const struct credentials_source *source,
                                       GError **error)
{
    const char *option = source->secret_file ? "secret-file" : "secret-env";
    char *secret = source->secret_file
                       ? read_line(option, source->secret_file, error)
                       : read_environment(option, source->secret_env, error);
    if (!secret)
        return NULL;
    int64_t expires_s = clock_calendar_ns() / NS_PER_S +
                        (source->ttl_s ? source->ttl_s : CREDENTIALS_TTL_S);
    const char *name = source->user ? source->user : CREDENTIALS_NAME;
    credentials_parse_user(name, &expires_s, &name);
    struct credentials *c = credentials_new_from_secret(secret, name, expires_s, error);
    credentials_wipe(secret);
    return c;
}

/* ---- A token ---- */

static uint8_t *decode_base64(const json_t *object, const char *key, size_t *ret_size)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || !*text)
        return NULL;
    size_t size = 0;
    guchar *bytes = g_base64_decode(text, &size);
    if (size > 0) {
        *ret_size = size;
        return bytes;
    }
    g_free(bytes);
    return NULL;
}

static gboolean parse_token(const json_t *object, struct credentials *c)
{
    const char *kid = json_string_value(json_object_get(object, "kid"));
    c->user = kid ? credentials_prepare("kid", kid, NULL) : NULL;
    c->token = decode_base64(object, "access_token", &c->token_size);
    c->token_key = decode_base64(object, "key", &c->token_key_size);
    return c->user && strlen(c->user) < CREDENTIALS_USER_SIZE && c->token && c->token_key;
}

static struct credentials *load_token(const struct credentials_source *source,
                                      GError **error)
{
    g_autoptr(auto_buffer) buffer = read_file("token-file", source->token_file, error);
    if (!buffer)
        return NULL;
    /* The parser's own message would quote what it stopped at. */
    g_autoptr(json_t) object = json_loadb(buffer->bytes, buffer->size, 0, NULL);
    g_autoptr(auto_credentials) c = g_new0(struct credentials, 1);
    if (!json_is_object(object) || !parse_token(object, c)) {
        rtc_fail_usage(error,
                       "--token-file: %s must be a JSON object with \"access_token\" and "
                       "\"key\" in base64, and \"kid\"",
                       source->token_file);
        return NULL;
    }
    return g_steal_pointer(&c);
}

gboolean credentials_load(const struct credentials_source *source,
                          struct credentials **ret_credentials, GError **error)
{
    struct credentials *c = NULL;
    bool has_password = source->pass_file || source->pass_env;
    bool has_secret = source->secret_file || source->secret_env;
    int n = !!source->pass_file + !!source->pass_env + !!source->secret_file +
            !!source->secret_env + !!source->token_file;
    if (n > 1)
        return rtc_fail_usage(error,
                              "give one of --pass-file, --pass-env, --secret-file, "
                              "--secret-env and --token-file");
    if (has_password && !source->user)
        return rtc_fail_usage(error, "a password needs its user: -u USER");
    if (source->token_file && source->user)
        return rtc_fail_usage(error,
                              "the user name of a token is in its file: leave out -u");
    if (n == 0 && source->user)
        return rtc_fail_usage(
            error, "-u needs a password: --pass-file FILE, --pass-env NAME, or "
                   "--secret-file FILE");
    if (n > 0) {
        c = has_password ? load_password(source, error)
            : has_secret ? load_secret(source, error)
                         : load_token(source, error);
        if (!c)
            return FALSE;
    }
    *ret_credentials = c;
    return TRUE;
}
