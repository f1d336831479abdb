/* SPDX-License-Identifier: Apache-2.0 */
/* The media path in figures, from a peer's statistics (harness/call/media.h). */
#include "suite.h"

#include "call/media.h"

static json_t *describe(const char *stats, double seconds, const char *kind)
{
    json_t *list = json_loads(stats, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    json_t *media = media_describe(list, seconds);
    json_t *figures = json_incref(json_object_get(media, kind));
    json_decref(media);
    json_decref(list);
    return figures;
}

static const struct {
    const char *name, *stats;
    double seconds;
    const char *kind, *figures;
} cases[] = {
    { "nothing is known", "[]", 10, "audio",
      "{\"packets_sent\":null,\"packets_received\":null,\"packets_lost\":null,"
      "\"jitter_ms\":null,\"round_trip_ms\":null,\"frames_decoded\":null,"
      "\"received_kbps\":null}" },
    { "each figure from its dictionary, in its unit",
      "[{\"type\":\"inbound-rtp\",\"kind\":\"video\",\"packetsReceived\":95,"
      "\"packetsLost\":5,\"jitter\":0.0034567,\"framesDecoded\":40,"
      "\"bytesReceived\":125000},"
      "{\"type\":\"outbound-rtp\",\"kind\":\"video\",\"packetsSent\":99},"
      "{\"type\":\"remote-inbound-rtp\",\"kind\":\"video\",\"roundTripTime\":0.05,"
      "\"packetsLost\":77},"
      "{\"type\":\"inbound-rtp\",\"kind\":\"audio\",\"packetsReceived\":1}]",
      10, "video",
      "{\"packets_sent\":99,\"packets_received\":95,\"packets_lost\":5,"
      "\"jitter_ms\":3.457,\"round_trip_ms\":50.0,\"frames_decoded\":40,"
      "\"received_kbps\":100.0}" },
    { "streams of a kind: counts add up, the worst delay is told",
      "[{\"type\":\"inbound-rtp\",\"kind\":\"audio\",\"packetsReceived\":10,"
      "\"jitter\":0.001,\"packetsLost\":-1},"
      "{\"type\":\"inbound-rtp\",\"kind\":\"audio\",\"packetsReceived\":20,"
      "\"jitter\":0.002,\"packetsLost\":3}]",
      1, "audio",
      "{\"packets_sent\":null,\"packets_received\":30,\"packets_lost\":2,"
      "\"jitter_ms\":2.0,\"round_trip_ms\":null,\"frames_decoded\":null,"
      "\"received_kbps\":null}" },
    { "no rate without a time",
      "[{\"type\":\"inbound-rtp\",\"kind\":\"audio\",\"bytesReceived\":1000}]", 0,
      "audio",
      "{\"packets_sent\":null,\"packets_received\":null,\"packets_lost\":null,"
      "\"jitter_ms\":null,\"round_trip_ms\":null,\"frames_decoded\":null,"
      "\"received_kbps\":null}" },
    { "what a peer makes up",
      "[7,null,[],{\"type\":\"inbound-rtp\"},{\"kind\":\"audio\",\"packetsReceived\":1},"
      "{\"type\":\"inbound-rtp\",\"kind\":\"audio\",\"packetsReceived\":1e300,"
      "\"packetsLost\":\"5\",\"jitter\":true}]",
      1, "audio",
      "{\"packets_sent\":null,\"packets_received\":null,\"packets_lost\":null,"
      "\"jitter_ms\":null,\"round_trip_ms\":null,\"frames_decoded\":null,"
      "\"received_kbps\":null}" },
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *figures = describe(cases[i].stats, cases[i].seconds, cases[i].kind);
        g_autofree char *text =
            json_dumps(figures, JSON_COMPACT | JSON_REAL_PRECISION(12));
        suite_assert_text(text, cases[i].figures, cases[i].name, (int)i);
        json_decref(figures);
    }
}

static void test_no_list(void)
{
    json_t *object = json_object();
    json_t *media = media_describe(object, 1);
    CU_ASSERT_TRUE(json_is_null(
        json_object_get(json_object_get(media, "video"), "packets_received")));
    json_decref(media);
    json_decref(object);
}

static const struct test tests[] = {
    { "each figure is found, in its unit, or null", test_cases },
    { "what is no list of statistics says nothing", test_no_list },
};

int main(int argc, char **argv)
{
    return suite_run("media", tests, G_N_ELEMENTS(tests), argc, argv);
}
