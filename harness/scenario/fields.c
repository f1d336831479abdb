/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a scenario file. To add one, add a row here and the member it fills; the
 * reader, the messages and scenarios/schema.json follow (tests/unit/test_scenario.c says
 * how to write the schema anew).
 *
 * The tables say what a value by itself must be. What must agree between values, such as
 * a name that must be defined elsewhere, is in check.c.
 */
#include "scenario/fields.h"

#include <stdlib.h>
#include <string.h>

#include "scenario/document.h"

#define MAX_SETUP_MS 3600000.0

const struct text_form name_form = {
    "^[a-z][a-z0-9-]{0,31}$",
    "a name of lower-case letters, digits and hyphens, a letter first, at most 32 long",
};
static const struct text_form line_form = { "^[^\\x00-\\x1f\\x7f]+$",
                                            "one line of text" };
static const struct text_form lines_form = { "^[^\\x00-\\x09\\x0b-\\x1f\\x7f]+$",
                                             "lines of text" };
static const struct text_form pair_form = {
    "^(host|srflx|prflx|relay|\\*)~(host|srflx|prflx|relay|\\*)$",
    "OFFERER~ANSWERER, each \"host\", \"srflx\", \"prflx\", \"relay\" or \"*\"",
};
static const struct text_form url_form = {
    "^(stun:[^?/@ ]+|turn:[^?/@ ]+(\\?transport=(udp|tcp))?)$",
    "stun:SERVER[:PORT] or turn:SERVER[:PORT][?transport=udp|tcp]",
};

static const struct choice server_types[] = {
    { "coturn", SERVER_COTURN },
    { "silent", SERVER_SILENT },
    { "signaling", SERVER_SIGNALING },
    { 0 },
};
static const struct choice policies[] = { { "all", false }, { "relay", true }, { 0 } };
static const struct choice protocols[] = {
    { "udp", PROTOCOL_UDP },
    { "tcp", PROTOCOL_TCP },
    { 0 },
};
static const struct choice negotiate[] = {
#define X(symbol, name) { name, SCENARIO_##symbol },
    SCENARIO_NEGOTIATE(X)
#undef X
        { 0 },
};
static const struct choice directions[] = {
#define X(symbol, name) { name, SCENARIO_##symbol },
    SCENARIO_DIRECTIONS(X)
#undef X
        { 0 },
};
static const struct choice bundle_policies[] = {
#define X(symbol, name) { name, SCENARIO_##symbol },
    SCENARIO_BUNDLE_POLICIES(X)
#undef X
        { 0 },
};
static const struct choice clocks[] = { { "wall", true }, { 0 } };
static const struct choice transports[] = {
    { "direct", SIGNALING_DIRECT },
    { "websocket", SIGNALING_WEBSOCKET },
    { 0 },
};
/* Only what can be meant to happen: "unsupported" and "error" never are. */
static const struct choice outcomes[] = {
    { "connected", OUTCOME_CONNECTED },
    { "failed", OUTCOME_FAILED },
    { "timeout", OUTCOME_TIMEOUT },
    { 0 },
};

static const struct field host_fields[] = {
    { "addresses", FIELD_ADDRESSES, .min = 1, .max = NETWORK_MAX_ADDRESSES,
      AT(struct host_document, addresses), COUNT(struct host_document, n_addresses),
      .meaning = "Instead of an assigned one" },
    { "silent", FIELD_BOOLEAN, .standard = "false", AT(struct host_document, silent),
      .meaning = "Nobody is there: what is sent to it vanishes" },
    { 0 },
};
static const struct shape host_shape = {
    .name = "host",
    .words = "a host",
    .size = sizeof(struct host_document),
    .fields = host_fields,
};

