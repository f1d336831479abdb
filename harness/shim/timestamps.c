/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a packet came, as the kernel says it: in a message's control data (SO_TIMESTAMP
 * and kin) or by ioctl(SIOCGSTAMP). The kernel's clock is the real one; the time of the
 * virtual clock at which the program reads stands in its place. That is when the packet
 * came, unless the program let it wait in the socket. A timestamp of hardware or of
 * sending (SCM_TIMESTAMPING) is replaced in the same way.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "shim/shim.h"

static struct timespec calendar_now(void)
{
    return timespec_from_ns(add_ns(shim_calendar_ns(), shim_now_ns()));
}

static void put_timeval(unsigned char *at)
{
    struct timespec now = calendar_now();
    struct timeval t = { .tv_sec = now.tv_sec,
                         .tv_usec = (suseconds_t)(now.tv_nsec / NS_PER_US) };
    memcpy(at, &t, sizeof t);
}

static void put_timespec(unsigned char *at)
{
    struct timespec now = calendar_now();
    memcpy(at, &now, sizeof now);
}

/* Software, a second one of old, hardware: each as it is there. */
static void put_three(unsigned char *at)
{
    for (int i = 0; i < 3; i++, at += sizeof(struct timespec)) {
        struct timespec t;
        memcpy(&t, at, sizeof t);
        if (t.tv_sec != 0 || t.tv_nsec != 0)
            put_timespec(at);
    }
}

void timestamps_replace(struct msghdr *message)
{
    if (!shim_is_on() || message->msg_controllen == 0)
        return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        size_t n = c->cmsg_len - CMSG_LEN(0);
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if ((c->cmsg_type == SO_TIMESTAMP_OLD || c->cmsg_type == SO_TIMESTAMP_NEW) &&
            n == sizeof(struct timeval))
            put_timeval(CMSG_DATA(c));
        else if ((c->cmsg_type == SO_TIMESTAMPNS_OLD ||
                  c->cmsg_type == SO_TIMESTAMPNS_NEW) &&
                 n == sizeof(struct timespec))
            put_timespec(CMSG_DATA(c));
        else if ((c->cmsg_type == SO_TIMESTAMPING_OLD ||
                  c->cmsg_type == SO_TIMESTAMPING_NEW) &&
                 n == 3 * sizeof(struct timespec))
            put_three(CMSG_DATA(c));
    }
}

int SHIM_EXPORT ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    long result = RAW(SYS_ioctl, fd, request, argument);
    if (result == 0 && shim_is_on()) {
        if (request == SIOCGSTAMP_OLD || request == SIOCGSTAMP_NEW)
            put_timeval(argument);
        else if (request == SIOCGSTAMPNS_OLD || request == SIOCGSTAMPNS_NEW)
            put_timespec(argument);
    }
    return (int)raw_to_errno(result);
}
