/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtcprobe itself, as a child, against servers that mean harm: it must end in time, with
 * a status of its own and little memory, print nothing that steers a terminal, and send
 * no more than to a server that answers nothing. Behind a proxy that spoils what a good
 * server says, it must bear that too.
 */
#include "suite.h"

#include "base/file.h"

#include "child.h"
#include "hostile.h"
#include "probes/core/parallel.h"
#include "probes/server/server.h"

enum { ABREAST = 12 };

/* Before time runs out for itself, if all it waits for is short. */
#define BRIEF "--timeout 150ms --rto 40ms --rc 3 --seed 7 "

static const char *const secrets[] = { "RTCPROBE_PASS=wonderland", NULL };

/* ---- What is answered ------------------------------------------------------------ */

#define EVIL                                      \
    "\x1b]0;owned\x07\x1b[2J\xe2\x80\xae\xc2\x9b" \
    "1m\xff\xfe\r\n"

static void begin(struct stunmsg_builder *b, const struct stunmsg *m, uint8_t *out,
                  enum stunmsg_class class)
{
    stunmsg_begin(b, out, HOSTILE_SIZE, m->method, class, m->transaction);
}

static size_t end(const struct stunmsg_builder *b)
{
    size_t size = 0;
    g_assert_cmpint(stunmsg_end(b, &size), ==, STUNMSG_OK);
    return size;
}

/* An error with REALM and a NONCE that is another each time. */
static size_t challenge(struct hostile *h, const struct stunmsg *m, uint8_t *out,
                        unsigned code)
{
    struct stunmsg_builder b;
    g_autofree char *nonce = g_strdup_printf("nonce %u", h->n_answers);
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, code, NULL);
    stunmsg_add_text(&b, STUNMSG_REALM, "hostile.test");
    stunmsg_add_text(&b, STUNMSG_NONCE, nonce);
    return end(&b);
}

static size_t always_401(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    return challenge(h, m, out, 401);
}

static size_t always_438(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    return challenge(h, m, out, 438);
}

static size_t redirect(const struct stunmsg *m, const struct endpoint *to, uint8_t *out)
{
    struct stunmsg_builder b;
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, STUNMSG_CODE_TRY_ALTERNATE, NULL);
    stunmsg_add_address(&b, STUNMSG_ALTERNATE_SERVER, to);
    stunmsg_add_text(&b, STUNMSG_ALTERNATE_DOMAIN, EVIL);
    return end(&b);
}

static size_t redirect_to_itself(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    return redirect(m, &h->base.at, out);
}

/* To the next address each time: none of them may be sent anything. */
static size_t redirect_onwards(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct endpoint to = { .port = (uint16_t)(3478 + h->n_answers) };
    address_parse("127.77.9.9", &to.address);
    return redirect(m, &to, out);
}

static size_t silence(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)h, (void)m, (void)out;
    return 0;
}

/* As long as a datagram lets it be; then all of it is one text. */
static size_t long_realm(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    enum { LONG = 32000 };
    g_autofree char *text = g_strnfill(LONG, 'x');
    (void)h;
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, 401, text);
    stunmsg_add(&b, STUNMSG_REALM, text, LONG);
    stunmsg_add(&b, STUNMSG_NONCE, "n", 1);
    return end(&b);
}

/* The longest that a client must take (RFC 8489 §14.9, §14.10), and all algorithms. */
static size_t widest_challenge(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    uint8_t algorithms[64] = { 0, 2, 0, 0, 0, 1, 0, 0 };
    char nonce[763];
    memset(nonce, 'n', sizeof nonce);
    memcpy(nonce, "obMatJos2gAAA", 13);
    g_autofree char *realm = g_strnfill(763, 'r');
    (void)h;
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, h->n_answers % 2 ? 438 : 401, NULL);
    stunmsg_add_text(&b, STUNMSG_REALM, realm);
    stunmsg_add(&b, STUNMSG_NONCE, nonce, sizeof nonce);
    stunmsg_add(&b, STUNMSG_PASSWORD_ALGORITHMS, algorithms, sizeof algorithms);
    return end(&b);
}

static size_t many_unknown(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    enum { MANY = 10000 };
    g_autofree uint16_t *types = g_new0(uint16_t, MANY);
    (void)h;
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, 420, NULL);
    stunmsg_add_unknown(&b, types, MANY);
    return end(&b);
}

/* As many as a message can have; each known type in turn. */
static size_t many_attributes(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    (void)h;
    begin(&b, m, out, m->method == STUNMSG_BINDING ? STUNMSG_SUCCESS : STUNMSG_FAILURE);
    for (unsigned i = 0; i < 16000; i++)
        stunmsg_add(&b, (uint16_t)((i & 1 ? 0x8000 : 0) + i % 64), "", 0);
    return end(&b);
}

