/* SPDX-License-Identifier: Apache-2.0 */
/* The rooms of the signalling server (harness/signaling/rooms.h). */
#include "suite.h"

#include <string.h>

#include "base/file.h"
#include "signaling/room_message.h"
#include "signaling/rooms.h"

#define OFFER  "{\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}"
#define ANSWER "{\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}"
#define CANDIDATE \
    "{\"new-ice-candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"}}"

/* Connections are their letters. */
static char A[] = "A";
static char B[] = "B";
static char C[] = "C";

/* All that is to be done, "A<{…} B!4001 …"; caller owns. */
static char *drain(struct rooms *rooms)
{
    GString *out = g_string_new(NULL);
    struct rooms_action action;
    while (rooms_next(rooms, &action)) {
        g_string_append(out, out->len ? " " : "");
        if (action.kind == ROOMS_SEND)
            g_string_append_printf(out, "%s<%s", (const char *)action.connection,
                                   action.text);
        else
            g_string_append_printf(out, "%s!%u", (const char *)action.connection,
                                   action.code);
        g_free(action.text);
    }
    return g_string_free(out, FALSE);
}

static void assert_does(struct rooms *rooms, const char *expected)
{
    g_autofree char *done = drain(rooms);
    ASSERT_TEXT(done, expected);
}

static void ignore(struct rooms *rooms)
{
    g_free(drain(rooms));
}

static void take(struct rooms *rooms, void *connection, const char *text)
{
    /* An exact copy, so that reading past it shows. */
    size_t size = strlen(text);
    g_autofree char *copy = g_memdup2(text, size);
    rooms_take(rooms, connection, copy, size);
}

static struct rooms *two_in_a_room(void)
{
    struct rooms *rooms = rooms_new();
    CU_ASSERT_TRUE(rooms_join(rooms, "r", "a", A));
    CU_ASSERT_TRUE(rooms_join(rooms, "r", "b", B));
    ignore(rooms);
    return rooms;
}

static void test_join(void)
{
    struct rooms *rooms = rooms_new();
    CU_ASSERT_TRUE(rooms_join(rooms, "r", NULL, A));
    assert_does(rooms,
                "A<{\"joined\":{\"room\":\"r\",\"member\":\"member-1\",\"peer\":false}}");
    CU_ASSERT_PTR_NULL(rooms_other(rooms, A));
    CU_ASSERT_TRUE(rooms_join(rooms, "r", "b", B));
    assert_does(rooms, "B<{\"joined\":{\"room\":\"r\",\"member\":\"b\",\"peer\":true}} "
                       "A<{\"peer-joined\":{}}");
    CU_ASSERT_PTR_EQUAL(rooms_other(rooms, A), B);
    rooms_leave(rooms, B, "gone");
    assert_does(rooms, "A<{\"peer-left\":{\"reason\":\"gone\"}}");
    rooms_leave(rooms, A, "gone");
    assert_does(rooms, "");
    CU_ASSERT_EQUAL(rooms_count(rooms), 0);
    rooms_free(rooms);
}

static void test_relay(void)
{
    struct rooms *rooms = two_in_a_room();
    take(rooms, A, OFFER);
    take(rooms, A, " {\"new-ice-candidate\" : null} ");
    take(rooms, B, CANDIDATE);
    take(rooms, B, ANSWER);
    assert_does(rooms,
                "B<" OFFER " B<{\"new-ice-candidate\":null} A<" CANDIDATE " A<" ANSWER);
    rooms_free(rooms);
}

static void test_kept(void)
{
    struct rooms *rooms = rooms_new();
    rooms_join(rooms, "r", NULL, A);
    ignore(rooms);
    take(rooms, A, OFFER);
    take(rooms, A, CANDIDATE);
    assert_does(rooms, "");
    rooms_join(rooms, "r", "b", B);
    assert_does(rooms, "B<{\"joined\":{\"room\":\"r\",\"member\":\"b\",\"peer\":true}} "
                       "A<{\"peer-joined\":{}} B<" OFFER " B<" CANDIDATE);
    take(rooms, B, ANSWER);
    assert_does(rooms, "A<" ANSWER);
    rooms_free(rooms);
}

static void test_kept_goes_with_its_sender(void)
{
    struct rooms *rooms = rooms_new();
    rooms_join(rooms, "r", "a", A);
    take(rooms, A, OFFER);
    rooms_join(rooms, "r", "a", C); /* the same member, anew */
    ignore(rooms);
    rooms_join(rooms, "r", "b", B);
    assert_does(rooms, "B<{\"joined\":{\"room\":\"r\",\"member\":\"b\",\"peer\":true}} "
                       "C<{\"peer-joined\":{}}");
    rooms_free(rooms);
}

