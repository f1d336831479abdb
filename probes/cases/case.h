/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance cases: one table a group, and one list of groups. An id means the same
 * for ever: one that is given up is not given out again.
 */
#ifndef RTCLAB_PROBES_CASE_H
#define RTCLAB_PROBES_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "probes/cases/subject.h"

struct trial;

/* symbol, name: what it means that the expectation is not met */
#define CASE_LEVELS(X)                                                      \
    X(MUST, "MUST")     /* fail */                                          \
    X(SHOULD, "SHOULD") /* non-strict; with --strict: fail */               \
    X(GATE, "gate")     /* fail: no RFC forbids it, but no server should */ \
    X(REPORT, "report") /* nothing is asked for, something is told */

enum case_level {
#define X(symbol, name) CASE_##symbol,
    CASE_LEVELS(X)
#undef X
        CASE_N_LEVELS
};
const char *case_level_name(enum case_level level);

enum case_tags {
    CASE_SLOW = 1,      /**< takes minutes: --slow */
    CASE_INTRUSIVE = 2, /**< may be felt by other users of the server: --intrusive */
    CASE_ALONE = 4, /**< disturbs others, or is disturbed: runs by itself, at the end */
};

/** Profiles that a case is for; 0: all. */
enum case_profile { CASE_CLASSIC = 1, CASE_MODERN = 2 };

struct test_case {
    const char *id;      /**< "S01" */
    const char *title;   /**< "a Binding request is answered with the source address" */
    const char *clause;  /**< "RFC 8489 §6.3.1.1" */
    const char *classic; /**< the clause in RFC 5389 or 5766, where it says the same in
                              other words; NULL: it has none, or the case is not for it */
    enum case_level level;
    unsigned profiles;    /**< of enum case_profile; 0: all */
    unsigned tags;        /**< of enum case_tags */
    unsigned needs;       /**< of enum capability, as bits: CAN(TURN) | CAN(PEER) */
    const char *expected; /**< "437 (Allocation Mismatch)" */
    /** Tries it; must say what came out by one of trial.h's verdicts. */
    void (*run)(struct trial *t);
};

struct case_group {
    char letter;       /**< of the ids */
    const char *tag;   /**< "stun", for @stun */
    const char *title; /**< "STUN, RFC 8489" */
    const struct test_case *cases;
    size_t n_cases;
};

extern const struct case_group cases_stun, cases_auth, cases_allocate, cases_permission,
    cases_channel, cases_tcp_relay, cases_nat, cases_mobility, cases_audit;

/** All groups, NULL-ended. */
extern const struct case_group *const case_groups[];

/** The case of that id, in any case; NULL: there is none. */
const struct test_case *case_find(const char *id);

/** The group that a case is in. */
const struct case_group *case_group_of(const struct test_case *c);

/**
 * Whether a selector names a case: an id (L08, l08, L*), a tag (@auth, @slow, @intrusive,
 * @must, @should), or a place in the RFCs: stun/6.3 (RFC 8489 §6.3 and below), turn/12.2
 * (RFC 8656), rfc5780/7.
 */
bool case_matches(const struct test_case *c, const char *selector);

/** Whether a selector can name anything: FALSE for @nonsense or X99. */
bool case_selector_is_known(const char *selector);

/**
 * Whether selectors choose a case: any that does, and none with a leading "!" that does.
 * Without any positive one all are chosen but the security ones (X). Slow and intrusive
 * ones have to be named by their id or tag, or allowed.
 */
bool case_is_chosen(const struct test_case *c, const char *const *selectors,
                    bool includes_slow, bool includes_intrusive);

#endif
