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
 * What is caught between exec() and the shim's start, in another library's constructor
 * that makes system calls itself, ends the process with SIGSYS.
 */
#include "shim/audit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "shim/shim.h"

static char log_path[4096];
static volatile sig_atomic_t is_probing;
static bool is_on;

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
        report(info->si_syscall, (uint64_t)(uintptr_t)info->si_call_addr);
        *result = (__typeof__(*result))raw_syscall(info->si_syscall, a[0], a[1], a[2],
                                                   a[3], a[4], a[5]);
    }
    errno = old_errno;
}

static void *map_trampoline(void)
{
#if defined(__x86_64__)
    static const unsigned char code[] = { 0x0f, 0x05, 0xc3 }; /* syscall; ret */
#else
    static const uint32_t code[] = { 0xd4000001, 0xd65f03c0 }; /* svc #0; ret */
#endif
    void *at = mmap((void *)AUDIT_TRAMPOLINE, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != (void *)AUDIT_TRAMPOLINE)
        shim_die("the audit's page is taken");
    memcpy(at, code, sizeof code);
    mprotect(at, 4096, PROT_READ | PROT_EXEC);
    __builtin___clear_cache(at, (char *)at + sizeof code);
    return at;
}

/** Whether a filter was inherited. Before the trampoline is used. */
static bool has_filter(void)
{
    is_probing = 1;
    RAW(SYS_nanosleep, &(struct timespec){ 0 }, NULL);
    bool is_caught = !is_probing;
    is_probing = 0;
    return is_caught;
}

void audit_start(void)
{
    const char *path = getenv(CLOCK_AUDIT_VARIABLE);
    if (!path || !*path)
        return;
    if (strlen(path) >= sizeof log_path)
        shim_die(CLOCK_AUDIT_VARIABLE " is too long");
    strcpy(log_path, path);
    struct sigaction action = { .sa_sigaction = on_caught,
                                .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    REAL(sigaction)(SIGSYS, &action, NULL);
    REAL(pthread_sigmask)(SIG_UNBLOCK, &set, NULL);
    bool is_inherited = has_filter();
    raw_trampoline = map_trampoline();
    const char *seed = getenv(CLOCK_SEED_VARIABLE);
    if (!is_inherited && audit_install_filter(seed && *seed) < 0)
        shim_die("cannot install the audit's filter");
    is_on = true;
}
