/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers are asked whether they are ready, first often, then less so: a program tells
 * nobody that its sockets are open.
 */
#include "lab/server_wait.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"

static const int64_t start_limit_ns = 10 * NS_PER_S;
static const int64_t first_retry_ns = 2 * NS_PER_MS;
static const int64_t last_retry_ns = 50 * NS_PER_MS;

/* The end of a log, for a message: its last two lines. */
static char *last_words(const char *log_path)
{
    g_autofree char *log = NULL;
    if (!g_file_get_contents(log_path, &log, NULL, NULL))
        return g_strdup("its log is empty");
    g_strchomp(log);
    char *start = log + strlen(log);
    for (unsigned lines = 0; start > log && lines < 2; start--)
        if (start[-1] == '\n')
            lines++;
    g_autofree char *tail = g_strdup(*start == '\n' ? start + 1 : start);
    return g_strescape(g_strdelimit(tail, "\n", ' '), NULL);
}

/* Why it is not ready: it has ended, somebody wants to end, the clock does not go on, or
   it does not answer. */
static void set_start_error(GError **error, const struct server_wait *wait,
                            const struct process *process, const struct lab_event *last)
{
    g_autofree char *words = last_words(wait->log_path);
    g_autofree char *end = process->pid == 0 ? process_describe_end(process) : NULL;
    if (end)
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s (%s) %s: %s",
                    wait->program, wait->name, end, words);
    else if (last->kind == LAB_BROKEN)
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "while %s (%s) started: %s",
                    wait->program, wait->name, last->why);
    else if (last->kind == LAB_MUST_END)
        g_set_error(error, RTC_ERROR, RTC_ERROR_INTERRUPTED,
                    "interrupted while %s (%s) started", wait->program, wait->name);
    else
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "%s (%s) does not answer on each of its addresses after %.0f s: %s",
                    wait->program, wait->name, (double)start_limit_ns / NS_PER_S, words);
}

gboolean server_wait(struct lab *lab, const struct server_wait *wait,
                     const struct process *process, GError **error)
{
    int64_t give_up_ns = lab_now_ns(lab) + start_limit_ns;
    int64_t retry_ns = first_retry_ns;
    struct lab_event event = { 0 };
    bool ended = false;
    while (!ended && lab_now_ns(lab) < give_up_ns) {
        if (wait->is_ready(wait->data))
            return TRUE;
        int64_t deadline_ns = lab_now_ns(lab) + retry_ns;
        while (!ended) {
            lab_next(lab, deadline_ns, give_up_ns, &event);
            if (event.kind == LAB_NETWORK)
                packet_free(event.network.packet);
            if (event.kind == LAB_TIMEOUT)
                break;
            ended = process->pid == 0 || event.kind == LAB_MUST_END ||
                    event.kind == LAB_BROKEN;
        }
        retry_ns = MIN(retry_ns * 2, last_retry_ns);
    }
    set_start_error(error, wait, process, &event);
    return FALSE;
}