static size_t escapes(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    static const char with_nul[] = "a\0b" EVIL;
    (void)h;
    begin(&b, m, out, STUNMSG_FAILURE);
    stunmsg_add_error(&b, h->n_answers % 2 ? 401 : 500, EVIL);
    stunmsg_add(&b, STUNMSG_SOFTWARE, with_nul, sizeof with_nul);
    stunmsg_add_text(&b, STUNMSG_REALM, EVIL);
    stunmsg_add_text(&b, STUNMSG_NONCE, EVIL);
    return end(&b);
}

static size_t empty_success(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    (void)h;
    begin(&b, m, out, STUNMSG_SUCCESS);
    return end(&b);
}

/* Gives all to anyone, at its own address and for no time at all. */
static size_t open_to_all(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    begin(&b, m, out, STUNMSG_SUCCESS);
    stunmsg_add_address(&b, STUNMSG_XOR_MAPPED_ADDRESS, &h->base.at);
    stunmsg_add_address(&b, STUNMSG_XOR_RELAYED_ADDRESS, &h->base.at);
    stunmsg_add_address(&b, STUNMSG_OTHER_ADDRESS, &h->base.at);
    stunmsg_add_address(&b, STUNMSG_RESPONSE_ORIGIN, &h->base.at);
    stunmsg_add_number(&b, STUNMSG_LIFETIME, 0);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, EVIL);
    return end(&b);
}

static size_t truncated(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    size_t size = open_to_all(h, m, out);
    return 1 + h->n_answers * 7 % size;
}

/* Says that it is longer than what comes. */
static size_t claims_more(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    size_t size = open_to_all(h, m, out);
    store_be16(out + 2, 0xfffc);
    return size;
}

static size_t noise(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)m;
    for (size_t i = 0; i < HOSTILE_SIZE; i++)
        out[i] = (uint8_t)rng_next(&h->rng);
    return HOSTILE_SIZE;
}

static size_t spoilt(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    size_t size = open_to_all(h, m, out);
    for (unsigned i = 0; i < 3; i++)
        out[rng_below(&h->rng, size)] ^= (uint8_t)(1u << rng_below(&h->rng, 8));
    return size;
}

static size_t echo(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)h;
    memmove(out, m->bytes, m->size);
    return m->size;
}

static size_t another_transaction(struct hostile *h, const struct stunmsg *m,
                                  uint8_t *out)
{
    size_t size = open_to_all(h, m, out);
    out[STUNMSG_HEADER_SIZE - 1] ^= 1;
    return size;
}

static size_t data_indication(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    struct stunmsg_builder b;
    uint8_t data[1000] = { 0 };
    stunmsg_begin(&b, out, HOSTILE_SIZE, STUNMSG_DATA_INDICATION, STUNMSG_INDICATION,
                  m->transaction);
    stunmsg_add_address(&b, STUNMSG_XOR_PEER_ADDRESS, &h->base.at);
    stunmsg_add(&b, STUNMSG_DATA, data, sizeof data);
    return end(&b);
}

static size_t channel_data(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    enum { DATA = 60000 };
    (void)h, (void)m;
    memset(out, 0, STUNMSG_CHANNEL_HEADER_SIZE + DATA);
    stunmsg_channel_data_header(out, 0x4000, DATA);
    return STUNMSG_CHANNEL_HEADER_SIZE + DATA;
}

/* A message that never comes to its end. */
static size_t longest(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    open_to_all(h, m, out);
    store_be16(out + 2, 0xfffc);
    memset(out + STUNMSG_HEADER_SIZE, 0, HOSTILE_SIZE - STUNMSG_HEADER_SIZE);
    return HOSTILE_SIZE;
}

static const struct manner manners[] = {
    { .name = "silence", .answer = silence },
    { .name = "401 without end", .answer = always_401 },
    { .name = "438 without end", .answer = always_438 },
    { .name = "300 to itself", .answer = redirect_to_itself },
    { .name = "300 ever onwards", .answer = redirect_onwards },
    { .name = "a realm of 32 KiB", .answer = long_realm },
    { .name = "the widest challenge", .answer = widest_challenge },
    { .name = "10,000 unknown attributes", .answer = many_unknown },
    { .name = "16,000 attributes", .answer = many_attributes },
    { .name = "escape codes", .answer = escapes },
    { .name = "empty successes", .answer = empty_success },
    { .name = "lifetimes of 0", .answer = open_to_all },
    { .name = "cut answers", .answer = truncated },
    { .name = "lengths beyond the end", .answer = claims_more },
    { .name = "noise", .answer = noise },
    { .name = "spoilt bits", .answer = spoilt },
    { .name = "echoes", .answer = echo },
    { .name = "another transaction", .answer = another_transaction },
    { .name = "another source", .answer = open_to_all, .is_from_aside = true },
    { .name = "answers by the hundred", .answer = open_to_all, .copies = 200 },
    { .name = "a trickle", .answer = longest, .is_trickled = true },
};

