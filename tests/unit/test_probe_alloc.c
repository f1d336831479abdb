/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out: each entry that reads or writes what others made is run again
 * with jansson's first allocation failing, then its second, and so on, until it needs no
 * more. It must come back each time. With every allocation counted, the codecs are shown
 * to make none.
 *
 * GLib's own allocations end the program when they fail (g_malloc()), which is how this
 * program treats them: they are not made to fail here.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "probes/cases/known.h"
#include "probes/commands/serve_config.h"
#include "probes/core/describe.h"
#include "probes/core/ice_servers.h"
#include "probes/output/report.h"
#include "wire/ice_url.h"
#include "wire/stunmsg.h"

/* ---- Allocations ------------------------------------------------------------------ */

static unsigned n_made; /* by jansson */
static unsigned
    n_allowed; /* the next one fails, and all behind it do when it is lasting */
static bool is_lasting;
static unsigned n_alive;

static void *scarce_malloc(size_t size)
{
    unsigned number = n_made++;
    if (number == n_allowed || (is_lasting && number > n_allowed))
        return NULL;
    void *made = malloc(size);
    n_alive += made != NULL;
    return made;
}

static void scarce_free(void *memory)
{
    n_alive -= memory != NULL;
    free(memory);
}

/* Runs it with less memory first and with all it needs in the end. */
static void starve(void (*run)(void *data), void *data, unsigned least)
{
    json_malloc_t malloc_before;
    json_free_t free_before;
    json_get_alloc_funcs(&malloc_before, &free_before);
    json_set_alloc_funcs(scarce_malloc, scarce_free);
    for (int lasting = 0; lasting < 2; lasting++) {
        is_lasting = lasting;
        for (n_allowed = 0;; n_allowed++) {
            n_made = n_alive = 0;
            run(data);
            CU_ASSERT_EQUAL(n_alive, 0);
            if (n_made <= n_allowed)
                break;
        }
        CU_ASSERT_TRUE(n_allowed >= least);
    }
    json_set_alloc_funcs(malloc_before, free_before);
}

/* ---- What is run ------------------------------------------------------------------ */

/* One of each form, and a mistake at the end. */
static size_t make_message(uint8_t *out, size_t size)
{
    static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";
    static const uint16_t types[] = { 1, 2, 3 };
    struct stunmsg_builder b;
    struct endpoint at = { .port = 1000 };
    size_t made = 0;
    address_parse("192.0.2.1", &at.address);
    stunmsg_begin(&b, out, size, STUNMSG_ALLOCATE, STUNMSG_FAILURE, transaction);
    stunmsg_add_error(&b, 420, NULL);
    stunmsg_add_unknown(&b, types, G_N_ELEMENTS(types));
    stunmsg_add_address(&b, STUNMSG_XOR_RELAYED_ADDRESS, &at);
    stunmsg_add_address(&b, STUNMSG_ALTERNATE_SERVER, &at);
    stunmsg_add_number(&b, STUNMSG_LIFETIME, 600);
    stunmsg_add_number(&b, STUNMSG_CHANNEL_NUMBER, 0x4000);
    stunmsg_add_text(&b, STUNMSG_REALM, "realm");
    stunmsg_add_text(&b, STUNMSG_NONCE, "obMatJos2AAAA");
    stunmsg_add(&b, STUNMSG_PASSWORD_ALGORITHMS, "\0\1\0\0\0\2\0", 8);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, "\x1b[2J");
    stunmsg_add(&b, STUNMSG_ACCESS_TOKEN, "token", 5);
    stunmsg_add_integrity(&b, "key", 3);
    stunmsg_add_fingerprint(&b);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &made), STUNMSG_OK);
    return made;
}

struct bytes {
    uint8_t at[2000];
    size_t size;
};

static void run_describe(void *data)
{
    const struct bytes *bytes = data;
    g_autoptr(json_t) said = describe_message(bytes->at, bytes->size);
    g_autofree char *text = said ? describe_to_text(said, true) : NULL;
    (void)text; /* made, whatever is in it */
}

