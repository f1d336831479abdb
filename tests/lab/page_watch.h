/* SPDX-License-Identifier: Apache-2.0 */
/* What a tab says and asks for while it is driven: its console, its requests. */
#ifndef RTCLAB_TESTS_PAGE_WATCH_H
#define RTCLAB_TESTS_PAGE_WATCH_H

#include <glib.h>
#include <jansson.h>

struct page_watch {
    GPtrArray *messages; /* char *: "error: …", an exception, what the browser logged */
    GPtrArray *requests; /* char *: URLs */
};

void page_watch_init(struct page_watch *watch);
void page_watch_clear(struct page_watch *watch);

/* Takes in an event of the tab's: of Runtime, Log and Network, which must be enabled. */
void page_watch_take(struct page_watch *watch, const char *method, const json_t *params);

/* The first request that does not begin with `prefix`; NULL: there is none. */
const char *page_watch_find_foreign(const struct page_watch *watch, const char *prefix);

#endif
