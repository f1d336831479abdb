/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the modules. One table has the keys, so that a key that is none is told with
 * the one that was meant. Values that a command line has too are read by the same
 * readers as there.
 */
#include "probes/commands/serve_config.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"

enum { PAYLOADS_OF_CHECK = 10, PAYLOADS_OF_RELAY = 100 };

struct serve_config {
    gatomicrefcount references;
    json_t *root;        /* the modules' texts are in it */
    GHashTable *modules; /* name, borrowed from the root: struct serve_module * */
};

/* ---- Keys ------------------------------------------------------------------------- */

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_FLAG, KEY_HOSTS, KEY_TLS };

struct key {
    const char *name;
    enum key_type type;
    size_t offset;
    /* KEY_TEXT: as of an option; NULL: the text itself */
    gboolean (*take)(const char *text, void *place, GError **error);
    /* KEY_NUMBER: an int64_t, multiplied by `unit` */
    int64_t least, most, unit;
};

/* A module as it is being read: numbers all of one type. */
struct reading {
    struct serve_module module;
    int64_t limit_ns, ttl_s, rto_ns, rc, payloads, interval_ns, payload_bytes;
};

#define TEXT(name, field, take)                                               \
    {                                                                         \
        name, KEY_TEXT, offsetof(struct reading, module.field), take, 0, 0, 0 \
    }
#define NUMBER(name, field, least, most, unit)                                     \
    {                                                                              \
        name, KEY_NUMBER, offsetof(struct reading, field), NULL, least, most, unit \
    }

static gboolean take_probe(const char *text, void *place, GError **error);

static const struct key module_keys[] = {
    TEXT("probe", scope, take_probe),
    { "targets", KEY_HOSTS, offsetof(struct reading, module.hosts), NULL, 0, 0, 0 },
    TEXT("username", target.credentials.user, NULL),
    TEXT("password_file", target.credentials.pass_file, NULL),
    TEXT("password_env", target.credentials.pass_env, NULL),
    TEXT("secret_file", target.credentials.secret_file, NULL),
    TEXT("secret_env", target.credentials.secret_env, NULL),
    NUMBER("ttl_s", ttl_s, 1, INT64_C(10) * 366 * 86400, 1),
    NUMBER("timeout_s", limit_ns, 1, 600, NS_PER_S),
    TEXT("transport", target.transport, target_take_transport),
    { "family", KEY_TEXT, offsetof(struct reading, module.target.family),
      target_take_family, 0, 0, 0 },
    TEXT("local", target.local, target_take_local),
    TEXT("profile", target.is_modern, target_take_profile),
    NUMBER("rto_ms", rto_ns, 10, 60000, NS_PER_MS),
    NUMBER("rc", rc, 1, 20, 1),
    NUMBER("payloads", payloads, 1, 10000, 1),
    NUMBER("interval_ms", interval_ns, 1, 60000, NS_PER_MS),
    NUMBER("payload_bytes", payload_bytes, RELAY_MIN_SIZE, 1400, 1),
    { "tls", KEY_TLS, 0, NULL, 0, 0, 0 },
};

static const struct key tls_keys[] = {
    TEXT("ca", target.ca_file, NULL),
    TEXT("server_name", target.sni, NULL),
    { "insecure", KEY_FLAG,
      offsetof(struct reading, module.target.accepts_any_certificate), NULL, 0, 0, 0 },
};

/* ---- Reading ---------------------------------------------------------------------- */

static gboolean fail(GError **error, const char *pointer, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, const char *pointer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: %s", pointer, message);
    return FALSE;
}

static gboolean take_probe(const char *text, void *place, GError **error)
{
    static const struct {
        const char *name;
        enum check_scope scope;
        int64_t payloads;
    } probes[] = {
        { "ping", CHECK_ANSWERS, PAYLOADS_OF_CHECK },
        { "check", CHECK_RELAYS, PAYLOADS_OF_CHECK },
        { "relay", CHECK_RELAYS, PAYLOADS_OF_RELAY },
    };
    struct reading *to = (void *)((char *)place - offsetof(struct reading, module.scope));
    for (size_t i = 0; i < G_N_ELEMENTS(probes); i++) {
        if (strcmp(text, probes[i].name) == 0) {
            to->module.scope = probes[i].scope;
            to->payloads = to->payloads ? to->payloads : probes[i].payloads;
            return TRUE;
        }
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "must be ping, check or relay, is \"%s\"", text);
    return FALSE;
}

static gboolean read_keys(const struct key *keys, size_t n_keys, const json_t *object,
                          const char *pointer, struct reading *to, GError **error);

