/* SPDX-License-Identifier: Apache-2.0 */
/* Servers in threads on the loopback, and certificates for them: what tests of rtcprobe's
 * connections speak with. */
#ifndef RTCLAB_TESTS_LOOPBACK_H
#define RTCLAB_TESTS_LOOPBACK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/clock.h"
#include "probes/core/socket_address.h"
#include "wire/address.h"

struct loopback {
    int fd;      /* bound, and listening for TCP */
    int stop_fd; /* readable: the test is over */
    struct endpoint at;
    void (*serve)(struct loopback *server);
    const void *data;
    GThread *thread;
    gnutls_certificate_credentials_t credentials; /* TLS and DTLS */
    int result;                                   /* read after loopback_stop() */
};

static inline gpointer loopback_run(gpointer data)
{
    struct loopback *server = data;
    server->serve(server);
    return NULL;
}

/** Binds to 127.0.0.1; `serve` NULL: nobody serves. */
static inline void loopback_start(struct loopback *server, int type,
                                  void (*serve)(struct loopback *), const void *data)
{
    struct sockaddr_storage address;
    address_parse("127.0.0.1", &server->at.address);
    server->at.port = 0;
    socklen_t size = socket_address_make(&server->at, &address);
    server->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    server->stop_fd = eventfd(0, EFD_CLOEXEC);
    server->serve = serve;
    server->data = data;
    g_assert_cmpint(bind(server->fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(getsockname(server->fd, (struct sockaddr *)&address, &size), ==, 0);
    socket_address_read(&address, &server->at);
    if (type == SOCK_STREAM)
        g_assert_cmpint(listen(server->fd, 8), ==, 0);
    if (serve)
        server->thread = g_thread_new("server", loopback_run, server);
}

static inline void loopback_stop(struct loopback *server)
{
    static const uint64_t one = 1;
    g_assert_cmpint(write(server->stop_fd, &one, sizeof one), ==, sizeof one);
    if (server->thread)
        g_thread_join(server->thread);
    close(server->fd);
    close(server->stop_fd);
    if (server->credentials)
        gnutls_certificate_free_credentials(server->credentials);
}

/** False when the test is over; true when `fd` is ready, or after `timeout_ms`. */
static inline bool loopback_wait(struct loopback *server, int fd, short events,
                                 int timeout_ms)
{
    struct pollfd fds[] = { { .fd = server->stop_fd, .events = POLLIN },
                            { .fd = fd, .events = events } };
    poll(fds, 2, timeout_ms);
    return !fds[0].revents;
}

/** The next TCP connection, or -1 when the test is over. */
static inline int loopback_accept(struct loopback *server)
{
    return loopback_wait(server, server->fd, POLLIN, -1)
               ? accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)
               : -1;
}

/* ---- Certificates -------------------------------------------------------------------
 */

struct test_certificate {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

struct certificate_request {
    const char *common_name;
    const char *dns_name; /* NULL: none */
    bool has_loopback;    /* 127.0.0.1 among its names */
    int64_t from_s, until_s;
    const struct test_certificate *signer; /* NULL: itself, and then a CA */
};

/** What GnuTLS compares it knows only of certificates that it read. */
static inline void test_certificate_reread(struct test_certificate *c)
{
    gnutls_datum_t der;
    gnutls_x509_crt_export2(c->certificate, GNUTLS_X509_FMT_DER, &der);
    gnutls_x509_crt_deinit(c->certificate);
    gnutls_x509_crt_init(&c->certificate);
    g_assert_cmpint(gnutls_x509_crt_import(c->certificate, &der, GNUTLS_X509_FMT_DER), ==,
                    0);
    gnutls_free(der.data);
}

static inline void test_certificate_make(struct test_certificate *out,
                                         const struct certificate_request *request)
{
    static uint8_t serial;
    static const uint8_t loopback[] = { 127, 0, 0, 1 };
    g_autofree char *dn = g_strdup_printf("CN=%s", request->common_name);
    serial++;
    gnutls_x509_privkey_init(&out->key);
    gnutls_x509_privkey_generate(out->key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&out->certificate);
    gnutls_x509_crt_t crt = out->certificate;
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_dn(crt, dn, NULL);
    gnutls_x509_crt_set_serial(crt, &serial, 1);
    gnutls_x509_crt_set_activation_time(crt, request->from_s);
    gnutls_x509_crt_set_expiration_time(crt, request->until_s);
    gnutls_x509_crt_set_key(crt, out->key);
    if (request->dns_name)
        gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, request->dns_name,
                                             (unsigned)strlen(request->dns_name),
                                             GNUTLS_FSAN_APPEND);
    if (request->has_loopback)
        gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, loopback,
                                             sizeof loopback, GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_basic_constraints(crt, !request->signer, -1);
    const struct test_certificate *signer = request->signer ? request->signer : out;
    int status = gnutls_x509_crt_sign2(crt, signer->certificate, signer->key,
                                       GNUTLS_DIG_SHA256, 0);
    g_assert_cmpint(status, ==, 0);
    test_certificate_reread(out);
}

static inline void test_certificate_clear(struct test_certificate *c)
{
    gnutls_x509_crt_deinit(c->certificate);
    gnutls_x509_privkey_deinit(c->key);
}

/** Its PEM in a file of its own; the caller removes the file and frees the path. */
static inline char *test_certificate_to_file(const struct test_certificate *c)
{
    gnutls_datum_t pem;
    char *path = NULL;
    int fd = g_file_open_tmp("rtclab-ca-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(gnutls_x509_crt_export2(c->certificate, GNUTLS_X509_FMT_PEM, &pem),
                    ==, 0);
    g_assert_cmpint(write(fd, pem.data, pem.size), ==, pem.size);
    gnutls_free(pem.data);
    close(fd);
    return path;
}

/** @param also sent behind it; NULL: none */
static inline gnutls_certificate_credentials_t
test_certificate_credentials(const struct test_certificate *c,
                             const struct test_certificate *also)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_x509_crt_t chain[] = { c->certificate, also ? also->certificate : NULL };
    gnutls_certificate_allocate_credentials(&credentials);
    g_assert_cmpint(
        gnutls_certificate_set_x509_key(credentials, chain, also ? 2 : 1, c->key), >=, 0);
    return credentials;
}

#endif
