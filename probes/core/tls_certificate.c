/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the certificate that a server showed is worth. GnuTLS checks the chain; times and
 * names are looked at once more here, since "invalid" helps nobody: which certificate
 * expired when, and which names it has instead.
 *
 * The known CAs are read once in a process for each file: they take longer to read than a
 * handshake does. A program that runs on and on must be started again to see new ones.
 *
 * It deliberately asks nobody about revocation (OCSP, lists): it sends to no address but
 * the server's.
 *
 * RFC 5280 §6, RFC 6125 §6.4, RFC 8489 §6.2.3.
 */
#include "probes/core/connection_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "probes/core/error.h"

enum { SHOWN_NAMES = 4, SECONDS_A_DAY = 86400 };

/* ---- Known CAs ------------------------------------------------------------------ */

static int trust(gnutls_certificate_credentials_t credentials,
                 const struct tls_options *options)
{
    if (options->ca_pem) {
        gnutls_datum_t pem = { .data = (unsigned char *)options->ca_pem,
                               .size = (unsigned)strlen(options->ca_pem) };
        return gnutls_certificate_set_x509_trust_mem(credentials, &pem,
                                                     GNUTLS_X509_FMT_PEM);
    }
    return options->ca_file ? gnutls_certificate_set_x509_trust_file(
                                  credentials, options->ca_file, GNUTLS_X509_FMT_PEM)
                            : gnutls_certificate_set_x509_system_trust(credentials);
}

static gnutls_certificate_credentials_t read_cas(const struct tls_options *options,
                                                 GError **error)
{
    gnutls_certificate_credentials_t credentials;
    bool is_system = !options->ca_pem && !options->ca_file;
    int n = gnutls_certificate_allocate_credentials(&credentials);
    if (n >= 0) {
        n = trust(credentials, options);
        if (n > 0 || (n == 0 && is_system))
            return credentials;
        gnutls_certificate_free_credentials(credentials);
    }
    bool has_no_file = n < 0 && options->ca_file && access(options->ca_file, R_OK) != 0;
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL, "cannot read the CAs of %s: %s",
                options->ca_file ? options->ca_file
                : is_system      ? "this system"
                                 : "the caller",
                has_no_file ? g_strerror(errno)
                : n < 0     ? gnutls_strerror(n)
                            : "no certificate (PEM) in it");
    return NULL;
}

gnutls_certificate_credentials_t
tls_certificate_credentials(const struct tls_options *options, GError **error)
{
    static GMutex lock;
    static GHashTable *known; /* by file or text; never freed, nor is what is in it */
    const char *key = options->ca_pem    ? options->ca_pem
                      : options->ca_file ? options->ca_file
                                         : "";
    g_mutex_lock(&lock);
    if (!known)
        known = g_hash_table_new(g_str_hash, g_str_equal);
    gnutls_certificate_credentials_t credentials = g_hash_table_lookup(known, key);
    if (!credentials && (credentials = read_cas(options, error)))
        g_hash_table_insert(known, g_strdup(key), credentials);
    g_mutex_unlock(&lock);
    return credentials;
}

gboolean tls_read_ca_file(const char *path, GError **error)
{
    const struct tls_options options = { .ca_file = path };
    return tls_certificate_credentials(&options, error) != NULL;
}

/* ---- The chain ------------------------------------------------------------------ */

struct chain {
    gnutls_x509_crt_t *certificates; /* the server's own first */
    unsigned n;
};

static void chain_clear(struct chain *chain)
{
    for (unsigned i = 0; i < chain->n; i++)
        gnutls_x509_crt_deinit(chain->certificates[i]);
    g_free(chain->certificates);
}
typedef struct chain auto_chain;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_chain, chain_clear)

