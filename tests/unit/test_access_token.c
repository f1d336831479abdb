/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing access tokens (RFC 7635 §6.2), opened here by GnuTLS as a server does. */
#include "probes/core/access_token.h"

#include <string.h>

#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/error.h"
#include "suite.h"

enum { NONCE_SIZE = 12, TAG_SIZE = 16, PLAIN_SIZE = 2 + 20 + 8 + 4 };

/* Opens a token; false if its tag is wrong. */
static bool open_token(const struct access_token_key *key, const char *server_name,
                       const uint8_t token[ACCESS_TOKEN_SIZE], uint8_t plain[PLAIN_SIZE])
{
    gnutls_aead_cipher_hd_t cipher;
    const gnutls_datum_t secret = { .data = (unsigned char *)key->bytes,
                                    .size = (unsigned)key->size };
    size_t size = PLAIN_SIZE;
    CU_ASSERT_EQUAL_FATAL(gnutls_aead_cipher_init(&cipher,
                                                  key->size == 16
                                                      ? GNUTLS_CIPHER_AES_128_GCM
                                                      : GNUTLS_CIPHER_AES_256_GCM,
                                                  &secret),
                          0);
    int status = gnutls_aead_cipher_decrypt(
        cipher, token + 2, NONCE_SIZE, server_name, strlen(server_name), TAG_SIZE,
        token + 2 + NONCE_SIZE, PLAIN_SIZE + TAG_SIZE, plain, &size);
    gnutls_aead_cipher_deinit(cipher);
    return status == 0 && size == PLAIN_SIZE;
}

static void assert_opens(size_t key_size)
{
    struct access_token_key key = { .size = key_size };
    struct access_token token = { .made_s = 1795200000, .lifetime_s = 3600 };
    uint8_t sealed[ACCESS_TOKEN_SIZE], plain[PLAIN_SIZE] = { 0 };
    memset(key.bytes, 0x5a, key_size);
    memset(token.mac_key, 0x17, sizeof token.mac_key);
    CU_ASSERT_TRUE_FATAL(access_token_seal(&key, &token, "turn.example.org", sealed));
    CU_ASSERT_EQUAL(load_be16(sealed), NONCE_SIZE);
    CU_ASSERT_TRUE_FATAL(open_token(&key, "turn.example.org", sealed, plain));
    CU_ASSERT_EQUAL(load_be16(plain), ACCESS_TOKEN_MAC_KEY_SIZE);
    CU_ASSERT_EQUAL(memcmp(plain + 2, token.mac_key, sizeof token.mac_key), 0);
    CU_ASSERT_EQUAL(load_be16(plain + 22), 0);
    CU_ASSERT_EQUAL(load_be32(plain + 24), 1795200000);
    CU_ASSERT_EQUAL(load_be16(plain + 28), 0);
    CU_ASSERT_EQUAL(load_be32(plain + 30), 3600);
    CU_ASSERT_FALSE(open_token(&key, "other.example.org", sealed, plain));
    sealed[ACCESS_TOKEN_SIZE - 1] ^= 1;
    CU_ASSERT_FALSE(open_token(&key, "turn.example.org", sealed, plain));
}

static void test_seal(void)
{
    assert_opens(16);
    assert_opens(32);
}

static struct access_token_key *load(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtcprobe-key-XXXXXX", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, text, -1, NULL));
    struct access_token_key *key = access_token_key_load(path, error);
    g_unlink(path);
    return key;
}

static void test_load(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_access_token_key) key =
        load("{\"kid\": \"north\", \"key\": \"MDEyMzQ1Njc4OWFiY2RlZg==\"}", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    ASSERT_TEXT(key->kid, "north");
    CU_ASSERT_EQUAL(key->size, 16);
    CU_ASSERT_EQUAL(memcmp(key->bytes, "0123456789abcdef", 16), 0);
}

static void test_mistakes(void)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"kid\": \"north\"}",
        "{\"key\": \"MDEyMzQ1Njc4OWFiY2RlZg==\"}",
        "{\"kid\": \"\", \"key\": \"MDEyMzQ1Njc4OWFiY2RlZg==\"}",
        "{\"kid\": \"north\", \"key\": \"c2hvcnQ=\"}",
        "{\"kid\": \"north\", \"key\": \"MDEyMzQ1Njc4OWFiY2RlZjA=\"}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_PTR_NULL(load(texts[i], &error));
        CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        CU_ASSERT_PTR_NULL(strstr(error->message, "MDEy"));
    }
}

static void test_no_file(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(access_token_key_load("/nonexistent/key.json", &error));
    CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    ASSERT_TEXT(error->message,
                "cannot open /nonexistent/key.json: No such file or directory");
}

static const struct test tests[] = {
    { "a sealed token opens by its key and its server's name alone", test_seal },
    { "a key is read from its file", test_load },
    { "a mistake in the file is said without the key", test_mistakes },
    { "a file that is not there is said", test_no_file },
};

int main(int argc, char **argv)
{
    return suite_run("access_token", tests, G_N_ELEMENTS(tests), argc, argv);
}
