/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's loop: TUNs, network, processes, descriptors, deadlines.
 *
 * One turn: take in what hosts have sent; let the network do what is due; write what has
 * arrived into the receivers' TUNs; hand out one event; wait when there is none. Packets
 * that a host could not take (its TUN is down or full) are lost there, as on a wire.
 *
 * Everything that knows which clock it is stands in now_ns() and wait(): the virtual
 * clock replaces these two.
 */
#include "lab/lab.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

#include "base/clock.h"
#include "lab/sandbox.h"

enum {
    BATCH = 64, /* packets taken from one TUN before the others get their turn */
    MAX_DATAGRAM = 65535,
};

struct watch {
    int fd;
    short events; /* as of poll(2) */
    void *data;
};

struct lab {
    struct network *network;
    unsigned n_interfaces;
    struct lab_host **hosts; /* by interface; NULL: silent */
    GPtrArray *processes;    /* struct process, owned */
    GArray *watches;         /* struct watch */
    GArray *polls;           /* struct pollfd: the hosts', the wake-up's, the watches' */
    bool polls_stale;        /* a watch was added or taken away since the last wait */
    unsigned next_watch;     /* where to go on looking for a readable one */
    bool may_have_ended;     /* a process: there was a SIGCHLD */
    bool told_to_end;
    struct lateness lateness;
    uint8_t buffer[MAX_DATAGRAM];
};

static int64_t now_ns(void)
{
    return clock_now_ns();
}

int64_t lab_now_ns(const struct lab *lab)
{
    (void)lab;
    return now_ns();
}

/* ---- making ---- */

static gboolean open_hosts(struct lab *lab, const struct network_config *config,
                           GError **error)
{
    unsigned iface = 0;
    for (unsigned s = 0; s < config->n_sites; s++) {
        const struct site_config *site = &config->sites[s];
        for (unsigned i = 0; i < site->n_interfaces; i++, iface++) {
            const struct interface_config *c = &site->interfaces[i];
            if (c->silent)
                continue;
            lab->hosts[iface] =
                lab_host_open(c->name, c->addresses, c->n_addresses, error);
            if (!lab->hosts[iface])
                return FALSE;
        }
    }
    return TRUE;
}

/* The argument of sched_setattr(2), for which neither glibc 2.36 nor, beside glibc's own
   headers, Linux' can be asked; the size of its first version, 48 bytes. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};
G_STATIC_ASSERT(sizeof(struct scheduling) == 48);

/*
 * Has the kernel run this thread as soon as a packet is due, although other calls' peers
 * and servers, starting up, want the processors too. It does little at a time. Without
 * the right to a real-time policy a short slice is asked for, which Linux heeds from 6.12
 * on (by default it lets the others finish theirs, some 3 ms). What the lab starts is not
 * to inherit either.
 */
