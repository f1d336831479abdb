/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the NATs between this machine and a server behave, as RFC 5780 has it found out and
 * RFC 4787 names it. What is found holds for UDP, for the ports that were tried, and for
 * now (RFC 5780 §4).
 *
 *     struct nat_discovery *d = nat_discovery_begin(&options, &error);
 *     if (d && nat_discovery_mapping(d, &mapping, &error)) …
 *     nat_discovery_free(d);
 */
#ifndef RTCLAB_PROBES_NAT_DISCOVERY_H
#define RTCLAB_PROBES_NAT_DISCOVERY_H

#include "base/rng.h"
#include "probes/core/client.h"

/* symbol, name: RFC 4787 §4.1 and §5 */
#define NAT_BEHAVIOURS(X)                           \
    X(ENDPOINT_INDEPENDENT, "endpoint-independent") \
    X(ADDRESS_DEPENDENT, "address-dependent")       \
    X(ADDRESS_AND_PORT_DEPENDENT, "address-and-port-dependent")

enum nat_behaviour {
#define X(symbol, name) NAT_BEHAVIOUR_##symbol,
    NAT_BEHAVIOURS(X)
#undef X
        NAT_BEHAVIOUR_N
};
const char *nat_behaviour_name(enum nat_behaviour behaviour);

/**
 * RFC 3489's name for both together (§5): "full cone", "restricted cone",
 * "port-restricted cone", "symmetric"; "open Internet" or "symmetric UDP firewall" where
 * nothing is translated.
 */
const char *nat_classic_name(bool is_translated, enum nat_behaviour mapping,
                             enum nat_behaviour filtering);

struct nat_discovery_options {
    struct endpoint server;
    struct endpoint local;       /**< family ADDRESS_NONE: any; the port is not used */
    struct client_timing timing; /**< where silence is an answer, shortened */
    struct rng rng;
    struct transcript *transcript; /**< borrowed; NULL: none is kept */
};

struct nat_discovery;

/**
 * Test I: whether there is UDP to the server, and what the server says of itself.
 * @return NULL with PROBE_ERROR_SILENT (UDP is blocked, or no server is there), _ANSWER,
 *         _LOCAL, _INTERRUPTED; caller frees
 */
struct nat_discovery *nat_discovery_begin(const struct nat_discovery_options *options,
                                          GError **error);
void nat_discovery_free(struct nat_discovery *d);
typedef struct nat_discovery auto_nat_discovery; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_nat_discovery, nat_discovery_free)

/** What test I showed. */
struct nat_view {
    struct endpoint local, mapped; /**< of one socket */
    struct endpoint other;         /**< family ADDRESS_NONE: no OTHER-ADDRESS */
};
struct nat_view nat_discovery_view(const struct nat_discovery *d);

/*
 * Each of the tests below has sockets of its own, of ports that chance chooses. They
 * return FALSE with PROBE_ERROR_ANSWER where the server cannot help (the message says
 * what it lacks), or with _SILENT, _LOCAL, _INTERRUPTED.
 */

struct nat_mapping {
    enum nat_behaviour behaviour;
    bool is_translated; /**< false: local is what the server sees */
    struct endpoint local;
    struct endpoint to[3];     /**< which the tests I to III went to */
    struct endpoint mapped[3]; /**< and where they were seen to come from */
    unsigned n_tests;          /**< how many were needed */
};

/** RFC 5780 §4.3. */
gboolean nat_discovery_mapping(struct nat_discovery *d, struct nat_mapping *ret,
                               GError **error);

struct nat_filtering {
    enum nat_behaviour behaviour;
    bool is_certain; /**< silence was shown to be the filter's; else it may be the
                          server's */
};

/** RFC 5780 §4.4. */
gboolean nat_discovery_filtering(struct nat_discovery *d, struct nat_filtering *ret,
                                 GError **error);

struct nat_hairpin {
    bool is_translated; /**< false: there is no NAT, and nothing to be told */
    bool works;
    bool has_external_source; /**< as RFC 4787 REQ-9 has it */
};

/** RFC 5780 §3.4. */
gboolean nat_discovery_hairpin(struct nat_discovery *d, struct nat_hairpin *ret,
                               GError **error);

struct nat_lifetime {
    int64_t at_least_ns; /**< a mapping was still there after this */
    int64_t below_ns;    /**< and not after this; CLOCK_NEVER: none was seen to end */
};

/**
 * RFC 5780 §4.6, for mappings that nothing refreshes.
 * @param most_ns  no mapping is waited for longer than this; at least a second
 */
gboolean nat_discovery_lifetime(struct nat_discovery *d, int64_t most_ns,
                                struct nat_lifetime *ret, GError **error);

/** How long that takes at the most. */
int64_t nat_discovery_lifetime_takes_ns(int64_t most_ns);

#endif
