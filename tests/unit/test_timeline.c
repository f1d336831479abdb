/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timelines of records that real calls left (tests/data/timeline, two libnice agents),
 * of records made here, and of damaged ones.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "call/record.h"
#include "call/timeline.h"
#include "timeline_record.h"

static struct timeline *read_real(const char *name)
{
    g_autofree char *folder = g_build_filename(TEST_DATA, "timeline", name, NULL);
    struct timeline *t = timeline_read(folder, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

#define AT(array, type, i) (&g_array_index(array, struct timeline_##type, i))

static const char *value_of(const struct timeline_message *m, const char *name)
{
    for (unsigned i = 0; i + 1 < m->attributes->len; i += 2)
        if (strcmp(m->attributes->pdata[i], name) == 0)
            return m->attributes->pdata[i + 1];
    return NULL;
}

/* ---- real calls ---- */

static void test_packets(void)
{
    struct timeline *t = read_real("dead-stun");
    CU_ASSERT_EQUAL(t->taps->len, 7);
    ASSERT_TEXT(t->taps->pdata[2], "stun/eth0");
    CU_ASSERT_EQUAL(t->packets->len, 32);
    const struct timeline_packet *sent = AT(t->packets, packet, 0);
    CU_ASSERT_EQUAL(sent->number, 1);
    CU_ASSERT_EQUAL(sent->t_us, 0);
    CU_ASSERT_TRUE(sent->is_outward);
    CU_ASSERT_EQUAL(sent->verdict, TIMELINE_PASSED);
    ASSERT_TEXT(sent->src, "198.51.100.4:58670");
    ASSERT_TEXT(sent->dst, "203.0.113.10:3478");
    ASSERT_TEXT(sent->summary, "Binding request");
    CU_ASSERT_PTR_NULL(sent->note);
    const struct timeline_packet *lost = AT(t->packets, packet, 1);
    CU_ASSERT_EQUAL(lost->id, sent->id);
    CU_ASSERT_EQUAL(lost->verdict, TIMELINE_DROPPED);
    ASSERT_TEXT(lost->element, "stun/eth0");
    ASSERT_TEXT(lost->reason, "host-silent");
    ASSERT_TEXT(lost->note, "dropped by stun/eth0: host-silent");
    CU_ASSERT_EQUAL(lost->message, sent->message);
    CU_ASSERT_FALSE(t->is_cut);
    timeline_free(t);
}

/* libnice asks three times, half a second and a second apart. */
static void test_lost_transaction(void)
{
    struct timeline *t = read_real("dead-stun");
    const struct timeline_transaction *asked = AT(t->transactions, transaction, 0);
    CU_ASSERT_EQUAL(asked->role, ROLE_OFFERER);
    CU_ASSERT_EQUAL(asked->use, TIMELINE_GATHERING);
    CU_ASSERT_EQUAL(asked->requests->len, 3);
    CU_ASSERT_EQUAL(asked->losses->len, 3);
    CU_ASSERT_EQUAL(asked->answer, TIMELINE_NONE);
    ASSERT_TEXT(asked->server, "203.0.113.10:3478");
    int64_t sent_us[3];
    for (unsigned i = 0; i < 3; i++)
        sent_us[i] =
            AT(t->packets, packet, g_array_index(asked->requests, uint32_t, i))->t_us;
    CU_ASSERT_EQUAL(sent_us[1] - sent_us[0], 500000);
    CU_ASSERT_EQUAL(sent_us[2] - sent_us[1], 1000000);
    timeline_free(t);
}

static void test_held_descriptions(void)
{
    struct timeline *t = read_real("dead-stun");
    CU_ASSERT_EQUAL_FATAL(t->descriptions->len, 2);
    const struct timeline_description *offer = AT(t->descriptions, description, 0);
    ASSERT_TEXT(offer->type, "offer");
    CU_ASSERT_EQUAL(offer->role, ROLE_OFFERER);
    CU_ASSERT_EQUAL(offer->made_us, 0);
    CU_ASSERT_EQUAL(offer->sent_us, 2000000);
    CU_ASSERT_EQUAL(offer->delivered_us, 2020000);
    CU_ASSERT_PTR_NOT_NULL(strstr(offer->sdp, "a=end-of-candidates"));
    const struct timeline_candidate *host = AT(t->candidates[ROLE_OFFERER], candidate, 0);
    CU_ASSERT_EQUAL(host->gathered_us, 0);
    CU_ASSERT_EQUAL(host->sent_us, 2000000);
    CU_ASSERT_EQUAL(host->delivered_us, 2020000);
    CU_ASSERT_EQUAL(host->taken_us, 2020000);
    timeline_free(t);
}

static void test_relayed_checks(void)
{
    struct timeline *t = read_real("relayed");
    const struct timeline_transaction *check = AT(t->transactions, transaction, 8);
    CU_ASSERT_EQUAL(check->use, TIMELINE_CHECK);
    CU_ASSERT_TRUE(check->nominates);
    CU_ASSERT_EQUAL(check->pair, 0);
    CU_ASSERT_PTR_NULL(check->server);
    const struct timeline_packet *sent =
        AT(t->packets, packet, g_array_index(check->requests, uint32_t, 0));
    ASSERT_TEXT(sent->summary, "Binding request, relayed, USE-CANDIDATE");
    const struct timeline_message *message = AT(t->messages, message, sent->message);
    CU_ASSERT_TRUE(message->is_relayed);
    CU_ASSERT_TRUE(message->is_check);
    ASSERT_TEXT(message->peer, "203.0.113.10:49316");
    CU_ASSERT_EQUAL(message->integrity, TIMELINE_INTEGRITY_VERIFIED);
    CU_ASSERT_TRUE(message->has_fingerprint && message->is_fingerprint_right);
    ASSERT_TEXT(value_of(message, "USE-CANDIDATE"), "");
    ASSERT_TEXT(value_of(message, "PRIORITY"), "505413887");
    /* RFC 8445 §6.1.2.3: both candidates have one priority. */
    const struct timeline_pair *pair = AT(t->pairs[ROLE_OFFERER], pair, 0);
    CU_ASSERT_EQUAL(pair->priority, (UINT64_C(505413887) << 32) + 2 * 505413887u);
    CU_ASSERT_EQUAL(pair->valid_us, 310000);
    CU_ASSERT_EQUAL(pair->nominated_us, 310000);
    CU_ASSERT_EQUAL(pair->selected_us, 310000);
    timeline_free(t);
}

static void test_turn_integrity(void)
{
    struct timeline *t = read_real("relayed");
    const struct timeline_transaction *first = AT(t->transactions, transaction, 0);
    CU_ASSERT_EQUAL(first->use, TIMELINE_TURN);
    CU_ASSERT_EQUAL(first->error_code, 401);
    const struct timeline_transaction *second = AT(t->transactions, transaction, 1);
    CU_ASSERT_EQUAL(second->error_code, 0);
    const struct timeline_packet *answer = AT(t->packets, packet, second->answer);
    const struct timeline_message *message = AT(t->messages, message, answer->message);
    ASSERT_TEXT(answer->summary, "Allocate success response");
    ASSERT_TEXT(value_of(message, "XOR-RELAYED-ADDRESS"), "203.0.113.10:49911");
    ASSERT_TEXT(value_of(message, "LIFETIME"), "600 s");
    unsigned n_of[TIMELINE_N_INTEGRITIES] = { 0 };
    for (unsigned i = 0; i < t->messages->len; i++)
        n_of[AT(t->messages, message, i)->integrity]++;
    CU_ASSERT_EQUAL(n_of[TIMELINE_INTEGRITY_VERIFIED], 28);
    CU_ASSERT_EQUAL(n_of[TIMELINE_INTEGRITY_ABSENT], 8);
    timeline_free(t);
}

/* A symmetric NAT gives a check a mapping of its own. */
static void test_reflexive_pairs(void)
{
    struct timeline *t = read_real("symmetric");
    const struct timeline_candidate *c = AT(t->candidates[ROLE_ANSWERER], candidate, 1);
    ASSERT_TEXT(c->type, "prflx");
    ASSERT_TEXT(c->text, "");
    ASSERT_TEXT(c->address, "198.51.100.17");
    CU_ASSERT_EQUAL(c->port, 42241);
    CU_ASSERT_EQUAL(c->priority, 1847591167);
    CU_ASSERT_EQUAL(c->sent_us, TIMELINE_NEVER);
    const struct timeline_pair *checked = AT(t->pairs[ROLE_ANSWERER], pair, 0);
    const struct timeline_pair *valid = AT(t->pairs[ROLE_ANSWERER], pair, 1);
    CU_ASSERT_EQUAL(checked->local, 0);
    CU_ASSERT_EQUAL(valid->local, 1);
    CU_ASSERT_EQUAL(checked->valid_us, 80000);
    CU_ASSERT_EQUAL(valid->valid_us, 80000);
    CU_ASSERT_EQUAL(valid->nominated_us, 80000); /* by the other side's USE-CANDIDATE */
    CU_ASSERT_EQUAL(checked->selected_us, TIMELINE_NEVER);
    CU_ASSERT_EQUAL(valid->selected_us, 80000);
    CU_ASSERT_EQUAL(g_array_index(valid->checks, uint32_t, 0),
                    g_array_index(checked->checks, uint32_t, 0));
    CU_ASSERT_EQUAL(AT(t->transactions, transaction, 3)->pair, 0);
    timeline_free(t);
}

static void test_translations_and_mappings(void)
{
    struct timeline *t = read_real("symmetric");
    CU_ASSERT_EQUAL_FATAL(t->mappings->len, 2);
    const struct timeline_mapping *m = AT(t->mappings, mapping, 1);
    ASSERT_TEXT(m->nat, "home-b/nat");
    ASSERT_TEXT(m->internal, "192.168.2.2:42240");
    ASSERT_TEXT(m->external, "198.51.100.17:42241");
    ASSERT_TEXT(m->remote, "198.51.100.4:57206");
    CU_ASSERT_EQUAL(m->created_us, 40000);
    CU_ASSERT_EQUAL(m->expired_us, TIMELINE_NEVER);
    CU_ASSERT_EQUAL(m->refreshed_us->len, 3);
    unsigned n_translated = 0;
    for (unsigned i = 0; i < t->packets->len; i++) {
        const struct timeline_packet *p = AT(t->packets, packet, i);
        n_translated += p->verdict == TIMELINE_TRANSLATED;
        if (p->verdict == TIMELINE_TRANSLATED)
            CU_ASSERT_TRUE(g_str_has_prefix(p->note, "translated by home-b/nat: ") &&
                           !p->element && !p->reason);
    }
    CU_ASSERT_EQUAL(n_translated, 14); /* as many as tshark finds */
    timeline_free(t);
}

static void test_tcp_checks(void)
{
    struct timeline *t = read_real("tcp");
    const struct timeline_transaction *check = AT(t->transactions, transaction, 0);
    const struct timeline_pair *pair = AT(t->pairs[check->role], pair, check->pair);
    const struct timeline_candidate *active =
        AT(t->candidates[check->role], candidate, pair->local);
    CU_ASSERT_EQUAL(active->port, 9); /* RFC 6544 §4.5 */
    ASSERT_TEXT(active->protocol, "tcp");
    CU_ASSERT_EQUAL(AT(t->messages, message, 0)->integrity, TIMELINE_INTEGRITY_VERIFIED);
    ASSERT_TEXT(AT(t->packets, packet, 0)->summary, "TCP SYN");
    timeline_free(t);
}

static const char *const real_records[] = { "dead-stun", "relayed", "symmetric", "tcp" };

static char *dump(const struct timeline *t, size_t *ret_size)
{
    g_autoptr(json_t) call =
        json_pack("{s:s, s:s}", "key", "a~b/c/trickle/1", "seed", "18446744073709551615");
    g_autoptr(json_t) object = timeline_format(t, call);
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    char *text = json_dumps(object, JSON_COMPACT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (ret_size)
        *ret_size = strlen(text);
    return text;
}

static void test_pure(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(real_records); i++) {
        char *texts[2];
        for (unsigned k = 0; k < 2; k++) {
            struct timeline *t = read_real(real_records[i]);
            texts[k] = dump(t, NULL);
            timeline_free(t);
        }
        ASSERT_TEXT(texts[0], texts[1]);
        free(texts[0]);
        free(texts[1]);
    }
}

static void test_format(void)
{
    struct timeline *t = read_real("dead-stun");
    g_autofree char *text = dump(t, NULL);
    g_autoptr(json_t) object = json_loads(text, 0, NULL);
    const json_t *packet = json_array_get(json_object_get(object, "packets"), 0);
    ASSERT_TEXT(json_string_value(json_object_get(object, "schema")),
                "rtclab/timeline/1");
    ASSERT_TEXT(json_string_value(json_object_get(object, "seed")),
                "18446744073709551615");
    CU_ASSERT_TRUE(json_is_null(json_object_get(object, "blame")));
    ASSERT_TEXT(json_string_value(json_object_get(packet, "id")), "1");
    CU_ASSERT_TRUE(json_is_true(json_object_get(packet, "is_outward")));
    CU_ASSERT_PTR_NULL(json_object_get(packet, "verdict"));
    CU_ASSERT_PTR_NULL(json_object_get(packet, "note"));
    const json_t *transaction =
        json_array_get(json_object_get(object, "transactions"), 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(transaction, "answer")));
    CU_ASSERT_TRUE(json_is_null(json_object_get(transaction, "pair")));
    const json_t *pair =
        json_array_get(json_object_get(json_object_get(object, "pairs"), "offerer"), 0);
    ASSERT_TEXT(json_string_value(json_object_get(pair, "priority")),
                "8655919583053480446");
    CU_ASSERT_TRUE(json_is_null(json_object_get(pair, "failed_us")));
    timeline_free(t);
}

/* ---- made records ---- */

static void add_calls_events(struct made *m)
{
    made_event(m, 0, "offerer", "peer.started", "{\"tap\":\"alice/eth0\"}");
    made_event(m, 0, "call", "call.started", "{\"calendar_ns\":\"1000000000\"}");
    made_event(m, 1, "offerer", "signal.sent",
               "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\na=ice-ufrag:aaaa\\r\\n"
               "a=ice-pwd:passwordofofferer00000\\r\\n\"}");
    made_event(m, 2, "answerer", "signal.sent",
               "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\na=ice-pwd:passwordofanswerer0000"
               "\\r\\na=ice-ufrag:bbbb\\r\\n\"}");
    made_event(m, 3, "answerer", "signal.sent",
               "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\na=ice-ufrag:cccc\\r\\n"
               "a=ice-pwd:passwordofrestart00000\\r\\n\"}");
}

static void test_integrity_of_generations(void)
{
    static const struct {
        const char *user, *key;
        enum timeline_integrity integrity;
    } rows[] = {
        { "bbbb:aaaa", "passwordofanswerer0000", TIMELINE_INTEGRITY_VERIFIED },
        { "cccc:aaaa", "passwordofrestart00000", TIMELINE_INTEGRITY_VERIFIED },
        { "aaaa:bbbb", "passwordofofferer00000", TIMELINE_INTEGRITY_VERIFIED },
        { "bbbb:aaaa", "passwordofrestart00000", TIMELINE_INTEGRITY_WRONG },
        { "bbbb:aaaa", "passwordofofferer00000", TIMELINE_INTEGRITY_WRONG },
        { "dddd:aaaa", "passwordofanswerer0000", TIMELINE_INTEGRITY_UNKNOWN },
        { "bbbb:aaaa", NULL, TIMELINE_INTEGRITY_ABSENT },
    };
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct made_stun check = { .method = STUNMSG_BINDING,
                                   .transaction = (uint8_t)i,
                                   .user = rows[i].user,
                                   .key = rows[i].key };
        made_stun(&m, tap, 1000 * (i + 1), &check, NULL);
    }
    struct timeline *t = made_read(&m);
    CU_ASSERT_EQUAL_FATAL(t->messages->len, G_N_ELEMENTS(rows));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        CU_ASSERT_EQUAL(AT(t->messages, message, i)->integrity, rows[i].integrity);
    CU_ASSERT_EQUAL(AT(t->packets, packet, 2)->t_us, 3000);
    CU_ASSERT_EQUAL(t->transactions->len, G_N_ELEMENTS(rows));
    timeline_free(t);
    made_end(&m);
}