/* These keep the machine busy. */
static const struct manner floods[] = {
    { .name = "a flood of answers", .answer = open_to_all, .is_endless = true },
    { .name = "a flood of 401", .answer = always_401, .is_endless = true },
    { .name = "a flood of Data", .answer = data_indication, .is_endless = true },
    { .name = "a flood of ChannelData", .answer = channel_data, .is_endless = true },
    { .name = "a flood of noise", .answer = noise, .is_endless = true },
};

/* ---- What is run ----------------------------------------------------------------- */

#define USER "-u alice --pass-env RTCPROBE_PASS "

/* %1 is ADDRESS:PORT; most: what a server that is silent or good would be sent. */
static const struct {
    const char *command;
    unsigned most;
    bool is_flooded;
} commands[] = {
    { "check turn:%s " USER BRIEF "-c 5 -i 2ms -o json", 60, true },
    { "check 'turn:%s?transport=tcp' " USER BRIEF "-c 5 -i 2ms -o json", 60, false },
    { "ping stun:%s " BRIEF "-c 3 -i 20ms -o json", 3, true },
    { "ping 'turn:%s?transport=tcp' " BRIEF "-c 3 -i 20ms -o json", 3, true },
    { "relay turn:%s " USER BRIEF "-c 10 --pps 500 --indications -o json", 60, false },
    { "relay 'turn:%s?transport=tcp' " USER BRIEF "-c 10 --pps 500 -o json", 60, true },
    { "bench turn:%s " USER BRIEF
      "--allocations 4 --clients 2 --packets 20 --duration 200ms -o json",
      120, true },
    { "nat stun:%s " BRIEF "-o json", 60, true },
    { "conform turn:%s " USER BRIEF "S01 S05 A01 A05 L01 P01 C01 M01 -o json", 400,
      true },
    { "audit turn:%s " USER BRIEF "-o json", 1500, false },
};

struct cell {
    const struct manner *manner;
    const char *command;
    unsigned most, n_received;
    struct child child;
};

static void run_cell(unsigned i, void *data)
{
    struct cell *cell = (struct cell *)data + i;
    struct hostile *h = hostile_start(cell->manner, i, NULL);
    char at[ENDPOINT_TEXT_SIZE];
    endpoint_format(&h->base.at, at);
    g_auto(GStrv) parts = g_strsplit(cell->command, "%s", 2);
    g_autofree char *line = g_strconcat(parts[0], at, parts[1], NULL);
    child_start(&cell->child, line, secrets);
    child_finish(&cell->child, 20000);
    cell->n_received = hostile_stop(h);
}

/* 2 is for usage, which is right here; but of a monitoring plugin it is CRITICAL. */
static bool is_status(const char *command, int status)
{
    return status >= 0 && status <= 6 && (status != 2 || strstr(command, "-o nagios"));
}

/* Nothing but text, whatever came: neither C0, C1 nor what turns the direction. */
static bool is_plain(const char *text, gsize size)
{
    if (!g_utf8_validate(text, (gssize)size, NULL))
        return false;
    for (const char *at = text; at < text + size; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if ((c != '\n' && (g_unichar_iscntrl(c) || c == 0)) ||
            g_unichar_type(c) == G_UNICODE_FORMAT)
            return false;
    }
    return true;
}

/* What is wrong; empty: nothing. Caller owns. */
static char *judge(const struct cell *cell)
{
    const struct child *child = &cell->child;
    if (child->is_late)
        return g_strdup("did not end");
    if (!is_status(cell->command, child->status))
        return g_strdup_printf("ended with %d: %s", child->status, child->err);
    if (child->max_rss_kb > CHILD_MAX_RSS_KB)
        return g_strdup_printf("took %ld KiB of memory", child->max_rss_kb);
    if (cell->n_received > cell->most)
        return g_strdup_printf("sent %u messages, of at most %u", cell->n_received,
                               cell->most);
    if (!is_plain(child->out, child->out_size) || !is_plain(child->err, child->err_size))
        return g_strdup_printf("printed what steers a terminal: %s%s", child->out,
                               child->err);
    return g_strdup("");
}

