/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/contract_loop.h"

#include <stdio.h>

#include <glib-unix.h>

#include "base/error.h"

#define FLUSH_TIMEOUT_MS 1000

struct contract_loop {
    const struct contract_commands *commands;
    void *stack;
    struct contract_peer *peer;
    int fd;
    GMainLoop *main;
    bool is_configured, is_closing;
    int exit_code;
};

void contract_loop_quit(struct contract_loop *loop, int exit_code)
{
    loop->exit_code = exit_code;
    g_main_loop_quit(loop->main);
}

void contract_loop_finish(struct contract_loop *loop)
{
    contract_peer_send(loop->peer, contract_make_plain(CONTRACT_DONE));
    contract_peer_flush(loop->peer, FLUSH_TIMEOUT_MS);
    contract_loop_quit(loop, EXIT_AS_EXPECTED);
}

static void obey_configure(struct contract_loop *loop,
                           const struct contract_configuration *configuration)
{
    if (loop->is_configured) {
        contract_peer_warn(loop->peer, "configure: came twice, ignored");
        return;
    }
    loop->is_configured = true;
    if (!loop->commands->configure(loop->stack, configuration))
        contract_loop_quit(loop, EXIT_AS_EXPECTED);
}

static void obey_close(struct contract_loop *loop)
{
    if (loop->is_closing)
        return;
    loop->is_closing = true;
    loop->commands->close(loop->stack);
}

static void forward(struct contract_loop *loop, const struct contract_message *m)
{
    if (m->type == CONTRACT_CONFIGURE && loop->is_configured) {
        contract_peer_warn(loop->peer, "configure: came twice, ignored");
        return;
    }
    if (m->type == CONTRACT_CLOSE && loop->is_closing)
        return;
    loop->is_configured |= m->type == CONTRACT_CONFIGURE;
    loop->is_closing |= m->type == CONTRACT_CLOSE;
    loop->commands->forward(loop->stack, m->json);
}

static void obey(struct contract_loop *loop, const struct contract_message *m)
{
    if (m->type != CONTRACT_CLOSE &&
        (loop->is_closing || (!loop->is_configured && m->type != CONTRACT_CONFIGURE))) {
        contract_peer_warn(loop->peer, "%s: %s, ignored", contract_type_name(m->type),
                           loop->is_closing ? "after close" : "before configure");
        return;
    }
    if (loop->commands->forward) {
        forward(loop, m);
        return;
    }
    switch (m->type) {
    case CONTRACT_CONFIGURE:
        obey_configure(loop, &m->configuration);
        break;
    case CONTRACT_SIGNAL:
        loop->commands->signal(loop->stack, m);
        break;
    case CONTRACT_RESTART_ICE:
        loop->commands->restart_ice(loop->stack);
        break;
    case CONTRACT_SEND:
        loop->commands->send(loop->stack, m);
        break;
    case CONTRACT_CLOSE:
        obey_close(loop);
        break;
    case CONTRACT_HELLO:
    case CONTRACT_EVENT:
    case CONTRACT_DONE:
    case CONTRACT_UNSUPPORTED:
    case CONTRACT_N_TYPES:
        break;
    }
}

static gboolean on_contract(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct contract_loop *loop = user;
    for (;;) {
        struct contract_message m;
        g_autoptr(GError) error = NULL;
        switch (contract_peer_next(loop->peer, &m, &error)) {
        case CONTRACT_NEXT_NONE:
            return G_SOURCE_CONTINUE;
        case CONTRACT_NEXT_MESSAGE:
            obey(loop, &m);
            contract_message_clear(&m);
            break;
        case CONTRACT_NEXT_INVALID:
            contract_peer_warn(loop->peer, "%s", error->message);
            if (!loop->is_configured) {
                contract_loop_quit(loop, EXIT_USAGE);
                return G_SOURCE_REMOVE;
            }
            break;
        case CONTRACT_NEXT_END:
            contract_loop_quit(loop, EXIT_AS_EXPECTED);
            return G_SOURCE_REMOVE;
        }
        if (!g_main_loop_is_running(loop->main))
            return G_SOURCE_REMOVE;
    }
}

struct contract_loop *contract_loop_new(const char *program,
                                        const struct contract_commands *commands,
                                        void *stack)
{
    g_autoptr(GError) error = NULL;
    int fd = contract_peer_fd(&error);
    if (fd < 0) {
        fprintf(stderr, "%s: %s\n", program, error->message);
        return NULL;
    }
    struct contract_loop *loop = g_new0(struct contract_loop, 1);
    loop->commands = commands;
    loop->stack = stack;
    loop->fd = fd;
    loop->peer = contract_peer_new(fd);
    loop->main = g_main_loop_new(NULL, FALSE);
    return loop;
}

struct contract_peer *contract_loop_peer(struct contract_loop *loop)
{
    return loop->peer;
}

int contract_loop_run(struct contract_loop *loop, json_t *hello)
{
    if (hello)
        contract_peer_send(loop->peer, hello);
    guint source =
        g_unix_fd_add(loop->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_contract, loop);
    g_main_loop_run(loop->main);
    GSource *left = g_main_context_find_source_by_id(NULL, source);
    if (left)
        g_source_destroy(left);
    contract_peer_flush(loop->peer, FLUSH_TIMEOUT_MS);
    return loop->exit_code;
}

int contract_loop_lack(struct contract_loop *loop, const char *missing)
{
    g_autofree char *what =
        g_strdup_printf("%s is not installed; try: ./quickstart.sh deps --all", missing);
    contract_peer_send(loop->peer, contract_make_unsupported(what));
    contract_peer_flush(loop->peer, FLUSH_TIMEOUT_MS);
    return EXIT_AS_EXPECTED;
}

void contract_loop_free(struct contract_loop *loop)
{
    if (!loop)
        return;
    contract_peer_free(loop->peer);
    g_main_loop_unref(loop->main);
    g_free(loop);
}
