/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codecs against the vectors of RFC 5769. Each message is read and its proofs are
 * checked; then a message with the same attributes is built, which must be the same byte
 * for byte but for the padding, that RFC 5769 §2.1, §2.2 and §2.3 fill with blanks and so
 * is taken from the vector: without it neither FINGERPRINT nor MESSAGE-INTEGRITY agrees.
 *
 * RFC 5769 §2.
 */
#include "probes/core/self_check.h"

#include <string.h>

#include "probes/core/error.h"
#include "wire/stunmsg.h"
#include "wire/stunmsg_vectors.h"

struct vector {
    const char *section;
    const uint8_t *bytes;
    size_t size;
    uint16_t method;
    enum stunmsg_class class;
    bool has_fingerprint;
    const char *mapped; /* NULL: it is a request */
};

static const struct vector vectors[] = {
    { "2.1", vector_request, sizeof vector_request, STUNMSG_BINDING, STUNMSG_REQUEST,
      true, NULL },
    { "2.2", vector_response_ipv4, sizeof vector_response_ipv4, STUNMSG_BINDING,
      STUNMSG_SUCCESS, true, "192.0.2.1" },
    { "2.3", vector_response_ipv6, sizeof vector_response_ipv6, STUNMSG_BINDING,
      STUNMSG_SUCCESS, true, "2001:db8:1234:5678:11:2233:4455:6677" },
    { "2.4", vector_request_long_term, sizeof vector_request_long_term, STUNMSG_BINDING,
      STUNMSG_REQUEST, false, NULL },
};
enum { LONGEST_VECTOR = 128, MAPPED_PORT = 32853 };

static size_t key_of(const struct vector *v, uint8_t out[LONGEST_VECTOR])
{
    if (v->bytes == vector_request_long_term) {
        stunmsg_long_term_key(VECTOR_LONG_USERNAME, VECTOR_LONG_REALM,
                              VECTOR_LONG_PASSWORD, out);
        return STUNMSG_KEY_SIZE;
    }
    memcpy(out, VECTOR_PASSWORD, strlen(VECTOR_PASSWORD));
    return strlen(VECTOR_PASSWORD);
}

/* What is wrong with a vector as it was read; NULL: nothing. */
static const char *find_fault(const struct vector *v, const struct stunmsg *m)
{
    uint8_t key[LONGEST_VECTOR];
    size_t key_size = key_of(v, key);
    struct endpoint mapped, expected = { .port = MAPPED_PORT };
    if (m->method != v->method || m->class != v->class)
        return "its type";
    if (memcmp(m->transaction, v->bytes + 8, sizeof m->transaction) != 0)
        return "its transaction id";
    if (stunmsg_check_integrity(m, key, key_size) != STUNMSG_OK)
        return "its MESSAGE-INTEGRITY";
    if (stunmsg_check_fingerprint(m) !=
        (v->has_fingerprint ? STUNMSG_OK : STUNMSG_ABSENT))
        return "its FINGERPRINT";
    if (v->mapped &&
        (!address_parse(v->mapped, &expected.address) ||
         stunmsg_get_address(m, STUNMSG_XOR_MAPPED_ADDRESS, &mapped) != STUNMSG_OK ||
         !endpoint_equal(&mapped, &expected)))
        return "its XOR-MAPPED-ADDRESS";
    return NULL;
}

/* The padding after an attribute, as the vector has it. */
static void copy_padding(struct stunmsg_builder *b, const struct stunmsg_attribute *a)
{
    size_t n_padding = (4u - a->size % 4u) % 4u;
    memcpy(b->out.start + b->out.used - n_padding, a->value + a->size, n_padding);
}

/* Adds an attribute of the vector from what it means, not from its bytes. */
static void rebuild(const struct vector *v, const struct stunmsg *m,
                    const struct stunmsg_attribute *a, struct stunmsg_builder *b)
{
    uint8_t key[LONGEST_VECTOR];
    size_t key_size = key_of(v, key);
    struct endpoint mapped;
    switch (a->type) {
    case STUNMSG_MESSAGE_INTEGRITY:
        stunmsg_add_integrity(b, key, key_size);
        break;
    case STUNMSG_FINGERPRINT:
        stunmsg_add_fingerprint(b);
        break;
    case STUNMSG_XOR_MAPPED_ADDRESS:
        if (stunmsg_read_address(m, a, &mapped) == STUNMSG_OK)
            stunmsg_add_address(b, a->type, &mapped);
        break;
    default:
        stunmsg_add(b, a->type, a->value, a->size);
        copy_padding(b, a);
    }
}

static bool is_made_alike(const struct vector *v, const struct stunmsg *m)
{
    uint8_t bytes[LONGEST_VECTOR];
    size_t size = 0;
    struct stunmsg_builder b;
    struct stunmsg_attribute a;
    struct stunmsg_iterator i = stunmsg_attributes(m);
    stunmsg_begin(&b, bytes, sizeof bytes, m->method, (enum stunmsg_class)m->class,
                  m->transaction);
    while (stunmsg_next(&i, &a))
        rebuild(v, m, &a, &b);
    return stunmsg_end(&b, &size) == STUNMSG_OK && size == v->size &&
           memcmp(bytes, v->bytes, size) == 0;
}

gboolean self_check(bool is_altered, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct stunmsg m;
        uint8_t bytes[LONGEST_VECTOR];
        const char *fault = "its form";
        memcpy(bytes, v->bytes, v->size);
        bytes[v->size - 1] ^= is_altered; /* of its proof */
        if (stunmsg_decode(bytes, v->size, &m) == STUNMSG_OK)
            fault = find_fault(v, &m);
        if (!fault && !is_made_alike(v, &m))
            fault = "how it is made again";
        if (fault) {
            g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                        "this program is broken: of the vector in RFC 5769 §%s, %s is "
                        "wrong",
                        v->section, fault);
            return FALSE;
        }
    }
    return TRUE;
}