static void assert_json(const struct child *child)
{
    json_error_t problem;
    if (child->out_size == 0 && child->err_size > 0 && child->status != 0)
        return; /* there was nothing to report on */
    g_autoptr(json_t) said = json_loadb(child->out, child->out_size, 0, &problem);
    ASSERT_TEXT(said ? "" : problem.text, "");
}

static void assert_all(struct cell *cells, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *wrong = judge(&cells[i]);
        g_autofree char *said =
            g_strdup_printf("%s: %s %s", cells[i].manner->name, cells[i].command, wrong);
        g_autofree char *wanted =
            g_strdup_printf("%s: %s ", cells[i].manner->name, cells[i].command);
        ASSERT_TEXT(said, wanted);
        if (g_str_has_suffix(cells[i].command, "-o json"))
            assert_json(&cells[i].child);
        child_clear(&cells[i].child);
    }
}

static void assert_cells(struct cell *cells, unsigned n, unsigned abreast)
{
    parallel_for(n, abreast, run_cell, cells);
    assert_all(cells, n);
}

static void test_manners(void)
{
    enum { N = G_N_ELEMENTS(manners) * G_N_ELEMENTS(commands) };
    g_autofree struct cell *cells = g_new0(struct cell, N);
    for (unsigned i = 0; i < N; i++)
        cells[i] = (struct cell){
            .manner = &manners[i / G_N_ELEMENTS(commands)],
            .command = commands[i % G_N_ELEMENTS(commands)].command,
            .most = commands[i % G_N_ELEMENTS(commands)].most,
        };
    assert_cells(cells, N, ABREAST);
}

static void test_floods(void)
{
    enum { N = G_N_ELEMENTS(floods) * G_N_ELEMENTS(commands), ABREAST_OF_FLOODS = 3 };
    g_autofree struct cell *cells = g_new0(struct cell, N);
    unsigned n = 0;
    for (unsigned i = 0; i < N; i++)
        if (commands[i % G_N_ELEMENTS(commands)].is_flooded)
            cells[n++] = (struct cell){
                .manner = &floods[i / G_N_ELEMENTS(commands)],
                .command = commands[i % G_N_ELEMENTS(commands)].command,
                .most = commands[i % G_N_ELEMENTS(commands)].most,
            };
    assert_cells(cells, n, ABREAST_OF_FLOODS);
}

static void test_formats(void)
{
    static const struct manner all[] = { { .name = "escapes", .answer = escapes },
                                         { .name = "open", .answer = open_to_all } };
    static const char *const formats[] = { "human", "json", "jsonl", "junit",
                                           "tap",   "prom", "nagios" };
    static const char *const verbs[] = { "check turn:%s -c 0 " USER,
                                         "ping stun:%s -c 2 -i 20ms ",
                                         "conform turn:%s " USER "S01 A01 ",
                                         "relay turn:%s -c 2 " USER, "nat stun:%s " };
    enum { N = G_N_ELEMENTS(all) * G_N_ELEMENTS(formats) * G_N_ELEMENTS(verbs) };
    g_autofree struct cell *cells = g_new0(struct cell, N);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < N; i++) {
        char *line =
            g_strconcat(verbs[i % G_N_ELEMENTS(verbs)], BRIEF "-o ",
                        formats[i / G_N_ELEMENTS(verbs) % G_N_ELEMENTS(formats)], NULL);
        g_ptr_array_add(lines, line);
        cells[i] = (struct cell){
            .manner = &all[i / (G_N_ELEMENTS(verbs) * G_N_ELEMENTS(formats))],
            .command = line,
            .most = 400,
        };
    }
    assert_cells(cells, N, ABREAST);
}

/* libnice does the talking here; the server is in a file. */
static void run_gather(unsigned i, void *data)
{
    struct cell *cell = (struct cell *)data + i;
    struct hostile *h = hostile_start(cell->manner, i, NULL);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtcprobe-test-XXXXXX", &path, NULL);
    g_autofree char *text =
        g_strdup_printf("[{\"urls\": [\"stun:127.0.0.1:%1$u\", \"turn:127.0.0.1:%1$u\"], "
                        "\"username\": \"alice\", \"credential\": \"wonderland\"}]",
                        h->base.at.port);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize)strlen(text));
    close(fd);
    g_autofree char *line = g_strdup_printf(
        "gather --ice-servers '%s' --local 127.0.0.1 %s", path, cell->command);
    child_start(&cell->child, line, secrets);
    child_finish(&cell->child, 20000);
    cell->n_received = hostile_stop(h);
    unlink(path);
}

