/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON is strict (RFC 8259): no comments, no key twice. Its syntax errors end the
 * reading, as nothing after them can be trusted.
 */
#include "scenario/json_file.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "scenario/document.h"

json_t *json_file_parse(const char *text, size_t size, struct problems *problems)
{
    if (size > DOCUMENT_MAX_BYTES) {
        problems_add(problems, "", "must be at most %d bytes, is larger",
                     DOCUMENT_MAX_BYTES);
        return NULL;
    }
    json_error_t error;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        g_autofree char *message =
            g_strdup_printf("must be JSON, is not: %s", error.text);
        /* The parser is at column 0 before it took anything in. */
        problems_add_at(problems, error.line, MAX(error.column, 1), message);
    }
    return value;
}

/* The bytes of a regular file that is not too big; what else there may be never ends. */
static char *read_file(size_t *ret_size, struct problems *problems)
{
    const char *path = problems->file;
    if (g_file_test(path, G_FILE_TEST_EXISTS) &&
        !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        problems_add(problems, "", "must be a file, is something else");
        return NULL;
    }
    FILE *file = fopen(path, "rbe");
    if (!file) {
        problems_add(problems, "", "must be a readable file, is not: %s",
                     g_strerror(errno));
        return NULL;
    }
    /* One byte more than allowed, for json_file_parse() to see that there are more. */
    char *text = g_malloc(DOCUMENT_MAX_BYTES + 1);
    errno = 0;
    *ret_size = fread(text, 1, DOCUMENT_MAX_BYTES + 1, file);
    if (ferror(file)) {
        problems_add(problems, "", "must be a readable file, is not: %s",
                     g_strerror(errno));
        g_clear_pointer(&text, g_free);
    }
    fclose(file);
    return text;
}

json_t *json_file_load(struct problems *problems)
{
    size_t size;
    g_autofree char *text = read_file(&size, problems);
    return text ? json_file_parse(text, size, problems) : NULL;
}
