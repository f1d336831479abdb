/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a worker (lab/forkserver.c) asks a program that has been started, up to its main(),
 * to fork itself for a call: a message on a SOCK_SEQPACKET socket.
 */
#ifndef RTCLAB_SHIM_FORKSERVER_H
#define RTCLAB_SHIM_FORKSERVER_H

#include <stdint.h>

/** The socket's number. Without it a program just runs. */
#define FORKSERVER_VARIABLE "RTCLAB_FORKSERVER"

enum { FORKSERVER_MAX_REQUEST = 128 * 1024 };

/**
 * Followed by strings, each with its NUL: the working folder, the arguments, the whole
 * environment. With it come descriptors: the network namespace, the log, and, with
 * `has_extra`, what becomes descriptor 3.
 */
struct forkserver_request {
    uint32_t n_arguments;
    uint32_t n_environment;
    uint32_t has_extra;
};

/**
 * First, of the server, once: both 0, it is ready. Then for each request, in any order:
 * one of the new process, which is ready to run main(), or why there is none; and one of
 * the server, both 0, once the new process is the child of the namespace's first process.
 */
struct forkserver_answer {
    int32_t pid;
    int32_t problem; /**< an errno */
};

#endif
