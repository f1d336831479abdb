/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe decode`: a message in words, from digits, from a file of digits or of bytes,
 * or from a frame of a capture. What is malformed is an exit status of 1, and its bytes
 * are named.
 */
#include "probes/commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "probes/commands/json_option.h"
#include "probes/commands/target_options.h"
#include "probes/core/capture_read.h"
#include "probes/core/describe.h"
#include "probes/core/hex_input.h"
#include "probes/output/report.h"
#include "wire/stunmsg.h"

#define INPUT_SIZE_MAX (1024 * 1024)

struct decode_values {
    struct target_options target; /* of them the credentials */
    const char *realm;
    uint64_t frame; /* 0: not given */
    bool is_json;
};

static gboolean take_frame(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, UINT64_C(1) << 40, place, error);
}

static const struct option options[] = {
    { .name = "frame",
      .argument = "N",
      .help = "FILE is a capture: this frame of it, from 1",
      .take = take_frame,
      .offset = offsetof(struct decode_values, frame) },
    TARGET_CREDENTIAL_OPTIONS(struct decode_values),
    { .name = "realm",
      .argument = "REALM",
      .help = "For keys, where the message names none",
      .take = option_take_text,
      .offset = offsetof(struct decode_values, realm) },
    JSON_OPTION(struct decode_values, is_json),
};

/* ---- Input ---- */

struct input {
    uint8_t *bytes;
    size_t size;
    bool is_stream;    /* several messages may follow each other */
    char *description; /* of the frame; NULL: there is none */
};

static void input_clear(struct input *input)
{
    g_free(input->bytes);
    g_free(input->description);
}

static gboolean read_all(const char *name, int fd, GByteArray *out, GError **error)
{
    uint8_t chunk[16384];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rtc_set_errno_error(error, RTC_ERROR_USAGE, errno, "cannot read %s", name);
            return FALSE;
        }
        g_byte_array_append(out, chunk, (guint)n);
        if (out->len > INPUT_SIZE_MAX) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                        "%s is longer than 1 MiB, and a message is not", name);
            return FALSE;
        }
    }
    return TRUE;
}

/* Digits, if every byte could stand in such a text; a message itself has a NUL or more.
 */
static bool is_text(const GByteArray *bytes)
{
    for (guint i = 0; i < bytes->len; i++)
        if (bytes->data[i] >= 0x7f ||
            (bytes->data[i] < 0x20 && !strchr("\t\n\r", bytes->data[i])) ||
            bytes->data[i] == '\0')
            return false;
    return bytes->len > 0;
}

static bool is_capture(const GByteArray *bytes)
{
    static const uint8_t magics[][4] = {
        { 0xa1, 0xb2, 0xc3, 0xd4 }, { 0xd4, 0xc3, 0xb2, 0xa1 }, /* pcap, in µs */
        { 0xa1, 0xb2, 0x3c, 0x4d }, { 0x4d, 0x3c, 0xb2, 0xa1 }, /* and in ns */
        { 0x0a, 0x0d, 0x0d, 0x0a },                             /* pcapng */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(magics) && bytes->len >= 4; i++)
        if (memcmp(bytes->data, magics[i], 4) == 0)
            return true;
    return false;
}

static gboolean parse_digits(const char *name, const char *text, struct input *ret,
                             GError **error)
{
    ret->bytes = hex_input_parse(text, &ret->size, error);
    if (!ret->bytes)
        g_prefix_error(error, "%s: ", name);
    return ret->bytes != NULL;
}

/* What names no file: digits, or a mistake in a file's name. */
static gboolean parse_word(const char *word, struct input *ret, GError **error)
{
    g_autofree char *name = g_strdup_printf("there is no file %s, and as digits", word);
    return parse_digits(name, word, ret, error);
}

static gboolean read_fd(const char *name, int fd, struct input *ret, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (!read_all(name, fd, bytes, error))
        return FALSE;
    if (is_capture(bytes)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s is a capture: say which frame of it with --frame N", name);
        return FALSE;
    }
    if (is_text(bytes)) {
        g_autofree char *text = g_strndup((const char *)bytes->data, bytes->len);
        return parse_digits(name, text, ret, error);
    }
    ret->size = bytes->len;
    ret->bytes = g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return TRUE;
}

static gboolean read_frame(const char *path, uint64_t number, struct input *ret,
                           GError **error)
{
    struct captured frame;
    char source[ENDPOINT_TEXT_SIZE], destination[ENDPOINT_TEXT_SIZE];
    if (!capture_read_frame(path, number, &frame, error))
        return FALSE;
    ret->description = g_strdup_printf("%s %s to %s", frame.is_tcp ? "TCP" : "UDP",
                                       endpoint_format(&frame.source, source),
                                       endpoint_format(&frame.destination, destination));
    ret->bytes = frame.bytes;
    ret->size = frame.size;
    ret->is_stream = frame.is_tcp;
    return TRUE;
}

static gboolean read_input(const char *word, uint64_t frame, struct input *ret,
                           GError **error)
{
    if (frame > 0)
        return read_frame(word, frame, ret, error);
    if (strcmp(word, "-") == 0)
        return read_fd("standard input", STDIN_FILENO, ret, error);
    int fd = open(word, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG) && !strpbrk(word, "./"))
        return parse_word(word, ret, error);
    if (fd < 0) {
        rtc_set_errno_error(error, RTC_ERROR_USAGE, errno, "cannot open %s", word);
        return FALSE;
    }
    gboolean ok = read_fd(word, fd, ret, error);
    close(fd);
    return ok;
}

/* ---- Output ---- */

static json_t *describe_input(const struct input *input,
                              const struct describe_credentials *credentials)
{
    json_t *messages = json_array();
    size_t at = 0;
    do {
        size_t size = input->size - at, frame_size;
        if (input->is_stream &&
            stunmsg_frame_size(input->bytes + at, size, &frame_size) == STUNMSG_OK)
            size = MIN(size, frame_size);
        json_array_append_new(
            messages, describe_message_with(input->bytes + at, size, credentials));
        at += size;
    } while (at < input->size);
    return messages;
}

static void print_text(const json_t *messages, const struct input *input)
{
    const json_t *message;
    size_t i;
    if (input->description)
        puts(input->description);
    json_array_foreach(messages, i, message)
    {
        g_autofree char *text = describe_to_text(message, true);
        printf("%s%s", i ? "\n" : "", text);
    }
}

static void print_json(json_t *messages, const struct input *input)
{
    g_autoptr(json_t) document =
        json_pack("{s:s*, s:O}", "frame", input->description, "messages", messages);
    g_autofree char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    puts(text);
}

static bool has_problem(const json_t *messages)
{
    const json_t *message;
    size_t i;
    json_array_foreach(messages, i, message)
    {
        static const char *const checks[] = { "fingerprint", "integrity",
                                              "integrity_sha256" };
        if (json_object_get(message, "problems") ||
            strcmp(json_string_value(json_object_get(message, "kind")), "other") == 0)
            return true;
        for (size_t c = 0; c < G_N_ELEMENTS(checks); c++) {
            const char *status = json_string_value(json_object_get(message, checks[c]));
            if (status &&
                (strcmp(status, "wrong") == 0 || strcmp(status, "malformed") == 0))
                return true;
        }
    }
    return false;
}

/* ---- The command ---- */

/* Without -u the user name is the message's. */
static gboolean load_credentials(const struct decode_values *values,
                                 struct credentials **ret, GError **error)
{
    struct credentials_source source = values->target.credentials;
    if (!source.user && (source.pass_file || source.pass_env))
        source.user = "-";
    return credentials_load(&source, ret, error);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct decode_values *values = data;
    g_autoptr(auto_credentials) credentials = NULL;
    struct input input = { .bytes = NULL };
    if (!load_credentials(values, &credentials, error))
        return FALSE;
    if (!read_input(arguments->words->pdata[0], values->frame, &input, error)) {
        input_clear(&input);
        return FALSE;
    }
    struct describe_credentials with = { .realm = values->realm };
    if (credentials) {
        with.password = credentials->password;
        with.user = values->target.credentials.user ? credentials->user : NULL;
    }
    g_autoptr(json_t) messages = describe_input(&input, credentials ? &with : NULL);
    if (values->is_json)
        print_json(messages, &input);
    else
        print_text(messages, &input);
    *ret_status = has_problem(messages) ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
    input_clear(&input);
    return TRUE;
}

const struct command probe_command_decode = {
    .name = "decode",
    .usage = "HEX|FILE|-",
    .summary = "Say what is in a message, and what is wrong with it",
    .description =
        "HEX and FILE are digits in any grouping, or a dump of xxd or hexdump -C, of\n"
        "the message alone; FILE may be the bytes themselves, and - is standard input.\n"
        "With a password, the integrity is checked.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct decode_values),
    .least_words = 1,
    .most_words = 1,
    .execute = execute,
};
