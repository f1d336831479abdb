/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each option's reader says what it wanted and what it found; "--repeat " is put before
 * it by the parser. Limits are there to catch slips, such as a seed typed as a repeat.
 */
#include "command/run_options.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/journal.h"
#include "command/clock_options.h"
#include "command/pairs.h"
#include "command/shard_choice.h"

#define REPEAT_MAX    100000
#define RETRIES_MAX   10
#define JOBS_MAX      1000
#define TIMEOUT_MAX_S 86400.0
#define SAME_SECOND   100 /* runs that may start within one second */

static gboolean take_modes(const char *text, void *place, GError **error)
{
    bool modes[N_MODES] = { false };
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    for (char **name = names; *name; name++) {
        int mode = 0;
        while (mode < N_MODES && strcmp(*name, mode_names[mode]) != 0)
            mode++;
        if (mode == N_MODES) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                        "must be some of trickle,half,full, is \"%s\"", text);
            return FALSE;
        }
        modes[mode] = true;
    }
    if (!names[0]) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must name a mode, is empty");
        return FALSE;
    }
    memcpy(place, modes, sizeof modes);
    return TRUE;
}

static gboolean take_repeat(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, REPEAT_MAX, place, error);
}

static gboolean take_retries(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, RETRIES_MAX, place, error);
}

static gboolean take_jobs(const char *text, void *place, GError **error)
{
    if (strcmp(text, "auto") != 0)
        return option_read_whole(text, 1, JOBS_MAX, place, error);
    *(uint64_t *)place = 0;
    return TRUE;
}

static gboolean take_timeout(const char *text, void *place, GError **error)
{
    /* strtod() alone would take "0x10", " 5" and "nan" as well. */
    bool is_decimal = text[strspn(text, "0123456789.")] == '\0';
    char *end;
    double seconds = g_ascii_strtod(text, &end);
    if (is_decimal && *end == '\0' && seconds > 0 && seconds <= TIMEOUT_MAX_S) {
        *(double *)place = seconds;
        return TRUE;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "must be a number of seconds above 0 and up to %.0f, is \"%s\"",
                TIMEOUT_MAX_S, text);
    return FALSE;
}

/* Whether both names of "OFFERER,ANSWERER" (or of "BOTH") are there. */
static gboolean take_peers(const char *text, void *place, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    guint count = g_strv_length(names);
    if (count < 1 || count > 2 || !*names[0] || !*names[count - 1]) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be OFFERER or OFFERER,ANSWERER, is \"%s\"", text);
        return FALSE;
    }
    return option_take_text(text, place, error);
}

static gboolean key_parse(const char *text, struct call_key *ret)
{
    const char *tilde = strchr(text, '~');
    const char *slash = strchr(text, '/');
    if (!tilde || !slash || tilde == text || tilde > slash || slash == tilde + 1)
        return FALSE;
    const char *last = strrchr(text, '/');
    uint64_t repeat;
    if (!option_read_whole(last + 1, 1, REPEAT_MAX, &repeat, NULL))
        return FALSE;
    const char *mode_slash = g_strrstr_len(text, last - text, "/");
    if (!mode_slash || mode_slash <= slash + 1)
        return FALSE;
    g_autofree char *mode_name =
        g_strndup(mode_slash + 1, (gsize)(last - mode_slash - 1));
    int mode = 0;
    while (mode < N_MODES && strcmp(mode_name, mode_names[mode]) != 0)
        mode++;
    if (mode == N_MODES)
        return FALSE;
    *ret = (struct call_key){
        .offerer = g_strndup(text, (gsize)(tilde - text)),
        .answerer = g_strndup(tilde + 1, (gsize)(slash - tilde - 1)),
        .scenario = g_strndup(slash + 1, (gsize)(mode_slash - slash - 1)),
        .mode = (enum mode)mode,
        .repeat = (unsigned)repeat,
    };
    return TRUE;
}

static void key_clear(struct call_key *key)
{
    g_free(key->offerer);
    g_free(key->answerer);
    g_free(key->scenario);
}

static void key_free(void *data)
{
    key_clear(data);
    g_free(data);
}

