/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer's life under the contract, for peers in C: it says hello, runs the default main
 * loop, gives the harness' commands to the stack in the order that the contract allows,
 * and ends with the right exit status. What a stack does with them is its own.
 */
#ifndef RTCLAB_PEER_CONTRACT_LOOP_H
#define RTCLAB_PEER_CONTRACT_LOOP_H

#include "peer/contract_peer.h"

struct contract_loop;

/** What a stack does; each is given the stack's own data. */
struct contract_commands {
    /** Begins the call, once. @return false: it has sent `unsupported`, the peer ends */
    bool (*configure)(void *stack, const struct contract_configuration *configuration);
    /** The rest only between configure and close. */
    void (*signal)(void *stack, const struct contract_message *message);
    void (*restart_ice)(void *stack);
    void (*send)(void *stack, const struct contract_message *message);
    /** Ends the call, once; when all is released: contract_loop_finish(). It may come
        before configure. */
    void (*close)(void *stack);

    /** For a stack that reads the contract elsewhere, as a browser's page does: takes
       each message, valid and in its turn, in place of all of the above; borrowed. */
    void (*forward)(void *stack, const json_t *message);
};

/**
 * Takes the contract from the environment.
 *
 * @param program  for messages: "rtclab-peer-nice"
 * @param stack    for each command, borrowed
 * @return caller owns; NULL, after saying why on standard error: exit with EXIT_USAGE
 */
struct contract_loop *contract_loop_new(const char *program,
                                        const struct contract_commands *commands,
                                        void *stack);
void contract_loop_free(struct contract_loop *loop);

/** For events and messages; borrowed. */
struct contract_peer *contract_loop_peer(struct contract_loop *loop);

/**
 * Says `hello` (contract_make_hello(), consumed; NULL: the stack says it later) and runs.
 * @return an exit status
 */
int contract_loop_run(struct contract_loop *loop, json_t *hello);

/**
 * In place of the run: says `unsupported`, as the stack is not installed.
 * @param missing what there is not; the command that installs it is added
 * @return an exit status
 */
int contract_loop_lack(struct contract_loop *loop, const char *missing);

/** Says `done` and ends the run. */
void contract_loop_finish(struct contract_loop *loop);

/** Ends the run with this exit status, without `done`. */
void contract_loop_quit(struct contract_loop *loop, int exit_code);

#endif
