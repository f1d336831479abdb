/* SPDX-License-Identifier: Apache-2.0 */
/* From options and a URI to what a client needs. */
#include "probes/commands/session.h"

#include "base/clock.h"
#include "base/error.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

gboolean session_resolve(const struct target_options *options,
                         const struct target *target, const struct rng *rng,
                         struct resolved *ret, GError **error)
{
    struct resolve_options how = { .family = (enum address_family)options->family,
                                   .has_transport = options->transport.is_given,
                                   .transport = options->transport.value,
                                   .rng = rng_fork(rng, "resolve") };
    return resolve_url(&target->url, &how, clock_now_ns() + options->timeout_ns, ret,
                       error);
}

gboolean session_begin(const struct target_options *options, const char *uri,
                       struct session *ret, GError **error)
{
    uint64_t seed = target_seed(options);
    *ret = (struct session){ .options = options, .seed = seed, .rng = rng_seed(seed) };
    return wait_catch_interrupts(error) &&
           (ret->target = target_new(options, uri, error)) &&
           credentials_load(&options->credentials, &ret->credentials, error) &&
           target_capture_begin(options, error) &&
           session_resolve(options, ret->target, &ret->rng, &ret->resolved, error);
}

void session_clear(struct session *session)
{
    if (session->options)
        target_capture_end(session->options);
    target_free(session->target);
    credentials_free(session->credentials);
    resolved_clear(&session->resolved);
    *session = (struct session){ 0 };
}

struct client_options session_client_options(const struct session *session)
{
    const struct resolved_address *first = &session->resolved.addresses[0];
    struct client_options options = target_client_options(
        session->options, session->target, session->credentials, &session->rng);
    options.connection.server = first->endpoint;
    options.connection.transport = first->transport;
    return options;
}

gboolean session_need_credentials(const struct session *session, GError **error)
{
    if (session->credentials)
        return TRUE;
    g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_CREDENTIALS,
                        "a TURN server wants credentials: -u USER with --pass-file, "
                        "--pass-env or --secret-file");
    return FALSE;
}

gboolean session_need_turn(const struct session *session, GError **error)
{
    if (session->target->url.turn)
        return TRUE;
    g_set_error(
        error, RTC_ERROR, RTC_ERROR_USAGE,
        "%s is a STUN server's URI: a relay has turn: or turns:", session->target->uri);
    return FALSE;
}