void run_words_sort(const GPtrArray *words, struct run_words *ret)
{
    *ret = (struct run_words){
        .keys = g_ptr_array_new_with_free_func(key_free),
        .key_texts = g_ptr_array_new(),
        .selectors = g_ptr_array_new(),
    };
    for (guint i = 0; i < words->len; i++) {
        struct call_key key;
        if (key_parse(words->pdata[i], &key)) {
            g_ptr_array_add(ret->keys, g_memdup2(&key, sizeof key));
            g_ptr_array_add(ret->key_texts, words->pdata[i]);
        } else {
            g_ptr_array_add(ret->selectors, words->pdata[i]);
        }
    }
    GPtrArray *ended[] = { ret->key_texts, ret->selectors };
    for (size_t i = 0; i < G_N_ELEMENTS(ended); i++) {
        g_ptr_array_add(ended[i], NULL);
        g_ptr_array_set_size(ended[i], (int)ended[i]->len - 1);
    }
}

void run_words_clear(struct run_words *words)
{
    g_ptr_array_unref(words->keys);
    g_ptr_array_unref(words->key_texts);
    g_ptr_array_unref(words->selectors);
}

#define VALUE(member) .offset = offsetof(struct run_values, member)

const struct option run_option_table[RUN_N_OPTIONS] = {
    { .name = "peers",
      .argument = "OFFERER[,ANSWERER]",
      .preset = "nice",
      .help = "Who calls: stacks, programs, \"all\" stacks",
      .take = take_peers,
      VALUE(peers),
      .changes_a_call = true },
    { .name = "modes",
      .argument = "MODE[,MODE...]",
      .preset = "trickle,half,full",
      .help = "How candidates are signalled",
      .take = take_modes,
      VALUE(modes) },
    { .name = "clock",
      .argument = "CLOCK",
      .preset = "virtual",
      .help = "virtual, or wall: real time",
      .take = option_take_clock,
      VALUE(clock),
      .changes_a_call = true },
    { .name = "calendar",
      .argument = "TIME",
      .preset = OPTION_CALENDAR_PRESET,
      .help = "The virtual clock's start",
      .take = option_take_calendar,
      VALUE(calendar_ns),
      .changes_a_call = true },
    { .name = "kernel-random",
      .help = "Programs' chance is the kernel's, not the seed's",
      .take = option_take_flag,
      VALUE(has_kernel_random),
      .changes_a_call = true },
    { .name = "audit-clock",
      .help = "Tell what bypasses the virtual clock",
      .take = option_take_flag,
      VALUE(audits_clock) },
    { .name = "repeat",
      .argument = "N",
      .preset = "1",
      .help = "Calls for each scenario and mode",
      .take = take_repeat,
      VALUE(repeat) },
    { .name = "all-repeats",
      .help = "Also repeat what two seeds did not change",
      .take = option_take_flag,
      VALUE(all_repeats) },
    { .name = "seed",
      .argument = "N",
      .preset = "1",
      .help = "What each call's chance is made from",
      .take = option_take_seed,
      VALUE(seed) },
    { .name = "jobs",
      .argument = "N",
      .preset = "auto",
      .help = "Calls side by side",
      .take = take_jobs,
      VALUE(jobs) },
    { .name = "retries",
      .argument = "N",
      .preset = "2",
      .help = "Of a call that fails on the wall clock",
      .take = take_retries,
      VALUE(retries) },
    { .name = "timeout",
      .argument = "SECONDS",
      .preset = "30",
      .help = "How long a call may take",
      .take = take_timeout,
      VALUE(timeout_s),
      .changes_a_call = true },
    { .name = "out",
      .argument = "DIR",
      .help = "Where records go (a new folder in rtclab-out)",
      .take = option_take_text,
      VALUE(out) },
    { .name = "shard",
      .argument = "K/N",
      .preset = "1/1",
      .help = "Only the Kth of N parts of the calls",
      .take = shard_take,
      VALUE(shard) },
    { .name = "shards",
      .argument = "N",
      .help = "N of --shard; K is told by the environment",
      .take = shard_take_count,
      VALUE(n_shards) },
    { .name = "durations",
      .argument = "DIR",
      .help = "Balance shards by an earlier run",
      .take = option_take_text,
      VALUE(durations) },
    { .name = "resume",
      .argument = "DIR",
      .help = "Go on with a run that was cut off",
      .take = option_take_text,
      VALUE(resume) },
    { .name = "known",
      .argument = "FILE",
      .help = "What is known to fail (see the manual)",
      .take = option_take_text,
      VALUE(known),
      .changes_a_call = true },
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      VALUE(folder),
      .changes_a_call = true },
    BASELINE_OPTION_PATH(struct run_values, baseline),
    BASELINE_OPTION_MARGIN(struct run_values, baseline),
    BASELINE_OPTION_EFFECT(struct run_values, baseline),
};

