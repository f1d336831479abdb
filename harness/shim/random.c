/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers from a seed, so that a run can be had again.
 *
 * Each process draws from a stream of its own, made from the seed and the process' number
 * among those with this seed (struct clock_family); each thread from one made from the
 * process' key and the thread's number in it. A thread's number is given by the thread
 * that creates it: which of two threads runs first makes no difference then. A child of
 * fork() gets its key from the stream of the thread that forked.
 *
 * The generator is SplitMix64. It is not for secrets: whoever sets a seed wants the same
 * keys each time.
 *
 * OpenSSL's RAND_bytes() and RAND_priv_bytes() are among the functions, since OpenSSL's
 * own generator takes in the CPU's cycle counter, and so is C++'s std::random_device,
 * which asks the CPU for random numbers. srand() and the like are untouched: their seeds
 * come from clocks and from here.
 */
#include "shim/shim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <threads.h>
#include <unistd.h>

/* std::random_device::_M_getval(), under the name that the C++ ABI gives it. */
#define RANDOM_DEVICE "_ZNSt13random_device9_M_getvalEv"
SHIM_EXPORT unsigned int random_device_value(void *device) __asm__(RANDOM_DEVICE);

/* Streams of a process. What constructors draw does not move the main thread's: a process
 * that is forked before its main() (forkserver.c) has none of its own. */
#define MAIN_THREAD UINT64_C(0)
#define BEFORE_MAIN UINT64_MAX

static bool is_seeded;
static uint64_t process_key;
static __thread uint64_t child_key; /* two threads may fork at once */
static _Atomic uint64_t n_threads;

static __thread uint64_t stream;
static __thread bool has_stream;

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t mix_two(uint64_t a, uint64_t b)
{
    return mix(mix(a + UINT64_C(0x9e3779b97f4a7c15)) ^
               (b + UINT64_C(0xd1b54a32d192ed03)));
}

/** The process' number among those with this seed; 0 without a page. */
static uint64_t member_number(uint64_t seed)
{
    struct clock_page *page = shim_page();
    if (!page)
        return 0;
    for (int i = 0; i < CLOCK_MAX_FAMILIES; i++) {
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&page->families[i].seed, &found, seed) ||
            found == seed)
            return atomic_fetch_add(&page->families[i].n_members, 1);
    }
    shim_die("there are more seeds than the page has room for");
}

static void start_thread_stream(uint64_t number)
{
    stream = mix_two(process_key, number);
    has_stream = true;
}

void random_start(void)
{
    const char *text = getenv(CLOCK_SEED_VARIABLE);
    if (!text || !*text)
        return;
    char *end;
    uint64_t seed = strtoull(text, &end, 16);
    if (*end || strlen(text) != 16)
        shim_die(CLOCK_SEED_VARIABLE " is not of 16 hexadecimal digits");
    process_key = mix_two(seed, member_number(seed));
    is_seeded = true;
    atomic_store(&n_threads, MAIN_THREAD + 1);
    start_thread_stream(BEFORE_MAIN);
}

void random_start_main(void)
{
    if (is_seeded)
        start_thread_stream(MAIN_THREAD);
}

void random_restart(void)
{
    is_seeded = false;
    random_start();
    random_start_main();
}

bool random_is_seeded(void)
{
    shim_is_on(); /* which decides this as well */
    return is_seeded;
}

uint64_t random_next(void)
{
    if (!has_stream) /* a thread that no library made */
        start_thread_stream(atomic_fetch_add(&n_threads, 1));
    stream += UINT64_C(0x9e3779b97f4a7c15);
    return mix(stream);
}

void random_fill(void *to, size_t bytes)
{
    unsigned char *at = to;
    while (bytes > 0) {
        uint64_t next = random_next();
        size_t n = bytes < sizeof next ? bytes : sizeof next;
        memcpy(at, &next, n);
        at += n;
        bytes -= n;
    }
}

void random_before_fork(void)
{
    if (is_seeded)
        child_key = random_next();
}

void random_after_fork(void)
{
    if (!is_seeded)
        return;
    process_key = child_key;
    atomic_store(&n_threads, 1);
    start_thread_stream(0);
}

