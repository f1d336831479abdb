/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One server for each program, found by the path of its executable; a program that cannot
 * be served (a script, one that did not become ready, one that died) is remembered as
 * such. Servers have the lowest process ids of the namespace, apart from those of calls,
 * so that a call's ids do not depend on whether a server was there already.
 */
#include "lab/forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/sandbox.h"
#include "shim/forkserver.h"

/* Real time: for loading libraries, and for a fork. */
enum { READY_LIMIT_MS = 10000, ANSWER_LIMIT_MS = 10000 };

enum { LAST_ID_BEFORE_SERVERS = 1 };

struct server {
    struct process *process; /* NULL: the program cannot be served */
    int fd;
};

static GHashTable *servers; /* path: struct server */

/* ---- servers ---- */

static bool read_answer(int fd, int limit_ms, struct forkserver_answer *ret)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    int polled;
    while ((polled = poll(&ready, 1, limit_ms)) < 0 && errno == EINTR)
        ;
    return polled == 1 && recv(fd, ret, sizeof *ret, 0) == sizeof *ret;
}

static void stop(struct server *server)
{
    if (!server->process)
        return;
    process_free(server->process);
    close(server->fd);
    server->process = NULL;
}

static bool is_elf(const char *path)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
              memcmp(magic, "\177ELF", sizeof magic) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

static void start_server(struct server *server, const char *path,
                         char *const *environment)
{
    int ends[2];
    if (!is_elf(path) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return;
    g_auto(GStrv) own =
        g_environ_setenv(g_strdupv((char **)environment), FORKSERVER_VARIABLE, "3", TRUE);
    const char *const argv[] = { path, NULL };
    struct process_spec spec = {
        .argv = argv,
        .log_path = "/dev/null",
        .extra_fd = ends[1],
        .environment = own,
        .is_repeatable = true,
    };
    pid_t last = sandbox_last_id();
    sandbox_restart_ids(LAST_ID_BEFORE_SERVERS);
    server->process = process_start(path, &spec, NULL, NULL);
    server->fd = ends[0];
    sandbox_restart_ids(last);
    close(ends[1]);
    struct forkserver_answer answer;
    if (!server->process) {
        close(ends[0]);
    } else if (!read_answer(server->fd, READY_LIMIT_MS, &answer) || answer.problem != 0) {
        g_debug("%s cannot be forked before its main()", path);
        stop(server);
    }
}

static void server_free(gpointer data)
{
    stop(data);
    g_free(data);
}

static struct server *find_server(const char *path, char *const *environment)
{
    if (!servers)
        servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, server_free);
    struct server *server = g_hash_table_lookup(servers, path);
    if (!server) {
        server = g_new0(struct server, 1);
        start_server(server, path, environment);
        g_hash_table_insert(servers, g_strdup(path), server);
    }
    return server->process ? server : NULL;
}

bool forkserver_is(pid_t pid)
{
    GHashTableIter iter;
    gpointer value;
    if (!servers)
        return false;
    g_hash_table_iter_init(&iter, servers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct server *server = value;
        if (server->process && server->process->pid == pid)
            return true;
    }
    return false;
}

void forkserver_forget_all(void)
{
    if (servers)
        g_hash_table_remove_all(servers);
}

unsigned forkserver_n_descriptors(void)
{
    GHashTableIter iter;
    gpointer value;
    unsigned n = 0;
    if (!servers)
        return 0;
    g_hash_table_iter_init(&iter, servers);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        n += ((const struct server *)value)->process != NULL;
    return n;
}

/* ---- forking ---- */

static uint32_t add_strings(GByteArray *request, const char *const *strings)
{
    uint32_t n = 0;
    for (; strings[n]; n++)
        g_byte_array_append(request, (const uint8_t *)strings[n],
                            (unsigned)strlen(strings[n]) + 1);
    return n;
}

static GByteArray *make_request(const struct process_spec *spec)
{
    struct forkserver_request head = { .has_extra = spec->extra_fd >= 0 };
    const char *folder[] = { spec->folder ? spec->folder : "", NULL };
    GByteArray *request = g_byte_array_new();
    g_byte_array_append(request, (const uint8_t *)&head, sizeof head);
    add_strings(request, folder);
    head.n_arguments = add_strings(request, spec->argv);
    head.n_environment =
        add_strings(request, (const char *const *)(void *)spec->environment);
    memcpy(request->data, &head, sizeof head);
    return request;
}

static bool send_request(int fd, const struct process_spec *spec, int log)
{
    int descriptors[] = { spec->host->netns, log, spec->extra_fd };
    size_t size = (spec->extra_fd >= 0 ? 3 : 2) * sizeof descriptors[0];
    union {
        char bytes[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr align;
    } control = { { 0 } };
    g_autoptr(GByteArray) request = make_request(spec);
    struct iovec from = { request->data, request->len };
    struct msghdr header = {
        .msg_iov = &from,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = CMSG_SPACE(size),
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), descriptors, size);
    return request->len <= FORKSERVER_MAX_REQUEST &&
           sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)request->len;
}

/* The new process' id; 0: it failed; -1: so did the server. */
static pid_t read_pid(int fd)
{
    pid_t pid = 0;
    bool is_done = false;
    bool has_failed = false;
    while (!is_done || (pid == 0 && !has_failed)) {
        struct forkserver_answer answer;
        if (!read_answer(fd, ANSWER_LIMIT_MS, &answer))
            return -1;
        if (answer.problem != 0) {
            g_debug("forking a server: %s", g_strerror(answer.problem));
            has_failed = true;
        } else if (answer.pid != 0) {
            pid = answer.pid;
        } else {
            is_done = true;
        }
    }
    return pid;
}

struct process *forkserver_start(const char *name, const struct process_spec *spec,
                                 char *const *environment)
{
    g_autofree char *path = g_find_program_in_path(spec->argv[0]);
    struct server *server = path ? find_server(path, environment) : NULL;
    if (!server)
        return NULL;
    int log = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log < 0)
        return NULL;
    pid_t pid = send_request(server->fd, spec, log) ? read_pid(server->fd) : -1;
    close(log);
    if (pid < 0)
        stop(server);
    if (pid <= 0)
        return NULL;
    struct process *process = g_new0(struct process, 1);
    process->name = g_strdup(name);
    process->pid = pid;
    return process;
}
