/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and holds a host's namespace and TUN.
 *
 * The namespace is made by the calling thread, which then returns to the one it came
 * from: a namespace lives as long as a descriptor of it, a process or a socket does.
 *
 * A kernel with IPv6 sends router solicitations and multicast reports of its own accord;
 * where the scenario gives a host no IPv6 address, IPv6 is switched off in it, so that a
 * capture holds only what a program sent.
 *
 * On a virtual clock the kernel still lives on the real one, in which a whole call takes
 * some milliseconds. Nothing that its TCP sends may then wait for a timer (the emulated
 * network loses no segment that would have to be sent again), and nothing may depend on
 * how long things really took; see the table below. What the kernel draws at random is
 * replaced on the way (normalise.h).
 */
#include "lab/host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "base/error.h"
#include "lab/netlink.h"
#include "lab/sock_diag.h"

enum {
    PREFIX_BITS_IPV4 = 24, /* any would do: the default route goes the same way */
    PREFIX_BITS_IPV6 = 64,
    /* What a host sends waits here until the lab reads it. By default the kernel drops
       what is beyond 500, which nobody would see: losing is the emulated links' part. */
    QUEUE_PACKETS = 10000,
    RTO_MIN_MS = 120000,
};

static int this_netns(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Where /proc/sys is read-only, in a container, the default stays: then the lab leaves
   the kernel's IPv6 packets out (lab.c). */
static bool write_sysctl(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, value, strlen(value)) >= 0;
    if (!ok)
        g_debug("%s stays as it is: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Below /proc/sys/net. An older kernel may lack some; those do no harm there. */
static const struct {
    const char *name;
    const char *value;
} repeatable[] = {
    /* Timers: tail loss probes, and RACK's wait for reordered segments. */
    { "ipv4/tcp_early_retrans", "0" },
    { "ipv4/tcp_recovery", "0" },
    { "ipv4/tcp_autocorking", "0" },
    /* The clock itself in each segment; sequence numbers in options. */
    { "ipv4/tcp_timestamps", "0" },
    { "ipv4/tcp_sack", "0" },
    /* Windows that follow the round-trip time: CUBIC's, the receive buffer's, those of a
       connection that rested, those of an earlier connection; bursts likewise. */
    { "ipv4/tcp_congestion_control", "reno" },
    { "ipv4/tcp_moderate_rcvbuf", "0" },
    { "ipv4/tcp_slow_start_after_idle", "0" },
    { "ipv4/tcp_no_metrics_save", "1" },
    { "ipv4/tcp_tso_rtt_log", "0" },
    /* A cookie made with a key of the kernel's own. */
    { "ipv4/tcp_fastopen", "0" },
    /* So many ICMP errors a second. */
    { "ipv4/icmp_ratemask", "0" },
    { "ipv6/icmp/ratelimit", "0" },
    /* Random: flow labels, and the link-local address of an interface that has no
       hardware address. Later, by timers: asking for routers. */
    { "ipv6/auto_flowlabels", "0" },
    { "ipv6/conf/default/addr_gen_mode", "1" },
    { "ipv6/conf/default/router_solicitations", "0" },
};

/* False if a setting is there and cannot be made. */
static bool set_repeatable(void)
{
    bool ok = true;
    for (size_t i = 0; i < G_N_ELEMENTS(repeatable); i++) {
        g_autofree char *path = g_strconcat("/proc/sys/net/", repeatable[i].name, NULL);
        ok &= write_sysctl(path, repeatable[i].value) || access(path, F_OK) != 0;
    }
    return ok;
}

static int open_tun(GError **error)
{
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        const char *advice = errno == ENOENT
                                 ? "load it with `modprobe tun`, or make it with `mkdir "
                                   "-p /dev/net && mknod /dev/net/tun c 10 200`"
                                 : "run as root, or give read and write permission";
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot open /dev/net/tun (%s)", advice);
        return -1;
    }
    struct ifreq request = { .ifr_name = "eth0", .ifr_flags = IFF_TUN | IFF_NO_PI };
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make a TUN interface; run as root");
        close(fd);
        return -1;
    }
    return fd;
}