/* Calls that are named by key are wanted here, whatever the environment says. */
static gboolean choose_shard(const struct run_values *values,
                             const struct arguments *arguments, bool has_keys,
                             struct shard_choice *ret, GError **error)
{
    const struct option_list list = { run_option_table, RUN_N_OPTIONS };
    bool is_given = options_were_given(&list, arguments, "shard");
    if (!is_given && !has_keys)
        return shard_from_environment(g_getenv, values->n_shards, ret, error);
    if (values->n_shards > 0 && values->n_shards != values->shard[1])
        return rtc_fail_usage(error,
                              "--shards is %" G_GUINT64_FORMAT " and this is shard "
                              "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                              values->n_shards, values->shard[0], values->shard[1]);
    *ret = (struct shard_choice){ (unsigned)values->shard[0], (unsigned)values->shard[1],
                                  NULL };
    return TRUE;
}

gboolean run_options_make(const struct run_values *values,
                          const struct arguments *arguments,
                          const struct run_words *words, const GPtrArray *stacks,
                          struct run_options *ret, GError **error)
{
    const struct option_list list = { run_option_table, RUN_N_OPTIONS };
    const GPtrArray *keys = words->keys;
    if (values->audits_clock && values->clock == LAB_CLOCK_WALL) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "--audit-clock is about the virtual clock, and --clock is wall");
        return FALSE;
    }
    struct shard_choice shard;
    if (!choose_shard(values, arguments, keys->len > 0, &shard, error))
        return FALSE;
    struct run_options options = {
        .repeat = (unsigned)values->repeat,
        .seed = values->seed,
        .retries = (unsigned)values->retries,
        .jobs = (unsigned)values->jobs,
        .timeout_s = values->timeout_s,
        .shard = shard.shard,
        .n_shards = shard.n_shards,
        .shard_source = shard.source,
        .clock = values->clock,
        .calendar_ns = values->calendar_ns,
        .all_repeats = values->all_repeats,
        .has_kernel_random = values->has_kernel_random,
        .audits_clock = values->audits_clock,
    };
    memcpy(options.modes, values->modes, sizeof options.modes);
    bool are_given = options_were_given(&list, arguments, "peers");
    if (!pairs_choose(are_given || keys->len == 0 ? values->peers : NULL, keys, stacks,
                      &options, error))
        return FALSE;
    if (keys->len > 0) {
        options.only_keys = (const char *const *)words->key_texts->pdata;
        for (guint i = 0;
             !options_were_given(&list, arguments, "repeat") && i < keys->len; i++)
            options.repeat =
                MAX(options.repeat, ((const struct call_key *)keys->pdata[i])->repeat);
    }
    *ret = options;
    return TRUE;
}

void run_options_clear(struct run_options *options)
{
    pairs_clear(options);
}

bool run_options_want_stacks(const struct run_values *values,
                             const struct run_words *words)
{
    return words->keys->len == 0 && pairs_have_all(values->peers);
}

static char *make_new_folder(GError **error)
{
    if (!file_make_folder("rtclab-out", error))
        return NULL;
    g_autoptr(GDateTime) now =
        g_date_time_new_from_unix_local(clock_calendar_ns() / NS_PER_S);
    g_autofree char *name = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
    for (unsigned i = 1; i <= SAME_SECOND; i++) {
        g_autofree char *path = i == 1 ? g_strdup_printf("rtclab-out/%s", name)
                                       : g_strdup_printf("rtclab-out/%s-%u", name, i);
        if (mkdir(path, 0777) == 0)
            return g_steal_pointer(&path);
        if (errno == EEXIST && i < SAME_SECOND)
            continue;
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make the folder %s", path);
        break;
    }
    return NULL;
}

char *run_make_folder(const char *wanted, const char *resumed, GError **error)
{
    if (resumed) {
        if (!wanted || strcmp(wanted, resumed) == 0)
            return g_strdup(resumed);
        rtc_fail_usage(error, "--resume %s writes there, and --out is %s", resumed,
                       wanted);
        return NULL;
    }
    if (!wanted)
        return make_new_folder(error);
    g_autofree char *earlier = g_build_filename(wanted, "results.json", NULL);
    if (!file_make_folder(wanted, error))
        return NULL;
    if (journal_is_in(wanted)) {
        rtc_fail_usage(error,
                       "%s holds a run that was cut off: go on with it by --resume %s, "
                       "or give another --out",
                       wanted, wanted);
        return NULL;
    }
    if (access(earlier, F_OK) == 0) {
        rtc_fail_usage(error, "%s holds an earlier run: remove it, or give another --out",
                       wanted);
        return NULL;
    }
    if (access(wanted, W_OK | X_OK) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write in %s",
                            wanted);
        return NULL;
    }
    return g_strdup(wanted);
}