static void test_kept_is_bounded(void)
{
    struct rooms *rooms = rooms_new();
    rooms_join(rooms, "r", NULL, A);
    ignore(rooms);
    for (unsigned i = 0; i < ROOMS_KEPT_MAX; i++)
        take(rooms, A, CANDIDATE);
    assert_does(rooms, "");
    take(rooms, A, CANDIDATE);
    g_autofree char *refusal = drain(rooms);
    CU_ASSERT_TRUE(g_str_has_prefix(refusal, "A<{\"error\":"));
    rooms_leave(rooms, A, "gone");

    rooms_join(rooms, "r", NULL, A);
    ignore(rooms);
    g_autofree char *long_text = g_strnfill(ROOMS_KEPT_MAX_BYTES / 2, 'x');
    g_autofree char *offer = g_strdup_printf("{\"offer\":{\"sdp\":\"%s\"}}", long_text);
    take(rooms, A, offer);
    assert_does(rooms, "");
    take(rooms, A, offer);
    g_autofree char *second = drain(rooms);
    CU_ASSERT_TRUE(g_str_has_prefix(second, "A<{\"error\":"));
    rooms_free(rooms);
}

static void test_order(void)
{
    struct rooms *rooms = two_in_a_room();
    static const char refusal[] =
        "{\"error\":\"an answer, but there is no offer of the other member to answer\"}";
    g_autofree char *to_a = g_strconcat("A<", refusal, NULL);
    g_autofree char *to_b = g_strconcat("B<", refusal, NULL);
    take(rooms, B, ANSWER);
    assert_does(rooms, to_b);
    take(rooms, A, OFFER);
    take(rooms, A, ANSWER); /* to its own offer */
    g_autofree char *own = g_strconcat("B<" OFFER " ", to_a, NULL);
    assert_does(rooms, own);
    take(rooms, B, ANSWER);
    take(rooms, B, ANSWER); /* a second one */
    g_autofree char *twice = g_strconcat("A<" ANSWER " ", to_b, NULL);
    assert_does(rooms, twice);
    take(rooms, A, OFFER); /* who comes now has never seen it */
    rooms_leave(rooms, B, "gone");
    rooms_join(rooms, "r", "b", B);
    ignore(rooms);
    take(rooms, B, ANSWER);
    assert_does(rooms, to_b);
    rooms_free(rooms);
}

static void test_crossing_offers(void)
{
    struct rooms *rooms = two_in_a_room();
    take(rooms, A, OFFER);
    take(rooms, B, OFFER);
    take(rooms, B, ANSWER);
    assert_does(rooms, "B<" OFFER " A<" OFFER " A<" ANSWER);
    rooms_free(rooms);
}

static void test_replaced(void)
{
    struct rooms *rooms = two_in_a_room();
    CU_ASSERT_TRUE(rooms_join(rooms, "r", "b", C));
    assert_does(rooms, "A<{\"peer-left\":{\"reason\":\"it joins again\"}} B!4002 "
                       "C<{\"joined\":{\"room\":\"r\",\"member\":\"b\",\"peer\":true}} "
                       "A<{\"peer-joined\":{}}");
    take(rooms, B, OFFER); /* of one who is no member any more */
    rooms_leave(rooms, B, "gone");
    assert_does(rooms, "");
    CU_ASSERT_PTR_EQUAL(rooms_other(rooms, A), C);
    rooms_free(rooms);
}

/* An id that the server has given can be guessed. */
static void test_given_ids_are_not_replaced(void)
{
    struct rooms *rooms = rooms_new();
    rooms_join(rooms, "r", NULL, A);
    ignore(rooms);
    CU_ASSERT_TRUE(rooms_join(rooms, "r", "member-1", B));
    CU_ASSERT_PTR_EQUAL(rooms_other(rooms, A), B);
    rooms_free(rooms);
}

static void test_full(void)
{
    struct rooms *rooms = two_in_a_room();
    CU_ASSERT_FALSE(rooms_join(rooms, "r", "c", C));
    assert_does(rooms, "C!4001");
    CU_ASSERT_TRUE(rooms_join(rooms, "other", "c", C));
    rooms_free(rooms);
}

static void test_too_many_rooms(void)
{
    struct rooms *rooms = rooms_new();
    static char connections[ROOMS_MAX + 1];
    for (unsigned i = 0; i < ROOMS_MAX; i++) {
        g_autofree char *name = g_strdup_printf("room-%u", i);
        CU_ASSERT_TRUE_FATAL(rooms_join(rooms, name, NULL, &connections[i]));
    }
    ignore(rooms);
    CU_ASSERT_FALSE(rooms_join(rooms, "one-more", NULL, C));
    assert_does(rooms, "C!4005");
    rooms_leave(rooms, &connections[0], "gone");
    CU_ASSERT_TRUE(rooms_join(rooms, "one-more", NULL, C));
    rooms_free(rooms);
}

