/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer has the id of its request, and either `result` or `error`: an object with a
 * `message` in DevTools, a code with a `message` beside it in BiDi. An event has a
 * `method`. Requests are few, and answered in about their order: a list will do.
 */
#include "peer/browser_rpc.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"

enum { SHOWN_BYTES = 80 };

struct request {
    json_int_t id;
    unsigned tag;
    int64_t at_ns;
};

struct browser_rpc {
    json_int_t last_id;
    GArray *open; /* struct request, oldest first */
};

struct browser_rpc *browser_rpc_new(void)
{
    struct browser_rpc *rpc = g_new0(struct browser_rpc, 1);
    rpc->open = g_array_new(FALSE, FALSE, sizeof(struct request));
    return rpc;
}

void browser_rpc_free(struct browser_rpc *rpc)
{
    if (!rpc)
        return;
    g_array_unref(rpc->open);
    g_free(rpc);
}

char *browser_rpc_request(struct browser_rpc *rpc, unsigned tag, const char *method,
                          const char *session, json_t *params, int64_t now_ns)
{
    struct request request = { rpc->last_id + 1, tag, now_ns };
    json_t *message = json_pack("{s:I, s:s, s:o, s:s*}", "id", request.id, "method",
                                method, "params", params, "sessionId", session);
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    if (!text)
        return NULL;
    rpc->last_id = request.id;
    g_array_append_val(rpc->open, request);
    return text;
}

static bool fail(GError **error, const char *what, const char *text, size_t size)
{
    g_autofree char *shown =
        g_utf8_make_valid(size ? text : "", (gssize)MIN(size, SHOWN_BYTES));
    g_autofree char *line = g_strescape(shown, NULL);
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "the browser said %s: %s", what,
                line);
    return false;
}

static bool close_request(struct browser_rpc *rpc, const json_t *id, unsigned *ret_tag)
{
    for (guint i = 0; json_is_integer(id) && i < rpc->open->len; i++) {
        const struct request *request = &g_array_index(rpc->open, struct request, i);
        if (request->id != json_integer_value(id))
            continue;
        *ret_tag = request->tag;
        g_array_remove_index(rpc->open, i);
        return true;
    }
    return false;
}

static const char *find_error(const json_t *json)
{
    const json_t *error = json_object_get(json, "error");
    if (!error)
        return NULL;
    const json_t *place = json_is_object(error) ? error : json;
    const char *words = json_string_value(json_object_get(place, "message"));
    if (!words)
        words = json_string_value(error);
    return words ? words : "an error without words";
}

bool browser_rpc_take(struct browser_rpc *rpc, const char *text, size_t size,
                      struct browser_rpc_message *ret_message, GError **error)
{
    struct browser_rpc_message m = { .kind = BROWSER_RPC_EVENT };
    m.json = json_loadb(text, size, 0, NULL);
    if (!json_is_object(m.json)) {
        json_decref(m.json);
        return fail(error, "what is no JSON object", text, size);
    }
    const json_t *id = json_object_get(m.json, "id");
    m.method = json_string_value(json_object_get(m.json, "method"));
    if (id) {
        m.kind = BROWSER_RPC_ANSWER;
        m.error = find_error(m.json);
        m.result = json_object_get(m.json, "result");
    } else {
        m.session = json_string_value(json_object_get(m.json, "sessionId"));
        m.params = json_object_get(m.json, "params");
    }
    if (id ? !close_request(rpc, id, &m.tag) : !m.method) {
        json_decref(m.json);
        return fail(error, id ? "what answers no request" : "neither answer nor event",
                    text, size);
    }
    *ret_message = m;
    return true;
}

void browser_rpc_message_clear(struct browser_rpc_message *message)
{
    json_decref(message->json);
    *message = (struct browser_rpc_message){ .json = NULL };
}

int64_t browser_rpc_oldest_ns(const struct browser_rpc *rpc)
{
    return rpc->open->len == 0 ? CLOCK_NEVER
                               : g_array_index(rpc->open, struct request, 0).at_ns;
}
