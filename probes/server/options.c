/* SPDX-License-Identifier: Apache-2.0 */
/* What the server is by default, and what a case needs it to be. */
#include <sys/socket.h>
#include <unistd.h>

#include "probes/server/server.h"
#include "probes/server/socket_address.h"

const char probe_server_case_secret[] = "rtclab selftest";

const uint8_t probe_server_case_token_key[PROBE_SERVER_TOKEN_KEY_BYTES] = {
    0x4d, 0x0b, 0x52, 0x9f, 0x21, 0xe6, 0x73, 0xc8, 0x1a, 0x90, 0x35,
    0xf4, 0x6e, 0xb7, 0x0c, 0xd2, 0x88, 0x5b, 0xe1, 0x47, 0x3d, 0xa6,
    0x12, 0xfb, 0x69, 0xc0, 0x2e, 0x97, 0x54, 0xbd, 0x0a, 0xe3,
};

static const struct probe_server_user users[] = {
    { "alice", "wonderland" },
    { "bob", "builder" },
    { "zoë", "pässwörd" },
};

/* Our own addresses, and those for documentation (RFC 5737), which nobody has. */
static const struct probe_server_prefix peers[] = {
    { { .family = ADDRESS_IPV4, .bytes = { 127, 77 } }, 16 },
    { { .family = ADDRESS_IPV4, .bytes = { 192, 0, 2 } }, 24 },
};

static bool can_bind(const struct address *address)
{
    const struct endpoint local = { *address, 0 };
    int fd = srv_socket_bound(SOCK_DGRAM, &local);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

void probe_server_options_init(struct probe_server_options *ret_options)
{
    struct address loopback = { .family = ADDRESS_IPV6 };
    loopback.bytes[15] = 1;
    *ret_options = (struct probe_server_options){
        .primary = { .family = ADDRESS_IPV4, .bytes = { 127, 77, 0, 1 } },
        .alternate = { .family = ADDRESS_IPV4, .bytes = { 127, 77, 0, 2 } },
        .profile = PROBE_SERVER_8489,
        .realm = "rtclab.test",
        .users = users,
        .n_users = G_N_ELEMENTS(users),
        .server_name = "rtclab.test",
        .peers = peers,
        .n_peers = G_N_ELEMENTS(peers),
        .nonce_lifetime_s = 3600,
        .default_lifetime_s = 600,
        .max_lifetime_s = 3600,
        .has_nat_discovery = true,
        .has_tcp_relay = true,
        .has_mobility = true,
        .has_dont_fragment = true,
        .has_tls = true,
    };
    if (can_bind(&loopback))
        ret_options->ipv6 = loopback;
}

static bool is_one_of(const char *case_id, const char *const *ids)
{
    return g_strv_contains(ids, case_id);
}

void probe_server_options_for_case(struct probe_server_options *options,
                                   const char *case_id)
{
    static const char *const with_token[] = { "A23", "A24", NULL };
    static const char *const without_ipv6[] = { "L16", NULL };
    static const char *const with_quota[] = { "L26", "L28", NULL };
    static const char *const without_alternate[] = { "N04", NULL };
    if (strcmp(case_id, "S25") == 0)
        options->redirects = true;
    if (strcmp(case_id, "A07") == 0)
        options->nonce_lifetime_s = 30;
    if (strcmp(case_id, "A22") == 0)
        options->secret = probe_server_case_secret;
    if (is_one_of(case_id, with_token))
        options->token_key = probe_server_case_token_key;
    if (is_one_of(case_id, without_ipv6))
        options->ipv6 = (struct address){ .family = ADDRESS_NONE };
    if (is_one_of(case_id, with_quota))
        options->quota = 4;
    if (is_one_of(case_id, without_alternate))
        options->alternate = (struct address){ .family = ADDRESS_NONE };
    if (strcmp(case_id, "X11") == 0)
        options->challenges = 100;
}