static gboolean has_family(const struct address *addresses, unsigned n,
                           enum address_family family)
{
    for (unsigned i = 0; i < n; i++)
        if (addresses[i].family == family)
            return TRUE;
    return FALSE;
}

static unsigned prefix_bits(const struct address *address)
{
    return address->family == ADDRESS_IPV6 ? PREFIX_BITS_IPV6 : PREFIX_BITS_IPV4;
}

/* Addresses and routes; returns 0 or a negative errno. */
static int configure(int netlink, unsigned eth0, const struct address *addresses,
                     unsigned n, bool is_repeatable)
{
    /* Each segment is acknowledged when it comes: a delayed acknowledgment would come by
       the real clock. A timeout is the longest there is (TCP_RTO_MAX), so that a machine
       that stalls retransmits nothing. */
    const struct netlink_metrics metrics = {
        .rto_min_ms = is_repeatable ? RTO_MIN_MS : 0,
        .acknowledges_at_once = is_repeatable,
    };
    int r = netlink_set_up(netlink, NETLINK_LOOPBACK);
    for (unsigned i = 0; r == 0 && i < n; i++)
        r = netlink_add_address(netlink, eth0, &addresses[i], prefix_bits(&addresses[i]));
    if (r == 0)
        r = netlink_set_queue(netlink, eth0, QUEUE_PACKETS);
    /* Or whether a segment waits for the next, so that both go in one piece, depends on
       the time since the last. Before Linux 5.17 it cannot be asked for. */
    if (r == 0 && is_repeatable && netlink_set_single_segments(netlink, eth0) != 0)
        g_debug("segments go out several at a time");
    if (r == 0)
        r = netlink_set_up(netlink, eth0);
    bool routed[ADDRESS_IPV6 + 1] = { false };
    for (unsigned i = 0; r == 0 && i < n; i++) {
        enum address_family family = addresses[i].family;
        r = netlink_add_route(netlink, eth0, &addresses[i], prefix_bits(&addresses[i]),
                              &metrics);
        if (r == -EEXIST)
            r = 0; /* another address of the same network */
        if (r == 0 && !routed[family])
            r = netlink_add_route(netlink, eth0, &addresses[i], 0, &metrics);
        routed[family] = true;
    }
    return r;
}

