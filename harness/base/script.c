/* SPDX-License-Identifier: Apache-2.0 */
#include "base/script.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

/* What `env` will run: the first of its words that is neither an option nor a variable.
 */
static char *find_env_target(const char *arguments)
{
    g_auto(GStrv) words = g_strsplit_set(arguments, " \t", -1);
    for (char **word = words; *word; word++)
        if (**word && **word != '-' && !strchr(*word, '='))
            return g_find_program_in_path(*word);
    return NULL;
}

bool script_read(const char *start, struct script *ret)
{
    if (!g_str_has_prefix(start, "#!"))
        return false;
    g_autofree char *line = g_strndup(start + 2, strcspn(start + 2, "\n"));
    g_strstrip(line);
    size_t length = strcspn(line, " \t");
    *ret = (struct script){ .interpreter = g_strndup(line, length) };
    g_autofree char *name = g_path_get_basename(ret->interpreter);
    ret->uses_env = strcmp(name, "env") == 0;
    if (ret->uses_env)
        ret->target = find_env_target(line + length);
    return true;
}

void script_clear(struct script *script)
{
    g_clear_pointer(&script->interpreter, g_free);
    g_clear_pointer(&script->target, g_free);
}

bool script_can_run(const char *path)
{
    char start[SCRIPT_START_BYTES + 1] = "";
    struct script script;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return true; /* it may be executable all the same */
    bool is_read = pread(fd, start, SCRIPT_START_BYTES, 0) >= 0;
    close(fd);
    if (!is_read || !script_read(start, &script))
        return true;
    bool can_run = g_file_test(script.interpreter, G_FILE_TEST_IS_EXECUTABLE) &&
                   (!script.uses_env || script.target);
    script_clear(&script);
    return can_run;
}
