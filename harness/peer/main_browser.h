/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A browser as a peer: what Chromium's and Firefox's have in common.
 *
 *     main_browser.c         life under the contract, times, the end
 *     main_chromium.c        Chromium: its options, DevTools over a pipe
 *     main_firefox.c         Firefox: its preferences, WebDriver BiDi
 *     js/rtc_peer.js         the contract over W3C's API, shared with Node's stacks;
 *                            js/rtc_text.js: its texts
 *     js/browser_page.js     what that needs of a page
 *
 * The page is served to the browser by us, over its remote protocol, as
 * http://localhost/: a secure context (a camera), isolated from others (a fine clock),
 * and not a packet on any network. Messages of the harness are handed to the page as
 * values, never as code.
 */
#ifndef RTCLAB_PEER_MAIN_BROWSER_H
#define RTCLAB_PEER_MAIN_BROWSER_H

#include "peer/browser_process.h"
#include "peer/browser_rpc.h"
#include "peer/contract_loop.h"

/** The page's functions, for a driver to call: each takes one text. */
#define BROWSER_PAGE_TAKE  "rtclabTake"  /**< a message of the harness */
#define BROWSER_PAGE_START "rtclabStart" /**< what page_settings() says; once */
/** The page's way out, for a driver to make: a function that takes one text. */
#define BROWSER_PAGE_SEND "rtclabSend"

#define BROWSER_PAGE_URL "http://localhost/"

struct browser_peer;

/** What a browser's own file has. */
struct browser_driver {
    const char *stack;           /**< for `hello` and messages: "chromium" */
    const char *variable;        /**< environment variable that names the program */
    const char *const *programs; /**< NULL-ended */

    /** Starts it (browser_start()); goes on until browser_peer_is_loaded(). */
    bool (*start)(struct browser_peer *peer, const char *program, GError **error);
    /** Calls one of the page's functions. */
    void (*call)(struct browser_peer *peer, const char *function, const char *text);
    /** A line of the browser's output; may be NULL. */
    void (*read_line)(struct browser_peer *peer, const char *line);
    /** Asks for any answer. */
    void (*ping)(struct browser_peer *peer);
    /** As browser_rpc_oldest_ns(). */
    int64_t (*oldest_ns)(struct browser_peer *peer);
    void (*stop)(struct browser_peer *peer);
};

struct browser_peer {
    const struct browser_driver *driver;
    void *data; /**< the driver's */
    struct contract_loop *loop;
    struct contract_peer *contract; /**< the loop's */
    struct browser_process *process;
    GQueue waiting; /**< char *: messages for the page until it is ready */
    int64_t started_ns;
    bool is_ready;   /**< the page takes messages */
    bool is_closing; /**< close was forwarded, and the page has not said done */
    bool is_over;    /**< the run ends */
};

/** Runs the peer. @return an exit status */
int browser_peer_run(const struct browser_driver *driver, void *data);

/**
 * The page has loaded: greets the harness, and lets messages through.
 * @param version    of the browser
 * @param origin_ns  CLOCK_MONOTONIC when the page's performance.now() was 0
 */
void browser_peer_is_loaded(struct browser_peer *peer, const char *version,
                            int64_t origin_ns);

/** Takes a text that the page sent. */
void browser_peer_take(struct browser_peer *peer, const char *text);

/** Ends the run: the browser is of no use any more. One line of why. */
void browser_peer_fail(struct browser_peer *peer, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/** What is at a URL. @return NULL: there is nothing; borrowed */
const char *browser_page_file(const char *url, const char **ret_type);

#endif
