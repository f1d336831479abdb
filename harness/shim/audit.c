/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit: which waits and clocks does a program use behind the shim's back?
 *
 * They come from system calls that libc makes inside itself, that a program makes with
 * its own instruction, or that the shim does not know. Each shows only as a wrong time,
 * so the kernel is asked to catch them: a filter (audit_filter.c) answers with SIGSYS,
 * whose handler writes a line to a file and then makes the call, so that the program goes
 * on.
 *
 *   NAME thread=NAME process=ID id=ID MODULE+OFFSET
 *
 * The shim's own calls come from a page at a fixed address, which the filter lets pass.
 * The address is the same in all processes because a filter is inherited through exec(),
 * and cannot be taken back. Whether there is one already is found out by a sleep of zero.
 *
 * The filter is at work between exec() and the shim's start as well, where other
 * libraries' constructors may make system calls of their own: AddressSanitizer's does. So
 * the handler is there before any of them, from when the dynamic linker relocates the
 * shim, and what it catches then is reported once the log is known.
 */
#include "shim/audit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <linux/seccomp.h>
#include <ucontext.h>

#include "shim/shim.h"

static char log_path[4096];
static volatile sig_atomic_t is_probing;
static bool is_on;

/* What was caught before audit_start(). */
enum { MAX_EARLY = 64 };
static struct {
    long number;
    uint64_t address;
} early[MAX_EARLY];
static size_t n_early;
static bool is_early;

bool audit_is_on(void)
{
    return is_on;
}

/* A line being written, without anything of libc that could wait or allocate. */
struct line {
    char text[512];
    size_t n;
};

static void put_text(struct line *line, const char *text)
{
    for (; *text && *text != '\n' && line->n < sizeof line->text - 1; text++)
        line->text[line->n++] = *text;
}

static void put_number(struct line *line, uint64_t number, unsigned base)
{
    char digits[24];
    size_t n = sizeof digits - 1;
    digits[n] = '\0';
    do
        digits[--n] = "0123456789abcdef"[number % base];
    while ((number /= base) > 0);
    put_text(line, digits + n);
}

/** Of a line of /proc/self/maps: START-END MODE OFFSET DEVICE INODE PATH. */
static bool put_place_in(struct line *line, char *map, uint64_t address)
{
    char *at;
    uint64_t start = strtoull(map, &at, 16);
    uint64_t end = *at == '-' ? strtoull(at + 1, &at, 16) : 0;
    if (address < start || address >= end)
        return false;
    at = strchr(at + 1, ' '); /* past the mode */
    uint64_t offset = at ? strtoull(at + 1, NULL, 16) : 0;
    const char *path = strchr(map, '/');
    put_text(line, path ? path : "?");
    put_text(line, "+0x");
    put_number(line, address - start + offset, 16);
    return true;
}

