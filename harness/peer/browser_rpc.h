/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a browser, and what it says: JSON objects with ids, as Chromium's DevTools
 * protocol and WebDriver BiDi have them alike. Which bytes carry them is another's
 * (devtools_pipe.h; a WebSocket). A browser may have been taken over by a page: nothing
 * that it says is trusted.
 */
#ifndef RTCLAB_PEER_BROWSER_RPC_H
#define RTCLAB_PEER_BROWSER_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

struct browser_rpc;

enum browser_rpc_kind { BROWSER_RPC_ANSWER, BROWSER_RPC_EVENT };

/** What the browser said. Texts and values are borrowed from `json`. */
struct browser_rpc_message {
    enum browser_rpc_kind kind;
    json_t *json; /**< owned: browser_rpc_message_clear() */

    unsigned tag;         /**< ANSWER: of the request */
    const char *error;    /**< ANSWER: the browser's words; NULL: it did it */
    const json_t *result; /**< ANSWER: NULL if there is none */

    const char *method;   /**< EVENT */
    const char *session;  /**< EVENT: of DevTools; NULL if not given */
    const json_t *params; /**< EVENT: NULL if there are none */
};

struct browser_rpc *browser_rpc_new(void);
void browser_rpc_free(struct browser_rpc *rpc);

/**
 * A request as text.
 *
 * @param tag     comes back with its answer
 * @param session of DevTools; NULL: none
 * @param params  an object, consumed
 * @param now_ns  for browser_rpc_oldest_ns()
 * @return one JSON text; NULL if `params` cannot be written as such; caller owns
 */
char *browser_rpc_request(struct browser_rpc *rpc, unsigned tag, const char *method,
                          const char *session, json_t *params, int64_t now_ns);

/**
 * Reads one message, which need not be NUL-terminated.
 * @return false with RTC_ERROR_ENVIRONMENT if it is no message, or answers no request
 */
bool browser_rpc_take(struct browser_rpc *rpc, const char *text, size_t size,
                      struct browser_rpc_message *ret_message, GError **error);

void browser_rpc_message_clear(struct browser_rpc_message *message);

/** When the oldest request without an answer was made; CLOCK_NEVER: all have one. */
int64_t browser_rpc_oldest_ns(const struct browser_rpc *rpc);

/* For g_auto(browser_rpc_message). */
typedef struct browser_rpc_message browser_rpc_message;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(browser_rpc_message, browser_rpc_message_clear)

#endif
