/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#include <glib.h>

enum { MAX_NEAR_BYTES = 64 /* longer words are not compared */ };

/* Edits (insert, delete, replace) from one word to another: Levenshtein's distance. */
static size_t edit_distance(const char *from, const char *to)
{
    size_t row[MAX_NEAR_BYTES + 1];
    size_t n = strlen(to);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; from[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replace = diagonal + (from[i - 1] != to[j - 1]);
            diagonal = row[j];
            row[j] = MIN(MIN(row[j], row[j - 1]) + 1, replace);
        }
    }
    return row[n];
}

const char *nearest_word(const char *word, const char *const *words)
{
    size_t length = strlen(word);
    if (length > MAX_NEAR_BYTES)
        return NULL;
    const char *nearest = NULL;
    size_t least = 1 + length / 3;
    for (size_t i = 0; words[i]; i++) {
        if (strlen(words[i]) > MAX_NEAR_BYTES)
            continue;
        size_t distance = edit_distance(word, words[i]);
        if (distance < least || (distance == least && !nearest)) {
            least = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

char *nearest_hint(const char *word, const char *const *words)
{
    const char *nearest = nearest_word(word, words);
    return nearest ? g_strdup_printf("; did you mean \"%s\"?", nearest) : g_strdup("");
}
