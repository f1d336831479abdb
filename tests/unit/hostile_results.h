/* SPDX-License-Identifier: Apache-2.0 */
/* Results in which every string is what somebody would like a reader to take for more. */
#ifndef RTCLAB_TESTS_HOSTILE_RESULTS_H
#define RTCLAB_TESTS_HOSTILE_RESULTS_H

#include <string.h>

#include <glib.h>
#include <jansson.h>

static const char *const hostile_strings[] = {
    "]]><testcase name=\"evil\"/><![CDATA[",
    "</system-out></testcase></testsuite></testsuites>",
    "\" onload=\"alert(1)\" x=\"&amp;&lt;&#0;&bogus;",
    "\x01\x02\x08\x0b\x0c\x0e\x1f\x7f",
    "\xc2\x80\xc2\x9b[31m\033[2J\a",
    "\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe",
    "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8 turned",
    "line\none\r\ntwo\ttab",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "|\n| a | b |\n# heading\n```\n[link](javascript:alert(1)) ![i](http://x/y.png)",
    "@octocat #1 https://example.com/ $x^2$ <!-- -->",
    "not ok 1 - evil # TODO \\# nothing\n1..0\nBail out!",
    "=HYPERLINK(\"http://x\",\"y\")",
    "",
};
enum { hostile_n_strings = G_N_ELEMENTS(hostile_strings) };

/* Whether code looks at it: a word such as "timeout" or "fails". */
static inline gboolean hostile_is_word(const char *key)
{
    static const char *const keys[] = { "outcome", "status", "verdict", "mode", "kind" };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_strcmp0(key, keys[i]) == 0)
            return TRUE;
    return FALSE;
}

static inline json_t *hostile_copy(const json_t *value, const char *key, const char *text)
{
    size_t i;
    const char *name;
    json_t *member;
    if (json_is_string(value) && !hostile_is_word(key))
        return json_string(text);
    if (json_is_object(value)) {
        json_t *object = json_object();
        json_object_foreach((json_t *)value, name, member)
            json_object_set_new(object, name, hostile_copy(member, name, text));
        return object;
    }
    if (json_is_array(value)) {
        json_t *array = json_array();
        json_array_foreach((json_t *)value, i, member)
            json_array_append_new(array, hostile_copy(member, key, text));
        return array;
    }
    return json_deep_copy(value);
}

/** A copy in which each string but the words that code looks at is `text`; caller owns.
 */
static inline json_t *hostile_results(const json_t *results, const char *text)
{
    return hostile_copy(results, NULL, text);
}

#endif