static void test_gather(void)
{
    static const char options[] = "--timeout 600ms -o json";
    enum { MOST = 400, N_MANNERS = G_N_ELEMENTS(manners) };
    struct cell cells[N_MANNERS + G_N_ELEMENTS(floods)];
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++)
        cells[i] = (struct cell){
            .manner = i < N_MANNERS ? &manners[i] : &floods[i - N_MANNERS],
            .command = options,
            .most = MOST,
        };
    parallel_for(N_MANNERS, ABREAST, run_gather, cells);
    parallel_for(G_N_ELEMENTS(floods), 2, run_gather, cells + N_MANNERS);
    assert_all(cells, G_N_ELEMENTS(cells));
}

/* ---- What a good server says, spoilt on the way ---------------------------------- */

/* Half of it passes. */
static size_t spoil(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)m;
    size_t size = h->made_size;
    switch (rng_below(&h->rng, 12)) {
    case 0:
        return rng_below(&h->rng, size);
    case 1:
        store_be16(out + 2, (uint16_t)rng_next(&h->rng));
        break;
    case 2:
        out[rng_below(&h->rng, MIN(size, 4u))] = (uint8_t)rng_next(&h->rng);
        break;
    case 3:
        memset(out + size, 0xa5, 64);
        return size + 64;
    case 4:
    case 5:
        for (unsigned i = 0; i < 4; i++)
            out[rng_below(&h->rng, size)] ^= (uint8_t)(1u << rng_below(&h->rng, 8));
        break;
    case 6: /* an attribute's size, or what is taken for it */
        store_be16(out + MIN(size - 2, 22 + 4 * rng_below(&h->rng, 16)),
                   (uint16_t)rng_next(&h->rng));
        break;
    }
    return size;
}

static const struct manner spoiling[] = {
    { .name = "a spoiling proxy", .answer = spoil, .is_proxy = true },
    { .name = "a doubling, spoiling proxy",
      .answer = spoil,
      .copies = 3,
      .is_proxy = true },
};

struct spoilt_run {
    const struct manner *manner;
    struct endpoint behind;
    const char *command;
    struct child child;
};

static void run_spoilt(unsigned i, void *data)
{
    struct spoilt_run *run = (struct spoilt_run *)data + i;
    struct hostile *h = hostile_start(run->manner, i, &run->behind);
    char at[ENDPOINT_TEXT_SIZE];
    endpoint_format(&h->base.at, at);
    g_autofree char *line = g_strdup_printf(run->command, at, i);
    child_start(&run->child, line, secrets);
    child_finish(&run->child, 40000);
    hostile_stop(h);
}

static void test_spoilt(void)
{
    static const char *const lines[] = {
        "check turn:%s " USER "--timeout 150ms --rto 40ms -c 10 -i 2ms --seed %u -o json",
        "relay turn:%s " USER
        "--timeout 150ms --rto 40ms -c 50 --pps 500 --seed %u -o json",
        "conform turn:%s " USER "--timeout 60ms --rto 20ms --seed %u -o json",
        "audit turn:%s " USER "--timeout 60ms --rto 20ms --seed %u -o json",
    };
    enum { SEEDS = 4, N = SEEDS * G_N_ELEMENTS(lines) };
    struct probe_server_options options;
    struct spoilt_run runs[N];
    probe_server_options_init(&options);
    struct probe_server *server = probe_server_start(&options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    for (unsigned i = 0; i < N; i++)
        runs[i] = (struct spoilt_run){ .manner = &spoiling[i % G_N_ELEMENTS(spoiling)],
                                       .behind = probe_server_endpoints(server)->plain,
                                       .command = lines[i / SEEDS] };
    parallel_for(N, ABREAST, run_spoilt, runs);
    for (unsigned i = 0; i < N; i++) {
        struct child *child = &runs[i].child;
        CU_ASSERT_FALSE(child->is_late);
        ASSERT_TEXT(is_status(runs[i].command, child->status) ? "" : child->err, "");
        CU_ASSERT_TRUE(child->max_rss_kb < CHILD_MAX_RSS_KB);
        CU_ASSERT_TRUE(is_plain(child->out, child->out_size));
        assert_json(child);
        child_clear(child);
    }
    probe_server_stop(server);
}

static const struct test tests[] = {
    { "whatever a server answers, each command ends in order", test_manners },
    { "no flood keeps a command, or fills its memory", test_floods },
    { "no format prints what steers a terminal", test_formats },
    { "gathering ends in order, too", test_gather },
    { "what is spoilt on the way does no harm", test_spoilt },
};

int main(int argc, char **argv)
{
    return suite_run("probe_hostile", tests, G_N_ELEMENTS(tests), argc, argv);
}