static void chain_read(gnutls_session_t session, struct chain *ret)
{
    unsigned n = 0;
    const gnutls_datum_t *sent = gnutls_certificate_get_peers(session, &n);
    ret->certificates = g_new0(gnutls_x509_crt_t, sent ? n : 0);
    for (unsigned i = 0; sent && i < n; i++) {
        if (gnutls_x509_crt_init(&ret->certificates[i]) < 0)
            return;
        ret->n++; /* to be freed, even if it cannot be read */
        if (gnutls_x509_crt_import(ret->certificates[i], &sent[i], GNUTLS_X509_FMT_DER) <
            0)
            return;
    }
}

/* ---- In words ------------------------------------------------------------------- */

static void add_problem(GString *problems, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_problem(GString *problems, const char *format, ...)
{
    va_list arguments;
    if (problems->len > 0)
        g_string_append(problems, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(problems, format, arguments);
    va_end(arguments);
}

/* "3 days" */
static char *format_duration(int64_t s)
{
    if (s >= 2 * SECONDS_A_DAY)
        return g_strdup_printf("%" PRId64 " days", s / SECONDS_A_DAY);
    if (s >= 2 * 3600)
        return g_strdup_printf("%" PRId64 " hours", s / 3600);
    return g_strdup_printf("%" PRId64 " minutes", s / 60);
}

static char *format_date(int64_t s)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(s);
    return date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("an unknown day");
}

/* Servers send certificates, too, that no path to a known CA needs: that such a one has
 * expired is no problem if the chain is trusted. */
static void judge_times(const struct chain *chain, int64_t now_s, GString *problems,
                        struct tls_report *report)
{
    for (unsigned i = 0; i < chain->n; i++) {
        const char *which = i == 0 ? "the certificate" : "a certificate above it";
        int64_t from_s = gnutls_x509_crt_get_activation_time(chain->certificates[i]);
        int64_t until_s = gnutls_x509_crt_get_expiration_time(chain->certificates[i]);
        if (i == 0 || until_s < report->not_after_s)
            report->not_after_s = until_s;
        if (i > 0 && report->is_trusted)
            continue;
        report->is_expired |= until_s < now_s;
        report->is_early |= from_s > now_s;
        if (until_s < now_s) {
            g_autofree char *ago = format_duration(now_s - until_s);
            g_autofree char *date = format_date(until_s);
            add_problem(problems, "%s expired %s ago (%s)", which, ago, date);
        } else if (from_s > now_s) {
            g_autofree char *left = format_duration(from_s - now_s);
            g_autofree char *date = format_date(from_s);
            add_problem(problems, "%s is not valid before %s (in %s)", which, date, left);
        }
    }
}

static char *format_name(unsigned kind, const uint8_t *name, size_t size)
{
    char text[ADDRESS_TEXT_SIZE];
    if (kind == GNUTLS_SAN_DNSNAME)
        return g_strndup((const char *)name, size);
    if (kind == GNUTLS_SAN_IPADDRESS && (size == 4 || size == 16)) {
        struct address a =
            address_from_bytes(size == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6, name);
        return g_strdup(address_format(&a, text));
    }
    return NULL;
}

/* The names that it has: of SUBJECT-ALT-NAME, else its common name. */
static char *format_names(gnutls_x509_crt_t certificate)
{
    GString *text = g_string_new("");
    unsigned n_names = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t name[512];
        size_t size = sizeof name;
        int kind =
            gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (kind == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (kind < 0)
            break;
        g_autofree char *shown = format_name((unsigned)kind, name, size);
        if (shown && n_names++ < SHOWN_NAMES)
            g_string_append_printf(text, "%s%s", n_names > 1 ? ", " : "", shown);
    }
    if (n_names > SHOWN_NAMES)
        g_string_append_printf(text, " and %u more", n_names - SHOWN_NAMES);
    char common[256];
    size_t size = sizeof common;
    if (n_names == 0 &&
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                      common, &size) == 0)
        g_string_append(text, common);
    return g_string_free(text, FALSE);
}

