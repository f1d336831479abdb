/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario for a reader, as `rtclab show` prints it: what the file says with every
 * default and every assigned address filled in, from the struct and not from the file, so
 * that it shows what will be run.
 */
#include <string.h>

#include "base/clock.h"
#include "scenario/format_network.h"
#include "scenario/scenario.h"

enum { WIDTH = 78, HANG = 4 };

/* Breaks a line at blanks; what follows stands `hang` columns deeper than it began. */
static void append_line(GString *out, const char *line, size_t hang)
{
    size_t indent = strspn(line, " ") + hang;
    glong room = WIDTH;
    while (g_utf8_strlen(line, -1) > room) {
        const char *start = line + strspn(line, " ");
        const char *end = g_utf8_offset_to_pointer(line, room);
        while (end > start && *end != ' ')
            end--;
        if (end <= start)
            break; /* a word that is longer than a line */
        const char *last = end;
        while (last > start && last[-1] == ' ')
            last--;
        g_string_append_len(out, line, last - line);
        g_string_append_printf(out, "\n%*s", (int)indent, "");
        line = end + strspn(end, " ");
        room = WIDTH - (glong)indent;
    }
    g_string_append_printf(out, "%s\n", line);
}

static void append_description(GString *out, const char *text)
{
    GString *line = g_string_new(" ");
    g_auto(GStrv) words = g_strsplit_set(text, " \n\t", -1);
    for (size_t i = 0; words[i]; i++) {
        if (*words[i])
            g_string_append_printf(line, " %s", words[i]);
    }
    append_line(out, line->str, 0);
    g_string_free(line, TRUE);
}

static void append_list(GString *out, char *const *texts)
{
    for (size_t i = 0; texts[i]; i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", texts[i]);
}

/* ---- the tree ---- */

static void append_interface(GString *out, const char *indent, const struct scenario *s,
                             const struct interface_config *iface, unsigned number)
{
    g_string_append_printf(out, "%shost %s  ", indent, s->hosts[number].name);
    format_addresses(out, iface->addresses, iface->n_addresses);
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++) {
        if (s->peers[role].iface == number)
            g_string_append_printf(out, "  (the %s)", role_names[role]);
    }
    g_string_append(out, iface->silent ? "  (silent)\n" : "\n");
}

/* The number of a site's first interface. */
static unsigned first_interface(const struct scenario *s, unsigned site)
{
    unsigned n = 0;
    for (unsigned i = 0; i < site; i++)
        n += s->network.sites[i].n_interfaces;
    return n;
}

static void append_site(GString *out, const struct scenario *s, unsigned index,
                        unsigned depth)
{
    const struct site_config *site = &s->network.sites[index];
    g_autofree char *indent = g_strnfill(2 * depth, ' ');
    g_autofree char *inner = g_strnfill(2 * depth + 2, ' ');
    g_autofree char *detail = g_strnfill(2 * depth + 6, ' ');
    g_string_append_printf(out, "%s%s  link ", indent, site->name);
    format_link(out, &site->link);
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < site->n_middleboxes; i++) {
        const struct middlebox_config *box = &site->middleboxes[i];
        g_string_append_printf(out, "%s%s", inner, box->name);
        if (box->kind == MIDDLEBOX_NAT) {
            g_string_append(out, "  ");
            format_addresses(out, box->nat.external, box->nat.n_external);
            g_string_append_c(out, '\n');
            format_nat(out, detail, &box->nat);
        } else {
            g_string_append_c(out, '\n');
            format_firewall(out, detail, &box->firewall);
        }
    }
    unsigned first = first_interface(s, index);
    for (unsigned i = 0; i < site->n_interfaces; i++)
        append_interface(out, inner, s, &site->interfaces[i], first + i);
    for (unsigned i = index + 1; i < s->network.n_sites; i++) {
        if (s->network.sites[i].parent == (int)index)
            append_site(out, s, i, depth + 1);
    }
}

static void append_servers(GString *out, const struct scenario *s)
{
    for (unsigned i = 0; i < s->n_servers; i++) {
        const struct server *server = &s->servers[i];
        /* Servers' sites stand last, each with one interface. */
        const struct site_config *site =
            &s->network.sites[s->network.n_sites - s->n_servers + i];
        g_string_append_printf(out, "  %s  ", server->name);
        format_addresses(out, site->interfaces[0].addresses,
                         site->interfaces[0].n_addresses);
        if (server->type == SERVER_COTURN)
            g_string_append_printf(out, "  coturn, ports %u and %u", server->port,
                                   server->alternate_port);
        else if (server->type == SERVER_SIGNALING)
            g_string_append_printf(out, "  signalling, port %u", server->port);
        else
            g_string_append(out, "  silent: nobody answers");
        g_string_append(out, "  link ");
        format_link(out, &site->link);
        g_string_append_c(out, '\n');
    }
}

