/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping a virtual clock.
 *
 * One turn is the lab's (lab.c): settle, take in what the hosts have sent, do one thing
 * (hand over a packet, wake a thread, or move the time), settle again. One at a time, so
 * that each thing's consequences are complete before the next, whatever the speed of the
 * machine and of its scheduler: that makes a call repeatable.
 *
 * A thread is woken by a signal that interrupts its system call. As it was proven asleep
 * in that call the signal cannot come too early, and none is ever lost.
 *
 * What never comes to rest (a program that spins) is given a share of processor time and
 * then named; a process without the shim, whose clock would be the real one, is named at
 * once.
 *
 * Not done here: deadlines of what bypasses the C library. A timed system call that the
 * shim does not know looks like an untimed one, and is found by the audit (shim/audit.c).
 */
#include "lab/coordinator.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/program.h"
#include "lab/forkserver.h"
#include "lab/sandbox.h"
#include "lab/tasks.h"
#include "shim/page.h"

#define SHIM_FILE "librtclab-clock.so"

/* A program that loads a large library or makes keys may well take a second. */
static const int64_t spin_limit_ns = 8 * NS_PER_S;
/* Of one settling, whatever the reason: a thread that waits for a disk for so long. */
static const int64_t rest_limit_ns = 120 * NS_PER_S;
/* What the clock shows first. Programs take a time of 0 for none at all. */
static const int64_t start_ns = 1000 * NS_PER_S;
static const int64_t check_every_ns = 50 * NS_PER_MS;
enum { PATIENT_AFTER = 200 }; /* looks in vain before each next one waits a little */

/* One for all clocks of a worker, as what waits to be forked keeps it (forkserver.h). */
static struct clock_page *the_page;
static char *page_path;

struct coordinator {
    struct clock_page *page;
    char *shim_path;
    struct tasks *tasks;
    char *why;
};

/* ---- life ---- */

static char *find_shim(GError **error)
{
    const char *folder = program_folder();
    /* Where it is built; where it is installed, under whatever prefix; where it was to
     * be. */
    const char *const places[] = { "", RTCLAB_LIBRARY_FROM_PROGRAMS,
                                   RTCLAB_LIBRARY_FOLDER };
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *place = g_path_is_absolute(places[i])
                                     ? g_strdup(places[i])
                                     : g_build_filename(folder, places[i], NULL);
        g_autofree char *path = g_build_filename(place, SHIM_FILE, NULL);
        char *found =
            g_file_test(path, G_FILE_TEST_IS_REGULAR) ? realpath(path, NULL) : NULL;
        if (found)
            return found;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                "there is no " SHIM_FILE " in %s, %s/" RTCLAB_LIBRARY_FROM_PROGRAMS
                " or " RTCLAB_LIBRARY_FOLDER "; build or install it, or use --clock wall",
                folder, folder);
    return NULL;
}

/* Always under the same name: it is in the environment of each process, whose size moves
   the stack. */
static struct clock_page *make_page(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, SANDBOX_KEPT "clock", NULL);
    /* Readable and writable by whatever user a process of the lab becomes. */
    mode_t previous = umask(0);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    umask(previous);
    struct clock_page *page = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof *page) == 0)
        page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make the virtual clock's page");
    if (fd >= 0)
        close(fd);
    if (page == MAP_FAILED)
        return NULL;
    page_path = g_steal_pointer(&path);
    return page;
}

/* A clock's page as if new: nobody but the worker and the servers has it. */
static void clear_page(struct clock_page *page, int64_t calendar_ns)
{
    memset(page->slots, 0, atomic_load(&page->n_slots) * sizeof page->slots[0]);
    memset(page, 0, offsetof(struct clock_page, slots));
    page->now_ns = start_ns;
    page->calendar_ns = calendar_ns - start_ns;
    page->size = sizeof *page;
    page->magic = CLOCK_PAGE_MAGIC;
}

