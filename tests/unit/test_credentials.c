/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: made, read from files, prepared. The passwords of time-limited ones were
 * computed with another implementation of HMAC (Python's).
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "probes/core/credentials.h"

static void test_passwords_from_secrets(void)
{
    g_autoptr(auto_credentials) c =
        credentials_new_from_secret("north", "alice", 1785000000, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    ASSERT_TEXT(c->user, "1785000000:alice");
    ASSERT_TEXT(c->password, "0SkivAMFz9sluCgpoIqp0cjlfOQ=");
    CU_ASSERT_EQUAL(c->expires_s, 1785000000);

    g_autoptr(auto_credentials) nameless =
        credentials_new_from_secret("north", NULL, 1785000000, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(nameless);
    ASSERT_TEXT(nameless->user, "1785000000");
    ASSERT_TEXT(nameless->password, "ENNnyixLE4FIOfDyx84smkysFM0=");

    g_autoptr(auto_credentials) renewed = credentials_renew(c, 5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(renewed);
    ASSERT_TEXT(renewed->user, "5:alice");
    g_autoptr(auto_credentials) plain = credentials_new("7:x", "p", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
    CU_ASSERT_EQUAL(plain->expires_s, 7);
    CU_ASSERT_PTR_NULL(credentials_renew(plain, 5));
}

static void test_texts_are_prepared(void)
{
    static const struct {
        const char *text, *prepared; /* NULL: refused */
    } rows[] = {
        { "correct horse", "correct horse" },
        { " ", " " },
        { "CasE", "CasE" },
        { "e\xcc\x81", "\xc3\xa9" },            /* e and an accent become one */
        { "a\xc2\xa0z", "a z" },                /* no-break space */
        { "a\xe3\x80\x80z", "a z" },            /* ideographic space */
        { "\xef\xbc\xa1", "\xef\xbc\xa1" },     /* a wide A stays wide */
        { "\xe2\x84\xab", "\xc3\x85" },         /* the angstrom sign is A with a ring */
        { "\xd7\xa9", "\xd7\xa9" },             /* no rule of direction */
        { "a\xe2\x80\x8dz", "a\xe2\x80\x8dz" }, /* a joiner */
        { "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },
        { "", NULL },
        { "a\tb", NULL },
        { "a\x7f", NULL },
        { "\xc2\x85", NULL },     /* C1 */
        { "\xe2\x80\xae", NULL }, /* right-to-left override */
        { "\xe2\x80\xa8", NULL }, /* line separator */
        { "\xee\x80\x80", NULL }, /* private use */
        { "\xef\xbf\xbf", NULL }, /* no character */
        { "caf\xe9", NULL },      /* Latin-1 */
        { "\xed\xa0\x80", NULL }, /* a surrogate */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        char *prepared = credentials_prepare("the password", rows[i].text, &error);
        if (rows[i].prepared) {
            ASSERT_TEXT(prepared, rows[i].prepared);
        } else {
            CU_ASSERT_PTR_NULL(prepared);
            CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
            CU_ASSERT_TRUE(error && g_str_has_prefix(error->message, "the password "));
            CU_ASSERT_TRUE(!*rows[i].text || !strstr(error->message, rows[i].text));
        }
        credentials_wipe(prepared);
    }
}

static void test_a_user_name_fits_its_attribute(void)
{
    g_autofree char *fits = g_strnfill(508, 'a');
    g_autofree char *too_long = g_strnfill(509, 'a');
    g_autoptr(auto_credentials) c = credentials_new(fits, "p", NULL);
    CU_ASSERT_PTR_NOT_NULL(c);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(credentials_new(too_long, "p", &error));
    ASSERT_TEXT(error ? error->message : NULL,
                "the user name has 509 bytes, and STUN has room for 508");
}

static void test_user_names_say_their_time(void)
{
    static const struct {
        const char *user;
        bool is_limited;
        int64_t expires_s;
        const char *name;
    } rows[] = {
        { "1785000000:alice", true, 1785000000, "alice" },
        { "1785000000:a:b", true, 1785000000, "a:b" },
        { "1785000000", true, 1785000000, NULL },
        { "1785000000:", true, 1785000000, NULL },
        { "0:x", true, 0, "x" },
        { "999999999999999999:x", true, 999999999999999999, "x" },
        { "9999999999999999999:x", false, 0, NULL },
        { "alice", false, 0, NULL },
        { "12x:alice", false, 0, NULL },
        { "-5:alice", false, 0, NULL },
        { ":alice", false, 0, NULL },
        { "", false, 0, NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t expires_s = 0;
        const char *name = NULL;
        CU_ASSERT_EQUAL(credentials_parse_user(rows[i].user, &expires_s, &name),
                        rows[i].is_limited);
        CU_ASSERT_EQUAL(expires_s, rows[i].expires_s);
        ASSERT_TEXT(name, rows[i].name);
    }
}

static void test_expiry_in_words(void)
{
    static const struct {
        int64_t expires_s;
        const char *words;
    } rows[] = {
        { 1000000, "expired 0 s ago" },   { 1000001, "expires in 1 s" },
        { 1000119, "expires in 119 s" },  { 1000120, "expires in 2 min" },
        { 1003599, "expires in 59 min" }, { 1007200, "expires in 2 h" },
        { 1172800, "expires in 2 days" }, { 999940, "expired 60 s ago" },
        { 0, "expired 11 days ago" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *words = credentials_format_expiry(rows[i].expires_s, 1000000);
        ASSERT_TEXT(words, rows[i].words);
    }
}

/* ---- Files ---- */

static char *folder;

static char *write_file(const char *name, const char *bytes, gssize size)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, bytes, size, NULL));
    CU_ASSERT_EQUAL(g_chmod(path, 0600), 0);
    return path;
}

static void test_first_lines_of_files(void)
{
    static const struct {
        const char *bytes;
        gssize size;
        const char *password; /* NULL: refused */
    } rows[] = {
        { "hush", -1, "hush" },
        { "hush\n", -1, "hush" },
        { "hush\r\n", -1, "hush" },
        { "hush\r", -1, NULL }, /* a control character */
        { "hush\nnext", -1, "hush" },
        { " a b \n", -1, " a b " },
        { "", -1, NULL },
        { "\n", -1, NULL },
        { "\r\nhush", -1, NULL },
        { "hu\0sh", 5, NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = write_file("line", rows[i].bytes, rows[i].size);
        const struct credentials_source source = { .user = "u", .pass_file = path };
        g_autoptr(auto_credentials) c = NULL;
        g_autoptr(GError) error = NULL;
        gboolean ok = credentials_load(&source, &c, &error);
        CU_ASSERT_EQUAL(ok, rows[i].password != NULL);
        ASSERT_TEXT(c ? c->password : NULL, rows[i].password);
        CU_ASSERT_TRUE(ok || !strstr(error->message, "hu"));
    }
}

static void test_long_files_are_refused(void)
{
    g_autofree char *longest = g_strnfill(64 * 1024, 'x');
    g_autofree char *too_long = g_strnfill(64 * 1024 + 1, 'x');
    g_autofree char *path = write_file("long", longest, -1);
    const struct credentials_source source = { .user = "u", .secret_file = path };
    g_autoptr(auto_credentials) c = NULL;
    CU_ASSERT_TRUE(credentials_load(&source, &c, NULL));
    g_free(write_file("long", too_long, -1));
    g_autoptr(auto_credentials) none = NULL;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(credentials_load(&source, &none, &error));
    CU_ASSERT_PTR_NULL(none);
    g_autofree char *said =
        g_strdup_printf("--secret-file: %s is longer than 64 KiB", path);
    ASSERT_TEXT(error ? error->message : NULL, said);
}

static void test_secrets_make_user_names(void)
{
    g_autofree char *path = write_file("secret", "north\n", -1);
    struct credentials_source source = { .secret_file = path,
                                         .user = "1785000000:alice" };
    g_autoptr(auto_credentials) given = NULL;
    CU_ASSERT_TRUE_FATAL(credentials_load(&source, &given, NULL));
    ASSERT_TEXT(given->password, "0SkivAMFz9sluCgpoIqp0cjlfOQ=");

    source = (struct credentials_source){ .secret_file = path, .ttl_s = 100 };
    int64_t before_s = clock_calendar_ns() / NS_PER_S;
    g_autoptr(auto_credentials) made = NULL;
    CU_ASSERT_TRUE_FATAL(credentials_load(&source, &made, NULL));
    int64_t after_s = clock_calendar_ns() / NS_PER_S;
    CU_ASSERT_TRUE(made->expires_s >= before_s + 100 && made->expires_s <= after_s + 100);
    CU_ASSERT_TRUE(g_str_has_suffix(made->user, ":" CREDENTIALS_NAME));
}

static void test_environment(void)
{
    g_setenv("RTCPROBE_TEST_PASS", "hush", TRUE);
    const struct credentials_source source = { .user = "u",
                                               .pass_env = "RTCPROBE_TEST_PASS" };
    g_autoptr(auto_credentials) c = NULL;
    CU_ASSERT_TRUE_FATAL(credentials_load(&source, &c, NULL));
    ASSERT_TEXT(c->password, "hush");
    g_unsetenv("RTCPROBE_TEST_PASS");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(credentials_load(&source, &c, &error));
    ASSERT_TEXT(error ? error->message : NULL,
                "--pass-env: the environment has no RTCPROBE_TEST_PASS, or it is empty");
}

static void test_tokens(void)
{
    static const char good[] = "{\"access_token\": \"AQID\", \"token_type\": \"pop\", "
                               "\"kid\": \"key-1\", \"key\": \"c2VjcmV0\"}";
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"access_token\": \"AQID\", \"kid\": \"k\"}",
        "{\"access_token\": \"\", \"kid\": \"k\", \"key\": \"c2VjcmV0\"}",
        "{\"access_token\": \"AQID\", \"kid\": \"\", \"key\": \"c2VjcmV0\"}",
        "{\"access_token\": 7, \"kid\": \"k\", \"key\": \"c2VjcmV0\"}",
    };
    g_autofree char *path = write_file("token", good, -1);
    const struct credentials_source source = { .token_file = path };
    g_autoptr(auto_credentials) c = NULL;
    CU_ASSERT_TRUE_FATAL(credentials_load(&source, &c, NULL));
    ASSERT_TEXT(c->user, "key-1");
    CU_ASSERT_PTR_NULL(c->password);
    CU_ASSERT_EQUAL_FATAL(c->token_size, 3);
    CU_ASSERT_EQUAL(memcmp(c->token, "\1\2\3", 3), 0);
    CU_ASSERT_EQUAL_FATAL(c->token_key_size, 6);
    CU_ASSERT_EQUAL(memcmp(c->token_key, "secret", 6), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_free(write_file("token", bad[i], -1));
        g_autoptr(GError) error = NULL;
        g_autoptr(auto_credentials) none = NULL;
        CU_ASSERT_FALSE(credentials_load(&source, &none, &error));
        CU_ASSERT_TRUE(error && !strstr(error->message, "AQID"));
    }
}

static void test_sources_that_make_no_sense(void)
{
    static const struct {
        struct credentials_source source;
        const char *message;
    } rows[] = {
        { { .user = "u" },
          "-u needs a password: --pass-file FILE, --pass-env NAME, or "
          "--secret-file FILE" },
        { { .pass_file = "x" }, "a password needs its user: -u USER" },
        { { .user = "u", .pass_file = "x", .secret_file = "y" },
          "give one of --pass-file, --pass-env, --secret-file, --secret-env and "
          "--token-file" },
        { { .user = "u", .token_file = "x" },
          "the user name of a token is in its file: leave out -u" },
        { { .user = "u", .pass_file = "/nowhere/x" },
          "--pass-file: cannot open /nowhere/x: No such file or directory" },
        { { .user = "u", .pass_file = "/" },
          "--pass-file: cannot read /: Is a directory" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        struct credentials *none = NULL;
        CU_ASSERT_FALSE(credentials_load(&rows[i].source, &none, &error));
        CU_ASSERT_PTR_NULL(none);
        ASSERT_TEXT(error ? error->message : NULL, rows[i].message);
    }
    const struct credentials_source nothing = { .user = NULL };
    struct credentials *none = NULL;
    CU_ASSERT_TRUE(credentials_load(&nothing, &none, NULL));
    CU_ASSERT_PTR_NULL(none);
}

static const struct test tests[] = {
    { "a secret makes a user name and its password", test_passwords_from_secrets },
    { "texts are prepared as OpaqueString says", test_texts_are_prepared },
    { "a user name fits its attribute", test_a_user_name_fits_its_attribute },
    { "user names say until when they are valid", test_user_names_say_their_time },
    { "expiry is said in words", test_expiry_in_words },
    { "the first line of a file counts", test_first_lines_of_files },
    { "files beyond 64 KiB are refused", test_long_files_are_refused },
    { "a secret's user names get their time", test_secrets_make_user_names },
    { "a password may be in the environment", test_environment },
    { "a token comes with its key", test_tokens },
    { "sources that make no sense are refused", test_sources_that_make_no_sense },
};

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("rtcprobe-test-XXXXXX", NULL);
    int status = suite_run("credentials", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
