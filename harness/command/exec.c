/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab exec: any program inside a host of an emulated network. */
#include "command/command.h"

#include "base/error.h"
#include "call/exec.h"
#include "command/clock_options.h"
#include "command/load.h"
#include "scenario/scenario.h"

struct exec_values {
    const char *pcap;
    uint64_t seed;
    enum lab_clock clock;
    int64_t calendar_ns;
    const char *folder;
};

static const struct option options[] = {
    { .name = "pcap",
      .argument = "FILE",
      .help = "Write what crosses the network to a pcapng file",
      .take = option_take_text,
      .offset = offsetof(struct exec_values, pcap) },
    { .name = "seed",
      .argument = "N",
      .preset = "1",
      .help = "The seed of the network's chance",
      .take = option_take_seed,
      .offset = offsetof(struct exec_values, seed) },
    { .name = "clock",
      .argument = "CLOCK",
      .preset = "wall",
      .help = "wall: real time, or virtual: as fast as it goes",
      .take = option_take_clock,
      .offset = offsetof(struct exec_values, clock) },
    { .name = "calendar",
      .argument = "TIME",
      .preset = OPTION_CALENDAR_PRESET,
      .help = "The virtual clock's start",
      .take = option_take_calendar,
      .offset = offsetof(struct exec_values, calendar_ns) },
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      .offset = offsetof(struct exec_values, folder) },
};

static void set_no_host_error(const struct scenario *scenario, const char *host,
                              GError **error)
{
    GString *names = g_string_new(NULL);
    for (unsigned i = 0; i < scenario->n_hosts; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", scenario->hosts[i].name);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "%s has no host \"%s\"; its hosts are %s", scenario->id, host,
                names->str);
    g_string_free(names, TRUE);
}

static gboolean run_command(const struct scenario *scenario,
                            const struct exec_values *values,
                            const struct arguments *arguments, int *ret_status,
                            GError **error)
{
    struct exec_options exec = {
        .host = arguments->words->pdata[1],
        .command = arguments->rest,
        .pcap = values->pcap,
        .seed = values->seed,
        .clock = values->clock,
        .calendar_ns = values->calendar_ns,
    };
    if (!scenario_find_host(scenario, exec.host)) {
        set_no_host_error(scenario, exec.host, error);
        return FALSE;
    }
    return exec_in_host(scenario, &exec, ret_status, error);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct exec_values *values = data;
    const char *const selectors[] = { arguments->words->pdata[0], NULL };
    struct loaded loaded;
    if (!load_scenarios(values->folder, selectors, &loaded, error))
        return FALSE;
    gboolean ok = TRUE;
    if (loaded.n_files != 1) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "\"%s\" names %u scenarios, must name one", selectors[0],
                    loaded.n_files);
        ok = FALSE;
    } else if (loaded.n_invalid > 0) {
        *ret_status = EXIT_USAGE; /* its mistakes are printed */
    } else {
        ok =
            run_command(loaded.scenarios->pdata[0], values, arguments, ret_status, error);
    }
    loaded_clear(&loaded);
    return ok;
}

const struct command command_exec = {
    .name = "exec",
    .usage = "SCENARIO HOST -- CMD [ARG...]",
    .summary = "Run any program in a host of an emulated network",
    .description =
        "Its servers run, the terminal and the environment are passed through,\n"
        "and the exit status is that of the program.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct exec_values),
    .least_words = 2,
    .most_words = 2,
    .takes_rest = true,
    .execute = execute,
};
