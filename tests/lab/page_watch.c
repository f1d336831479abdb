/* SPDX-License-Identifier: Apache-2.0 */
#include "page_watch.h"

#include <string.h>

void page_watch_init(struct page_watch *watch)
{
    watch->messages = g_ptr_array_new_with_free_func(g_free);
    watch->requests = g_ptr_array_new_with_free_func(g_free);
}

void page_watch_clear(struct page_watch *watch)
{
    g_ptr_array_unref(watch->messages);
    g_ptr_array_unref(watch->requests);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static char *describe_console_call(const json_t *params)
{
    GString *out = g_string_new(text_of(params, "type"));
    const char *separator = ": ";
    size_t i;
    json_t *argument;
    json_array_foreach(json_object_get(params, "args"), i, argument)
    {
        const json_t *value = json_object_get(argument, "value");
        g_string_append(out, separator);
        g_string_append(out, json_is_string(value) ? json_string_value(value)
                                                   : text_of(argument, "description"));
        separator = " ";
    }
    return g_string_free(out, FALSE);
}

void page_watch_take(struct page_watch *watch, const char *method, const json_t *params)
{
    if (strcmp(method, "Runtime.consoleAPICalled") == 0) {
        g_ptr_array_add(watch->messages, describe_console_call(params));
    } else if (strcmp(method, "Runtime.exceptionThrown") == 0) {
        const json_t *details = json_object_get(params, "exceptionDetails");
        g_ptr_array_add(watch->messages,
                        g_strdup_printf("%s: %s", text_of(details, "text"),
                                        text_of(json_object_get(details, "exception"),
                                                "description")));
    } else if (strcmp(method, "Log.entryAdded") == 0) {
        const json_t *entry = json_object_get(params, "entry");
        g_ptr_array_add(watch->messages,
                        g_strdup_printf("%s: %s (%s)", text_of(entry, "level"),
                                        text_of(entry, "text"), text_of(entry, "url")));
    } else if (strcmp(method, "Network.requestWillBeSent") == 0) {
        const json_t *request = json_object_get(params, "request");
        g_ptr_array_add(watch->requests, g_strdup(text_of(request, "url")));
    }
}

const char *page_watch_find_foreign(const struct page_watch *watch, const char *prefix)
{
    for (guint i = 0; i < watch->requests->len; i++) {
        const char *url = watch->requests->pdata[i];
        if (!g_str_has_prefix(url, prefix) && !g_str_has_prefix(url, "data:"))
            return url;
    }
    return NULL;
}
