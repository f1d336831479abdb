/* SPDX-License-Identifier: Apache-2.0 */
/* The files of page/, which the build puts into the program. */
#ifndef RTCLAB_SIGNALING_PAGES_H
#define RTCLAB_SIGNALING_PAGES_H

struct page {
    const char *path; /**< of the URL: "/page.js" */
    const char *type; /**< MIME */
    const char *file; /**< of page/ */
};

/** The page of a path, or NULL. */
const struct page *page_find(const char *path);

/** What is in it; for good. */
const char *page_text(const struct page *page);

#endif
