/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenario files: JSON text is read by the tables of fields.h into a document (reader.c),
 * the document is checked (check.c), given addresses (addresses.c) and turned into what
 * the harness works with (assemble.c). Each step adds its problems; a scenario comes out
 * only when there is none.
 */
#include "scenario/scenario.h"

#include <string.h>

#include "base/file.h"
#include "scenario/addresses.h"
#include "scenario/assemble.h"
#include "scenario/check.h"
#include "scenario/json_file.h"
#include "scenario/reader.h"

const char *const role_names[N_ROLES] = {
    [ROLE_OFFERER] = "offerer",
    [ROLE_ANSWERER] = "answerer",
};
const char *const scenario_negotiate_names[SCENARIO_N_NEGOTIATE] = {
#define X(symbol, name) name,
    SCENARIO_NEGOTIATE(X)
#undef X
};
const char *const scenario_direction_names[SCENARIO_N_DIRECTIONS] = {
#define X(symbol, name) [SCENARIO_##symbol] = name,
    SCENARIO_DIRECTIONS(X)
#undef X
};
const char *const scenario_bundle_policy_names[SCENARIO_N_BUNDLE_POLICIES] = {
#define X(symbol, name) [SCENARIO_##symbol] = name,
    SCENARIO_BUNDLE_POLICIES(X)
#undef X
};

const char *const mode_names[N_MODES] = {
    [MODE_TRICKLE] = "trickle",
    [MODE_HALF] = "half",
    [MODE_FULL] = "full",
};
const char *const outcome_names[N_OUTCOMES] = {
    [OUTCOME_CONNECTED] = "connected", [OUTCOME_FAILED] = "failed",
    [OUTCOME_TIMEOUT] = "timeout",     [OUTCOME_UNSUPPORTED] = "unsupported",
    [OUTCOME_ERROR] = "error",
};

/* ---- reading ---- */

static struct scenario *scenario_from_json(json_t *value, const char *id,
                                           struct problems *problems)
{
    struct reader *reader = reader_new(problems);
    struct document document = { 0 };
    reader_read(reader, &document_shape, value, &document);
    check_document(&document, problems);
    if (problems->n == 0)
        addresses_assign(&document, problems);
    struct scenario *scenario = NULL;
    if (problems->n == 0) {
        scenario = g_new0(struct scenario, 1);
        scenario->id = g_strdup(id);
        scenario->path = g_strdup(problems->file);
        scenario->document = json_incref(value);
        assemble_scenario(&document, scenario);
    }
    reader_free(reader);
    return scenario;
}

struct scenario *scenario_parse(const char *text, size_t size, const char *path,
                                const char *id, GPtrArray *problem_lines)
{
    struct problems problems = { .file = path, .lines = problem_lines };
    g_autoptr(json_t) value = json_file_parse(text, size, &problems);
    if (!value)
        return NULL;
    return scenario_from_json(value, id, &problems);
}

struct scenario *scenario_load(const char *path, const char *id, GPtrArray *problem_lines)
{
    struct problems problems = { .file = path, .lines = problem_lines };
    g_autoptr(json_t) value = json_file_load(&problems);
    return value ? scenario_from_json(value, id, &problems) : NULL;
}

/* ---- freeing ---- */

static void free_site(struct site_config *site)
{
    for (unsigned i = 0; i < site->n_middleboxes; i++)
        g_free((char *)site->middleboxes[i].name);
    for (unsigned i = 0; i < site->n_interfaces; i++)
        g_free((char *)site->interfaces[i].name);
    g_free(site->interfaces);
    g_free((char *)site->name);
}

static void free_peer(struct peer_setup *peer)
{
    for (unsigned i = 0; i < peer->n_ice_servers; i++) {
        g_strfreev(peer->ice_servers[i].urls);
        g_free(peer->ice_servers[i].username);
        g_free(peer->ice_servers[i].credential);
    }
    g_free(peer->ice_servers);
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    for (unsigned i = 0; i < scenario->network.n_sites; i++)
        free_site(&scenario->network.sites[i]);
    g_free(scenario->network.sites);
    for (unsigned i = 0; i < scenario->n_hosts; i++)
        g_free(scenario->hosts[i].name);
    g_free(scenario->hosts);
    for (unsigned i = 0; i < scenario->n_servers; i++)
        g_free(scenario->servers[i].name);
    g_free(scenario->servers);
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++)
        free_peer(&scenario->peers[role]);
    g_strfreev(scenario->expect.selected);
    g_strfreev(scenario->expect.selected_protocols);
    g_strfreev(scenario->tags);
    g_free(scenario->id);
    g_free(scenario->path);
    g_free(scenario->title);
    g_free(scenario->description);
    json_decref(scenario->document);
    g_free(scenario);
}

/* ---- asking ---- */

bool scenario_has_tag(const struct scenario *scenario, const char *tag)
{
    return g_strv_contains((const char *const *)scenario->tags, tag);
}

const struct host *scenario_find_host(const struct scenario *scenario, const char *name)
{
    for (unsigned i = 0; i < scenario->n_hosts; i++) {
        if (strcmp(scenario->hosts[i].name, name) == 0)
            return &scenario->hosts[i];
    }
    return NULL;
}

const struct interface_config *scenario_interface(const struct scenario *scenario,
                                                  unsigned iface)
{
    const struct site_config *site = scenario->network.sites;
    for (; iface >= site->n_interfaces; site++)
        iface -= site->n_interfaces;
    return &site->interfaces[iface];
}

static bool direction_has_chance(const struct link_direction *d)
{
    return d->jitter_ns > 0 || d->loss > 0 || d->burst.enter > 0 || d->reorder > 0 ||
           d->duplicate > 0;
}

static bool nat_has_chance(const struct nat_config *nat)
{
    bool random_conflict =
        nat->allocation == NAT_PRESERVE && nat->on_conflict == NAT_CONFLICT_RANDOM;
    bool arbitrary = nat->pooling == NAT_POOLING_ARBITRARY && nat->n_external > 1;
    return nat->allocation == NAT_RANDOM || random_conflict || arbitrary;
}

bool scenario_has_chance(const struct scenario *scenario)
{
    for (unsigned i = 0; i < scenario->network.n_sites; i++) {
        const struct site_config *site = &scenario->network.sites[i];
        if (direction_has_chance(&site->link.up) ||
            direction_has_chance(&site->link.down))
            return true;
        for (unsigned j = 0; j < site->n_middleboxes; j++) {
            const struct middlebox_config *box = &site->middleboxes[j];
            if (box->kind == MIDDLEBOX_NAT && nat_has_chance(&box->nat))
                return true;
        }
    }
    return false;
}
