/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and TURN messages in words. One that is relayed is the inner one, with the other
 * end that the indication or the channel names.
 *
 * libnice asks STUN servers as RFC 3489 has it, without the magic cookie. Of such a
 * message the transaction is the last 12 of its 16 bytes.
 */
#include "call/timeline_make.h"

#include <string.h>

#include "wire/stunmsg_value.h"

enum { CLASSIC_MAX_BYTES = 548, SHOWN_BYTES = 32, MAX_ATTRIBUTES = 64 };

guint timeline_hash_transaction(gconstpointer key)
{
    guint hash;
    memcpy(&hash, key, sizeof hash); /* random already */
    return hash;
}

gboolean timeline_equal_transactions(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, STUNMSG_TRANSACTION_SIZE) == 0;
}

/* ---- reading ---- */

/* A Binding message of RFC 3489, decoded from a copy with a cookie. */
static bool decode_classic(const struct stunmsg_peeled *peeled,
                           uint8_t copy[CLASSIC_MAX_BYTES], struct stunmsg *ret)
{
    if (peeled->size < STUNMSG_HEADER_SIZE || peeled->size > CLASSIC_MAX_BYTES ||
        load_be16(peeled->bytes + 2) != peeled->size - STUNMSG_HEADER_SIZE)
        return false;
    uint16_t type = load_be16(peeled->bytes);
    if (type != 0x0001 && type != 0x0101 && type != 0x0111)
        return false;
    memcpy(copy, peeled->bytes, peeled->size);
    store_be32(copy + 4, STUNMSG_COOKIE);
    return stunmsg_decode(copy, peeled->size, ret) == STUNMSG_OK;
}