static void test_errors(void)
{
    static const char *const faulty[] = {
        "",
        "{",
        "junk",
        "[]",
        "{}",
        "null",
        "{\"offer\":{\"sdp\":\"a\"},\"answer\":{\"sdp\":\"b\"}}",
        "{\"offer\":{\"sdp\":\"a\"},\"offer\":{\"sdp\":\"b\"}}",
        "{\"bye\":{}}",
        "{\"offer\":\"v=0\"}",
        "{\"offer\":{\"sdp\":1}}",
        "{\"offer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}",
        "{\"new-ice-candidate\":{}}",
        "{\"new-ice-candidate\":\"candidate:1\"}",
        "{\"joined\":{\"room\":\"r\",\"member\":\"a\",\"peer\":true}}",
        "{\"offer\":{\"sdp\":\"\\u0000\"}}",
        "{\"\\u001b[2J\\n\":1}",
        "\xff\xfe",
        "{\"offer\":{\"sdp\":\"\xff\"}}",
        OFFER OFFER,
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(faulty) == ROOMS_ERRORS_MAX);
    struct rooms *rooms = two_in_a_room();
    for (size_t i = 0; i < G_N_ELEMENTS(faulty); i++) {
        take(rooms, A, faulty[i]);
        g_autofree char *done = drain(rooms);
        CU_ASSERT_TRUE(
            g_str_has_prefix(done, "A<{\"error\":\"must be") ||
            g_str_has_prefix(done, "A<{\"error\":\"offer: must be") ||
            g_str_has_prefix(done, "A<{\"error\":\"new-ice-candidate: must be"));
        CU_ASSERT_TRUE(g_utf8_validate(done, -1, NULL));
    }
    take(rooms, A, "junk");
    g_autofree char *last = drain(rooms);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(last, " B<{\"peer-left\":{\"reason\":\"it was thrown out\"}} A!1008"));
    rooms_free(rooms);
}

static void test_deep_nesting(void)
{
    struct rooms *rooms = two_in_a_room();
    g_autofree char *deep = g_strnfill(100000, '[');
    take(rooms, A, deep);
    g_autofree char *done = drain(rooms);
    CU_ASSERT_TRUE(g_str_has_prefix(done, "A<{\"error\":\"must be JSON: "));
    rooms_free(rooms);
}

static void test_names(void)
{
    g_autofree char *longest = g_strnfill(ROOMS_NAME_MAX, 'x');
    g_autofree char *longer = g_strnfill(ROOMS_NAME_MAX + 1, 'x');
    CU_ASSERT_TRUE(rooms_is_name("Room_1-a"));
    CU_ASSERT_TRUE(rooms_is_name(longest));
    CU_ASSERT_FALSE(rooms_is_name(longer));
    CU_ASSERT_FALSE(rooms_is_name(""));
    CU_ASSERT_FALSE(rooms_is_name("a/b"));
    CU_ASSERT_FALSE(rooms_is_name("a\n"));
    CU_ASSERT_FALSE(rooms_is_name("ä"));
}

/* A signal of the contract, to the room and back. */
static void assert_round_trip(const char *signal_text, const char *room_text)
{
    g_autoptr(json_t) signal = json_loads(signal_text, 0, NULL);
    g_autoptr(json_t) message = room_message_from_signal(signal);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    char *text = json_dumps(message, JSON_COMPACT);
    ASSERT_TEXT(text, room_text);
    enum room_message_kind kind;
    g_autoptr(json_t) parsed = room_message_parse(text, strlen(text), &kind, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
    g_autoptr(json_t) back = room_message_to_signal(parsed, kind);
    CU_ASSERT_TRUE(json_equal(back, signal));
    free(text);
}

static void test_contract(void)
{
    assert_round_trip(
        "{\"type\":\"signal\",\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}",
        OFFER);
    assert_round_trip(
        "{\"type\":\"signal\",\"description\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}",
        ANSWER);
    assert_round_trip("{\"type\":\"signal\",\"candidate\":{\"candidate\":\"candidate:1\","
                      "\"sdpMid\":\"0\"}}",
                      CANDIDATE);
    enum room_message_kind kind;
    static const char end[] = "{\"new-ice-candidate\":null}";
    g_autoptr(json_t) message = room_message_parse(end, strlen(end), &kind, NULL);
    g_autoptr(json_t) signal = room_message_to_signal(message, kind);
    const json_t *candidate = json_object_get(signal, "candidate");
    ASSERT_TEXT(json_string_value(json_object_get(candidate, "candidate")), "");
    g_autoptr(json_t) neither =
        json_loads("{\"description\":{\"type\":\"rollback\"}}", 0, NULL);
    CU_ASSERT_PTR_NULL(room_message_from_signal(neither));
}

static const struct test tests[] = {
    { "members are told who is there", test_join },
    { "messages go to the other member, in order", test_relay },
    { "what is sent to nobody is kept for who comes", test_kept },
    { "what was kept goes with its sender", test_kept_goes_with_its_sender },
    { "what is kept is bounded", test_kept_is_bounded },
    { "an answer needs an offer", test_order },
    { "offers may cross", test_crossing_offers },
    { "a member that joins again takes its place", test_replaced },
    { "a given id takes nobody's place", test_given_ids_are_not_replaced },
    { "a third member is refused", test_full },
    { "rooms are bounded", test_too_many_rooms },
    { "what is no message is an error, and too many are the end", test_errors },
    { "deep nesting is an error", test_deep_nesting },
    { "names are plain", test_names },
    { "signals of the contract survive the room", test_contract },
};

int main(int argc, char **argv)
{
    return suite_run("rooms", tests, G_N_ELEMENTS(tests), argc, argv);
}