/* An answer has no USERNAME: its key is that of the request. */
static void test_integrity_of_answers(void)
{
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0");
    struct made_stun ask = { .method = STUNMSG_BINDING,
                             .user = "bbbb:aaaa",
                             .key = "passwordofanswerer0000" };
    struct made_stun right = ask, wrong = ask, stray = ask;
    right.class = wrong.class = stray.class = STUNMSG_SUCCESS;
    right.user = wrong.user = stray.user = NULL;
    wrong.key = "passwordofofferer00000";
    stray.transaction = 9;
    made_stun(&m, tap, 1000, &ask, NULL);
    made_stun(&m, tap, 2000, &right, NULL);
    made_stun(&m, tap, 3000, &wrong, NULL);
    made_stun(&m, tap, 4000, &stray, NULL);
    struct timeline *t = made_read(&m);
    CU_ASSERT_EQUAL(AT(t->messages, message, 1)->integrity, TIMELINE_INTEGRITY_VERIFIED);
    CU_ASSERT_EQUAL(AT(t->messages, message, 2)->integrity, TIMELINE_INTEGRITY_WRONG);
    CU_ASSERT_EQUAL(AT(t->messages, message, 3)->integrity, TIMELINE_INTEGRITY_UNKNOWN);
    CU_ASSERT_TRUE(AT(t->messages, message, 1)->is_check);
    CU_ASSERT_FALSE(AT(t->messages, message, 3)->is_check);
    CU_ASSERT_EQUAL(AT(t->transactions, transaction, 0)->answer, 1);
    timeline_free(t);
    made_end(&m);
}