/* Everything that happens inside the new namespace. */
static gboolean furnish(struct lab_host *host, const struct address *addresses,
                        unsigned n, bool is_repeatable, GError **error)
{
    if (!host->has_ipv6) {
        write_sysctl("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
        write_sysctl("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    }
    write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 0");
    host->lacks_settings = is_repeatable && !set_repeatable();
    host->tun = open_tun(error);
    if (host->tun < 0)
        return FALSE;
    int netlink = netlink_open();
    struct ifreq request = { .ifr_name = "eth0" };
    int r = netlink < 0 || ioctl(netlink, SIOCGIFINDEX, &request) != 0 ? -errno : 0;
    if (r == 0)
        r = configure(netlink, (unsigned)request.ifr_ifindex, addresses, n,
                      is_repeatable);
    if (netlink >= 0)
        close(netlink);
    if (r != 0)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, -r,
                            "cannot configure the interface of host %s", host->name);
    return r == 0;
}

struct lab_host *lab_host_open(const char *name, const struct address *addresses,
                               unsigned n_addresses, bool is_repeatable, GError **error)
{
    int home = this_netns();
    if (home < 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot open this network namespace; is /proc mounted?");
        return NULL;
    }
    struct lab_host *host = NULL;
    /* Looking for what is left of connections goes through the whole table, which by
       default is the machine's. Before Linux 6.1 there is no other. */
    write_sysctl("/proc/sys/net/ipv4/tcp_child_ehash_entries", "64");
    if (unshare(CLONE_NEWNET) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make a network namespace; run as root");
    } else {
        struct stat status;
        host = g_new(struct lab_host, 1);
        *host = (struct lab_host){
            .name = g_strdup(name),
            .netns = this_netns(),
            .tun = -1,
            .has_ipv6 = has_family(addresses, n_addresses, ADDRESS_IPV6),
            .is_repeatable = is_repeatable,
            .n_addresses = n_addresses,
        };
        memcpy(host->addresses, addresses, n_addresses * sizeof *addresses);
        if (fstat(host->netns, &status) == 0)
            host->netns_inode = status.st_ino;
        if (!furnish(host, addresses, n_addresses, is_repeatable, error)) {
            lab_host_close(host);
            host = NULL;
        }
    }
    if (setns(home, CLONE_NEWNET) != 0)
        g_error("cannot return to the first network namespace: %s", g_strerror(errno));
    close(home);
    return host;
}

void lab_host_close(struct lab_host *host)
{
    if (!host)
        return;
    if (host->tun >= 0)
        close(host->tun);
    if (host->netns >= 0)
        close(host->netns);
    g_free(host->name);
    g_free(host);
}

static int remove_loopback(bool has_ipv6)
{
    static const struct {
        struct address address;
        unsigned prefix_bits;
    } all[] = {
        { { .family = ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } }, 8 },
        { { .family = ADDRESS_IPV6, .bytes = { [15] = 1 } }, 128 },
    };
    int netlink = netlink_open();
    int r = netlink < 0 ? -errno : 0;
    for (unsigned i = 0; r == 0 && i < (has_ipv6 ? 2 : 1); i++)
        r = netlink_remove_address(netlink, NETLINK_LOOPBACK, &all[i].address,
                                   all[i].prefix_bits);
    if (netlink >= 0)
        close(netlink);
    return r;
}

/* The kernel gives the interface its addresses when it comes up. */
static int restore_loopback(void)
{
    int netlink = netlink_open();
    int r = netlink < 0 ? -errno : netlink_set_down(netlink, NETLINK_LOOPBACK);
    if (r == 0)
        r = netlink_set_up(netlink, NETLINK_LOOPBACK);
    if (netlink >= 0)
        close(netlink);
    return r;
}

bool lab_host_remove_loopback(struct lab_host *host)
{
    int home = this_netns();
    int r = -EBADF;
    if (home >= 0 && setns(host->netns, CLONE_NEWNET) == 0) {
        r = host->lacks_loopback ? 0 : remove_loopback(host->has_ipv6);
        host->lacks_loopback = true; /* or in part */
        if (setns(home, CLONE_NEWNET) != 0)
            g_error("cannot return to the first network namespace: %s",
                    g_strerror(errno));
    }
    if (home >= 0)
        close(home);
    if (r != 0)
        g_debug("%s keeps its loopback: %s", host->name, g_strerror(-r));
    return r == 0;
}

bool lab_host_refresh(struct lab_host *host, const char *name)
{
    int home = this_netns();
    if (home < 0 || setns(host->netns, CLONE_NEWNET) != 0) {
        if (home >= 0)
            close(home);
        return false;
    }
    write_sysctl("/proc/sys/net/ipv4/route/flush", "1");
    if (host->has_ipv6)
        write_sysctl("/proc/sys/net/ipv6/route/flush", "1");
    int r = sock_diag_destroy_tcp();
    if (r != 0)
        g_debug("%s keeps its connections: %s", host->name, g_strerror(-r));
    if (r == 0 && host->lacks_loopback)
        r = restore_loopback();
    host->lacks_loopback = false;
    if (setns(home, CLONE_NEWNET) != 0)
        g_error("cannot return to the first network namespace: %s", g_strerror(errno));
    close(home);
    g_free(host->name);
    host->name = g_strdup(name);
    return r == 0;
}

int lab_host_socket(const struct lab_host *host, int domain, int type)
{
    int home = this_netns();
    if (home < 0)
        return -1;
    int fd = -1;
    int problem = 0;
    if (setns(host->netns, CLONE_NEWNET) == 0)
        fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        problem = errno;
    if (setns(home, CLONE_NEWNET) != 0)
        g_error("cannot return to the first network namespace: %s", g_strerror(errno));
    close(home);
    errno = problem;
    return fd;
}
