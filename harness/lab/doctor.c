/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine can and cannot do. One table of checks; each says what it found, and
 * whether calls need it. A program counts as there if PATH finds it; only turnserver is
 * started, with --version, which prints and ends without opening a socket. Nothing here
 * reaches the network, and nothing is changed: the commands that help are for the user.
 */
#include "lab/doctor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "lab/host.h"
#include "lab/lab.h"
#include "lab/sandbox.h"

struct finding {
    gboolean is_there;
    char *detail; /* what was found, or what is wrong; may be NULL */
};

struct check {
    const char *what;
    gboolean is_needed; /* calls cannot run without it */
    struct finding (*look)(void);
    const char *purpose; /* said when it is missing; NULL: the detail says it all */
    const char *remedy;  /* a command; NULL: the detail says what to do */
};

static struct finding look_for_privilege(void)
{
    gboolean is_root = geteuid() == 0;
    return (struct finding){
        .is_there = TRUE,
        .detail =
            g_strdup(is_root ? "running as root" : "not root: a user namespace is used"),
    };
}

static struct finding look_for_namespaces(void)
{
    g_autoptr(GError) error = NULL;
    if (sandbox_probe(&error))
        return (struct finding){ .is_there = TRUE, .detail = g_strdup("work") };
    return (struct finding){ .detail = g_strdup(error->message) };
}

static gboolean try_settings(GError **error)
{
    struct address address = { .family = ADDRESS_IPV4, .bytes = { 192, 0, 2, 1 } };
    struct lab_host *host = lab_host_open("probe", &address, 1, true, error);
    gboolean ok = host && !host->lacks_settings;
    if (host && !ok)
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "hosts' kernels do not take all settings (is /proc/sys read-only?)");
    lab_host_close(host);
    return ok;
}

static struct finding look_for_virtual_clock(void)
{
    g_autoptr(GError) error = NULL;
    if (!lab_try_virtual_clock(&error))
        return (struct finding){ .detail = g_strdup(error->message) };
    if (!sandbox_try(try_settings, &error))
        return (struct finding){
            .is_there = TRUE,
            .detail = g_strdup_printf("works, but records may differ from run to run: %s",
                                      error->message),
        };
    return (struct finding){ .is_there = TRUE, .detail = g_strdup("works") };
}

static struct finding look_for_turnserver(void)
{
    g_autofree char *path = g_find_program_in_path("turnserver");
    if (!path)
        return (struct finding){ 0 };
    char *argv[] = { path, "--version", NULL };
    g_autofree char *out = NULL;
    /* Its version is its last line: some builds print a banner before it. */
    g_autofree char *version = NULL;
    if (g_spawn_sync("/", argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
                     NULL, NULL)) {
        const char *line = strrchr(g_strchomp(out), '\n');
        version = g_strdup_printf("%.40s, ", line ? line + 1 : out);
    }
    return (struct finding){
        .is_there = TRUE,
        .detail = g_strdup_printf("%s%s", version ? version : "", path),
    };
}

static struct finding look_for_tshark(void)
{
    char *path = g_find_program_in_path("tshark");
    return (struct finding){ .is_there = path != NULL, .detail = path };
}

static struct finding look_for_cores(void)
{
    return (struct finding){ .is_there = TRUE,
                             .detail = g_strdup_printf("%u", g_get_num_processors()) };
}

static const struct check checks[] = {
    { .what = "privilege", .look = look_for_privilege },
    { .what = "namespaces and TUN", .is_needed = TRUE, .look = look_for_namespaces },
    { .what = "virtual clock", .look = look_for_virtual_clock },
    { .what = "turnserver",
      .is_needed = TRUE,
      .look = look_for_turnserver,
      .purpose = "the STUN and TURN server of every call",
      .remedy = "apt-get install --no-install-recommends coturn" },
    { .what = "tshark",
      .look = look_for_tshark,
      .purpose = "reads captures, calls do without",
      .remedy = "apt-get install --no-install-recommends tshark" },
    { .what = "processors", .look = look_for_cores },
};

void doctor_print(const char *what, const char *state, const char *detail)
{
    printf("%-7s  %-18s  %s\n", state, what, detail);
}

static void print_finding(const struct check *check, const struct finding *finding)
{
    g_autoptr(GString) text =
        g_string_new(finding->detail ? finding->detail : "not found");
    if (!finding->is_there && check->purpose)
        g_string_append_printf(text, " (%s)", check->purpose);
    if (!finding->is_there && check->remedy)
        g_string_append_printf(text, "; try: %s", check->remedy);
    const char *missing = check->is_needed ? "MISSING" : "missing";
    doctor_print(check->what, finding->is_there ? "ok" : missing, text->str);
}

gboolean doctor_examine(void)
{
    gboolean can_run = TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        struct finding finding = checks[i].look();
        print_finding(&checks[i], &finding);
        if (checks[i].is_needed && !finding.is_there)
            can_run = FALSE;
        g_free(finding.detail);
    }
    return can_run;
}