static const struct field site_fields[] = {
    { "parent", FIELD_TEXT, .form = &name_form, AT(struct site_document, parent),
      .meaning = "The site in whose LAN it hangs; absent: the internet" },
    { "link", FIELD_OBJECT, .shape = &link_shape, AT(struct site_document, link),
      .meaning = "Between the site and what it hangs below; absent: a perfect wire" },
    { "middleboxes", FIELD_LIST, .max = NETWORK_MAX_MIDDLEBOXES,
      .shape = &middlebox_shape, AT(struct site_document, middleboxes),
      COUNT(struct site_document, n_middleboxes),
      .meaning = "NATs and firewalls in a chain, the outermost first" },
    { "hosts", FIELD_MAP, .max = DOCUMENT_MAX_HOSTS, .shape = &host_shape,
      AT(struct site_document, hosts), COUNT(struct site_document, n_hosts),
      .meaning = "What is on its LAN; a host's name is unique in the scenario" },
    { 0 },
};
static const struct shape site_shape = {
    .name = "site",
    .words = "a site",
    .size = sizeof(struct site_document),
    .fields = site_fields,
};

static const struct field server_fields[] = {
    { "type", FIELD_CHOICE, .choices = server_types, .standard = "\"coturn\"",
      AT(struct server_document, type),
      .meaning = "coturn: STUN and TURN; silent: an address where nobody answers; "
                 "signaling: offers and answers by WebSocket" },
    { "port", FIELD_INTEGER, .min = 1, .max = 65535, AT(struct server_document, port),
      .meaning = "UDP and TCP; absent: 3478, of signaling 80, or 443 with TLS" },
    { "alternate_port", FIELD_INTEGER, .min = 1, .max = 65535, .standard = "3479",
      AT(struct server_document, alternate_port), .meaning = "RFC 5780's second port" },
    { "link", FIELD_OBJECT, .shape = &link_shape, AT(struct server_document, link),
      .meaning = "Between the server and the internet; absent: a perfect wire" },
    { "addresses", FIELD_ADDRESSES, .min = 1, .max = NETWORK_MAX_ADDRESSES,
      AT(struct server_document, addresses), COUNT(struct server_document, n_addresses),
      .meaning = "Instead of assigned ones (two for coturn, else one)" },
    { 0 },
};
static const struct shape server_shape = {
    .name = "server",
    .words = "a server",
    .size = sizeof(struct server_document),
    .fields = server_fields,
};

static const struct field ice_server_fields[] = {
    { "urls", FIELD_TEXTS, .required = true, .min = 1, .max = DOCUMENT_MAX_TEXTS,
      .form = &url_form, AT(struct ice_server_document, urls),
      .meaning = "RFC 7064 and 7065; the host is a server's name or an address" },
    { "username", FIELD_TEXT, .form = &line_form, .max = 508,
      AT(struct ice_server_document, username),
      .meaning = "Absent: the user that coturn knows" },
    { "credential", FIELD_TEXT, .form = &line_form, .max = 508,
      AT(struct ice_server_document, credential),
      .meaning = "Absent: that user's password, a new one each call" },
    { 0 },
};
static const struct shape ice_server_shape = {
    .name = "ice_server",
    .words = "an ICE server",
    .size = sizeof(struct ice_server_document),
    .fields = ice_server_fields,
};

static const struct field peer_fields[] = {
    { "host", FIELD_TEXT, .form = &name_form, AT(struct peer_document, host),
      .meaning = "Where it runs; absent: the host that has its role's name" },
    { "ice_servers", FIELD_ITEMS, .max = DOCUMENT_MAX_ICE_SERVERS,
      .shape = &ice_server_shape, AT(struct peer_document, ice_servers),
      COUNT(struct peer_document, n_ice_servers),
      .meaning = "Instead of the scenario's" },
    { "ice_transport_policy", FIELD_CHOICE, .choices = policies, .standard = "\"all\"",
      AT(struct peer_document, relay_only), .meaning = "W3C's iceTransportPolicy" },
    { "protocols", FIELD_CHOICES, .min = 1, .max = 2, .choices = protocols,
      .standard = "[\"udp\"]", AT(struct peer_document, protocols),
      .meaning = "Of host and server-reflexive candidates; tcp is RFC 6544" },
    { 0 },
};
static const struct shape peer_shape = {
    .name = "peer",
    .words = "a peer",
    .size = sizeof(struct peer_document),
    .fields = peer_fields,
};
static const struct field peers_fields[] = {
    { "offerer", FIELD_OBJECT, .shape = &peer_shape,
      AT(struct peers_document, roles[ROLE_OFFERER]),
      .meaning = "The peer that offers, and controls" },
    { "answerer", FIELD_OBJECT, .shape = &peer_shape,
      AT(struct peers_document, roles[ROLE_ANSWERER]),
      .meaning = "The peer that answers" },
    { 0 },
};
static const struct shape peers_shape = {
    .name = "peers",
    .words = "the peers",
    .size = sizeof(struct peers_document),
    .fields = peers_fields,
};