static void put_place(struct line *line, uint64_t address)
{
    long fd = RAW(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char text[2048];
    size_t n = 0;
    bool is_found = false;
    for (long got; fd >= 0 && !is_found; n += (size_t)got) {
        char *end = memchr(text, '\n', n);
        if (end) {
            *end = '\0';
            is_found = put_place_in(line, text, address);
            n -= (size_t)(end + 1 - text);
            memmove(text, end + 1, n);
            got = 0;
        } else if ((got = RAW(SYS_read, fd, text + n, sizeof text - n)) <= 0) {
            break;
        }
    }
    if (!is_found) {
        put_text(line, "0x");
        put_number(line, address, 16);
    }
    RAW(SYS_close, fd);
}

static void report(long number, uint64_t address)
{
    char name[16] = "";
    struct line line = { .n = 0 };
    RAW(SYS_prctl, PR_GET_NAME, name);
    put_text(&line, audit_call_name(number));
    put_text(&line, " thread=");
    put_text(&line, name);
    put_text(&line, " process=");
    put_number(&line, (uint64_t)RAW(SYS_getpid), 10);
    put_text(&line, " id=");
    put_number(&line, (uint64_t)RAW(SYS_gettid), 10);
    put_text(&line, " ");
    put_place(&line, address);
    line.text[line.n++] = '\n';
    long fd = RAW(SYS_openat, AT_FDCWD, log_path,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    RAW(SYS_write, fd, line.text, line.n);
    RAW(SYS_close, fd);
}

static void on_caught(int signal_number, siginfo_t *info, void *data)
{
    (void)signal_number;
    ucontext_t *context = data;
    int old_errno = errno;
    if (info->si_code != 1 /* SYS_SECCOMP */)
        return;
#if defined(__x86_64__)
    greg_t *r = context->uc_mcontext.gregs;
    const long a[] = { r[REG_RDI], r[REG_RSI], r[REG_RDX],
                       r[REG_R10], r[REG_R8],  r[REG_R9] };
    greg_t *result = &r[REG_RAX];
#else
    unsigned long long *r = context->uc_mcontext.regs;
    const long a[] = { (long)r[0], (long)r[1], (long)r[2],
                       (long)r[3], (long)r[4], (long)r[5] };
    unsigned long long *result = &r[0];
#endif
    if (is_probing) {
        is_probing = 0;
        *result = 0;
    } else {
        uint64_t address = (uint64_t)(uintptr_t)info->si_call_addr;
        if (!is_early) {
            report(info->si_syscall, address);
        } else if (n_early < MAX_EARLY) {
            early[n_early].number = info->si_syscall;
            early[n_early++].address = address;
        }
        *result = (__typeof__(*result))raw_syscall(info->si_syscall, a[0], a[1], a[2],
                                                   a[3], a[4], a[5]);
    }
    errno = old_errno;
}

/* ---- before all constructors: by system calls alone, as libc may not be ready ---- */

/* NULL if something is there already. */
static void *map_trampoline(void)
{
#if defined(__x86_64__)
    static const unsigned char code[] = { 0x0f, 0x05, 0xc3 }; /* syscall; ret */
#else
    static const uint32_t code[] = { 0xd4000001, 0xd65f03c0 }; /* svc #0; ret */
#endif
    long at = RAW(SYS_mmap, AUDIT_TRAMPOLINE, 4096, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != (long)AUDIT_TRAMPOLINE)
        return NULL;
    volatile unsigned char *to = (void *)AUDIT_TRAMPOLINE;
    for (size_t i = 0; i < sizeof code; i++)
        to[i] = ((const unsigned char *)code)[i];
    RAW(SYS_mprotect, at, 4096, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)to, (char *)to + sizeof code);
    return (void *)AUDIT_TRAMPOLINE;
}

/* As libc has it for its own: what a handler returns to. */
#if defined(__x86_64__)
void audit_restorer(void);
__asm__(".text\n"
        ".globl audit_restorer\n"
        ".hidden audit_restorer\n"
        ".type audit_restorer, @function\n"
        "    nop\n"
        "audit_restorer:\n"
        "    mov $15, %eax\n" /* SYS_rt_sigreturn */
        "    syscall\n"
        ".size audit_restorer, .-audit_restorer\n");
enum { HAS_RESTORER = 0x04000000 };
#else
static void (*const audit_restorer)(void) = NULL;
enum { HAS_RESTORER = 0 };
#endif

/* Past libc's function, which may be another library's: a sanitizer's puts signals off.
 */
static void set_handler(void (*handler)(int, siginfo_t *, void *))
{
    const struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = { handler, SA_SIGINFO | SA_NODEFER | SA_ONSTACK | HAS_RESTORER,
                 audit_restorer, 0 };
    RAW(SYS_rt_sigaction, SIGSYS, &action, NULL, KERNEL_SIGSET_BYTES);
}

static void nothing(void)
{
}

/* Called by the dynamic linker, which is only told that it chooses a function. */
__attribute__((used)) static void (*begin_early(void))(void)
{
    static const uint64_t only_sigsys = UINT64_C(1) << (SIGSYS - 1);
    if (RAW(SYS_prctl, PR_GET_SECCOMP) == SECCOMP_MODE_FILTER) {
        is_early = true; /* the filter may also be another's: audit_start() knows */
        raw_trampoline = map_trampoline();
        set_handler(on_caught);
        RAW(SYS_rt_sigprocmask, SIG_UNBLOCK, &only_sigsys, NULL, KERNEL_SIGSET_BYTES);
    }
    return nothing;
}

__attribute__((visibility("hidden"))) void audit_early(void)
    __attribute__((ifunc("begin_early")));

/* ---- starting ---- */

/* There is a filter, but another's: of a container, perhaps. */
static void end_early(void)
{
    audit_early(); /* or the linker would leave it out */
    if (!is_early)
        return;
    is_early = false;
    set_handler(NULL); /* SIG_DFL */
    raw_trampoline = NULL;
    RAW(SYS_munmap, AUDIT_TRAMPOLINE, 4096);
}

/** Whether a filter was inherited. */
static bool has_filter(void)
{
    void *trampoline = raw_trampoline;
    is_probing = 1;
    raw_trampoline = NULL;
    RAW(SYS_nanosleep, &(struct timespec){ 0 }, NULL);
    raw_trampoline = trampoline;
    bool is_caught = !is_probing;
    is_probing = 0;
    return is_caught;
}

void audit_start(void)
{
    const char *path = getenv(CLOCK_AUDIT_VARIABLE);
    if (!path || !*path) {
        end_early();
        return;
    }
    if (strlen(path) >= sizeof log_path)
        shim_die(CLOCK_AUDIT_VARIABLE " is too long");
    strcpy(log_path, path);
    set_handler(on_caught);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    REAL(pthread_sigmask)(SIG_UNBLOCK, &set, NULL);
    bool is_inherited = has_filter();
    if (!raw_trampoline)
        raw_trampoline = map_trampoline();
    if (!raw_trampoline)
        shim_die("the audit's page is taken");
    const char *seed = getenv(CLOCK_SEED_VARIABLE);
    if (!is_inherited && audit_install_filter(seed && *seed) < 0)
        shim_die("cannot install the audit's filter");
    is_on = true;
    is_early = false;
    for (size_t i = 0; i < n_early; i++)
        report(early[i].number, early[i].address);
}
