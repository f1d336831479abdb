#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No timed system call of the stacks that rtclab comes with bypasses the virtual clock, and
# the audit finds those that do.
source "$(dirname "$0")/lib.sh"

# Over UDP and TCP, with TURN and without, with time-outs and with refused credentials.
run_rtclab 0 run open/open~open nat/symmetric~symmetric firewall/udp-blocked~open tcp/open~open \
    stun/dead turn/wrong-credentials --audit-clock --seed 3 --out "$work/run"
claim "libnice and coturn: nothing bypassed the clock" bash -c \
    "cat '$work'/run/calls/*/*/*/*/*/clock-audit.txt | tee /dev/stderr | wc -l | grep -qx 0"
claim "each of the 18 calls was audited" test \
    "$(find "$work/run" -name clock-audit.txt | wc -l)" = 18

doctor() { # STATUS COMMAND…
    run_rtclab "$1" doctor --audit-clock -- "${@:2}"
}
doctor 0 sh -c 'date; sleep 3600; date'
claim "a shell and its children bypass nothing" has "No timed system call" "$work/stderr"
# What another library's constructor does in a child, before the audit is at work there.
doctor 1 sh -c "$(dirname "$RTCLAB")/clock_program early-bypass"
claim "a constructor's sleep past the C library is found" \
    grep -E 'bypassed +1 x +nanosleep +[^ ]*libclock_early\.so' "$work/stderr"
doctor 1 "$(dirname "$RTCLAB")/clock_bypass"
claim "a sleep past the C library is found, with its place" bash -c \
    "grep -E 'bypassed +[13] x +nanosleep +[^ ]*clock_bypass\+0x[0-9a-f]+' '$work/stderr'"
claim "and so is what must be done" has "--clock wall" "$work/stderr"
doctor 3 "$work/no-such-program"
claim "a program that is not there is no clean one" has "there is no program" "$work/stderr"
if [ -x "$(dirname "$RTCLAB")/clock_static" ]; then
    doctor 3 "$(dirname "$RTCLAB")/clock_static"
    claim "nor is one that cannot be watched" has "is linked statically" "$work/stderr"
fi
run_rtclab 2 run open/open~open --clock wall --audit-clock --out "$work/wall"
claim "an audit of calls wants the virtual clock" has "--audit-clock" "$work/stderr"
run_rtclab 2 doctor --audit-clock
run_rtclab 2 doctor -- true
finish