static void judge_name(gnutls_x509_crt_t certificate, const char *name, GString *problems,
                       struct tls_report *report)
{
    /* It takes an address in text for one, and looks for it among the addresses. */
    report->is_name_ok = gnutls_x509_crt_check_hostname(certificate, name) != 0;
    if (report->is_name_ok)
        return;
    g_autofree char *names = format_names(certificate);
    if (*names)
        add_problem(problems, "its name is not %s but %s", name, names);
    else
        add_problem(problems, "it has no name, and so not %s", name);
}

static char *format_issuer(gnutls_x509_crt_t certificate)
{
    gnutls_datum_t text;
    if (gnutls_x509_crt_get_issuer_dn2(certificate, &text) < 0)
        return g_strdup("unknown");
    char *issuer = g_strndup((const char *)text.data, MIN(text.size, 200));
    gnutls_free(text.data);
    return issuer;
}

static void judge_signer(const struct chain *chain, GString *problems)
{
    gnutls_x509_crt_t last = chain->certificates[chain->n - 1];
    if (chain->n == 1 && gnutls_x509_crt_check_issuer(last, last)) {
        add_problem(problems, "self-signed");
        return;
    }
    g_autofree char *issuer = format_issuer(last);
    add_problem(problems, "no known CA signed it (the last issuer is %s%s)", issuer,
                chain->n == 1 ? ", of which the server sent no certificate" : "");
}

/* What GnuTLS says of a chain, but for times and names. */
static const struct {
    unsigned flag;
    const char *text;
} faults[] = {
    { GNUTLS_CERT_REVOKED, "revoked" },
    { GNUTLS_CERT_SIGNER_NOT_CA, "its signer is no CA" },
    { GNUTLS_CERT_INSECURE_ALGORITHM, "signed by an algorithm that is no longer safe" },
    { GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong" },
    { GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "its signer may not sign this name" },
    { GNUTLS_CERT_PURPOSE_MISMATCH, "not made for servers (extended key usage)" },
    { GNUTLS_CERT_INVALID_OCSP_STATUS, "the OCSP answer sent with it is wrong" },
    { GNUTLS_CERT_MISSING_OCSP_STATUS, "the OCSP answer that it must bring is missing" },
    { GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
      "it has a critical extension of unknown kind" },
};

static int verify(gnutls_session_t session, unsigned *ret_status)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER };
    *ret_status = 0;
    return gnutls_certificate_verify_peers(session, &purpose, 1, ret_status);
}

/* @param result, status what verify() said */
static void judge_chain(const struct chain *chain, int result, unsigned status,
                        GString *problems)
{
    if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
        judge_signer(chain, problems);
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
        if (status & faults[i].flag)
            add_problem(problems, "%s", faults[i].text);
    /* Nothing that GnuTLS refuses goes without a word. */
    if (result < 0)
        add_problem(problems, "%s", gnutls_strerror(result));
    else if (status != 0 && problems->len == 0)
        add_problem(problems, "GnuTLS does not accept it (status %#x)", status);
}

void tls_certificate_judge(gnutls_session_t session, const char *name, int64_t now_s,
                           struct tls_report *report)
{
    g_auto(auto_chain) chain = { 0 };
    gnutls_datum_t subject;
    GString *problems = g_string_new("");
    chain_read(session, &chain);
    if (chain.n == 0) {
        add_problem(problems, "the server showed no certificate");
    } else {
        if (gnutls_x509_crt_get_dn2(chain.certificates[0], &subject) >= 0) {
            report->subject =
                g_utf8_make_valid((const char *)subject.data, (gssize)subject.size);
            gnutls_free(subject.data);
        }
        unsigned status;
        int result = verify(session, &status);
        report->is_trusted = result >= 0 && status == 0;
        judge_times(&chain, now_s, problems, report);
        judge_name(chain.certificates[0], name, problems, report);
        judge_chain(&chain, result, status, problems);
    }
    /* Its names need not be UTF-8, and errors' messages must be. */
    report->problem = problems->len > 0
                          ? g_utf8_make_valid(problems->str, (gssize)problems->len)
                          : NULL;
    g_string_free(problems, TRUE);
}
