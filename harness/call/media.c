/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One figure of each kind from the dictionaries of an RTCStatsReport: the rows below say
 * which member of which type it is. Of several streams of a kind counts are added, and of
 * a jitter or a round trip the worst is told.
 */
#include "call/media.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

const char *const media_figure_names[MEDIA_N_FIGURES] = {
#define X(symbol, name) [MEDIA_##symbol] = name,
    MEDIA_FIGURES(X)
#undef X
};

const char *const media_kind_names[MEDIA_N_KINDS] = { "audio", "video" };

enum unit { COUNT, SECONDS, BYTES };

static const struct {
    const char *type, *member;
    enum unit unit;
} sources[MEDIA_N_FIGURES] = {
    [MEDIA_PACKETS_SENT] = { "outbound-rtp", "packetsSent", COUNT },
    [MEDIA_PACKETS_RECEIVED] = { "inbound-rtp", "packetsReceived", COUNT },
    [MEDIA_PACKETS_LOST] = { "inbound-rtp", "packetsLost", COUNT },
    [MEDIA_JITTER_MS] = { "inbound-rtp", "jitter", SECONDS },
    [MEDIA_ROUND_TRIP_MS] = { "remote-inbound-rtp", "roundTripTime", SECONDS },
    [MEDIA_FRAMES_DECODED] = { "inbound-rtp", "framesDecoded", COUNT },
    [MEDIA_RECEIVED_KBPS] = { "inbound-rtp", "bytesReceived", BYTES },
};

static bool has_text(const json_t *dictionary, const char *key, const char *text)
{
    return g_strcmp0(json_string_value(json_object_get(dictionary, key)), text) == 0;
}

/* NAN: no stream of this kind has it. */
static double find(const json_t *stats, const char *kind, enum media_figure figure)
{
    double result = NAN;
    size_t i;
    const json_t *dictionary;
    json_array_foreach(stats, i, dictionary)
    {
        const json_t *value = json_object_get(dictionary, sources[figure].member);
        if (!has_text(dictionary, "type", sources[figure].type) ||
            !has_text(dictionary, "kind", kind) || !json_is_number(value))
            continue;
        double number = json_number_value(value);
        if (isnan(result))
            result = number;
        else if (sources[figure].unit == SECONDS)
            result = MAX(result, number);
        else
            result += number;
    }
    return result;
}

static json_t *in_unit(double value, enum unit unit, double seconds)
{
    if (isnan(value) || (unit == BYTES && seconds <= 0))
        return json_null();
    switch (unit) {
    case COUNT:
        /* Counts fit a double exactly; what a peer makes up may fit no integer. */
        return fabs(value) < 1e15 ? json_integer((json_int_t)value) : json_null();
    case SECONDS:
        return json_real(round(value * 1e6) / 1e3);
    case BYTES:
        return json_real(round(value * 8 / seconds) / 1e3);
    }
    return json_null();
}

json_t *media_describe(const json_t *stats, double seconds)
{
    json_t *media = json_object();
    for (size_t i = 0; i < MEDIA_N_KINDS; i++) {
        json_t *figures = json_object();
        for (unsigned j = 0; j < MEDIA_N_FIGURES; j++)
            json_object_set_new(
                figures, media_figure_names[j],
                in_unit(find(stats, media_kind_names[i], j), sources[j].unit, seconds));
        json_object_set_new(media, media_kind_names[i], figures);
    }
    return media;
}