/* ---- peers and what is expected ---- */

static void append_peer(GString *out, const struct scenario *s, enum role role)
{
    const struct peer_setup *peer = &s->peers[role];
    g_string_append_printf(out, "  %s  on %s; %s; candidates %s\n", role_names[role],
                           s->hosts[peer->iface].name,
                           peer->udp && peer->tcp ? "udp and tcp"
                           : peer->tcp            ? "tcp"
                                                  : "udp",
                           peer->relay_only ? "relay only" : "of all types");
    for (unsigned i = 0; i < peer->n_ice_servers; i++) {
        const struct ice_server *server = &peer->ice_servers[i];
        g_string_append(out, "    ");
        append_list(out, server->urls);
        if (server->username)
            g_string_append_printf(out, "  as \"%s\"", server->username);
        g_string_append(out, server->credential ? "  with its own credential\n" : "\n");
    }
    if (peer->n_ice_servers == 0)
        g_string_append(out, "    no ICE servers\n");
}

static void append_expectation(GString *out, const struct expectation *expect)
{
    g_string_append_printf(out, "  %s\n", outcome_names[expect->outcome]);
    if (expect->selected) {
        g_string_append(out, "  selected, offerer's own ~ answerer's own: ");
        append_list(out, expect->selected);
        g_string_append_c(out, '\n');
    }
    if (expect->selected_protocols) {
        g_string_append(out, "  over ");
        append_list(out, expect->selected_protocols);
        g_string_append_c(out, '\n');
    }
    for (int mode = 0; mode < N_MODES; mode++) {
        if (expect->setup_max_ms[mode] > 0)
            g_string_append_printf(out, "  %s within %.6g ms\n", mode_names[mode],
                                   expect->setup_max_ms[mode]);
    }
}

static char *break_lines(const char *text)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] && (lines[i + 1] || *lines[i]); i++)
        append_line(out, lines[i], HANG);
    return g_string_free(out, FALSE);
}

static void append_media(GString *out, unsigned set)
{
    for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
        if (set & 1u << i)
            g_string_append_printf(out, " %s", scenario_negotiate_names[i]);
}

static void append_session(GString *out, const struct scenario_session *session)
{
    const struct scenario_channel *channel = &session->channel;
    g_string_append(out, "  negotiate  ");
    append_media(out, session->negotiate);
    if (session->negotiate & ~(unsigned)SCENARIO_DATA)
        g_string_append_printf(out, ", %s, %s",
                               scenario_direction_names[session->direction],
                               scenario_bundle_policy_names[session->bundle_policy]);
    if (!channel->ordered || !channel->reliable || channel->binary)
        g_string_append_printf(out, "\n  data channel %sordered, %sreliable, %s",
                               channel->ordered ? "" : "un",
                               channel->reliable ? "" : "un",
                               channel->binary ? "binary" : "text");
    if (session->echo) {
        g_string_append(out, "\n  echo       ");
        append_media(out, session->echo);
    }
    if (session->restart_ice)
        g_string_append(out, "\n  ICE restart once connected");
    if (session->duration_ns > 0)
        g_string_append_printf(out, "\n  duration    %.6g s",
                               (double)session->duration_ns / NS_PER_S);
    g_string_append_c(out, '\n');
}

char *scenario_format(const struct scenario *s)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s\n  %s\n", s->id, s->title);
    if (s->description)
        append_description(out, s->description);
    if (s->tags[0]) {
        g_string_append(out, "  tags: ");
        append_list(out, s->tags);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "\ninternet\n");
    for (unsigned i = 0; i < s->network.n_sites - s->n_servers; i++) {
        if (s->network.sites[i].parent < 0)
            append_site(out, s, i, 1);
    }
    if (s->n_servers > 0)
        g_string_append(out, "\nservers\n");
    append_servers(out, s);
    g_string_append(out, "\npeers\n");
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++)
        append_peer(out, s, role);
    append_session(out, &s->session);
    if (s->signaling_server)
        g_string_append_printf(out, "  signalling  by WebSocket%s, over %s\n",
                               s->signaling_tls ? " with TLS" : "",
                               s->signaling_server->name);
    else
        g_string_append_printf(out, "  signalling  direct, %.6g ms one way\n",
                               (double)s->signaling_delay_ns / NS_PER_MS);
    if (s->needs_wall_clock)
        g_string_append(out, "\nclock\n  wall: the virtual one is not faithful enough\n");
    g_string_append(out, "\nexpected\n");
    append_expectation(out, &s->expect);
    g_autofree char *text = g_string_free(out, FALSE);
    return break_lines(text);
}
