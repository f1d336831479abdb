/* SPDX-License-Identifier: Apache-2.0 */
/* `rtcprobe conform`: holds a server against its RFCs, case by case. */
#include "probes/commands/commands.h"

#include <string.h>

#include "base/error.h"
#include "probes/commands/conformance.h"

struct conform_values {
    struct target_options target;
    struct conformance_options conformance;
    bool shows_messages;
};

static const struct option options[] = {
    { .name = "slow",
      .help = "Also what waits: about eleven minutes, side by side; A07 "
              "where nonces last up to an hour",
      .take = option_take_flag,
      .offset = offsetof(struct conform_values, conformance.includes_slow) },
    { .name = "messages",
      .help = "Print the messages of each case; so it is for up to three cases by id",
      .take = option_take_flag,
      .offset = offsetof(struct conform_values, shows_messages) },
    CONFORMANCE_OPTIONS(struct conform_values),
    TARGET_OPTIONS(struct conform_values),
};

static bool is_uri(const char *word)
{
    return g_ascii_strncasecmp(word, "stun:", 5) == 0 ||
           g_ascii_strncasecmp(word, "turn:", 5) == 0 ||
           g_ascii_strncasecmp(word, "stuns:", 6) == 0 ||
           g_ascii_strncasecmp(word, "turns:", 6) == 0;
}

/* Whether somebody looks at a few cases. */
static bool is_close_look(const struct test_case *const *cases,
                          const char *const *selectors)
{
    enum { FEW = 3 };
    size_t n = 0;
    while (cases[n])
        n++;
    return selectors[0] && n <= FEW;
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct conform_values *values = given;
    g_autoptr(GPtrArray) uris = g_ptr_array_new(), selectors = g_ptr_array_new();
    for (guint i = 0; i < arguments->words->len; i++) {
        char *word = g_ptr_array_index(arguments->words, i);
        g_ptr_array_add(is_uri(word) ? uris : selectors, word);
    }
    if (uris->len == 0) {
        g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE,
                            "a URI is missing, such as turn:turn.example.org");
        return FALSE;
    }
    g_ptr_array_add(uris, NULL);
    g_ptr_array_add(selectors, NULL);
    const char *const *chosen_by = (const char *const *)selectors->pdata;
    g_autofree const struct test_case **cases =
        conformance_choose(chosen_by, &values->conformance, error);
    if (!cases)
        return FALSE;
    struct conformance conformance = {
        .command = "conform",
        .target = &values->target,
        .options = &values->conformance,
        .arguments = arguments,
        .uris = (const char *const *)uris->pdata,
        .cases = cases,
        .shows_messages = values->shows_messages || is_close_look(cases, chosen_by),
    };
    return conformance_run(&conformance, ret_status, error);
}

const struct command probe_command_conform = {
    .name = "conform",
    .usage = "URI... [SELECTOR...]",
    .summary = "Hold a server against its RFCs, case by case",
    .description =
        "Each case says PASS, or what was expected and what came, its clause and the "
        "command\n"
        "that repeats it. What the server lacks is unsupported, what could not be "
        "proven\n"
        "inconclusive. Further URIs say where the same server is over TCP, TLS, DTLS or "
        "IPv6.\n\n"
        "Exit status: 0 all is well; 1 a MUST is not met; 3 no server there; 4 the "
        "credentials\n"
        "are refused, or missing; 5 TLS fails; 6 something could not be proven.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct conform_values),
    .least_words = 1,
    .most_words = 64,
    .execute = execute,
};