/* A TCP stack puts several messages into a segment (RFC 8656 §12.5). */
static void test_segments(void)
{
    enum { N = 3 };
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0");
    uint8_t segment[N * MADE_STUN_SIZE];
    for (unsigned class = 0; class <= STUNMSG_SUCCESS; class += STUNMSG_SUCCESS) {
        size_t size = 0;
        for (unsigned i = 0; i < N; i++) {
            struct made_stun stun = { .method = STUNMSG_CREATE_PERMISSION,
                                      .class = (uint8_t) class,
                                      .transaction = (uint8_t)i };
            size += made_message(&stun, segment + size);
        }
        made_segment(&m, tap, 1000 * class, segment, size, class == STUNMSG_SUCCESS);
    }
    struct timeline *t = made_read(&m);
    ASSERT_TEXT(AT(t->packets, packet, 0)->summary,
                "CreatePermission request, and 2 more");
    CU_ASSERT_EQUAL(t->messages->len, 2 * N);
    CU_ASSERT_EQUAL(AT(t->packets, packet, 1)->message, N);
    CU_ASSERT_EQUAL_FATAL(t->transactions->len, N);
    for (unsigned i = 0; i < N; i++) {
        CU_ASSERT_EQUAL(AT(t->transactions, transaction, i)->requests->len, 1);
        CU_ASSERT_EQUAL(AT(t->transactions, transaction, i)->answer, 1);
        CU_ASSERT_EQUAL(AT(t->transactions, transaction, i)->use, TIMELINE_TURN);
    }
    timeline_free(t);
    made_end(&m);
}