static char *hex_text(const uint8_t *bytes, size_t size)
{
    size_t shown = MIN(size, SHOWN_BYTES);
    GString *text = g_string_sized_new(2 * shown + 16);
    for (size_t i = 0; i < shown; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    if (shown < size)
        g_string_append_printf(text, "… (%zu bytes)", size);
    return g_string_free(text, FALSE);
}

static void add_attributes(struct timeline_maker *m, struct timeline_message *message,
                           const struct stunmsg *decoded)
{
    struct stunmsg_iterator i = stunmsg_attributes(decoded);
    struct stunmsg_attribute a;
    message->attributes = g_ptr_array_new_with_free_func(g_free);
    while (stunmsg_next(&i, &a)) {
        if (message->attributes->len >= 2 * MAX_ATTRIBUTES ||
            m->message_text > TIMELINE_MAX_MESSAGE_TEXT) {
            m->timeline->is_cut = true;
            return;
        }
        char *value = stunmsg_value_text(decoded, &a);
        if (!value)
            value = hex_text(a.value, a.size);
        g_ptr_array_add(message->attributes, stunmsg_type_text(a.type));
        g_ptr_array_add(message->attributes, value);
        m->message_text += strlen(value);
    }
}

static void learn_facts(struct timeline_fact *fact, const struct stunmsg *m)
{
    struct stunmsg_error_code error = { 0 };
    memcpy(fact->transaction, m->transaction, sizeof fact->transaction);
    if (stunmsg_get_address(m, STUNMSG_XOR_MAPPED_ADDRESS, &fact->mapped) != STUNMSG_OK)
        stunmsg_get_address(m, STUNMSG_MAPPED_ADDRESS, &fact->mapped);
    stunmsg_get_address(m, STUNMSG_XOR_RELAYED_ADDRESS, &fact->relayed);
    stunmsg_get_u32(m, STUNMSG_PRIORITY, &fact->priority);
    stunmsg_get_error(m, STUNMSG_ERROR_CODE, &error);
    fact->error_code = error.code;
    fact->nominates = stunmsg_has(m, STUNMSG_USE_CANDIDATE);
    fact->is_controlling = stunmsg_has(m, STUNMSG_ICE_CONTROLLING);
    fact->has_username = stunmsg_has(m, STUNMSG_USERNAME);
}

static uint32_t add_message(struct timeline_maker *m, const struct stunmsg_peeled *peeled,
                            const struct stunmsg *decoded)
{
    struct timeline_message message = { .method = decoded->method,
                                        .class = decoded->class,
                                        .is_relayed = peeled->is_relayed };
    struct timeline_fact fact = { .peeled = *peeled };
    for (unsigned i = 0; i < STUNMSG_TRANSACTION_SIZE; i++)
        g_snprintf(message.transaction + 2 * i, 3, "%02x", decoded->transaction[i]);
    add_attributes(m, &message, decoded);
    enum stunmsg_error fingerprint = stunmsg_check_fingerprint(decoded);
    message.has_fingerprint = fingerprint != STUNMSG_ABSENT;
    message.is_fingerprint_right = fingerprint == STUNMSG_OK;
    learn_facts(&fact, decoded);
    message.is_check = decoded->method == STUNMSG_BINDING &&
                       decoded->class == STUNMSG_REQUEST && fact.has_username;
    fact.peer = peeled->peer;
    g_array_append_val(m->timeline->messages, message);
    g_array_append_val(m->facts, fact);
    return m->timeline->messages->len - 1;
}

/* @return its index; TIMELINE_NONE: it is no STUN, or one too many */
static uint32_t take_peeled(struct timeline_maker *m, const struct stunmsg_peeled *peeled)
{
    struct stunmsg decoded;
    uint8_t copy[CLASSIC_MAX_BYTES];
    if (stunmsg_decode(peeled->bytes, peeled->size, &decoded) != STUNMSG_OK &&
        !decode_classic(peeled, copy, &decoded))
        return TIMELINE_NONE;
    if (m->timeline->messages->len >= TIMELINE_MAX_MESSAGES) {
        m->timeline->is_cut = true;
        return TIMELINE_NONE;
    }
    return add_message(m, peeled, &decoded);
}

/* All that stand in a segment, one behind the other; @return the first one's index */
static uint32_t take_segment(struct timeline_maker *m, const uint8_t *payload,
                             size_t size)
{
    uint32_t first = TIMELINE_NONE;
    struct stunmsg_peeled peeled;
    while (size > 0 && stunmsg_peel_segment(payload, size, &peeled)) {
        uint32_t index = take_peeled(m, &peeled);
        if (first == TIMELINE_NONE)
            first = index;
        else if (index != TIMELINE_NONE)
            maker_fact(m, first)->n_following++;
        payload += peeled.taken;
        size -= peeled.taken;
    }
    return first;
}

uint32_t timeline_take_message(struct timeline_maker *m, uint64_t id,
                               const uint8_t *payload, size_t size, bool is_stream)
{
    gpointer known = id ? g_hash_table_lookup(m->messages_by_id, &id) : NULL;
    if (known)
        return GPOINTER_TO_UINT(known) - 1;
    struct stunmsg_peeled peeled;
    uint32_t index;
    if (is_stream) {
        index = take_segment(m, payload, size);
    } else {
        stunmsg_peel(payload, size, &peeled);
        index = take_peeled(m, &peeled);
    }
    if (id && index != TIMELINE_NONE)
        g_hash_table_insert(m->messages_by_id, g_memdup2(&id, sizeof id),
                            GUINT_TO_POINTER(index + 1));
    return index;
}

char *timeline_name_message(const struct timeline_maker *m, uint32_t index)
{
    const struct timeline_message *message = maker_message(m, index);
    const struct timeline_fact *fact = maker_fact(m, index);
    const struct stunmsg as = { .method = message->method, .class = message->class };
    g_autofree char *name = stunmsg_message_text(&as);
    g_autofree char *code =
        fact->error_code ? g_strdup_printf(" %u", fact->error_code) : g_strdup("");
    g_autofree char *more = fact->n_following
                                ? g_strdup_printf(", and %u more", fact->n_following)
                                : g_strdup("");
    return g_strconcat(name, code, message->is_relayed ? ", relayed" : "",
                       fact->nominates ? ", USE-CANDIDATE" : "", more, NULL);
}
