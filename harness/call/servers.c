/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the servers of a scenario.
 *
 * coturn's database goes into the lab's scratch folder, which is in memory and private,
 * or, where there is none, beside the log, from where it is removed at the end.
 */
#include "call/servers.h"

#include <string.h>

#include "base/error.h"
#include "lab/coturn.h"
#include "lab/sandbox.h"
#include "lab/signaling_server.h"
#include "tls/certificate.h"

/* The port that a URL need not name. */
enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

struct running {
    const char *name;
    struct coturn_config coturn; /* without a name: it is another server */
    char *log_path;
    char *folder;
    struct process *process; /* the lab's */
};

struct servers {
    struct lab *lab;
    char *username;
    char *password;
    char *room_url;                 /* NULL: signalling is direct */
    struct certificate certificate; /* of the signalling server, if it has one */
    GArray *running;                /* struct running */
};

/* 22 letters and digits: 131 bits. */
static char *make_password(const struct rng *rng)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789";
    enum { LENGTH = 22 };
    struct rng own = rng_fork(rng, "credentials");
    char *password = g_malloc(LENGTH + 1);
    for (unsigned i = 0; i < LENGTH; i++)
        password[i] = alphabet[rng_below(&own, sizeof alphabet - 1)];
    password[LENGTH] = '\0';
    return password;
}

/* Where servers' logs and files go. */
struct places {
    const char *logs, *files;
};

static gboolean find_places(const char *folder, struct places *ret, GError **error)
{
    const char *scratch = sandbox_scratch_folder();
    *ret = (struct places){ .logs = folder ? folder : scratch,
                            .files = scratch ? scratch : folder };
    if (ret->logs && ret->files)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                "no folder for the servers' files: no tmpfs could be mounted");
    return FALSE;
}

static char *make_log_path(const struct places *places, const struct server *server)
{
    g_autofree char *name = g_strdup_printf("%s.log", server->name);
    return g_build_filename(places->logs, name, NULL);
}

static gboolean start_coturn(struct servers *servers, const struct scenario *scenario,
                             const struct server *server, const struct places *places,
                             GError **error)
{
    struct running r = {
        .name = server->name,
        .log_path = make_log_path(places, server),
        .folder = g_strdup(places->files),
    };
    const struct interface_config *interface =
        scenario_interface(scenario, server->iface);
    r.coturn = (struct coturn_config){
        .name = server->name,
        .iface = server->iface,
        .addresses = interface->addresses,
        .n_addresses = interface->n_addresses,
        .port = server->port,
        .alternate_port = server->alternate_port,
        .username = servers->username,
        .password = servers->password,
        .log_path = r.log_path,
        .folder = r.folder,
    };
    r.process = coturn_start(servers->lab, &r.coturn, error);
    g_array_append_val(servers->running, r);
    return r.process != NULL;
}

static char *make_room_url(const struct scenario *scenario, const struct server *server)
{
    const struct address *address =
        &scenario_interface(scenario, server->iface)->addresses[0];
    bool is_v6 = address->family == ADDRESS_IPV6;
    char text[ADDRESS_TEXT_SIZE];
    g_autofree char *port =
        server->port == (scenario->signaling_tls ? HTTPS_PORT : HTTP_PORT)
            ? g_strdup("")
            : g_strdup_printf(":%u", server->port);
    return g_strdup_printf("%s://%s%s%s%s/rooms/call",
                           scenario->signaling_tls ? "wss" : "ws", is_v6 ? "[" : "",
                           address_format(address, text), is_v6 ? "]" : "", port);
}

static gboolean start_signaling(struct servers *servers, const struct scenario *scenario,
                                const struct server *server, const struct rng *rng,
                                const struct places *places, GError **error)
{
    /* Valid for a century, as a call's calendar may be set to any day; nobody trusts it
     * but the call. */
    static const struct certificate_subject subject = {
        .common_name = "rtclab signalling",
        .from_s = 946684800,   /* 2000-01-01 */
        .until_s = 4102444800, /* 2100-01-01 */
    };
    struct rng own = rng_fork(rng, "signaling-certificate");
    uint8_t seed[CERTIFICATE_SEED_BYTES];
    for (unsigned i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)rng_below(&own, 256);
    if (scenario->signaling_tls &&
        !certificate_make(seed, &subject, &servers->certificate, error))
        return FALSE;
    g_autofree char *pem =
        scenario->signaling_tls
            ? g_strconcat(servers->certificate.pem, servers->certificate.key_pem, NULL)
            : NULL;
    struct running r = {
        .name = server->name,
        .log_path = make_log_path(places, server),
    };
    const struct signaling_server_config config = {
        .name = server->name,
        .iface = server->iface,
        .address = &scenario_interface(scenario, server->iface)->addresses[0],
        .port = server->port,
        .certificate_pem = pem,
        .log_path = r.log_path,
    };
    r.process = signaling_server_start(servers->lab, &config, error);
    g_array_append_val(servers->running, r);
    if (scenario->signaling_server == server)
        servers->room_url = make_room_url(scenario, server);
    return r.process != NULL;
}