static void test_late(void)
{
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0");
    made_payload(&m, tap, 5000, "?", 1,
                 "lost by home-b/link (link-loss); its retransmission, 200 ms later, "
                 "stands for it");
    made_payload(&m, tap, 6000, "?", 1, "a comment of somebody's own");
    made_payload(&m, tap, 7000, "?", 1, "dropped by nobody in particular");
    struct timeline *t = made_read(&m);
    const struct timeline_packet *p = AT(t->packets, packet, 0);
    CU_ASSERT_EQUAL(p->verdict, TIMELINE_LATE);
    ASSERT_TEXT(p->element, "home-b/link");
    ASSERT_TEXT(p->reason, "link-loss");
    p = AT(t->packets, packet, 1);
    CU_ASSERT_EQUAL(p->verdict, TIMELINE_PASSED);
    ASSERT_TEXT(p->note, "a comment of somebody's own");
    p = AT(t->packets, packet, 2);
    CU_ASSERT_EQUAL(p->verdict, TIMELINE_DROPPED);
    CU_ASSERT_PTR_NULL(p->element);
    timeline_free(t);
    made_end(&m);
}

static void test_summaries(void)
{
#define HEX(text) text, sizeof(text) - 1
    static const struct {
        const char *bytes;
        size_t size;
        const char *summary;
    } rows[] = {
        { HEX("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x0d\x01\0\0\x01\0\0\0\0\0\0\0\x01x"),
          "DTLS ClientHello" },
        { HEX("\x16\xfe\xfd\0\0\0\0\0\0\0\1\0\x0d\x02\0\0\x01\0\0\0\0\0\0\0\x01x"
              "\x16\xfe\xfd\0\0\0\0\0\0\0\2\0\x0d\x0b\0\0\x09\0\0\0\0\0\0\0\x01x"
              "\x16\xfe\xfd\0\0\0\0\0\0\0\3\0\x0d\x0b\0\0\x09\0\0\0\0\1\0\0\x01x"),
          "DTLS ServerHello, Certificate, Certificate (continued)" },
        { HEX("\x14\xfe\xfd\0\0\0\0\0\0\0\1\0\1\1"
              "\x16\xfe\xfd\0\1\0\0\0\0\0\0\0\2ab"),
          "DTLS ChangeCipherSpec, encrypted handshake" },
        { HEX("\x15\xfe\xfd\0\1\0\0\0\0\0\0\0\2ab"), "DTLS encrypted alert" },
        { HEX("\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\2ab"), "DTLS application data" },
        { HEX("\x2f\0\0\0\0\0\0\0\0\0\0\0\0\0"), "DTLS encrypted record" },
        { HEX("\x17\xfe\xfd\0\1\0\0\0\0\0\0\xff\xff"), "DTLS" }, /* cut */
        { HEX("\x80\xef\0\1\0\0\0\2\0\0\0\3x"), "RTP payload type 111, marker" },
        { HEX("\x80\xc8\0\1\0\0\0\2"), "RTCP sender report" },
        { HEX("\x80\xd0\0\1\0\0\0\2"), "RTCP type 208" },
        { HEX("\x40\1\0\x0d\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\0"), /* ChannelData */
          "DTLS application data, relayed" },
        { HEX("hello"), "UDP, 5 bytes" },
        { "", 0, "UDP, empty" },
    };
#undef HEX
    struct made m;
    made_begin(&m);
    uint32_t tap = made_tap(&m, "offerer/eth0");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        made_payload(&m, tap, i, rows[i].bytes, rows[i].size, NULL);
    struct timeline *t = made_read(&m);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        ASSERT_TEXT(AT(t->packets, packet, i)->summary, rows[i].summary);
    timeline_free(t);
    made_end(&m);
}

