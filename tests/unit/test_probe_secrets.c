/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is secret is nowhere: each command, as a child, in each format, with a password, a
 * shared secret and a token key that are to be found by their looks: as they are, in hex,
 * in base64, and what is made from them. Also in what a process shows of itself, and in
 * captures where this user may capture.
 *
 * `cred` alone prints a password: it is what it is for.
 */
#include "suite.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/file.h"
#include "child.h"
#include "probes/core/parallel.h"
#include "probes/server/server.h"
#include "wire/stunmsg.h"

enum { ABREAST = 6, LIMIT_MS = 30000 };

#define PASSWORD "Sesame-77f3-of-alice"
#define WRONG    "Sesame-19ce-of-nobody"
#define OTHER    "Sesame-52bd-of-bob"
#define SECRET   "Sesame-88aa-of-the-server"
#define USER     "4000000000:alice" /* which has its password from the secret */
#define REALM    "rtclab.test"

static const uint8_t token_key[PROBE_SERVER_TOKEN_KEY_BYTES] =
    "Sesame-key-of-all-tokens-4711-07";

static char *folder;

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    return path;
}

/* ---- What must be nowhere --------------------------------------------------------- */

struct needle {
    char *bytes;
    size_t size;
    char *meaning;
};

static void clear_needle(gpointer data)
{
    struct needle *needle = data;
    g_free(needle->bytes);
    g_free(needle->meaning);
}

static void add_form(GArray *needles, const void *bytes, size_t size, const char *what,
                     const char *form)
{
    struct needle needle = { .bytes = g_memdup2(bytes, size),
                             .size = size,
                             .meaning = g_strconcat(what, form, NULL) };
    g_array_append_val(needles, needle);
}

/* In each form; of base64 that which does not depend on what stands behind. */
static void add_needle(GArray *needles, const void *bytes, size_t size, const char *what)
{
    g_autofree char *base64 = g_base64_encode(bytes, size - size % 3);
    g_autoptr(GString) hex = g_string_new("");
    for (size_t i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", ((const uint8_t *)bytes)[i]);
    g_autofree char *upper = g_ascii_strup(hex->str, -1);
    add_form(needles, bytes, size, what, "");
    add_form(needles, base64, strlen(base64), what, " in base64");
    add_form(needles, hex->str, hex->len, what, " in hex");
    add_form(needles, upper, hex->len, what, " in HEX");
}

/* A password, and the keys that it makes. */
static void add_password(GArray *needles, const char *user, const char *password,
                         const char *what)
{
    uint8_t key[STUNMSG_SHA256_SIZE];
    add_needle(needles, password, strlen(password), what);
    stunmsg_long_term_key(user, REALM, password, key);
    add_needle(needles, key, STUNMSG_KEY_SIZE, "the key");
    stunmsg_long_term_key_sha256(user, REALM, password, key);
    add_needle(needles, key, STUNMSG_SHA256_SIZE, "the SHA-256 key");
}

static GArray *make_needles(void)
{
    GArray *needles = g_array_new(FALSE, FALSE, sizeof(struct needle));
    g_array_set_clear_func(needles, clear_needle);
    uint8_t mac[20];
    gsize mac_size = sizeof mac;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)SECRET, strlen(SECRET));
    g_hmac_update(hmac, (const guchar *)USER, -1);
    g_hmac_get_digest(hmac, mac, &mac_size);
    g_hmac_unref(hmac);
    g_autofree char *made = g_base64_encode(mac, mac_size);
    add_password(needles, "alice", PASSWORD, "the password");
    add_password(needles, "alice", WRONG, "the wrong password");
    add_password(needles, "bob", OTHER, "the other user's password");
    add_password(needles, USER, made, "the time-limited password");
    add_needle(needles, SECRET, strlen(SECRET), "the shared secret");
    add_needle(needles, token_key, sizeof token_key, "the tokens' key");
    return needles;
}

/* Says what was found, and where; caller owns; empty: nothing. */
static char *find(const GArray *needles, const char *where, const void *hay, size_t size)
{
    for (guint i = 0; i < needles->len; i++) {
        const struct needle *n = &g_array_index(needles, struct needle, i);
        if (memmem(hay, size, n->bytes, n->size))
            return g_strdup_printf("%s is in %s", n->meaning, where);
    }
    return g_strdup("");
}

/* ---- What is run ------------------------------------------------------------------ */

#define QUICK " --timeout 300ms --rto 100ms --rc 2 "

