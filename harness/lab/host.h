/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host of a lab: a network namespace without a name, loopback, and a TUN whose other
 * end is a file descriptor here. What the host sends is read from it; what is written to
 * it reaches the host.
 */
#ifndef RTCLAB_LAB_HOST_H
#define RTCLAB_LAB_HOST_H

#include <stdbool.h>

#include <glib.h>

#include "net/config.h"
#include "wire/address.h"

struct lab_host {
    char *name;
    int netns;            /**< the namespace, for setns() */
    uint64_t netns_inode; /**< what it is known by in /proc */
    int tun;              /**< non-blocking */
    bool has_ipv6;        /**< one of its addresses is of that family */
    struct address addresses[NETWORK_MAX_ADDRESSES];
    unsigned n_addresses;
    bool is_repeatable;  /**< as it was asked for */
    bool lacks_settings; /**< that, and not all that it takes could be set */
    bool lacks_loopback; /**< lab_host_remove_loopback() */
};

/**
 * Makes a host with one interface, "eth0", that is up and has a default route.
 *
 * @param addresses     the first is what the host sends from
 * @param is_repeatable for a virtual clock: the host's kernel is set up so that what it
 *                      sends depends on what it gets, and as little as possible on the
 *                      real clock. Where that cannot be (/proc/sys is read-only), it
 *                      `lacks_settings`
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT that says what is missing
 */
struct lab_host *lab_host_open(const char *name, const struct address *addresses,
                               unsigned n_addresses, bool is_repeatable, GError **error);
void lab_host_close(struct lab_host *host);

/**
 * Has a host's kernel forget what it learned of routes, and its TCP connections, which
 * outlive the processes that had them, for another use.
 * @param name its new name
 * @return false: it cannot be used again
 */
bool lab_host_refresh(struct lab_host *host, const char *name);

/**
 * Takes the loopback interface's addresses away, until lab_host_refresh(). The interface
 * stays up: a host still reaches its own other addresses.
 * @return false: they are still there
 */
bool lab_host_remove_loopback(struct lab_host *host);

/**
 * A socket of the host's network, as socket(2), close-on-exec and non-blocking.
 * @return -1 with errno set
 */
int lab_host_socket(const struct lab_host *host, int domain, int type);

#endif
