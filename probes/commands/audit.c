/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe audit`: the cases X, what strangers and users can do with a server. It says
 * first, on standard error, what it is going to send.
 */
#include "probes/commands/commands.h"

#include "probes/cases/audit_internal.h"
#include "probes/commands/conformance.h"

struct audit_values {
    struct target_options target;
    struct conformance_options conformance;
};

static const struct option options[] = {
    CONFORMANCE_OPTIONS(struct audit_values),
    TARGET_OPTIONS(struct audit_values),
};

static void announce(const char *uri, bool is_intrusive)
{
    g_printerr("rtcprobe audit sends some hundred requests to the server of %s and "
               "nothing to any\nother address. Forbidden peers are named in requests for "
               "permissions and channels,\nwhich make the server send nothing.\n",
               uri);
    if (is_intrusive)
        g_printerr(
            "--intrusive: it also asks for TCP connections to forbidden peers, "
            "port 9, which the\nserver opens if it does not refuse them, up to the "
            "first; sends %u requests\nwithout credentials within %u s, and %u more "
            "from a port each within %u s.\n",
            (unsigned)AUDIT_LIMIT_REQUESTS, (unsigned)AUDIT_LIMIT_S,
            (unsigned)AUDIT_OPEN_REQUESTS, (unsigned)AUDIT_OPEN_S);
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    static const char *const selectors[] = { "@audit", NULL };
    const struct audit_values *values = given;
    const char *const *uris = (const char *const *)arguments->words->pdata;
    g_autofree const struct test_case **cases =
        conformance_choose(selectors, &values->conformance, error);
    if (!cases)
        return FALSE;
    struct conformance conformance = {
        .command = "audit",
        .target = &values->target,
        .options = &values->conformance,
        .arguments = arguments,
        .uris = uris,
        .cases = cases,
        .shows_observed = true,
    };
    announce(uris[0], values->conformance.includes_intrusive);
    return conformance_run(&conformance, ret_status, error);
}

const struct command probe_command_audit = {
    .name = "audit",
    .usage = "URI...",
    .summary = "Look for what strangers and users could do with a server",
    .description =
        "How much larger answers are than requests, ways in without credentials, peers "
        "that\n"
        "lead into the server's own network, memory in answers; with --intrusive also "
        "how it\n"
        "bears many requests. Nothing is sent to any address but the server's.\n\n"
        "Exit status: 0 all is well; 1 something was found; 3 no server there; 4 the "
        "credentials\n"
        "are refused; 5 TLS fails; 6 something could not be proven.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct audit_values),
    .least_words = 1,
    .most_words = 8,
    .execute = execute,
};