static const char *const commands[] = {
    "check turn:%s" QUICK "-c 3 -i 1ms -u alice --pass-env P",
    "check turn:%s" QUICK "-u alice --pass-env W",
    "check turn:%s" QUICK "-c 3 -i 1ms -u " USER " --secret-env S",
    "ping turn:%s" QUICK "-c 1 -u alice --pass-env P",
    "relay turn:%s" QUICK "-c 2 --pps 500 -u alice --pass-env P",
    "relay turn:%s" QUICK "-c 2 -u alice --pass-env W",
    "bench turn:%s" QUICK "--allocations 2 --packets 5 -u " USER " --secret-env S",
    "nat stun:%s" QUICK,
    "conform turn:%s" QUICK "-u alice --pass-env P --other-user bob --other-pass-env O "
    "--access-token-key-file '%k' --messages A01 A02 A03 A22 A23 A24 L01 A05",
    "conform turn:%s" QUICK "-u " USER " --secret-env S --messages A01 A22 L01",
    "audit turn:%s" QUICK "-u alice --pass-env P --other-user bob --other-pass-env O "
    "--access-token-key-file '%k'",
    "gather --ice-servers '%i' --local 127.0.0.1 --timeout 2s",
};

static const char *const formats[] = { "human", "json", "jsonl", "junit",
                                       "tap",   "prom", "nagios" };

static const char *const environment[] = { "P=" PASSWORD, "W=" WRONG, "O=" OTHER,
                                           "S=" SECRET, NULL };

struct run {
    char *line;
    struct child child;
};

static void run_one(unsigned i, void *data)
{
    struct run *run = (struct run *)data + i;
    child_start(&run->child, run->line, environment);
    child_finish(&run->child, LIMIT_MS);
}

static char *fill(const char *command, const char *server, const char *key_file,
                  const char *ice_file)
{
    g_autoptr(GString) line = g_string_new(command);
    g_string_replace(line, "%s", server, 0);
    g_string_replace(line, "%k", key_file, 0);
    g_string_replace(line, "%i", ice_file, 0);
    return g_strdup(line->str);
}

static struct probe_server *start_server(struct probe_server_options *options,
                                         char server[ENDPOINT_TEXT_SIZE])
{
    static const struct probe_server_user users[] = { { "alice", PASSWORD },
                                                      { "bob", OTHER } };
    probe_server_options_init(options);
    options->users = users;
    options->n_users = G_N_ELEMENTS(users);
    options->secret = SECRET;
    options->token_key = token_key;
    struct probe_server *s = probe_server_start(options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    endpoint_format(&probe_server_endpoints(s)->plain, server);
    return s;
}

static char *make_key_file(void)
{
    g_autofree char *base64 = g_base64_encode(token_key, sizeof token_key);
    g_autofree char *text =
        g_strdup_printf("{\"kid\": \"north\", \"key\": \"%s\"}", base64);
    return write_file("key.json", text);
}

static char *make_ice_file(const char *server)
{
    g_autofree char *text =
        g_strdup_printf("[{\"urls\": \"turn:%s\", \"username\": "
                        "\"alice\", \"credential\": \"" PASSWORD "\"}]",
                        server);
    return write_file("ice.json", text);
}

static void assert_nothing(const GArray *needles, const char *line, const char *where,
                           const void *hay, size_t size)
{
    g_autofree char *found = find(needles, where, hay, size);
    g_autofree char *said = g_strdup_printf("%s: %s", line, found);
    g_autofree char *wanted = g_strdup_printf("%s: ", line);
    ASSERT_TEXT(said, wanted);
}

static void test_outputs(void)
{
    enum { N = G_N_ELEMENTS(commands) * G_N_ELEMENTS(formats) };
    char server[ENDPOINT_TEXT_SIZE];
    struct probe_server_options options;
    struct probe_server *s = start_server(&options, server);
    g_autoptr(GArray) needles = make_needles();
    g_autofree char *key_file = make_key_file();
    g_autofree char *ice_file = make_ice_file(server);
    struct run runs[N] = { 0 };
    for (unsigned i = 0; i < N; i++) {
        g_autofree char *line =
            fill(commands[i / G_N_ELEMENTS(formats)], server, key_file, ice_file);
        runs[i].line =
            g_strdup_printf("%s -o %s", line, formats[i % G_N_ELEMENTS(formats)]);
    }
    parallel_for(N, ABREAST, run_one, runs);
    for (unsigned i = 0; i < N; i++) {
        struct child *child = &runs[i].child;
        CU_ASSERT_FALSE(child->is_late);
        if (child->status == 2 && !strstr(runs[i].line, "nagios"))
            ASSERT_TEXT(child->err, "no mistake on the command line");
        CU_ASSERT_TRUE(child->out_size + child->err_size > 0);
        CU_ASSERT_TRUE(i >= G_N_ELEMENTS(formats) || child->status == 0);
        assert_nothing(needles, runs[i].line, "the output", child->out, child->out_size);
        assert_nothing(needles, runs[i].line, "stderr", child->err, child->err_size);
        child_clear(child);
        g_free(runs[i].line);
    }
    probe_server_stop(s);
}

/* ---- Captures --------------------------------------------------------------------- */

static void test_captures(void)
{
    static const char *const lines[] = {
        "check turn:%s" QUICK "-c 3 -i 1ms -u alice --pass-env P",
        "check turn:%s" QUICK "-c 3 -i 1ms -u " USER " --secret-env S",
        "conform turn:%s" QUICK "-u alice --pass-env P --other-user bob --other-pass-env "
        "O --access-token-key-file '%k' A01 A02 A05 A22 A23 A24",
    };
    char server[ENDPOINT_TEXT_SIZE];
    struct probe_server_options options;
    struct probe_server *s = start_server(&options, server);
    g_autoptr(GArray) needles = make_needles();
    g_autofree char *key_file = make_key_file();
    g_autofree char *pcap = g_build_filename(folder, "x.pcapng", NULL);
    unsigned n_packets = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = fill(lines[i], server, key_file, "");
        g_autofree char *whole = g_strdup_printf("%s --pcap '%s'", line, pcap);
        g_autofree char *bytes = NULL;
        gsize size = 0;
        struct child child;
        child_start(&child, whole, environment);
        child_finish(&child, LIMIT_MS);
        if (g_file_get_contents(pcap, &bytes, &size, NULL)) {
            n_packets += size > 1000;
            assert_nothing(needles, whole, "the capture", bytes, size);
        }
        child_clear(&child);
    }
    CU_ASSERT_TRUE(n_packets == G_N_ELEMENTS(lines) || geteuid() != 0);
    probe_server_stop(s);
}

