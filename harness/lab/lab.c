/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's loop: TUNs, network, processes, descriptors, deadlines.
 *
 * One turn on the wall clock: take in what hosts have sent; let the network do what is
 * due; write what has arrived into the receivers' TUNs; hand out one event; wait when
 * there is none. Packets that a host could not take (its TUN is down or full) are lost
 * there, as on a wire.
 *
 * One turn on the virtual clock: wait until nothing in the lab runs; take in all that
 * hosts have sent and said, in the order of their numbers; hand out one event; when there
 * is none do one thing, the first of: hand over one packet that is due, wake one thread
 * whose deadline has come, move the time. So each cause has all its effects before the
 * next, and no race between processes can show.
 */
#include "lab/lab.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/coordinator.h"
#include "lab/forkserver.h"
#include "lab/host_pool.h"
#include "lab/normalise.h"
#include "lab/sandbox.h"
#include "lab/scheduling.h"

enum {
    BATCH = 64, /* packets taken from one TUN before the others get their turn */
    MAX_DATAGRAM = 65535,
};

struct watch {
    int fd;
    short events; /* as of poll(2) */
    void *data;
};

const char *const lab_clock_names[LAB_N_CLOCKS] = {
    [LAB_CLOCK_WALL] = "wall",
    [LAB_CLOCK_VIRTUAL] = "virtual",
};

struct lab {
    struct network *network;
    struct coordinator *coordinator; /* NULL: the wall clock */
    struct normaliser *normaliser;   /* likewise */
    struct rng rng;
    int64_t calendar_ns; /* at the lab's time 0 */
    bool has_kernel_random;
    bool has_outside;
    char *audit_path;
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

int64_t lab_now_ns(const struct lab *lab)
{
    return lab->coordinator ? coordinator_now_ns(lab->coordinator) : clock_now_ns();
}

int64_t lab_calendar_ns(const struct lab *lab)
{
    return lab->calendar_ns;
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
            lab->hosts[iface] = host_pool_take(c->name, c->addresses, c->n_addresses,
                                               lab->coordinator, error);
            if (!lab->hosts[iface])
                return FALSE;
            if (lab->coordinator)
                coordinator_add_host(lab->coordinator, lab->hosts[iface]->netns_inode);
        }
    }
    return TRUE;
}

static gboolean start_clock(struct lab *lab, const struct lab_options *options,
                            GError **error)
{
    lab->calendar_ns = clock_calendar_ns() - clock_now_ns();
    if (options->clock == LAB_CLOCK_WALL) {
        scheduling_be_punctual();
        return TRUE;
    }
    /* Turns go back and forth between the coordinator and the lab's processes: beside
       other load each would wait for its end. */
    scheduling_take_turns();
    lab->coordinator = coordinator_new(options->calendar_ns, error);
    if (!lab->coordinator)
        return FALSE;
    lab->calendar_ns = options->calendar_ns - coordinator_now_ns(lab->coordinator);
    return TRUE;
}

/* The hosts' kernels are on the real clock all the same: for their TCP, and for what they
   draw at random. */
static void start_normaliser(struct lab *lab, const struct rng *rng)
{
    g_autofree const char **names = g_new(const char *, lab->n_interfaces);
    for (unsigned i = 0; i < lab->n_interfaces; i++)
        names[i] = network_tap_name(lab->network, i);
    lab->normaliser = normaliser_new(names, lab->n_interfaces, rng);
    network_delay_lost_tcp(lab->network);
}

struct lab *lab_new(const struct lab_options *options, GError **error)
{
    struct lab *lab = g_new0(struct lab, 1);
    lab->network = network_new(options->network, options->rng, options->record);
    lab->rng = *options->rng;
    lab->has_kernel_random = options->has_kernel_random;
    lab->has_outside = options->has_outside;
    lab->audit_path = g_strdup(options->audit_path);
    lab->n_interfaces = network_n_interfaces(lab->network);
    lab->hosts = g_new0(struct lab_host *, lab->n_interfaces);
    lab->processes = g_ptr_array_new_with_free_func((GDestroyNotify)process_free);
    lab->watches = g_array_new(FALSE, FALSE, sizeof(struct watch));
    lab->polls = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    lab->polls_stale = true;
    lab->may_have_ended = true;
    if (!start_clock(lab, options, error) || !open_hosts(lab, options->network, error)) {
        lab_free(lab);
        return NULL;
    }
    if (lab->coordinator)
        start_normaliser(lab, options->rng);
    return lab;
}

