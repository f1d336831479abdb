/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuring, starting and waiting for coturn.
 *
 * The configuration, with the password in it, is a file in memory that only coturn's
 * process has open (memfd_create): nothing of it is on a disk or in a list of processes.
 *
 * Its database, of which nothing is used, has a dozen empty tables when it has made one,
 * each with a transaction of its own: a third of its start. So the worker keeps a copy of
 * the first one that was made, as it was before any request, and gives it to the next.
 *
 * Relayed transport addresses come from the first of the ports that RFC 8656 §7.2 names:
 * coturn shuffles its whole range before it is ready, which for all 16,384 takes longer
 * than the rest of its start.
 *
 * Ready means that it answers: a Binding request over UDP and over TCP, on each address
 * and port, from sockets inside its own host, so that no packet of it is in a capture.
 * coturn 4.6 answers within some 50 ms although its main thread sleeps for seconds.
 *
 * RFC 8489 §6.2 (requests over UDP and TCP), RFC 5780 §6 (two addresses, two ports).
 */
#include "lab/coturn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "lab/server_wait.h"
#include "lab/socket_address.h"

enum {
    MAX_PROBES = 2 * 2 * NETWORK_MAX_ADDRESSES, /* port, transport, address */
    BINDING_SIZE = 20,
    FIRST_RELAY_PORT = 49152,
    N_RELAY_PORTS = 1024,
};

/* ---- configuration ---- */

static char *make_config(const struct coturn_config *c)
{
    GString *text = g_string_new(NULL);
    char address[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < c->n_addresses; i++)
        g_string_append_printf(text, "listening-ip=%s\n",
                               address_format(&c->addresses[i], address));
    g_string_append_printf(text, "relay-ip=%s\n",
                           address_format(&c->addresses[0], address));
    g_string_append_printf(text, "listening-port=%u\nalt-listening-port=%u\n", c->port,
                           c->alternate_port);
    g_string_append_printf(text, "user=%s:%s\nrealm=" COTURN_REALM "\nlt-cred-mech\n",
                           c->username, c->password);
    g_string_append_printf(text, "min-port=%d\nmax-port=%d\n", FIRST_RELAY_PORT,
                           FIRST_RELAY_PORT + N_RELAY_PORTS - 1);
    g_string_append_printf(text, "userdb=%s/turn.db\npidfile=%s/turn.pid\n", c->folder,
                           c->folder);
    g_string_append(text, "fingerprint\nno-tls\nno-dtls\nno-cli\nno-multicast-peers\n"
                          "relay-threads=1\nlog-file=stdout\nsimple-log\nverbose\n");
    return g_string_free(text, FALSE);
}

void coturn_tidy(const struct coturn_config *config)
{
    static const char *const files[] = { "turn.db", "turn.db-journal", "turn.pid" };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(config->folder, files[i], NULL);
        unlink(path);
    }
}

static GBytes *empty_database; /* NULL: none was made yet in this worker */

static char *database_path(const struct coturn_config *config)
{
    return g_build_filename(config->folder, "turn.db", NULL);
}

static void give_database(const struct coturn_config *config)
{
    g_autofree char *path = database_path(config);
    int fd =
        empty_database ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return; /* then it makes one */
    gsize size;
    const void *bytes = g_bytes_get_data(empty_database, &size);
    if (write(fd, bytes, size) != (ssize_t)size)
        unlink(path);
    close(fd);
}

static void keep_database(const struct coturn_config *config)
{
    g_autofree char *path = database_path(config);
    g_autofree char *journal = g_strconcat(path, "-journal", NULL);
    char *bytes;
    gsize size;
    if (!empty_database && !g_file_test(journal, G_FILE_TEST_EXISTS) &&
        g_file_get_contents(path, &bytes, &size, NULL))
        empty_database = g_bytes_new_take(bytes, size);
}

static int make_config_file(const struct coturn_config *config, GError **error)
{
    g_autofree char *text = make_config(config);
    size_t size = strlen(text);
    int fd = memfd_create("turnserver.conf", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, size) != (ssize_t)size) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot keep coturn's configuration in memory");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

/* ---- readiness ---- */

struct probe {
    struct sockaddr_storage to;
    socklen_t to_size;
    int type; /* SOCK_DGRAM or SOCK_STREAM */
    int fd;   /* -1: between two tries */
    bool answered;
};

