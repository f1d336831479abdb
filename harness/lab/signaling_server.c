/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program is rtclab itself, from beside this one (which may be a test). Certificate
 * and key are a file in memory that only it has open, as coturn's configuration is.
 *
 * Ready means that a connection can be made to it, from a socket inside its own host, so
 * that no packet of it is in a capture.
 */
#include "lab/signaling_server.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/program.h"
#include "lab/server_wait.h"
#include "lab/socket_address.h"

static int make_certificate_file(const char *pem, GError **error)
{
    size_t size = strlen(pem);
    int fd = memfd_create("certificate.pem", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, pem, size) == (ssize_t)size)
        return fd;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                        "cannot keep a certificate in memory");
    if (fd >= 0)
        close(fd);
    return -1;
}

struct probe {
    const struct lab_host *host;
    struct sockaddr_storage to;
    socklen_t to_size;
};

/* Inside one host a connection is made, or refused, before connect() returns. */
static bool is_ready(void *data)
{
    const struct probe *probe = data;
    int fd = lab_host_socket(probe->host, probe->to.ss_family, SOCK_STREAM);
    if (fd < 0)
        return false;
    int error = 0;
    socklen_t size = sizeof error;
    bool is_connected =
        (connect(fd, (const struct sockaddr *)&probe->to, probe->to_size) == 0 ||
         errno == EINPROGRESS) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    close(fd);
    return is_connected;
}

static struct process *start(struct lab *lab,
                             const struct signaling_server_config *config,
                             int certificate_fd, GError **error)
{
    char address[ADDRESS_TEXT_SIZE];
    address_format(config->address, address);
    bool is_v6 = config->address->family == ADDRESS_IPV6;
    g_autofree char *listen =
        g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", address, config->port);
    g_autofree char *program = g_build_filename(program_folder(), "rtclab", NULL);
    const char *const argv[] = { program,
                                 "signaling",
                                 "--listen",
                                 listen,
                                 certificate_fd >= 0 ? "--tls-certificate" : NULL,
                                 "/proc/self/fd/3",
                                 NULL };
    struct process_spec spec = {
        .argv = argv,
        .host = lab_find_host(lab, config->iface),
        .log_path = config->log_path,
        .extra_fd = certificate_fd,
    };
    return lab_start(lab, config->name, &spec, NULL, error);
}

struct process *signaling_server_start(struct lab *lab,
                                       const struct signaling_server_config *config,
                                       GError **error)
{
    int certificate_fd = -1;
    if (config->certificate_pem) {
        certificate_fd = make_certificate_file(config->certificate_pem, error);
        if (certificate_fd < 0)
            return NULL;
    }
    struct process *process = start(lab, config, certificate_fd, error);
    if (certificate_fd >= 0)
        close(certificate_fd);
    if (!process)
        return NULL;
    struct probe probe = { .host = lab_find_host(lab, config->iface) };
    probe.to_size = socket_address_fill(&probe.to, config->address, config->port);
    const struct server_wait wait = {
        .program = "the signalling server",
        .name = config->name,
        .log_path = config->log_path,
        .is_ready = is_ready,
        .data = &probe,
    };
    if (server_wait(lab, &wait, process, error))
        return process;
    lab_end_process(lab, process);
    return NULL;
}
