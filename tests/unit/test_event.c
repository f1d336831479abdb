/* SPDX-License-Identifier: Apache-2.0 */
/* base/event.h: names are the contract of events.jsonl, so they must be one to one. */
#include "suite.h"

#include <string.h>

#include "base/event.h"

static void test_round_trip(void)
{
    for (unsigned i = 0; i < EVENT_N_KINDS; i++) {
        enum event_kind kind = EVENT_N_KINDS;
        CU_ASSERT_TRUE(event_kind_from_name(event_kind_name((enum event_kind)i), &kind));
        CU_ASSERT_EQUAL(kind, i);
    }
}

static void test_unique(void)
{
    for (unsigned i = 0; i < EVENT_N_KINDS; i++) {
        for (unsigned j = i + 1; j < EVENT_N_KINDS; j++)
            CU_ASSERT_STRING_NOT_EQUAL(event_kind_name((enum event_kind)i),
                                       event_kind_name((enum event_kind)j));
    }
}

static void test_form(void)
{
    for (unsigned i = 0; i < EVENT_N_KINDS; i++) {
        const char *name = event_kind_name((enum event_kind)i);
        const char *dot = strchr(name, '.');
        CU_ASSERT_TRUE(dot && dot > name && dot[1] != '\0' && !strchr(dot + 1, '.'));
        CU_ASSERT_EQUAL(strspn(name, "abcdefghijklmnopqrstuvwxyz-."), strlen(name));
        CU_ASSERT_TRUE(strlen(event_kind_meaning((enum event_kind)i)) > 0);
    }
}

static void test_unknown(void)
{
    static const char *const strangers[] = { "", "peer", "peer.candidat",
                                             "PEER.CANDIDATE", "peer.candidate " };
    for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
        enum event_kind kind = EVENT_PACKET_DROPPED;
        CU_ASSERT_FALSE(event_kind_from_name(strangers[i], &kind));
        CU_ASSERT_EQUAL(kind, EVENT_PACKET_DROPPED);
    }
}

static void test_published(void)
{
    /* Other people's tools read these. */
    ASSERT_TEXT(event_kind_name(EVENT_PEER_CANDIDATE), "peer.candidate");
    ASSERT_TEXT(event_kind_name(EVENT_PEER_SELECTED_PAIR), "peer.selected-pair");
    ASSERT_TEXT(event_kind_name(EVENT_NAT_MAPPING_CREATED), "nat.mapping-created");
    ASSERT_TEXT(event_kind_name(EVENT_PACKET_DROPPED), "packet.dropped");
}

static void test_schema_has_every_kind(void)
{
    json_t *schema = event_schema();
    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *each = json_object_get(json_object_get(properties, "kind"), "oneOf");
    CU_ASSERT_EQUAL(json_array_size(each), EVENT_N_KINDS);
    for (unsigned i = 0; i < json_array_size(each); i++) {
        const json_t *name = json_object_get(json_array_get(each, i), "const");
        ASSERT_TEXT(json_string_value(name), event_kind_name((enum event_kind)i));
    }
    CU_ASSERT_EQUAL(json_array_size(json_object_get(schema, "required")),
                    json_object_size(properties));
    json_decref(schema);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "the schema has every kind", test_schema_has_every_kind },
        { "a kind is found by its name", test_round_trip },
        { "no two kinds share a name", test_unique },
        { "a name is two words and has a meaning", test_form },
        { "an unknown name is refused", test_unknown },
        { "published names do not change", test_published },
    };
    return suite_run("event", tests, G_N_ELEMENTS(tests), argc, argv);
}