static gboolean read_text(const struct key *key, const json_t *value, const char *pointer,
                          void *place, GError **error)
{
    const char *text = json_string_value(value);
    g_autoptr(GError) cause = NULL;
    if (!text)
        return fail(error, pointer, "must be a text");
    if ((key->take ? key->take : option_take_text)(text, place, &cause))
        return TRUE;
    return fail(error, pointer, "%s", cause->message);
}

static gboolean read_number(const struct key *key, const json_t *value,
                            const char *pointer, int64_t *place, GError **error)
{
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < key->least || number > key->most)
        return fail(error, pointer,
                    "must be a whole number from %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT,
                    key->least, key->most);
    *place = number * key->unit;
    return TRUE;
}

static gboolean read_hosts(const json_t *value, const char *pointer, const json_t **place,
                           GError **error)
{
    size_t i;
    json_t *host;
    if (!json_is_array(value))
        return fail(error, pointer, "must be an array of hosts");
    json_array_foreach((json_t *)value, i, host)
    {
        if (!json_is_string(host))
            return fail(error, pointer, "must be an array of texts");
    }
    *place = value;
    return TRUE;
}

static gboolean read_value(const struct key *key, const json_t *value,
                           const char *pointer, struct reading *to, GError **error)
{
    void *place = (char *)to + key->offset;
    switch (key->type) {
    case KEY_TEXT:
        return read_text(key, value, pointer, place, error);
    case KEY_NUMBER:
        return read_number(key, value, pointer, place, error);
    case KEY_FLAG:
        if (!json_is_boolean(value))
            return fail(error, pointer, "must be true or false");
        *(bool *)place = json_is_true(value);
        return TRUE;
    case KEY_HOSTS:
        return read_hosts(value, pointer, place, error);
    case KEY_TLS:
        break;
    }
    return read_keys(tls_keys, G_N_ELEMENTS(tls_keys), value, pointer, to, error);
}