static const struct field signaling_fields[] = {
    { "transport", FIELD_CHOICE, .choices = transports, .standard = "\"direct\"",
      AT(struct signaling_document, transport),
      .meaning = "direct: the harness carries it; websocket: it crosses the network, "
                 "from each peer's host to the server of type signaling" },
    { "tls", FIELD_BOOLEAN, .standard = "false", AT(struct signaling_document, tls),
      .meaning = "wss instead of ws; of websocket alone" },
    { "delay_ms", FIELD_MILLISECONDS, .max = 60000, .standard = "0",
      AT(struct signaling_document, delay_ns), .meaning = "One way; of direct alone" },
    { 0 },
};
static const struct shape signaling_shape = {
    .name = "signaling",
    .words = "the signalling",
    .size = sizeof(struct signaling_document),
    .fields = signaling_fields,
};

static const struct field channel_fields[] = {
    { "ordered", FIELD_BOOLEAN, .standard = "true", AT(struct scenario_channel, ordered),
      .meaning = "W3C's RTCDataChannelInit.ordered" },
    { "reliable", FIELD_BOOLEAN, .standard = "true",
      AT(struct scenario_channel, reliable),
      .meaning = "false: maxRetransmits is 0, no message is sent a second time" },
    { "binary", FIELD_BOOLEAN, .standard = "false", AT(struct scenario_channel, binary),
      .meaning = "The messages of the call are bytes, not texts" },
    { 0 },
};
static const struct shape channel_shape = {
    .name = "data_channel",
    .words = "a data channel",
    .size = sizeof(struct scenario_channel),
    .fields = channel_fields,
};

#define SETUP_MODE(mode)                                                                 \
    FIELD_NUMBER, .min = 1, .max = MAX_SETUP_MS, AT(struct setup_document, modes[mode]), \
                  INHERIT(struct setup_document, all)

static const struct field setup_fields[] = {
    { "all", FIELD_NUMBER, .min = 1, .max = MAX_SETUP_MS, AT(struct setup_document, all),
      .meaning = "In every mode that has no bound below" },
    { "trickle", SETUP_MODE(MODE_TRICKLE), .meaning = "With trickle ICE" },
    { "half", SETUP_MODE(MODE_HALF), .meaning = "With half trickle" },
    { "full", SETUP_MODE(MODE_FULL), .meaning = "With full gathering" },
    { 0 },
};
static const struct shape setup_shape = {
    .name = "setup_max",
    .words = "the bounds on setup",
    .size = sizeof(struct setup_document),
    .fields = setup_fields,
    .shorthand = "all",
};

static const struct field expect_fields[] = {
    { "outcome", FIELD_CHOICE, .required = true, .choices = outcomes,
      AT(struct expect_document, outcome), .meaning = "What the call must come to" },
    { "selected", FIELD_TEXTS, .min = 1, .max = DOCUMENT_MAX_TEXTS, .form = &pair_form,
      AT(struct expect_document, selected),
      .meaning = "Allowed OFFERER~ANSWERER types: each peer's own candidate in its "
                 "selected pair; absent: any" },
    { "selected_protocols", FIELD_TEXTS, .min = 1, .max = 2, .choices = protocols,
      AT(struct expect_document, selected_protocols),
      .meaning = "Allowed protocols of the selected pair; absent: any" },
    { "setup_max_ms", FIELD_OBJECT, .shape = &setup_shape,
      AT(struct expect_document, setup_max_ms),
      .meaning = "Bound on setup_ms, for all modes or for each; absent: none" },
    { 0 },
};
static const struct shape expect_shape = {
    .name = "expect",
    .words = "what is expected",
    .size = sizeof(struct expect_document),
    .fields = expect_fields,
};