/* This thread, and with it all that it starts, on the processor that it is on: what the
   proof of rest is cheapest with (tasks.c), and a virtual clock needs no second one. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        g_debug("cannot stay on one processor: %s", g_strerror(errno));
}

struct coordinator *coordinator_new(int64_t calendar_ns, GError **error)
{
    const char *scratch = sandbox_scratch_folder();
    if (!scratch) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "the virtual clock needs a tmpfs, which could not be mounted here; "
                    "use --clock wall");
        return NULL;
    }
    stay_on_one_processor();
    struct coordinator *c = g_new0(struct coordinator, 1);
    c->shim_path = find_shim(error);
    if (c->shim_path)
        c->tasks = tasks_new(error);
    if (c->tasks && !the_page)
        the_page = make_page(scratch, error);
    if (!c->tasks || !the_page) {
        coordinator_free(c);
        return NULL;
    }
    tasks_set_ignored(c->tasks, forkserver_is);
    c->page = the_page;
    clear_page(c->page, calendar_ns);
    return c;
}

void coordinator_free(struct coordinator *c)
{
    if (!c)
        return;
    tasks_free(c->tasks);
    g_free(c->shim_path);
    g_free(c->why);
    g_free(c);
}

int64_t coordinator_now_ns(const struct coordinator *c)
{
    return atomic_load(&c->page->now_ns);
}

void coordinator_add_host(struct coordinator *c, uint64_t netns)
{
    tasks_add_host(c->tasks, netns);
}

void coordinator_touch(struct coordinator *c, uint64_t netns)
{
    tasks_touch(c->tasks, netns);
}

/* AddressSanitizer's library wants to be the first that is loaded, and ends the program
   if the shim is; nothing that it checks depends on that. */
static char **allow_sanitizer(char **environment)
{
    const char *others = g_environ_getenv(environment, "ASAN_OPTIONS");
    g_autofree char *options = g_strdup_printf("verify_asan_link_order=0%s%s",
                                               others ? ":" : "", others ? others : "");
    return g_environ_setenv(environment, "ASAN_OPTIONS", options, TRUE);
}

char **coordinator_prepare(const struct coordinator *c, char **environment, uint64_t seed,
                           const char *audit_path)
{
    const char *others = g_environ_getenv(environment, "LD_PRELOAD");
    g_autofree char *preload = others && *others
                                   ? g_strdup_printf("%s %s", c->shim_path, others)
                                   : g_strdup(c->shim_path);
    environment = g_environ_setenv(environment, "LD_PRELOAD", preload, TRUE);
    environment = allow_sanitizer(environment);
    environment = g_environ_setenv(environment, CLOCK_PAGE_VARIABLE, page_path, TRUE);
    if (seed != 0) {
        g_autofree char *text = g_strdup_printf("%016" G_GINT64_MODIFIER "x", seed);
        environment = g_environ_setenv(environment, CLOCK_SEED_VARIABLE, text, TRUE);
    }
    if (audit_path)
        environment =
            g_environ_setenv(environment, CLOCK_AUDIT_VARIABLE, audit_path, TRUE);
    return environment;
}

/* ---- settling ---- */

const char *coordinator_why(const struct coordinator *c)
{
    return c->why;
}

static enum coordinator_state break_down(struct coordinator *c, char *why)
{
    g_free(c->why);
    c->why = why;
    return COORDINATOR_BROKEN;
}

static char *describe_spin(const struct task *task, int64_t used_ns)
{
    g_autofree char *name = task_name(task);
    return g_strdup_printf(
        "thread \"%s\" (process %d, thread %d) spins: it used %.1f s of "
        "processor time without waiting for anything, so that the "
        "virtual clock stands still; use --clock wall",
        name, task->pid, task->tid, (double)used_ns / NS_PER_S);
}