struct servers *servers_start(const struct scenario *scenario, struct lab *lab,
                              const struct rng *rng, const char *folder, GError **error)
{
    struct servers *servers = g_new0(struct servers, 1);
    servers->lab = lab;
    servers->username = g_strdup("rtclab");
    servers->password = make_password(rng);
    servers->running = g_array_new(FALSE, FALSE, sizeof(struct running));
    struct places places = { 0 };
    gboolean ok = scenario->n_servers == 0 || find_places(folder, &places, error);
    for (unsigned i = 0; ok && i < scenario->n_servers; i++) {
        const struct server *server = &scenario->servers[i];
        switch (server->type) {
        case SERVER_COTURN:
            ok = start_coturn(servers, scenario, server, &places, error);
            break;
        case SERVER_SIGNALING:
            ok = start_signaling(servers, scenario, server, rng, &places, error);
            break;
        case SERVER_SILENT:
            break;
        }
    }
    if (ok)
        return servers;
    servers_free(servers);
    return NULL;
}

void servers_free(struct servers *servers)
{
    if (!servers)
        return;
    for (unsigned i = 0; i < servers->running->len; i++) {
        struct running *r = &g_array_index(servers->running, struct running, i);
        if (r->process) /* before its files are removed, or it makes them again */
            lab_end_process(servers->lab, r->process);
        if (r->coturn.name)
            coturn_tidy(&r->coturn);
        g_free(r->log_path);
        g_free(r->folder);
    }
    g_array_unref(servers->running);
    g_free(servers->username);
    g_free(servers->password);
    g_free(servers->room_url);
    certificate_clear(&servers->certificate);
    g_free(servers);
}

const char *servers_find(const struct servers *servers, const struct process *process)
{
    for (unsigned i = 0; i < servers->running->len; i++) {
        const struct running *r = &g_array_index(servers->running, struct running, i);
        if (r->process == process)
            return r->name;
    }
    return NULL;
}

char *servers_signaling_url(const struct servers *servers, enum role role)
{
    return servers->room_url
               ? g_strdup_printf("%s?member=%s", servers->room_url, role_names[role])
               : NULL;
}

const char *servers_signaling_certificate(const struct servers *servers)
{
    return servers->certificate.pem;
}

const char *servers_username(const struct servers *servers)
{
    return servers->username;
}

const char *servers_password(const struct servers *servers)
{
    return servers->password;
}

json_t *servers_describe(const struct servers *servers, const struct server *server)
{
    if (server->type != SERVER_COTURN)
        return NULL;
    return json_pack("{s:s, s:s, s:s}", "username", servers->username, "password",
                     servers->password, "realm", COTURN_REALM);
}

static bool needs_credentials(const struct ice_server *server)
{
    for (char **url = server->urls; *url; url++)
        if (g_str_has_prefix(*url, "turn"))
            return true;
    return false;
}

json_t *servers_ice_servers(const struct servers *servers, const struct peer_setup *peer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < peer->n_ice_servers; i++) {
        const struct ice_server *server = &peer->ice_servers[i];
        json_t *urls = json_array();
        for (char **url = server->urls; *url; url++)
            json_array_append_new(urls, json_string(*url));
        json_t *entry = json_pack("{s:o}", "urls", urls);
        if (needs_credentials(server)) {
            const char *user = server->username ? server->username : servers->username;
            const char *password =
                server->credential ? server->credential : servers->password;
            json_object_set_new(entry, "username", json_string(user));
            json_object_set_new(entry, "credential", json_string(password));
        }
        json_array_append_new(list, entry);
    }
    return list;
}
