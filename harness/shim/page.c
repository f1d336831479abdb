/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim's end of the clock page (page.h): mapping it, taking slots, reading the time.
 *
 * The page is mapped at the first call of any wrapper, which may be one of another
 * library's constructor before our own has run. Nothing here allocates, and all system
 * calls are raw. Whether there is a clock is decided once: a process never changes from
 * the real clock to the virtual one.
 *
 * A page that is named but cannot be used ends the process. With the real clock instead,
 * it would run on and give wrong results.
 */
#include "shim/shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct clock_page *page;
static _Atomic int is_decided;

/* Before the first wait, the first random number, and whatever signal it may meet: other
 * libraries' constructors run before ours. */
static void begin(void)
{
    if (page)
        audit_start();
    random_start();
    if (!page)
        return;
    waits_start();
    signals_start();
    timerfds_start();
    timers_start();
}

_Noreturn void shim_die(const char *why)
{
    char line[256];
    size_t n = 0;
    for (const char *part = "rtclab clock: "; *part && n < sizeof line - 1; part++)
        line[n++] = *part;
    for (; *why && n < sizeof line - 1; why++)
        line[n++] = *why;
    line[n++] = '\n';
    RAW(SYS_write, STDERR_FILENO, line, n);
    for (;;)
        RAW(SYS_exit_group, 127);
}

static struct clock_page *page_map(const char *path)
{
    long fd = RAW(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        shim_die("cannot open the page that " CLOCK_PAGE_VARIABLE " names");
    if (RAW(SYS_lseek, fd, 0, SEEK_END) < (long)sizeof(struct clock_page))
        shim_die("the page is smaller than wanted: it is of another build");
    long at = RAW(SYS_mmap, NULL, sizeof(struct clock_page), PROT_READ | PROT_WRITE,
                  MAP_SHARED, fd, 0);
    if (at < 0 && at > -4096)
        shim_die("cannot map the page");
    RAW(SYS_close, fd);
    struct clock_page *mapped;
    memcpy(&mapped, &at, sizeof mapped);
    if (mapped->magic != CLOCK_PAGE_MAGIC || mapped->size != sizeof(struct clock_page))
        shim_die("the page's magic or size is not as wanted: it is of another build");
    return mapped;
}

bool shim_is_on(void)
{
    if (__builtin_expect(!atomic_load_explicit(&is_decided, memory_order_acquire), 0)) {
        const char *path = getenv(CLOCK_PAGE_VARIABLE);
        if (path && *path)
            page = page_map(path);
        atomic_store_explicit(&is_decided, 1, memory_order_release);
        begin();
    }
    return page != NULL;
}

struct clock_page *shim_page(void)
{
    return shim_is_on() ? page : NULL;
}

int64_t shim_now_ns(void)
{
    return atomic_load(&page->now_ns);
}

int64_t shim_calendar_ns(void)
{
    return page->calendar_ns;
}

struct clock_slot *slot_take(enum clock_slot_kind kind)
{
    for (uint32_t i = 0; i < CLOCK_MAX_SLOTS; i++) {
        struct clock_slot *slot = &page->slots[i];
        uint32_t state = SLOT_FREE;
        if (!atomic_compare_exchange_strong(&slot->state, &state, SLOT_IDLE))
            continue;
        slot->kind = kind;
        slot->pid = (int32_t)RAW(SYS_getpid);
        slot->tid = 0;
        slot->fd = -1;
        slot->signal_number = 0;
        slot->deadline_ns = CLOCK_PAGE_NEVER;
        slot->interval_ns = 0;
        slot->value = 0;
        slot->owner = 0;
        uint32_t n = atomic_load(&page->n_slots);
        while (n <= i && !atomic_compare_exchange_weak(&page->n_slots, &n, i + 1))
            ;
        return slot;
    }
    RAW(SYS_write, STDERR_FILENO, "rtclab clock: no slot is left\n", 30);
    abort();
}

void slot_free(struct clock_slot *slot)
{
    atomic_store(&slot->state, SLOT_FREE);
}

void slot_arm(struct clock_slot *slot, int64_t deadline_ns, int64_t interval_ns)
{
    atomic_store(&slot->state, SLOT_IDLE);
    slot->deadline_ns = deadline_ns;
    slot->interval_ns = interval_ns;
    atomic_store_explicit(&slot->state, SLOT_WAITING, memory_order_release);
}

void slot_disarm(struct clock_slot *slot)
{
    atomic_store(&slot->state, SLOT_IDLE);
    slot->deadline_ns = CLOCK_PAGE_NEVER;
    slot->interval_ns = 0;
}

/* The linker makes these for a section whose name is a C identifier. */
extern struct real_function __start_real_functions[]
    __attribute__((visibility("hidden")));
extern struct real_function __stop_real_functions[] __attribute__((visibility("hidden")));

void *real_find(struct real_function *function)
{
    void *address = atomic_load_explicit(&function->address, memory_order_relaxed);
    if (!address) {
        address = dlsym(RTLD_NEXT, function->name);
        atomic_store_explicit(&function->address, address, memory_order_relaxed);
    }
    return address;
}

__attribute__((constructor)) static void start(void)
{
    for (struct real_function *f = __start_real_functions; f < __stop_real_functions; f++)
        real_find(f);
    shim_is_on();
    random_start_main();
}
