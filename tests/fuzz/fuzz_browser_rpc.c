/* SPDX-License-Identifier: Apache-2.0 */
/* All that a browser, which a page may have taken over, can say on the DevTools pipe. */
#include <stdlib.h>
#include <string.h>

#include "peer/devtools_pipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct browser_rpc *rpc, const char *text, size_t size)
{
    g_auto(browser_rpc_message) m = { .json = NULL };
    g_autoptr(GError) error = NULL;
    if (!browser_rpc_take(rpc, text, size, &m, &error)) {
        if (!g_utf8_validate(error->message, -1, NULL))
            abort();
    } else if (m.kind == BROWSER_RPC_EVENT ? !m.method : m.tag != 1) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct browser_rpc *rpc = browser_rpc_new();
    struct devtools_frames frames;
    devtools_frames_init(&frames, 4096);
    for (int i = 0; i < 3; i++)
        free(browser_rpc_request(rpc, 1, "Page.enable", NULL, json_object(), i));
    for (size_t at = 0; at < size && !devtools_frames_is_over_long(&frames);) {
        size_t part = MIN((size_t)data[at] + 1, size - at);
        devtools_frames_feed(&frames, data + at, part);
        at += part;
        const char *text;
        size_t length;
        while ((text = devtools_frames_next(&frames, &length)))
            take(rpc, text, length);
    }
    devtools_frames_clear(&frames);
    browser_rpc_free(rpc);
    return 0;
}
