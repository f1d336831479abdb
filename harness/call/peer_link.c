/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a peer and talking to it. Nothing here trusts it: lines are bounded, and so is
 * all that it says; reading and writing never block, and a peer that does not read is
 * told apart from a slow one by how much waits for it (one signal may be a line of the
 * full length; a call needs a few KiB).
 */
#include "call/peer_link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "lab/sandbox.h"
#include "peer/line_reader.h"
#include "peer/stack.h"

enum {
    SAID_MAX_BYTES = PEER_LINK_MAX_MIB * 1024 * 1024,
    UNREAD_MAX_BYTES = 4 * CONTRACT_LINE_MAX_BYTES,
};

struct peer_link {
    struct lab *lab;
    struct process *process;
    int fd;
    struct line_reader reader;
    GByteArray *unsent; /* what the peer has not taken yet */
    bool ended;
};

gboolean peer_link_find_program(const char *peer, char **ret_program, GError **error)
{
    if (strchr(peer, '/')) {
        g_autofree char *path = g_canonicalize_filename(peer, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) &&
            !g_file_test(path, G_FILE_TEST_IS_DIR)) {
            *ret_program = g_steal_pointer(&path);
            return TRUE;
        }
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "peer %s: not an executable file",
                    peer);
        return FALSE;
    }
    char *found = stack_find_program(peer);
    if (!found && !stack_find(peer)) {
        g_autofree char *hint = stack_hint(peer);
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "no peer \"%s\": there is no program " STACK_PROGRAM_PREFIX
                    "%s beside rtclab or in PATH%s",
                    peer, peer, hint);
        return FALSE;
    }
    *ret_program = found;
    return TRUE;
}

char *peer_link_name(const char *peer)
{
    char *name = g_path_get_basename(peer);
    /* It becomes part of a path and of a key. */
    return g_strcanon(name,
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_.",
                      '_');
}

char **peer_link_environment(void)
{
    char **environment = g_environ_setenv(g_get_environ(), CONTRACT_FD_VARIABLE,
                                          G_STRINGIFY(PEER_LINK_FD), TRUE);
    /* What a peer leaves behind is then gone with the worker's task, however it ended. */
    const char *scratch = sandbox_scratch_folder();
    return scratch ? g_environ_setenv(environment, "TMPDIR", scratch, TRUE) : environment;
}

/* That of each peer, and what this one is told besides. */
static char **make_environment(char *const *variables)
{
    char **environment = peer_link_environment();
    for (char *const *variable = variables; variable && *variable; variable++) {
        const char *value = strchr(*variable, '=') + 1;
        g_autofree char *name = g_strndup(*variable, (gsize)(value - 1 - *variable));
        environment = g_environ_setenv(environment, name, value, TRUE);
    }
    return environment;
}

struct peer_link *peer_link_start(struct lab *lab, const char *name, const char *program,
                                  unsigned iface, const char *log_path,
                                  char *const *variables, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a socket");
        return NULL;
    }
    g_auto(GStrv) environment = make_environment(variables);
    const char *const argv[] = { program, NULL };
    struct process_spec spec = {
        .argv = argv,
        .host = lab_find_host(lab, iface),
        .log_path = log_path,
        .extra_fd = ends[1],
        .environment = environment,
    };
    struct process *process = lab_start(lab, name, &spec, NULL, error);
    close(ends[1]);
    if (!process) {
        close(ends[0]);
        return NULL;
    }
    struct peer_link *link = g_new0(struct peer_link, 1);
    link->lab = lab;
    link->process = process;
    link->fd = ends[0];
    link->unsent = g_byte_array_new();
    line_reader_init(&link->reader, CONTRACT_LINE_MAX_BYTES);
    lab_watch(lab, link->fd, link);
    return link;
}

void peer_link_free(struct peer_link *link)
{
    if (!link)
        return;
    if (!link->ended)
        lab_unwatch(link->lab, link->fd);
    lab_end_process(link->lab, link->process);
    close(link->fd);
    line_reader_clear(&link->reader);
    g_byte_array_unref(link->unsent);
    g_free(link);
}

struct process *peer_link_process(const struct peer_link *link)
{
    return link->process;
}

/* Sends what waits. FALSE: there is nobody to send it to. */
static gboolean flush(struct peer_link *link)
{
    while (link->unsent->len > 0) {
        ssize_t n = send(link->fd, link->unsent->data, link->unsent->len,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return FALSE;
        if (n < 0)
            break;
        g_byte_array_remove_range(link->unsent, 0, (unsigned)n);
    }
    if (!link->ended)
        lab_watch_writing(link->lab, link->fd, link->unsent->len > 0);
    return TRUE;
}

void peer_link_stop(struct peer_link *link)
{
    if (!link->ended)
        lab_unwatch(link->lab, link->fd);
    link->ended = true;
}

static enum peer_link_next take_line(struct peer_link *link, enum line_status status,
                                     const char *line, size_t size,
                                     struct contract_message *ret_message, GError **error)
{
    switch (status) {
    case LINE_OK:
        return contract_parse(line, size, CONTRACT_PEER, ret_message, error)
                   ? PEER_LINK_MESSAGE
                   : PEER_LINK_INVALID;
    case LINE_OVER_LONG:
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "a line of more than %d bytes", CONTRACT_LINE_MAX_BYTES);
        return PEER_LINK_INVALID;
    case LINE_NUL:
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "a line with a NUL in it");
        return PEER_LINK_INVALID;
    case LINE_NONE:
        break;
    }
    return link->ended ? PEER_LINK_END : PEER_LINK_NONE;
}

enum peer_link_next peer_link_next(struct peer_link *link,
                                   struct contract_message *ret_message, GError **error)
{
    const char *line = NULL;
    size_t size = 0;
    flush(link); /* if nobody is there, reading tells */
    for (;;) {
        enum line_status status = line_reader_next(&link->reader, &line, &size);
        if (status != LINE_NONE || link->ended)
            return take_line(link, status, line, size, ret_message, error);
        if (link->reader.total > SAID_MAX_BYTES) {
            peer_link_stop(link);
            return PEER_LINK_FLOOD;
        }
        switch (line_reader_read(&link->reader, link->fd)) {
        case LINE_READ_DATA:
        case LINE_READ_FULL:
            break;
        case LINE_READ_AGAIN:
            return PEER_LINK_NONE;
        case LINE_READ_END:
        case LINE_READ_ERROR:
            peer_link_stop(link);
            break;
        }
    }
}

gboolean peer_link_send(struct peer_link *link, json_t *message)
{
    g_autofree char *line = contract_line(message);
    if (!line)
        return FALSE;
    lab_touch(link->lab);
    g_byte_array_append(link->unsent, (const uint8_t *)line, (unsigned)strlen(line));
    return flush(link) && link->unsent->len <= UNREAD_MAX_BYTES;
}