/* Looks after a settling that takes long; the reason to give it up, or NULL. */
static char *find_spin(const struct task *busy, GHashTable *used_before, int64_t since_ns)
{
    if (busy) {
        /* Each thread from when it was first found running. */
        int64_t now_ns = task_processor_ns(busy);
        gpointer key = GINT_TO_POINTER(busy->tid);
        int64_t *first_ns = g_hash_table_lookup(used_before, key);
        if (!first_ns)
            g_hash_table_insert(used_before, key, g_memdup2(&now_ns, sizeof now_ns));
        else if (now_ns - *first_ns > spin_limit_ns)
            return describe_spin(busy, now_ns - *first_ns);
    }
    if (clock_now_ns() - since_ns < rest_limit_ns)
        return NULL;
    g_autofree char *name = busy ? task_name(busy) : g_strdup("?");
    return g_strdup_printf(
        "the lab does not come to rest: thread \"%s\" was busy for %.0f s", name,
        (double)rest_limit_ns / NS_PER_S);
}

/* Whether the shim is at work in a process: it has the page mapped. What it has executed
   without the shim, itself or in a child, has not. */
static bool has_page(pid_t pid)
{
    char path[32];
    g_autofree char *maps = NULL;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    return !g_file_get_contents(path, &maps, NULL, NULL) || /* it is gone */
           !*maps || strstr(maps, page_path);
}

/* Whose thread or process is gone. */
static void free_slots(struct coordinator *c)
{
    uint32_t n = MIN(atomic_load(&c->page->n_slots), CLOCK_MAX_SLOTS);
    for (uint32_t i = 0; i < n; i++) {
        struct clock_slot *slot = &c->page->slots[i];
        if (atomic_load(&slot->state) == SLOT_FREE)
            continue;
        pid_t tid = slot->kind == SLOT_THREAD ? slot->tid : 0;
        if (!tasks_find(c->tasks, slot->pid, tid))
            atomic_store(&slot->state, SLOT_FREE);
    }
}

/* After threads have come or gone: NULL, or what is wrong with one. */
static char *check_tasks(struct coordinator *c)
{
    const GArray *all = tasks_all(c->tasks);
    for (unsigned i = 0; i < all->len; i++) {
        struct task *task = &g_array_index(all, struct task, i);
        if (task->tid != task->pid || task->has_clock || task->state == 'Z')
            continue;
        task->has_clock = has_page(task->pid);
        if (task->has_clock)
            continue;
        g_autofree char *name = task_name(task);
        return g_strdup_printf(
            "process \"%s\" does not load the virtual clock's library "
            "(is it linked statically, or started without its environment?); "
            "use --clock wall",
            name);
    }
    free_slots(c);
    return NULL;
}

/* The longer it has taken, the longer it may take: a look costs processor time, which who
   makes a key, say, has a better use for. */
static void rest(int64_t waited_ns)
{
    int64_t rest_ns = CLAMP(waited_ns / 32, 20 * NS_PER_US, 1 * NS_PER_MS);
    nanosleep(&(struct timespec){ .tv_nsec = rest_ns }, NULL);
}

enum coordinator_state coordinator_settle(struct coordinator *c)
{
    if (c->why)
        return COORDINATOR_BROKEN;
    g_autoptr(GHashTable) used_before = NULL;
    const struct task *busy;
    int64_t since_ns = 0;
    int64_t checked_ns = 0;
    for (unsigned looks = 0; tasks_look(c->tasks, &busy) != TASKS_QUIET; looks++) {
        if (looks < PATIENT_AFTER) {
            sched_yield();
            continue;
        }
        int64_t now_ns = clock_now_ns();
        if (looks == PATIENT_AFTER) {
            since_ns = checked_ns = now_ns;
            used_before = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        }
        if (sandbox_must_end())
            return COORDINATOR_ENDING;
        if (now_ns - checked_ns > check_every_ns) {
            checked_ns = now_ns;
            char *spin = find_spin(busy, used_before, since_ns);
            if (spin)
                return break_down(c, spin);
        }
        rest(now_ns - since_ns);
    }
    if (tasks_have_changed(c->tasks)) {
        char *problem = check_tasks(c);
        if (problem)
            return break_down(c, problem);
    }
    return COORDINATOR_QUIET;
}