static void test_describe(void)
{
    struct bytes bytes;
    bytes.size = make_message(bytes.at, sizeof bytes.at);
    starve(run_describe, &bytes, 50);
    bytes.size -= 6; /* cut, so that problems are told */
    starve(run_describe, &bytes, 50);
}

static char *folder;

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    return path;
}

static void run_known(void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_known) known = known_load(data, &error);
    CU_ASSERT_TRUE((known != NULL) == (error == NULL));
}

static void test_known(void)
{
    g_autofree char *path =
        write_file("known.json",
                   "{\"schema\": \"rtcprobe/known/1\", \"server\": \"x 1\", \"cases\": "
                   "{\"L08\": {\"status\": \"fail\", \"reason\": \"it does\"}}}");
    starve(run_known, path, 8);
}

static void run_config(void *data)
{
    g_autoptr(GError) error = NULL;
    struct serve_config *config = serve_config_load(data, &error);
    CU_ASSERT_TRUE((config != NULL) == (error == NULL));
    if (config)
        serve_config_unref(config);
}

static void test_config(void)
{
    g_autofree char *password = write_file("password", "wonderland\n");
    g_autofree char *text = g_strdup_printf(
        "{\"modules\": {\"turn\": {\"probe\": \"check\", \"username\": \"alice\", "
        "\"password_file\": \"%s\", \"payloads\": 3, \"targets\": [\"127.77.*\"]}}}",
        password);
    g_autofree char *path = write_file("config.json", text);
    starve(run_config, path, 8);
}

static void run_ice(void *data)
{
    struct ice_servers servers = { 0 };
    g_autoptr(GError) error = NULL;
    if (ice_servers_read(data, strlen(data), "x.json", &servers, &error))
        ice_servers_clear(&servers);
    else
        CU_ASSERT_PTR_NOT_NULL(error);
}

static void test_ice_servers(void)
{
    starve(run_ice,
           "[{\"urls\": [\"turn:a\", \"stun:b\"], \"username\": \"u\", \"credential\": "
           "\"c\"}]",
           8);
}

/* ---- What allocates nothing ------------------------------------------------------- */

/* The program's own malloc(), to which the libraries' calls come, too; with a sanitizer,
   which has its own, nothing is counted. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HAS_OWN_MALLOC 0
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_OWN_MALLOC 0
#endif
#ifndef HAS_OWN_MALLOC
#define HAS_OWN_MALLOC 1
#endif

static __thread bool is_counting;
static unsigned n_counted;

#if HAS_OWN_MALLOC
extern void *__libc_malloc(size_t size);

void *malloc(size_t size)
{
    n_counted += is_counting;
    return __libc_malloc(size);
}
#endif

static void test_codecs(void)
{
    uint8_t bytes[2000];
    struct stunmsg m;
    struct stunmsg_attribute a;
    struct ice_url url;
    struct stunmsg_channel_data data;
    static const char uri[] = "turn:a.test:99?transport=tcp";
    g_autofree char *control = NULL;
    size_t size = make_message(bytes, sizeof bytes);
    unsigned n_attributes = 0;
    n_counted = 0;
    is_counting = true;
    bool is_whole = stunmsg_decode(bytes, size, &m) == STUNMSG_OK;
    struct stunmsg_iterator i = stunmsg_attributes(&m);
    while (stunmsg_next(&i, &a))
        n_attributes++;
    stunmsg_channel_data_decode(bytes, size, &data);
    bool is_url = ice_url_parse(uri, strlen(uri), &url);
    is_counting = false;
    CU_ASSERT_TRUE(is_whole && is_url && n_attributes == 13);
    CU_ASSERT_EQUAL(n_counted, 0);
    is_counting = true;
    control = g_strdup("counted");
    is_counting = false;
    CU_ASSERT_EQUAL(n_counted, HAS_OWN_MALLOC);
}

static const struct test tests[] = {
    { "a message is described, or not, whatever memory there is", test_describe },
    { "known verdicts are loaded, or it is said", test_known },
    { "modules are loaded, or it is said", test_config },
    { "iceServers are read, or it is said", test_ice_servers },
    { "the codecs allocate nothing", test_codecs },
};

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("rtcprobe-test-XXXXXX", NULL);
    int status = suite_run("probe_alloc", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