struct thread_start {
    void *(*run)(void *);
    int (*run_c11)(void *);
    void *argument;
    uint64_t number;
};

static struct thread_start *new_thread_start(void *argument)
{
    struct thread_start *start = malloc(sizeof *start);
    if (start)
        *start = (struct thread_start){ .argument = argument,
                                        .number = atomic_fetch_add(&n_threads, 1) };
    return start;
}

static void *run_thread(void *data)
{
    struct thread_start start = *(struct thread_start *)data;
    free(data);
    start_thread_stream(start.number);
    return start.run(start.argument);
}

static int run_c11_thread(void *data)
{
    struct thread_start start = *(struct thread_start *)data;
    free(data);
    start_thread_stream(start.number);
    return start.run_c11(start.argument);
}

SHIM_EXPORT int pthread_create(pthread_t *restrict thread,
                               const pthread_attr_t *restrict attributes,
                               void *(*run)(void *), void *restrict argument)
{
    struct thread_start *start = random_is_seeded() ? new_thread_start(argument) : NULL;
    if (!start)
        return REAL(pthread_create)(thread, attributes, run, argument);
    start->run = run;
    int error = REAL(pthread_create)(thread, attributes, run_thread, start);
    if (error)
        free(start);
    return error;
}

SHIM_EXPORT int thrd_create(thrd_t *thread, thrd_start_t run, void *argument)
{
    struct thread_start *start = random_is_seeded() ? new_thread_start(argument) : NULL;
    if (!start)
        return REAL(thrd_create)(thread, run, argument);
    start->run_c11 = run;
    int error = REAL(thrd_create)(thread, run_c11_thread, start);
    if (error != thrd_success)
        free(start);
    return error;
}

SHIM_EXPORT ssize_t getrandom(void *to, size_t bytes, unsigned int flags)
{
    if (!random_is_seeded() ||
        (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)))
        return REAL(getrandom)(to, bytes, flags);
    random_fill(to, bytes);
    return (ssize_t)bytes;
}

SHIM_EXPORT int getentropy(void *to, size_t bytes)
{
    if (!random_is_seeded() || bytes > 256) /* more is an error */
        return REAL(getentropy)(to, bytes);
    random_fill(to, bytes);
    return 0;
}

SHIM_EXPORT uint32_t arc4random(void)
{
    return random_is_seeded() ? (uint32_t)(random_next() >> 32) : REAL(arc4random)();
}

SHIM_EXPORT void arc4random_buf(void *to, size_t bytes)
{
    if (random_is_seeded())
        random_fill(to, bytes);
    else
        REAL(arc4random_buf)(to, bytes);
}

SHIM_EXPORT uint32_t arc4random_uniform(uint32_t bound)
{
    if (!random_is_seeded())
        return REAL(arc4random_uniform)(bound);
    if (bound < 2)
        return 0;
    uint32_t n_skipped = -bound % bound; /* 2^32 mod bound: the rest divides evenly */
    uint32_t drawn;
    do
        drawn = arc4random();
    while (drawn < n_skipped);
    return drawn % bound;
}

/* OpenSSL's may be in a library that RTLD_NEXT does not see, because the program loaded
 * it for itself. Then the kernel's numbers are as good. */
int random_fill_from_kernel(unsigned char *to, int bytes)
{
    for (int n = 0; n < bytes;) {
        long got = RAW(SYS_getrandom, to + n, bytes - n, 0);
        if (got <= 0 && got != -EINTR)
            return 0;
        n += got > 0 ? (int)got : 0;
    }
    return 1;
}

SHIM_EXPORT unsigned int random_device_value(void *device)
{
    static struct real_function real = { RANDOM_DEVICE, NULL };
    unsigned int value;
    unsigned int (*get)(void *) = random_is_seeded() ? NULL : real_find(&real);
    if (get)
        return get(device);
    if (is_seeded)
        return (unsigned int)(random_next() >> 32);
    random_fill_from_kernel((unsigned char *)&value, sizeof value);
    return value;
}