/* ---- What others see of the process ----------------------------------------------- */

static void assert_clean_proc(const GArray *needles, GPid pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    g_autofree char *text = NULL;
    gsize size = 0;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, &size, NULL));
    assert_nothing(needles, path, "what the process shows", text, size);
}

static void test_process(void)
{
    char server[ENDPOINT_TEXT_SIZE];
    struct probe_server_options options;
    struct probe_server *s = start_server(&options, server);
    g_autoptr(GArray) needles = make_needles();
    g_autofree char *password = write_file("password", PASSWORD "\n");
    g_autofree char *line = g_strdup_printf(
        "relay turn:%s -u alice --pass-file '%s' -c 100000 -o jsonl", server, password);
    struct child child;
    child_start(&child, line, NULL);
    CU_ASSERT_FALSE(child_ends_within(&child, 300)); /* it is in the middle */
    assert_clean_proc(needles, child.pid, "cmdline");
    assert_clean_proc(needles, child.pid, "environ");
    g_autofree char *path =
        g_strdup_printf("/proc/%d/task/%d/children", (int)child.pid, (int)child.pid);
    g_autofree char *children = NULL;
    if (g_file_get_contents(path, &children, NULL, NULL)) /* CONFIG_PROC_CHILDREN */
        ASSERT_TEXT(children, "");
    kill(child.pid, SIGINT);
    child_finish(&child, LIMIT_MS);
    assert_nothing(needles, line, "the output", child.out, child.out_size);
    child_clear(&child);
    probe_server_stop(s);
}

/* Files with a mistake in them are not quoted. */
static void test_mistakes(void)
{
    static const char *const lines[] = {
        "conform turn:127.0.0.1:9 -u a --pass-env P --access-token-key-file '%f' A23",
        "gather --ice-servers '%f'",
        "serve --listen 127.0.0.1:0 --config '%f'",
        "check turn:127.0.0.1:9 -u a --pass-file '%f' --pass-env P",
        "check turn:127.0.0.1:9 -u a --secret-env P --pass-env P",
    };
    g_autoptr(GArray) needles = make_needles();
    g_autofree char *file =
        write_file("broken", "{\"key\": \"" PASSWORD "\", \"credential\" \"" SECRET "\"");
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        struct child child;
        g_autoptr(GString) line = g_string_new(lines[i]);
        g_string_replace(line, "%f", file, 0);
        child_start(&child, line->str, environment);
        child_finish(&child, LIMIT_MS);
        CU_ASSERT_EQUAL(child.status, 2);
        assert_nothing(needles, line->str, "the output", child.out, child.out_size);
        assert_nothing(needles, line->str, "stderr", child.err, child.err_size);
        child_clear(&child);
    }
}

/* That all this looks for what it should. */
static void test_needles(void)
{
    g_autoptr(GArray) needles = make_needles();
    static const char *const hays[] = { ("x" PASSWORD "x"), ("x" SECRET), "53657361-",
                                        "U2VzYW1lLTc3ZjMtb2YtYWxp",
                                        "536573616d652d373766332d6f662d616c696365" };
    for (size_t i = 0; i < G_N_ELEMENTS(hays); i++) {
        g_autofree char *found = find(needles, "it", hays[i], strlen(hays[i]));
        CU_ASSERT_EQUAL(*found == '\0', i == 2);
    }
}

static const struct test tests[] = {
    { "secrets are found in each form", test_needles },
    { "no format of any command has a secret", test_outputs },
    { "no capture has a secret", test_captures },
    { "a process shows no secret, and starts no other", test_process },
    { "what is wrong in a file is told without what it says", test_mistakes },
};

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("rtcprobe-test-XXXXXX", NULL);
    int status = suite_run("probe_secrets", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
