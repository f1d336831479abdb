/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists the TCP sockets of a namespace and asks the kernel to end each. The list is read
 * to its end first, for the kernel goes through its tables while it is read. What is gone
 * by then (two ends of one connection over loopback) was to be gone.
 */
#include "lab/sock_diag.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 socket;
};

/* A set of states without the last, bound and nothing more: to find those the kernel goes
   through the machine's table of ports. They end with their process. */
static const uint32_t connected = (1U << 13) - 1;

static int ask(int netlink, uint16_t type, uint16_t flags,
               const struct inet_diag_req_v2 *socket)
{
    struct request r = {
        .header = { .nlmsg_len = sizeof r,
                    .nlmsg_type = type,
                    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
        .socket = *socket,
    };
    return send(netlink, &r, sizeof r, 0) < 0 ? -errno : 0;
}

/* Takes a part of the list; 1: there is more, 0: that was its end. */
static int take_part(const void *part, size_t size, GArray *found)
{
    for (const struct nlmsghdr *m = part; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size)) {
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *e = NLMSG_DATA(m);
            return m->nlmsg_len < NLMSG_LENGTH(sizeof *e) || e->error >= 0 ? -EPROTO
                                                                           : e->error;
        }
        const struct inet_diag_msg *d = NLMSG_DATA(m);
        if (m->nlmsg_len < NLMSG_LENGTH(sizeof *d))
            return -EPROTO;
        struct inet_diag_req_v2 socket = { .sdiag_family = d->idiag_family,
                                           .sdiag_protocol = IPPROTO_TCP,
                                           .id = d->id };
        g_array_append_val(found, socket);
    }
    return 1;
}

static int list(int netlink, uint8_t family, GArray *found)
{
    struct inet_diag_req_v2 all = { .sdiag_family = family,
                                    .sdiag_protocol = IPPROTO_TCP,
                                    .idiag_states = connected };
    int r = ask(netlink, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &all);
    while (r == 0) {
        union {
            struct nlmsghdr header;
            uint8_t bytes[16384];
        } part;
        ssize_t size = recv(netlink, &part, sizeof part, 0);
        if (size < 0)
            return -errno;
        int more = take_part(&part, (size_t)size, found);
        if (more <= 0)
            return more;
    }
    return r;
}

static int destroy(int netlink, const struct inet_diag_req_v2 *socket)
{
    int r = ask(netlink, SOCK_DESTROY, NLM_F_ACK, socket);
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[256];
    } answer;
    if (r != 0)
        return r;
    ssize_t size = recv(netlink, &answer, sizeof answer, 0);
    if (size < 0)
        return -errno;
    if ((size_t)size < NLMSG_LENGTH(sizeof answer.error) ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return answer.error.error == -ENOENT ? 0 : answer.error.error;
}

int sock_diag_destroy_tcp(void)
{
    static const uint8_t families[] = { AF_INET, AF_INET6 };
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return -errno;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct inet_diag_req_v2));
    int r = 0;
    for (unsigned i = 0; r == 0 && i < G_N_ELEMENTS(families); i++) {
        r = list(netlink, families[i], found);
        /* A kernel without IPv6. */
        r = r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
    }
    for (unsigned i = 0; r == 0 && i < found->len; i++)
        r = destroy(netlink, &g_array_index(found, struct inet_diag_req_v2, i));
    close(netlink);
    return r;
}
