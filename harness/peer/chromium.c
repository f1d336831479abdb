/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/chromium.h"

#include <unistd.h>

const char *const chromium_programs[] = {
    "chromium",      "chromium-browser",       "google-chrome-stable",
    "google-chrome", "google-chrome-unstable", NULL
};

/* Some services have no option that stops them: no name is found, so none is asked for.
   Addresses are excepted, or there would be no TURN over TCP. */
static const char no_names[] =
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.*.*.*, "
    "EXCLUDE *:*";

/* Each keeps it from what a call does not need, above all from the network. */
static const char *const options[] = {
    "--headless=new",
    "--remote-debugging-pipe",
    "--user-data-dir=%s",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-crash-reporter",
    /* A camera and a microphone: a moving picture, a beep a second. */
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-audio-output", /* played for nobody, but played: so it is decoded */
    /* Timers and rendering as in a tab that somebody looks at. */
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    /* No traffic but the call's. */
    "--disable-background-networking",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-pings",
    "--no-proxy-server",
    "--no-service-autorun",
    no_names,
};

#define UNWANTED_FEATURES                                                     \
    "OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate,"         \
    "InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater," \
    "AutofillServerCommunication,NetworkTimeServiceQuerying,"                 \
    "SafeBrowsingEnhancedProtection"
static const char with_addresses[] =
    "--disable-features=WebRtcHideLocalIpsWithMdns," UNWANTED_FEATURES;
static const char with_mdns_names[] = "--disable-features=" UNWANTED_FEATURES;

/* There is no bus, and no frequency to put into a report of a crash. */
static const char *const noise[] = { ":ERROR:dbus/", "third_party/crashpad/",
                                     "unexpected operator", NULL };

struct browser_process *chromium_start(const char *program,
                                       struct devtools_pipe **ret_pipe, GError **error)
{
    const char *argv[G_N_ELEMENTS(options) + 4] = { program };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        argv[i + 1] = options[i];
    argv[G_N_ELEMENTS(options) + 1] =
        browser_hides_addresses() ? with_mdns_names : with_addresses;
    if (geteuid() == 0) /* Chromium refuses its sandbox to root */
        argv[G_N_ELEMENTS(options) + 2] = "--no-sandbox";
    const struct browser_spec spec = {
        .name = "chromium", .argv = argv, .has_pipe = true, .noise = noise
    };
    struct browser_process *process = browser_start(&spec, error);
    if (process)
        *ret_pipe =
            devtools_pipe_new(browser_take_writer(process), browser_take_reader(process));
    return process;
}