static const struct field document_fields[] = {
    { "$schema", FIELD_TEXT, .form = &line_form, AT(struct document, schema),
      .meaning = "Where this schema is, for editors" },
    { "title", FIELD_TEXT, .required = true, .form = &line_form, .max = 120,
      AT(struct document, title), .meaning = "One line" },
    { "description", FIELD_TEXT, .form = &lines_form, .max = 4000,
      AT(struct document, description),
      .meaning = "What it shows, and why that must happen" },
    { "tags", FIELD_TEXTS, .max = DOCUMENT_MAX_TEXTS, .form = &name_form,
      .standard = "[]", AT(struct document, tags),
      .meaning = "\"default\" is what runs when nothing is named" },
    { "sites", FIELD_MAP, .required = true, .min = 1, .max = DOCUMENT_MAX_SITES,
      .shape = &site_shape, AT(struct document, sites), COUNT(struct document, n_sites),
      .meaning = "The places below the internet, by name" },
    { "servers", FIELD_MAP, .max = DOCUMENT_MAX_SERVERS, .shape = &server_shape,
      AT(struct document, servers), COUNT(struct document, n_servers),
      .meaning = "The servers on the internet, by name" },
    { "ice_servers", FIELD_ITEMS, .max = DOCUMENT_MAX_ICE_SERVERS,
      .shape = &ice_server_shape, AT(struct document, ice_servers),
      COUNT(struct document, n_ice_servers),
      .meaning = "W3C's iceServers of both peers" },
    { "peers", FIELD_OBJECT, .shape = &peers_shape, AT(struct document, peers),
      .meaning = "How each peer is set up" },
    { "negotiate", FIELD_CHOICES, .min = 1, .max = SCENARIO_N_NEGOTIATE,
      .choices = negotiate, .standard = "[\"data\"]",
      AT(struct document, session.negotiate),
      .meaning = "What the peers send each other" },
    { "direction", FIELD_CHOICE, .choices = directions, .standard = "\"sendrecv\"",
      AT(struct document, session.direction),
      .meaning = "Of audio and video, as the offerer sees it" },
    { "echo", FIELD_CHOICES, .max = SCENARIO_N_NEGOTIATE, .choices = negotiate,
      .standard = "[]", AT(struct document, session.echo),
      .meaning = "What the answerer sends back as it came, in place of its own" },
    { "data_channel", FIELD_OBJECT, .shape = &channel_shape,
      AT(struct document, session.channel), .meaning = "As the offerer makes it" },
    { "bundle_policy", FIELD_CHOICE, .choices = bundle_policies,
      .standard = "\"max-bundle\"", AT(struct document, session.bundle_policy),
      .meaning = "W3C's bundlePolicy of both peers" },
    { "restart_ice", FIELD_BOOLEAN, .standard = "false",
      AT(struct document, session.restart_ice),
      .meaning =
          "Once all has come, the offerer restarts ICE, and data must come again" },
    { "duration_ms", FIELD_MILLISECONDS, .max = 600000, .standard = "0",
      AT(struct document, session.duration_ns),
      .meaning = "How long the call goes on after that" },
    { "signaling", FIELD_OBJECT, .shape = &signaling_shape,
      AT(struct document, signaling), .meaning = "How offer and answer travel" },
    { "clock", FIELD_CHOICE, .choices = clocks, AT(struct document, needs_wall_clock),
      .meaning = "wall: the virtual clock is not faithful enough here, as where TCP "
                 "retransmits; absent: either" },
    { "expect", FIELD_OBJECT, .required = true, .shape = &expect_shape,
      AT(struct document, expect),
      .meaning = "What must happen; the verdict is from this" },
    { 0 },
};
const struct shape document_shape = {
    .name = "scenario",
    .words = "a scenario",
    .size = sizeof(struct document),
    .fields = document_fields,
};

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **field_words(const struct field *field)
{
    GPtrArray *words = g_ptr_array_new();
    for (const struct choice *c = field->choices; c && c->name; c++)
        g_ptr_array_add(words, (gpointer)c->name);
    for (size_t i = 0; field->presets && field->presets->name(i); i++)
        g_ptr_array_add(words, (gpointer)field->presets->name(i));
    if (field->presets)
        qsort(words->pdata, words->len, sizeof *words->pdata, compare_words);
    g_ptr_array_add(words, NULL);
    return (const char **)g_ptr_array_free(words, FALSE);
}
