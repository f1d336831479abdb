/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webrtcbin's statistics as W3C's webrtc-stats. Its structures are named and nested as
 * W3C's dictionaries are, with hyphens in place of capitals, and carry structures of
 * GStreamer's own, which are left out.
 *
 * What it does not count because it does not decode is counted here: framesDecoded.
 */
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <string.h>

#include "peer/main_gst.h"

/* "packets-received" as "packetsReceived"; caller owns. */
static char *camel_case(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        if (*c == '-' && c[1])
            g_string_append_c(out, g_ascii_toupper(*++c));
        else
            g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

static json_t *describe_value(const GValue *value)
{
    g_auto(GValue) integer = G_VALUE_INIT;
    if (G_VALUE_HOLDS_STRING(value))
        return json_string(g_value_get_string(value));
    if (G_VALUE_HOLDS_BOOLEAN(value))
        return json_boolean(g_value_get_boolean(value));
    if (G_VALUE_HOLDS_DOUBLE(value))
        return json_real(g_value_get_double(value));
    if (G_VALUE_HOLDS(value, GST_TYPE_WEBRTC_STATS_TYPE)) {
        GEnumClass *words = g_type_class_ref(GST_TYPE_WEBRTC_STATS_TYPE);
        const GEnumValue *word = g_enum_get_value(words, g_value_get_enum(value));
        json_t *text = word ? json_string(word->value_nick) : NULL;
        g_type_class_unref(words);
        return text;
    }
    g_value_init(&integer, G_TYPE_INT64);
    return g_value_transform(value, &integer) ? json_integer(g_value_get_int64(&integer))
                                              : NULL;
}

static gboolean add_field(GQuark field, const GValue *value, gpointer dictionary)
{
    g_autofree char *key = camel_case(g_quark_to_string(field));
    if (!GST_VALUE_HOLDS_STRUCTURE(value))
        json_object_set_new(dictionary, key, describe_value(value));
    return TRUE;
}

/* Of bundled streams webrtcbin 1.22 takes the losses of one jitter buffer for those of
   all; the source of each has its own (RFC 3550 section 6.4.1). */
static void correct_lost(const GstStructure *structure, json_t *dictionary)
{
    const GValue *source = gst_structure_get_value(structure, "gst-rtpsource-stats");
    int n_lost;
    if (json_object_get(dictionary, "packetsReceived") && source &&
        GST_VALUE_HOLDS_STRUCTURE(source) &&
        gst_structure_get_int(gst_value_get_structure(source), "packets-lost", &n_lost))
        json_object_set_new(dictionary, "packetsLost", json_integer(n_lost));
}

static gboolean add_dictionary(GQuark field, const GValue *value, gpointer list)
{
    (void)field;
    if (GST_VALUE_HOLDS_STRUCTURE(value)) {
        const GstStructure *structure = gst_value_get_structure(value);
        json_t *dictionary = json_object();
        gst_structure_foreach(structure, add_field, dictionary);
        correct_lost(structure, dictionary);
        json_array_append_new(list, dictionary);
    }
    return TRUE;
}

/* ---- what else webrtcbin 1.22 says wrongly ---- */

static bool has_text(const json_t *dictionary, const char *key, const char *text)
{
    return g_strcmp0(json_string_value(json_object_get(dictionary, key)), text) == 0;
}

/* The kind of an SSRC that is sent, of which there is a codec, or that comes. */
static const char *kind_of(const struct gst_peer *peer, const json_t *list, guint ssrc)
{
    size_t i;
    const json_t *codec;
    for (i = 0; i < GST_PEER_N_MEDIA; i++)
        if ((guint)g_atomic_int_get(&peer->media[i].ssrc) == ssrc)
            return peer->media[i].name;
    json_array_foreach(list, i, codec)
    {
        const char *type = json_string_value(json_object_get(codec, "mimeType"));
        if (type && has_text(codec, "type", "codec") &&
            json_integer_value(json_object_get(codec, "ssrc")) == (json_int_t)ssrc)
            return g_str_has_prefix(type, "audio/") ? "audio" : "video";
    }
    return NULL;
}

/* Of bundled streams it takes the kind of the session's last m-section. */
static void correct_kind(const struct gst_peer *peer, const json_t *list,
                         json_t *dictionary)
{
    const json_t *ssrc = json_object_get(dictionary, "ssrc");
    if (!ssrc || has_text(dictionary, "type", "codec"))
        return;
    const char *kind = kind_of(peer, list, (guint)json_integer_value(ssrc));
    json_object_del(dictionary, "kind");
    if (kind)
        json_object_set_new(dictionary, "kind", json_string(kind));
}

/* It takes the local candidate's type for the remote one's, and the reverse. */
static void correct_candidate(json_t *dictionary)
{
    const char *id = json_string_value(json_object_get(dictionary, "id"));
    if (id && g_str_has_prefix(id, "ice-candidate-local_"))
        json_object_set_new(dictionary, "type", json_string("local-candidate"));
    if (id && g_str_has_prefix(id, "ice-candidate-remote_"))
        json_object_set_new(dictionary, "type", json_string("remote-candidate"));
}

static void count_frames(const struct gst_peer *peer, json_t *dictionary)
{
    for (size_t i = 0; i < GST_PEER_N_MEDIA; i++)
        if (has_text(dictionary, "type", "inbound-rtp") &&
            has_text(dictionary, "kind", peer->media[i].name))
            json_object_set_new(dictionary, "framesDecoded",
                                json_integer(g_atomic_int_get(&peer->media[i].n_frames)));
}

json_t *gst_peer_describe_stats(const struct gst_peer *peer, const GstStructure *stats)
{
    json_t *list = json_array();
    if (stats)
        gst_structure_foreach(stats, add_dictionary, list);
    size_t i;
    json_t *dictionary;
    json_array_foreach(list, i, dictionary)
    {
        correct_kind(peer, list, dictionary);
        correct_candidate(dictionary);
        count_frames(peer, dictionary);
    }
    return list;
}