/* ---- what is too much ---- */

static void test_thinning(void)
{
    enum { N = 40000, LOST_EVERY = 400 };
    static const char rtp[] = "\x80\x6f\0\1\0\0\0\2\0\0\0\3x";
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0"), link = made_tap(&m, "home/link");
    struct made_stun check = { .method = STUNMSG_BINDING, .user = "bbbb:aaaa" };
    for (unsigned i = 0; i < N; i++) {
        m.id = i + 1;
        made_payload(&m, tap, 10 * i, rtp, sizeof rtp - 1, NULL);
        if (i % LOST_EVERY == 7) {
            m.id = i + 1;
            made_payload(&m, link, 10 * i, rtp, sizeof rtp - 1,
                         "dropped by home/link: link-loss");
        }
    }
    m.id = N + 1;
    made_stun(&m, tap, 10 * N, &check, NULL);
    struct timeline *t = made_read(&m);
    CU_ASSERT_TRUE(t->is_cut);
    CU_ASSERT_TRUE(t->packets->len > 10000 && t->packets->len <= 12000);
    unsigned n_dropped = 0, last = 0;
    for (unsigned i = 0; i < t->packets->len; i++) {
        const struct timeline_packet *p = AT(t->packets, packet, i);
        CU_ASSERT_TRUE(p->number > last);
        last = p->number;
        if (p->verdict == TIMELINE_DROPPED) {
            n_dropped++; /* and where it came from stays, too */
            CU_ASSERT_EQUAL(AT(t->packets, packet, i - 1)->id, p->id);
        }
    }
    CU_ASSERT_EQUAL(n_dropped, N / LOST_EVERY);
    CU_ASSERT_EQUAL(last, N + N / LOST_EVERY + 1);
    CU_ASSERT_EQUAL(t->transactions->len, 1);
    size_t size;
    free(dump(t, &size));
    CU_ASSERT_TRUE(size < 5 << 20);
    timeline_free(t);
    made_end(&m);
}