void lab_free(struct lab *lab)
{
    if (!lab)
        return;
    g_ptr_array_unref(lab->processes);
    for (unsigned i = 0; i < lab->n_interfaces; i++)
        host_pool_give(lab->hosts[i]);
    g_free(lab->hosts);
    g_array_unref(lab->watches);
    g_array_unref(lab->polls);
    network_free(lab->network);
    coordinator_free(lab->coordinator);
    normaliser_free(lab->normaliser);
    g_free(lab->audit_path);
    g_free(lab);
}

static gboolean try_coordinator(GError **error)
{
    struct coordinator *coordinator = coordinator_new(clock_calendar_ns(), error);
    gboolean ok = coordinator != NULL;
    coordinator_free(coordinator);
    return ok;
}

gboolean lab_try_virtual_clock(GError **error)
{
    return sandbox_try(try_coordinator, error);
}

const struct lab_host *lab_find_host(const struct lab *lab, unsigned iface)
{
    return iface < lab->n_interfaces ? lab->hosts[iface] : NULL;
}

bool lab_remove_loopback(struct lab *lab, unsigned iface)
{
    return iface < lab->n_interfaces && lab->hosts[iface] &&
           lab_host_remove_loopback(lab->hosts[iface]);
}

const struct network *lab_network(const struct lab *lab)
{
    return lab->network;
}

bool lab_is_repeatable(const struct lab *lab)
{
    for (unsigned i = 0; i < lab->n_interfaces; i++)
        if (lab->hosts[i] && lab->hosts[i]->lacks_settings)
            return false;
    return true;
}

const struct lateness *lab_lateness(const struct lab *lab)
{
    return &lab->lateness;
}

/* What the constructors of a forked program's libraries draw: the same in all calls. */
enum { SERVER_SEED = 1 };

static struct process *start_on_virtual(struct lab *lab, const char *name,
                                        const struct process_spec *spec, int *ret_errno,
                                        GError **error)
{
    struct rng random = rng_fork(&lab->rng, name);
    uint64_t seed = lab->has_kernel_random ? 0 : rng_next(&random) | 1;
    g_auto(GStrv) environment =
        spec->environment ? g_strdupv((char **)spec->environment) : g_get_environ();
    environment =
        coordinator_prepare(lab->coordinator, environment, seed, lab->audit_path);
    struct process_spec own = *spec;
    own.environment = environment;
    own.is_repeatable = true;
    coordinator_touch(lab->coordinator, spec->host->netns_inode);
    if (seed != 0 && spec->log_path && !lab->audit_path) {
        g_auto(GStrv) first =
            coordinator_prepare(lab->coordinator, g_get_environ(), SERVER_SEED, NULL);
        struct process *process = forkserver_start(name, &own, first);
        if (process)
            return process;
    }
    return process_start(name, &own, ret_errno, error);
}