/* ---- time ---- */

static bool is_before(const struct clock_slot *a, const struct clock_slot *b)
{
    if (a->deadline_ns != b->deadline_ns)
        return a->deadline_ns < b->deadline_ns;
    if (a->pid != b->pid)
        return a->pid < b->pid;
    return a->tid < b->tid;
}

static struct clock_slot *first_waiting(const struct coordinator *c)
{
    struct clock_slot *first = NULL;
    uint32_t n = MIN(atomic_load(&c->page->n_slots), CLOCK_MAX_SLOTS);
    for (uint32_t i = 0; i < n; i++) {
        struct clock_slot *slot = &c->page->slots[i];
        if (atomic_load(&slot->state) == SLOT_WAITING &&
            (!first || is_before(slot, first)))
            first = slot;
    }
    return first;
}

int64_t coordinator_next_deadline(const struct coordinator *c)
{
    const struct clock_slot *first = first_waiting(c);
    return first ? first->deadline_ns : CLOCK_NEVER;
}

void coordinator_advance(struct coordinator *c, int64_t now_ns)
{
    g_return_if_fail(now_ns >= coordinator_now_ns(c));
    atomic_store(&c->page->now_ns, now_ns);
}

/* pidfd_open() and pidfd_getfd(): the eventfd is the process' own. */
static void add_to_eventfd(const struct clock_slot *slot)
{
    uint64_t one = 1;
    int process = (int)syscall(SYS_pidfd_open, slot->pid, 0);
    int fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, slot->fd, 0);
    if (fd < 0 || write(fd, &one, sizeof one) != sizeof one)
        g_debug("timer of process %d: %s", slot->pid, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    if (process >= 0)
        close(process);
}

static void send_signal(const struct clock_slot *slot)
{
    siginfo_t info = { 0 };
    info.si_signo = slot->signal_number;
    info.si_code = SI_TIMER;
    info.si_value.sival_ptr = (void *)(uintptr_t)slot->value;
    if (slot->tid != 0)
        syscall(SYS_rt_tgsigqueueinfo, slot->pid, slot->tid, slot->signal_number, &info);
    else
        syscall(SYS_rt_sigqueueinfo, slot->pid, slot->signal_number, &info);
}

/* A timer goes on, or has done its work. */
static void rearm(struct clock_slot *slot)
{
    if (slot->interval_ns > 0)
        slot->deadline_ns = clock_after_ns(slot->deadline_ns, slot->interval_ns);
    else
        atomic_store(&slot->state, SLOT_IDLE);
}

bool coordinator_wake_one(struct coordinator *c)
{
    struct clock_slot *slot = first_waiting(c);
    if (!slot || slot->deadline_ns > coordinator_now_ns(c))
        return false;
    const struct task *task = tasks_find(c->tasks, slot->pid, 0);
    tasks_touch(c->tasks, task ? task->netns : TASKS_ALL_HOSTS);
    /* A timer moves on first: its owner may set it anew as soon as it hears of it. */
    struct clock_slot due = *slot;
    switch ((enum clock_slot_kind)due.kind) {
    case SLOT_THREAD:
        atomic_store(&slot->state, SLOT_FIRED);
        if (syscall(SYS_tgkill, due.pid, due.tid, CLOCK_SIGNAL) != 0)
            atomic_store(&slot->state, SLOT_FREE); /* killed just now */
        break;
    case SLOT_EVENTFD:
        rearm(slot);
        add_to_eventfd(&due);
        break;
    case SLOT_SIGNAL:
        rearm(slot);
        send_signal(&due);
        break;
    }
    return true;
}