static void test_many_events(void)
{
    struct made m;
    made_begin(&m);
    made_tap(&m, "alice/eth0");
    made_event(&m, 0, "nat", "nat.mapping-created",
               "{\"protocol\":\"udp\",\"internal\":\"a\",\"external\":\"b\"}");
    for (unsigned i = 1; i <= 60000; i++)
        made_event(&m, 1000 * i, "nat", "nat.mapping-refreshed",
                   "{\"protocol\":\"udp\",\"internal\":\"a\",\"external\":\"b\"}");
    made_event(&m, 60000000, "call", "call.ended", "{\"outcome\":\"connected\"}");
    struct timeline *t = made_read(&m);
    CU_ASSERT_TRUE(t->is_cut);
    CU_ASSERT_EQUAL(AT(t->mappings, mapping, 0)->refreshed_us->len, 601);
    CU_ASSERT_EQUAL(AT(t->events, event, t->events->len - 1)->kind, EVENT_CALL_ENDED);
    timeline_free(t);
    made_end(&m);
}

static void test_flood_of_stun(void)
{
    struct made m;
    made_begin(&m);
    add_calls_events(&m);
    uint32_t tap = made_tap(&m, "alice/eth0");
    g_autofree char *software = g_strnfill(700, 'x');
    for (unsigned i = 0; i < 30000; i++) {
        struct made_stun check = { .method = STUNMSG_BINDING,
                                   .number = i,
                                   .port = (uint16_t)(i % 20000),
                                   .software = software,
                                   .user = "bbbb:aaaa" };
        m.id = i + 1;
        made_stun(&m, tap, i, &check, NULL);
    }
    struct timeline *t = made_read(&m);
    size_t size;
    free(dump(t, &size));
    CU_ASSERT_TRUE(t->is_cut);
    CU_ASSERT_TRUE(size < 8 << 20);
    timeline_free(t);
    made_end(&m);
}