static unsigned list_probes(const struct coturn_config *c, struct probe *probes)
{
    const uint16_t ports[] = { c->port, c->alternate_port };
    const int types[] = { SOCK_DGRAM, SOCK_STREAM };
    /* With one address there is no RFC 5780, and coturn leaves the second port alone. */
    unsigned n_ports = c->n_addresses > 1 ? 2 : 1;
    unsigned n = 0;
    for (unsigned a = 0; a < c->n_addresses; a++)
        for (unsigned p = 0; p < n_ports; p++)
            for (unsigned t = 0; t < G_N_ELEMENTS(types); t++, n++) {
                probes[n] = (struct probe){ .type = types[t], .fd = -1 };
                probes[n].to_size =
                    socket_address_fill(&probes[n].to, &c->addresses[a], ports[p]);
            }
    return n;
}

/* Asks, or looks whether the answer is there. Any whole answer will do: who speaks STUN
   on that port is ready. */
static void try_probe(struct probe *probe, const struct lab_host *host)
{
    static const uint8_t binding[BINDING_SIZE] = { 0,    1,   0,   0,   0x21, 0x12, 0xa4,
                                                   0x42, 'r', 't', 'c', 'l',  'a',  'b' };
    uint8_t answer[512];
    if (probe->fd >= 0) {
        ssize_t size = recv(probe->fd, answer, sizeof answer, 0);
        probe->answered = size >= BINDING_SIZE && answer[0] == 1 && answer[1] == 1;
        if (size < 0 && errno == EAGAIN && probe->type == SOCK_STREAM)
            return; /* connected; it will come */
        close(probe->fd);
        probe->fd = -1;
        if (probe->answered)
            return;
    }
    probe->fd = lab_host_socket(host, probe->to.ss_family, probe->type);
    if (probe->fd < 0)
        return;
    /* Inside one host a connection is made, or refused, before connect() returns. */
    if ((connect(probe->fd, (struct sockaddr *)&probe->to, probe->to_size) != 0 &&
         errno != EINPROGRESS) ||
        send(probe->fd, binding, sizeof binding, MSG_NOSIGNAL) < 0) {
        close(probe->fd);
        probe->fd = -1;
    }
}

struct probes {
    const struct lab_host *host;
    struct probe list[MAX_PROBES];
    unsigned n;
};

static bool is_ready(void *data)
{
    struct probes *probes = data;
    bool all_answered = true;
    for (unsigned i = 0; i < probes->n; i++) {
        if (!probes->list[i].answered)
            try_probe(&probes->list[i], probes->host);
        all_answered &= probes->list[i].answered;
    }
    return all_answered;
}

static gboolean wait_until_ready(struct lab *lab, const struct coturn_config *config,
                                 const struct process *process, GError **error)
{
    struct probes probes = { .host = lab_find_host(lab, config->iface) };
    probes.n = list_probes(config, probes.list);
    const struct server_wait wait = {
        .program = "coturn",
        .name = config->name,
        .log_path = config->log_path,
        .is_ready = is_ready,
        .data = &probes,
    };
    gboolean ok = server_wait(lab, &wait, process, error);
    for (unsigned i = 0; i < probes.n; i++)
        if (probes.list[i].fd >= 0)
            close(probes.list[i].fd);
    return ok;
}

struct process *coturn_start(struct lab *lab, const struct coturn_config *config,
                             GError **error)
{
    int config_fd = make_config_file(config, error);
    if (config_fd < 0)
        return NULL;
    const char *const argv[] = { "turnserver", "-c", "/proc/self/fd/3", NULL };
    struct process_spec spec = {
        .argv = argv,
        .host = lab_find_host(lab, config->iface),
        .folder = config->folder,
        .log_path = config->log_path,
        .extra_fd = config_fd,
    };
    give_database(config);
    int problem = 0;
    g_autoptr(GError) cause = NULL;
    struct process *process = lab_start(lab, config->name, &spec, &problem, &cause);
    close(config_fd);
    if (!process && problem == ENOENT) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "coturn is not installed (no turnserver in PATH); "
                    "install it with `apt-get install coturn`");
        return NULL;
    }
    if (!process) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (!wait_until_ready(lab, config, process, error)) {
        lab_end_process(lab, process);
        return NULL;
    }
    keep_database(config);
    return process;
}