struct process *lab_start(struct lab *lab, const char *name,
                          const struct process_spec *spec, int *ret_errno, GError **error)
{
    struct process *process = lab->coordinator
                                  ? start_on_virtual(lab, name, spec, ret_errno, error)
                                  : process_start(name, spec, ret_errno, error);
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

/* Returns whether there may be more. */
static bool take_from_host(struct lab *lab, unsigned iface)
{
    for (unsigned i = 0; i < BATCH; i++) {
        ssize_t size = read(lab->hosts[iface]->tun, lab->buffer, sizeof lab->buffer);
        if (size <= 0)
            return false;
        if (is_noise(lab->hosts[iface], lab->buffer))
            continue;
        if (!lab->normaliser ||
            normaliser_outward(lab->normaliser, iface, lab->buffer, (size_t)size))
            network_submit(lab->network, iface, lab->buffer, (size_t)size,
                           lab_now_ns(lab));
    }
    return true;
}

/* Hands over the next packet that has arrived; false: there is none. */
static bool deliver_one(struct lab *lab)
{
    struct delivery delivery;
    struct packet *packet = network_pop_delivery(lab->network, &delivery);
    if (!packet)
        return false;
    struct lab_host *host = lab->hosts[delivery.iface];
    if (host) {
        lateness_add(&lab->lateness, lab_now_ns(lab) - delivery.due_ns);
        if (lab->normaliser)
            normaliser_inward(lab->normaliser, delivery.iface, packet->bytes,
                              packet->size);
        if (write(host->tun, packet->bytes, packet->size) < 0)
            g_debug("%s cannot take a packet: %s", host->name, g_strerror(errno));
        if (lab->coordinator)
            coordinator_touch(lab->coordinator, host->netns_inode);
    }
    packet_free(packet);
    return true;
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

/* Looks at all descriptors, after at most so long (-1: as long as it takes). */
static void wait(struct lab *lab, int64_t left_ns)
{
    if (lab->polls_stale)
        rebuild_polls(lab);
    struct pollfd *polls = &g_array_index(lab->polls, struct pollfd, 0);
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

/* Takes in what the hosts have sent. On the virtual clock all of it, as nothing is sent
   meanwhile; else a batch of each, so that all get their turn. */
static void take_in(struct lab *lab)
{
    for (unsigned i = 0; i < lab->n_interfaces; i++) {
        struct pollfd *p = &g_array_index(lab->polls, struct pollfd, i);
        if (p->revents & POLLIN)
            while (take_from_host(lab, i) && lab->coordinator)
                ;
        else if (p->revents)
            p->fd = -1; /* somebody in the host took its interface away */
    }
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

/* ---- turns ---- */

void lab_touch(struct lab *lab)
{
    if (lab->coordinator)
        coordinator_touch(lab->coordinator, 0);
}

static void next_on_wall(struct lab *lab, int64_t deadline_ns,
                         struct lab_event *ret_event)
{
    for (;;) {
        network_advance(lab->network, lab_now_ns(lab));
        while (deliver_one(lab))
            ;
        if (pop_event(lab, ret_event))
            return;
        int64_t now_ns = lab_now_ns(lab);
        if (now_ns >= deadline_ns) {
            *ret_event = (struct lab_event){ .kind = LAB_TIMEOUT };
            return;
        }
        int64_t until_ns = MIN(deadline_ns, network_next_deadline(lab->network));
        wait(lab, until_ns == CLOCK_NEVER ? -1 : MAX(0, until_ns - now_ns));
        take_in(lab);
    }
}

/* Moves the time to what comes next. False: there is nothing before the limit. */
static bool move_time(struct lab *lab, int64_t due_ns, int64_t limit_ns)
{
    int64_t next_ns = MIN(network_next_deadline(lab->network),
                          coordinator_next_deadline(lab->coordinator));
    next_ns = MIN(next_ns, due_ns);
    if (next_ns == CLOCK_NEVER)
        return false;
    coordinator_advance(lab->coordinator, MIN(next_ns, limit_ns));
    network_advance(lab->network, lab_now_ns(lab));
    return true;
}

static void next_on_virtual(struct lab *lab, int64_t due_ns, int64_t limit_ns,
                            struct lab_event *ret_event)
{
    struct network_event decision;
    int64_t deadline_ns = MIN(due_ns, limit_ns);
    for (;;) {
        if (network_pop_event(lab->network, &decision)) {
            *ret_event = (struct lab_event){ .kind = LAB_NETWORK, .network = decision };
            return;
        }
        if (lab->has_outside)
            lab_touch(lab);
        if (coordinator_settle(lab->coordinator) == COORDINATOR_BROKEN) {
            *ret_event = (struct lab_event){ .kind = LAB_BROKEN,
                                             .why = coordinator_why(lab->coordinator) };
            return;
        }
        wait(lab, 0);
        take_in(lab);
        if (pop_event(lab, ret_event)) {
            if (ret_event->kind != LAB_NETWORK)
                lab_touch(lab);
            return;
        }
        if (deliver_one(lab) || coordinator_wake_one(lab->coordinator))
            continue;
        *ret_event = (struct lab_event){ .kind = LAB_TIMEOUT };
        if (lab_now_ns(lab) >= deadline_ns)
            break;
        ret_event->kind = LAB_DEAD;
        if (!move_time(lab, due_ns, limit_ns))
            break;
    }
    lab_touch(lab);
}

void lab_next(struct lab *lab, int64_t due_ns, int64_t limit_ns,
              struct lab_event *ret_event)
{
    if (lab->coordinator)
        next_on_virtual(lab, due_ns, limit_ns, ret_event);
    else
        next_on_wall(lab, MIN(due_ns, limit_ns), ret_event);
}
