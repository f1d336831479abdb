/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a trial share; cases do not include it. */
#ifndef RTCLAB_PROBES_TRIAL_INTERNAL_H
#define RTCLAB_PROBES_TRIAL_INTERNAL_H

#include "probes/cases/trial.h"

struct trial {
    const struct subject *subject;
    const struct test_case *test;
    struct rng rng;
    struct transcript *transcript;
    bool is_strict;
    enum verdict verdict; /* VERDICT_N: none yet */
    char *observed;
    json_t *gains;      /* by kind; NULL: none */
    GPtrArray *clients; /* struct trial_client * */
    GPtrArray *peers;   /* struct peer * */
};

struct trial *trial_new(const struct subject *subject, const struct test_case *test,
                        bool is_strict);
/** Gives allocations back and closes all. */
void trial_free(struct trial *t);

/** Says that a client has an allocation, which is to be given back. */
void trial_note_allocation(struct trial *t, struct client *c);

#endif
