/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session descriptions of a bare ICE agent; their candidates are wire/candidate.h's.
 *
 * RFC 8839 (sections 4.2, 5.4) for what ICE says in SDP, RFC 8840 section 4.1 for trickle
 * ("c=IN IP4 0.0.0.0" and port 9 while no candidate is known), RFC 8866 section 5.14 for
 * "udp octet-stream": datagrams as they are.
 *
 * It takes descriptions of full stacks too, and reads of them no more than ICE: media,
 * DTLS and further m-sections (which a bundle would not use) are passed over. Offer and
 * answer are not compared (RFC 3264): there is nothing to agree on but ICE.
 */
#include "peer/sdp.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* RFC 8839 section 5.4 */
#define UFRAG_MIN 4
#define PWD_MIN   22

static gboolean refuse(GError **error, const char *what, const char *wanted,
                       const char *found)
{
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s: must be %s, is \"%.60s\"",
                what, wanted, found ? found : "");
    return FALSE;
}

/* A text of ice-char (RFC 8839 section 5.1) from min to size - 1 long. */
static bool copy_ice_chars(char *out, size_t size, size_t min, const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789+/");
    if (text[length] != '\0' || length < min || length >= size)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

/* One attribute, "NAME:VALUE" or "NAME". */
static gboolean parse_attribute(const char *at, bool in_section, struct sdp_session *s,
                                GError **error)
{
    if (g_str_has_prefix(at, "ice-ufrag:")) {
        if (!copy_ice_chars(s->ufrag, sizeof s->ufrag, UFRAG_MIN, at + 10))
            return refuse(error, "a=ice-ufrag", "4 to 256 ice-char", at + 10);
    } else if (g_str_has_prefix(at, "ice-pwd:")) {
        if (!copy_ice_chars(s->pwd, sizeof s->pwd, PWD_MIN, at + 8))
            return refuse(error, "a=ice-pwd", "22 to 256 ice-char", at + 8);
    } else if (g_str_has_prefix(at, "ice-options:")) {
        g_auto(GStrv) options = g_strsplit(at + 12, " ", -1);
        s->trickle |= g_strv_contains((const char *const *)options, "trickle");
    } else if (strcmp(at, "end-of-candidates") == 0) {
        s->end_of_candidates = true;
    } else if (in_section && g_str_has_prefix(at, "mid:")) {
        if (strlen(at + 4) >= sizeof s->mid || strlen(at + 4) == 0)
            return refuse(error, "a=mid", "1 to 32 characters", at + 4);
        g_strlcpy(s->mid, at + 4, sizeof s->mid);
    } else if (in_section && g_str_has_prefix(at, "candidate:")) {
        if (s->candidates->len == SDP_CANDIDATES_MAX)
            return refuse(error, "a=candidate",
                          "there at most " G_STRINGIFY(SDP_CANDIDATES_MAX) " times", at);
        g_ptr_array_add(s->candidates, g_strdup(at));
    }
    return TRUE;
}

gboolean sdp_session_parse(const char *text, struct sdp_session *ret_session,
                           GError **error)
{
    if (!g_str_has_prefix(text, "v=0"))
        return refuse(error, "session description", "one that begins with v=0", text);
    struct sdp_session s = { .mid = "0",
                             .candidates = g_ptr_array_new_with_free_func(g_free) };
    unsigned n_sections = 0;
    gboolean good = TRUE;
    while (good && *text && n_sections < 2) {
        size_t size = strcspn(text, "\r\n");
        g_autofree char *line = g_strndup(text, size);
        text += size;
        text += strspn(text, "\r\n");
        if (g_str_has_prefix(line, "m="))
            n_sections++;
        else if (g_str_has_prefix(line, "a=") && n_sections < 2)
            good = parse_attribute(line + 2, n_sections > 0, &s, error);
    }
    if (good && n_sections == 0)
        good = refuse(error, "session description", "one with an m-section", "");
    if (good && (!s.ufrag[0] || !s.pwd[0]))
        good = refuse(error, "a=ice-ufrag and a=ice-pwd", "both there", s.ufrag);
    if (good)
        *ret_session = s;
    else
        sdp_session_clear(&s);
    return good;
}

void sdp_session_clear(struct sdp_session *session)
{
    g_clear_pointer(&session->candidates, g_ptr_array_unref);
}

char *sdp_session_format(const struct sdp_session *session, uint64_t id, unsigned version)
{
    return g_strdup_printf("v=0\r\n"
                           "o=- %" G_GUINT64_FORMAT " %u IN IP4 0.0.0.0\r\n"
                           "s=-\r\n"
                           "t=0 0\r\n"
                           "a=ice-options:trickle\r\n"
                           "m=application 9 udp octet-stream\r\n"
                           "c=IN IP4 0.0.0.0\r\n"
                           "a=mid:%s\r\n"
                           "a=sendrecv\r\n"
                           "a=ice-ufrag:%s\r\n"
                           "a=ice-pwd:%s\r\n",
                           id, version, session->mid, session->ufrag, session->pwd);
}