static const struct key *find_key(const struct key *keys, size_t n_keys, const char *name)
{
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static gboolean read_keys(const struct key *keys, size_t n_keys, const json_t *object,
                          const char *pointer, struct reading *to, GError **error)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return fail(error, pointer, "must be an object");
    json_object_foreach((json_t *)object, name, value)
    {
        const struct key *key = find_key(keys, n_keys, name);
        g_autofree char *place = g_strdup_printf("%s/%s", pointer, name);
        if (!key) {
            g_autofree const char **names = g_new0(const char *, n_keys + 1);
            for (size_t i = 0; i < n_keys; i++)
                names[i] = keys[i].name;
            g_autofree char *hint = nearest_hint(name, names);
            return fail(error, place, "is unknown%s", hint);
        }
        if (!read_value(key, value, place, to, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- Modules ---------------------------------------------------------------------- */

static void free_module(void *data)
{
    struct serve_module *module = data;
    credentials_free(module->credentials);
    g_free(module);
}

static struct reading usual_module(const char *name)
{
    enum { LIMIT_S = 10, BYTES = 160 };
    return (struct reading){
        .module = { .name = name,
                    .scope = CHECK_ANSWERS,
                    .target = { .is_modern = true } },
        .limit_ns = LIMIT_S * NS_PER_S,
        .ttl_s = CREDENTIALS_TTL_S,
        .rto_ns = 500 * NS_PER_MS,
        .rc = 7,
        .interval_ns = 10 * NS_PER_MS,
        .payload_bytes = BYTES,
    };
}

/* The numbers, each where it belongs. */
static struct serve_module finish(const struct reading *from)
{
    struct serve_module module = from->module;
    module.limit_ns = from->limit_ns;
    module.ttl_s = module.target.credentials.ttl_s = from->ttl_s;
    module.n_payloads = (unsigned)(from->payloads ? from->payloads : PAYLOADS_OF_CHECK);
    module.payload_bytes = (unsigned)from->payload_bytes;
    module.interval_ns = from->interval_ns;
    module.target.rto_ns = from->rto_ns;
    module.target.rc = (uint64_t)from->rc;
    module.target.timeout_ns = from->limit_ns;
    return module;
}

/* What a command line's options are called here. */
static gboolean fail_credentials(const char *pointer, const char *message, GError **error)
{
    static const char *const names[][2] = {
        { "--pass-file FILE", "password_file" },
        { "--pass-env NAME", "password_env" },
        { "--secret-file FILE", "secret_file" },
        { "--pass-file", "password_file" },
        { "--pass-env", "password_env" },
        { "--secret-file", "secret_file" },
        { "--secret-env", "secret_env" },
        { "-u USER", "username" },
        { "-u ", "username " },
    };
    g_autoptr(GString) text = g_string_new(message);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_replace(text, names[i][0], names[i][1], 0);
    return fail(error, pointer, "%s", text->str);
}

static gboolean add_module(struct serve_config *config, const char *name,
                           const json_t *object, GError **error)
{
    g_autofree char *pointer = g_strdup_printf("/modules/%s", name);
    g_autoptr(GError) cause = NULL;
    struct reading reading = usual_module(name);
    if (!read_keys(module_keys, G_N_ELEMENTS(module_keys), object, pointer, &reading,
                   error))
        return FALSE;
    struct serve_module module = finish(&reading);
    if (module.target.ca_file && !tls_read_ca_file(module.target.ca_file, &cause))
        return fail(error, pointer, "%s", cause->message);
    if (!credentials_load(&module.target.credentials, &module.credentials, &cause))
        return fail_credentials(pointer, cause->message, error);
    if (module.scope > CHECK_ANSWERS && !module.credentials) {
        const char *probe = json_string_value(json_object_get(object, "probe"));
        return fail(error, pointer,
                    "a %s needs \"username\" and \"password_file\" or \"password_env\", "
                    "or \"secret_file\"",
                    probe);
    }
    g_hash_table_insert(config->modules, (char *)name, g_memdup2(&module, sizeof module));
    return TRUE;
}

static gboolean add_modules(struct serve_config *config, GError **error)
{
    const char *name;
    json_t *value;
    const json_t *modules = json_object_get(config->root, "modules");
    if (!json_is_object(modules) || json_object_size(config->root) != 1)
        return fail(error, "/", "must be an object with \"modules\", an object, alone");
    json_object_foreach((json_t *)modules, name, value)
    {
        if (!add_module(config, name, value, error))
            return FALSE;
    }
    return TRUE;
}

struct serve_config *serve_config_load(const char *path, GError **error)
{
    json_error_t problem;
    g_autoptr(GError) cause = NULL;
    json_t *root = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &problem)
                        : json_pack("{s:{}}", "modules");
    if (!root) {
        /* The parser quotes what it stopped at, which may be a password after all. */
        char *quote = path ? strstr(problem.text, " near ") : NULL;
        if (quote)
            *quote = '\0';
        if (problem.line > 0)
            fail(error, path, "line %d: %s", problem.line, problem.text);
        else
            fail(error, path, "%s", problem.text);
        return NULL;
    }
    struct serve_config *config = g_new0(struct serve_config, 1);
    g_atomic_ref_count_init(&config->references);
    config->root = root;
    config->modules = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_module);
    struct reading usual = usual_module(SERVE_DEFAULT_MODULE);
    struct serve_module module = finish(&usual);
    g_hash_table_insert(config->modules, (char *)SERVE_DEFAULT_MODULE,
                        g_memdup2(&module, sizeof module));
    if (!add_modules(config, &cause)) {
        g_autofree char *shown = text_escape(cause->message);
        fail(error, path, "%s", shown);
        serve_config_unref(config);
        return NULL;
    }
    return config;
}

struct serve_config *serve_config_ref(struct serve_config *config)
{
    g_atomic_ref_count_inc(&config->references);
    return config;
}

void serve_config_unref(struct serve_config *config)
{
    if (!config || !g_atomic_ref_count_dec(&config->references))
        return;
    g_hash_table_unref(config->modules);
    json_decref(config->root);
    g_free(config);
}

const struct serve_module *serve_config_find(const struct serve_config *config,
                                             const char *name)
{
    return g_hash_table_lookup(config->modules, name);
}

static int compare_names(const void *a, const void *b)
{
    const struct serve_module *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *serve_config_list(const struct serve_config *config)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    void *module;
    g_hash_table_iter_init(&iter, config->modules);
    while (g_hash_table_iter_next(&iter, NULL, &module))
        g_ptr_array_add(list, module);
    g_ptr_array_sort(list, compare_names);
    return list;
}

bool serve_module_allows(const struct serve_module *module, const char *host)
{
    size_t i;
    json_t *glob;
    if (!module->hosts)
        return true;
    g_autofree char *lower = g_ascii_strdown(host, -1);
    json_array_foreach((json_t *)module->hosts, i, glob)
    {
        g_autofree char *pattern = g_ascii_strdown(json_string_value(glob), -1);
        if (g_pattern_match_simple(pattern, lower))
            return true;
    }
    return false;
}