static void be_punctual(void)
{
    /* By default the kernel may wake a sleeper up to 50 µs late to save power. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct scheduling attributes = {
        .size = sizeof attributes,
        .policy = SCHED_FIFO,
        .priority = 1,
        .flags = SCHED_FLAG_RESET_ON_FORK,
    };
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) == 0)
        return;
    attributes.policy = SCHED_OTHER;
    attributes.priority = 0;
    attributes.runtime_ns = 100 * NS_PER_US;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
        g_debug("no say in scheduling: %s", g_strerror(errno));
}

struct lab *lab_new(const struct network_config *config, const struct rng *rng,
                    bool record, GError **error)
{
    struct lab *lab = g_new0(struct lab, 1);
    lab->network = network_new(config, rng, record);
    lab->n_interfaces = network_n_interfaces(lab->network);
    lab->hosts = g_new0(struct lab_host *, lab->n_interfaces);
    lab->processes = g_ptr_array_new_with_free_func((GDestroyNotify)process_free);
    lab->watches = g_array_new(FALSE, FALSE, sizeof(struct watch));
    lab->polls = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    lab->polls_stale = true;
    lab->may_have_ended = true;
    be_punctual();
    if (!open_hosts(lab, config, error)) {
        lab_free(lab);
        return NULL;
    }
    return lab;
}

void lab_free(struct lab *lab)
{
    if (!lab)
        return;
    g_ptr_array_unref(lab->processes);
    for (unsigned i = 0; i < lab->n_interfaces; i++)
        lab_host_close(lab->hosts[i]);
    g_free(lab->hosts);
    g_array_unref(lab->watches);
    g_array_unref(lab->polls);
    network_free(lab->network);
    g_free(lab);
}

const struct lab_host *lab_find_host(const struct lab *lab, unsigned iface)
{
    return iface < lab->n_interfaces ? lab->hosts[iface] : NULL;
}

const struct network *lab_network(const struct lab *lab)
{
    return lab->network;
}

const struct lateness *lab_lateness(const struct lab *lab)
{
    return &lab->lateness;
}

struct process *lab_start(struct lab *lab, const char *name,
                          const struct process_spec *spec, int *ret_errno, GError **error)
{
    struct process *process = process_start(name, spec, ret_errno, error);
    if (process)
        g_ptr_array_add(lab->processes, process);
    return process;
}

void lab_end_process(struct lab *lab, struct process *process)
{
    g_ptr_array_remove(lab->processes, process);
}

void lab_watch(struct lab *lab, int fd, void *watch)
{
    struct watch w = { .fd = fd, .events = POLLIN, .data = watch };
    g_array_append_val(lab->watches, w);
    lab->polls_stale = true;
}

void lab_unwatch(struct lab *lab, int fd)
{
    for (unsigned i = 0; i < lab->watches->len; i++) {
        if (g_array_index(lab->watches, struct watch, i).fd == fd) {
            g_array_remove_index(lab->watches, i);
            lab->polls_stale = true;
            return;
        }
    }
}

void lab_watch_writing(struct lab *lab, int fd, bool is_wanted)
{
    short events = is_wanted ? POLLIN | POLLOUT : POLLIN;
    for (unsigned i = 0; i < lab->watches->len; i++) {
        struct watch *w = &g_array_index(lab->watches, struct watch, i);
        if (w->fd == fd && w->events != events) {
            w->events = events;
            lab->polls_stale = true;
        }
    }
}

/* ---- packets ---- */

/* What the kernel of a host without an IPv6 address says of its own accord: router
   solicitations, multicast reports. No program of the host has sent it. */
static bool is_noise(const struct lab_host *host, const uint8_t *bytes)
{
    return !host->has_ipv6 && bytes[0] >> 4 == ADDRESS_IPV6;
}

static void take_from_host(struct lab *lab, unsigned iface)
{
    for (unsigned i = 0; i < BATCH; i++) {
        ssize_t size = read(lab->hosts[iface]->tun, lab->buffer, sizeof lab->buffer);
        if (size <= 0)
            break;
        if (!is_noise(lab->hosts[iface], lab->buffer))
            network_submit(lab->network, iface, lab->buffer, (size_t)size, now_ns());
    }
}

static void deliver(struct lab *lab)
{
    struct delivery delivery;
    struct packet *packet;
    while ((packet = network_pop_delivery(lab->network, &delivery))) {
        struct lab_host *host = lab->hosts[delivery.iface];
        if (host) {
            lateness_add(&lab->lateness, now_ns() - delivery.due_ns);
            if (write(host->tun, packet->bytes, packet->size) < 0)
                g_debug("%s cannot take a packet: %s", host->name, g_strerror(errno));
        }
        packet_free(packet);
    }
}

/* ---- waiting ---- */

static void rebuild_polls(struct lab *lab)
{
    g_array_set_size(lab->polls, 0);
    for (unsigned i = 0; i < lab->n_interfaces; i++) {
        struct pollfd p = { .fd = lab->hosts[i] ? lab->hosts[i]->tun : -1,
                            .events = POLLIN };
        g_array_append_val(lab->polls, p);
    }
    struct pollfd wake = { .fd = sandbox_wake_fd(), .events = POLLIN };
    g_array_append_val(lab->polls, wake);
    for (unsigned i = 0; i < lab->watches->len; i++) {
        const struct watch *w = &g_array_index(lab->watches, struct watch, i);
        struct pollfd p = { .fd = w->fd, .events = w->events };
        g_array_append_val(lab->polls, p);
    }
    lab->next_watch = lab->watches->len;
    lab->polls_stale = false;
}

static void wait(struct lab *lab, int64_t deadline_ns)
{
    if (lab->polls_stale)
        rebuild_polls(lab);
    struct pollfd *polls = &g_array_index(lab->polls, struct pollfd, 0);
    int64_t left_ns = deadline_ns == CLOCK_NEVER ? -1 : deadline_ns - now_ns();
    if (deadline_ns != CLOCK_NEVER && left_ns < 0)
        left_ns = 0;
    struct timespec timeout = { .tv_sec = left_ns / NS_PER_S,
                                .tv_nsec = left_ns % NS_PER_S };
    if (ppoll(polls, lab->polls->len, left_ns < 0 ? NULL : &timeout, NULL) < 0)
        for (unsigned i = 0; i < lab->polls->len; i++)
            polls[i].revents = 0; /* a signal */
    if (polls[lab->n_interfaces].revents) {
        uint64_t count;
        if (read(polls[lab->n_interfaces].fd, &count, sizeof count) > 0)
            lab->may_have_ended = true;
    }
    lab->next_watch = 0;
}

/* The next watched descriptor that the last wait found readable. */
static bool pop_readable(struct lab *lab, struct lab_event *ret_event)
{
    if (lab->polls_stale) /* the answers are about another list: ask again */
        return false;
    for (; lab->next_watch < lab->watches->len; lab->next_watch++) {
        unsigned i = lab->next_watch;
        struct pollfd *p =
            &g_array_index(lab->polls, struct pollfd, lab->n_interfaces + 1 + i);
        if (p->revents) {
            lab->next_watch++;
            *ret_event = (struct lab_event){
                .kind = LAB_READABLE,
                .watch = g_array_index(lab->watches, struct watch, i).data,
            };
            return true;
        }
    }
    return false;
}

/* What can be told without waiting. */
static bool pop_event(struct lab *lab, struct lab_event *ret_event)
{
    struct network_event decision;
    if (network_pop_event(lab->network, &decision)) {
        *ret_event = (struct lab_event){ .kind = LAB_NETWORK, .network = decision };
        return true;
    }
    if (lab->may_have_ended) {
        struct process *ended =
            process_reap((struct process **)lab->processes->pdata, lab->processes->len);
        if (ended) {
            *ret_event = (struct lab_event){ .kind = LAB_EXITED, .process = ended };
            return true;
        }
        lab->may_have_ended = false;
    }
    if (sandbox_must_end() && !lab->told_to_end) {
        lab->told_to_end = true;
        *ret_event = (struct lab_event){ .kind = LAB_MUST_END };
        return true;
    }
    return pop_readable(lab, ret_event);
}

void lab_next(struct lab *lab, int64_t deadline_ns, struct lab_event *ret_event)
{
    for (;;) {
        network_advance(lab->network, now_ns());
        deliver(lab);
        if (pop_event(lab, ret_event))
            return;
        if (now_ns() >= deadline_ns) {
            *ret_event = (struct lab_event){ .kind = LAB_TIMEOUT };
            return;
        }
        wait(lab, MIN(deadline_ns, network_next_deadline(lab->network)));
        for (unsigned i = 0; i < lab->n_interfaces; i++) {
            struct pollfd *p = &g_array_index(lab->polls, struct pollfd, i);
            if (p->revents & POLLIN)
                take_from_host(lab, i);
            else if (p->revents)
                p->fd = -1; /* somebody in the host took its interface away */
        }
    }
}
