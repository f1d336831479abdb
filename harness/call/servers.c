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

struct running {
    struct coturn_config config;
    char *log_path;
    char *folder;
    struct process *process; /* the lab's */
};

struct servers {
    struct lab *lab;
    char *username;
    char *password;
    GArray *running; /* struct running */
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

static gboolean start_coturn(struct servers *servers, const struct scenario *scenario,
                             const struct server *server, struct lab *lab,
                             const char *folder, GError **error)
{
    const char *scratch = sandbox_scratch_folder();
    const char *logs = folder ? folder : scratch;
    const char *files = scratch ? scratch : folder;
    if (!logs || !files) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "no folder for coturn's files: no tmpfs could be mounted");
        return FALSE;
    }
    g_autofree char *log_name = g_strdup_printf("%s.log", server->name);
    struct running r = {
        .log_path = g_build_filename(logs, log_name, NULL),
        .folder = g_strdup(files),
    };
    const struct interface_config *interface =
        scenario_interface(scenario, server->iface);
    r.config = (struct coturn_config){
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
    r.process = coturn_start(lab, &r.config, error);
    g_array_append_val(servers->running, r);
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
    for (unsigned i = 0; i < scenario->n_servers; i++) {
        const struct server *server = &scenario->servers[i];
        gboolean ok = TRUE;
        switch (server->type) {
        case SERVER_COTURN:
            ok = start_coturn(servers, scenario, server, lab, folder, error);
            break;
        case SERVER_SILENT:
            break;
        }
        if (!ok) {
            servers_free(servers);
            return NULL;
        }
    }
    return servers;
}

void servers_free(struct servers *servers)
{
    if (!servers)
        return;
    for (unsigned i = 0; i < servers->running->len; i++) {
        struct running *r = &g_array_index(servers->running, struct running, i);
        if (r->process) /* before its files are removed, or it makes them again */
            lab_end_process(servers->lab, r->process);
        coturn_tidy(&r->config);
        g_free(r->log_path);
        g_free(r->folder);
    }
    g_array_unref(servers->running);
    g_free(servers->username);
    g_free(servers->password);
    g_free(servers);
}

const char *servers_find(const struct servers *servers, const struct process *process)
{
    for (unsigned i = 0; i < servers->running->len; i++) {
        const struct running *r = &g_array_index(servers->running, struct running, i);
        if (r->process == process)
            return r->config.name;
    }
    return NULL;
}

const char *servers_username(const struct servers *servers)
{
    return servers->username;
}

const char *servers_password(const struct servers *servers)
{
    return servers->password;
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