/* ---- damage ---- */

static void test_no_record(void)
{
    struct made m;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(timeline_read("/nonexistent", &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    made_begin(&m);
    g_autofree char *events = g_build_filename(m.folder, RECORD_EVENTS_FILE, NULL);
    g_file_set_contents(events, "", 0, NULL);
    g_clear_error(&error);
    CU_ASSERT_PTR_NULL(timeline_read(m.folder, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, RECORD_CAPTURE_FILE));
    made_end(&m);
}

struct bytes {
    char *at;
    gsize size;
};

static struct bytes load(const char *record, const char *file)
{
    struct bytes bytes = { 0 };
    g_autofree char *path = g_build_filename(TEST_DATA, "timeline", record, file, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &bytes.at, &bytes.size, NULL));
    return bytes;
}

static void store(const struct made *m, const char *file, const char *at, gsize size)
{
    g_autofree char *path = g_build_filename(m->folder, file, NULL);
    g_file_set_contents_full(path, at, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600,
                             NULL);
}

/* Whatever it says: it is read, and it is JSON. */
static void assert_is_read(const struct made *m)
{
    struct timeline *t = timeline_read(m->folder, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    char *text = dump(t, NULL);
    CU_ASSERT_TRUE(g_utf8_validate(text, -1, NULL));
    free(text);
    timeline_free(t);
}

static void test_prefixes(void)
{
    struct made m;
    struct bytes events = load("tcp", RECORD_EVENTS_FILE);
    struct bytes capture = load("tcp", RECORD_CAPTURE_FILE);
    made_begin(&m);
    store(&m, RECORD_EVENTS_FILE, events.at, events.size);
    for (gsize n = 0; n <= capture.size; n += n % 3 + 11) {
        store(&m, RECORD_CAPTURE_FILE, capture.at, n);
        assert_is_read(&m);
    }
    store(&m, RECORD_CAPTURE_FILE, capture.at, capture.size);
    for (gsize n = 0; n <= events.size; n += n % 3 + 23) {
        store(&m, RECORD_EVENTS_FILE, events.at, n);
        assert_is_read(&m);
    }
    g_free(events.at);
    g_free(capture.at);
    made_end(&m);
}

static void test_flipped_bytes(void)
{
    enum { TURNS = 150, FLIPS = 40 };
    struct rng rng = rng_seed(1);
    for (unsigned r = 0; r < G_N_ELEMENTS(real_records); r++) {
        struct made m;
        struct bytes files[] = { load(real_records[r], RECORD_EVENTS_FILE),
                                 load(real_records[r], RECORD_CAPTURE_FILE) };
        made_begin(&m);
        for (unsigned turn = 0; turn < TURNS; turn++) {
            for (unsigned f = 0; f < 2; f++) {
                g_autofree char *copy = g_memdup2(files[f].at, files[f].size);
                for (unsigned i = 0; i < FLIPS; i++)
                    copy[rng_below(&rng, files[f].size)] = (char)rng_below(&rng, 256);
                store(&m, f ? RECORD_CAPTURE_FILE : RECORD_EVENTS_FILE, copy,
                      files[f].size);
            }
            assert_is_read(&m);
        }
        g_free(files[0].at);
        g_free(files[1].at);
        made_end(&m);
    }
}

static void test_hostile_texts(void)
{
    struct made m;
    made_begin(&m);
    made_event(&m, 0, "offerer", "signal.sent", "{\"type\":7,\"sdp\":[]}");
    made_event(&m, 0, "offerer", "signal.sent",
               "{\"type\":\"offer\",\"sdp\":\"a=ice-ufrag:\\r\\na=ice-pwd:\\r\\n"
               "a=candidate:\\r\\na=candidate:1 1 UDP 99999999999 x y typ z\"}");
    made_event(&m, 0, "offerer", "peer.selected-pair",
               "{\"local\":{\"address\":\"x\",\"port\":-1},\"remote\":[]}");
    made_event(&m, 0, "no such kind", "peer.candidat", "{}");
    made_event(&m, 0, "nat", "nat.mapping-created", "{\"protocol\":{}}");
    made_event(&m, INT64_MAX, "nat", "nat.mapping-expired", "{}");
    made_line(&m,
              "{\"t_us\":1,\"src\":\"\xff\xfe\",\"kind\":\"call.ended\",\"data\":{}}");
    made_line(&m, "{\"t_us\":1e99,\"src\":\"x\",\"kind\":\"call.ended\",\"data\":{}}");
    made_line(&m, "[[[[[[[[");
    uint32_t tap = made_tap(&m, "offerer/eth0\xff\xfe");
    made_payload(&m, tap, 0, "x", 1, "dropped by \xff: \xfe\xed");
    struct made_stun stun = { .method = 0xfff, .software = "\xff\x1b[31m\xc3" };
    made_stun(&m, tap, 1, &stun, NULL);
    struct timeline *t = made_read(&m);
    CU_ASSERT_EQUAL(t->events->len, 5); /* those that can be read */
    const struct timeline_packet *p = AT(t->packets, packet, 0);
    CU_ASSERT_EQUAL(p->verdict, TIMELINE_DROPPED);
    CU_ASSERT_TRUE(g_utf8_validate(p->note, -1, NULL));
    CU_ASSERT_TRUE(g_utf8_validate(t->taps->pdata[0], -1, NULL));
    ASSERT_TEXT(value_of(AT(t->messages, message, 0), "SOFTWARE"),
                "\"\\xff\x1b[31m\\xc3\"");
    ASSERT_TEXT(AT(t->packets, packet, 1)->summary, "method 0xfff request");
    free(dump(t, NULL));
    timeline_free(t);
    made_end(&m);
}

static const struct test tests[] = {
    { "packets: where, when, from whom to whom, what became of them", test_packets },
    { "a transaction has what was sent again, and what was lost", test_lost_transaction },
    { "a description that was held back was made before it was sent",
      test_held_descriptions },
    { "checks inside TURN are of the relayed candidate's pair", test_relayed_checks },
    { "TURN's integrity is verified with the lab's credentials", test_turn_integrity },
    { "a mapped address that is new is a peer-reflexive candidate",
      test_reflexive_pairs },
    { "what a NAT translated, and its mappings", test_translations_and_mappings },
    { "checks over TCP are of the active candidate", test_tcp_checks },
    { "the same record gives the same timeline", test_pure },
    { "as JSON: null for what did not happen, packets without what they lack",
      test_format },
    { "a check's key is that of its generation", test_integrity_of_generations },
    { "an answer's key is its request's", test_integrity_of_answers },
    { "several messages in a TCP segment are each of their transaction", test_segments },
    { "a comment is a verdict only if it is the capture's", test_late },
    { "packets without STUN in a few words", test_summaries },
    { "media is thinned, what was dropped stays", test_thinning },
    { "a mapping's refreshing is thinned", test_many_events },
    { "a flood of STUN has its bounds", test_flood_of_stun },
    { "a file that is not there is an error", test_no_record },
    { "prefixes of a record are read", test_prefixes },
    { "records with flipped bytes are read", test_flipped_bytes },
    { "texts that mean harm stay texts", test_hostile_texts },
};

int main(int argc, char **argv)
{
    return suite_run("timeline", tests, G_N_ELEMENTS(tests), argc, argv);
}
