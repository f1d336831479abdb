/* SPDX-License-Identifier: Apache-2.0 */
#include "signaling/pages.h"

#include <string.h>

#include <glib.h>

#include "signaling/page.h" /* made by embed.cmake */

static const struct page pages[] = {
    { "/", "text/html; charset=utf-8", "index.html" },
    { "/page.css", "text/css; charset=utf-8", "page.css" },
    { "/page.js", "text/javascript; charset=utf-8", "page.js" },
};

const struct page *page_find(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}

const char *page_text(const struct page *page)
{
    for (size_t i = 0; i < G_N_ELEMENTS(page_files); i++)
        if (strcmp(page_files[i].path, page->file) == 0)
            return (const char *)page_files[i].text;
    return "";
}
