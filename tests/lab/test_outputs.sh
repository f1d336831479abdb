#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a real run leaves for CI: junit.xml, results.tap, summary.md, the job summary, and the
# exit status.
source "$(dirname "$0")/lib.sh"
schema=$here/../data/schema/junit.rng
open=open/open~open

valid() { # junit.xml
    command -v xmllint >/dev/null || { echo "left out: xmllint is not installed"; return 0; }
    xmllint --noout --nonet --relaxng "$schema" "$1"
}
# True if Perl's harness reads it, and comes to the same.
proves() { # TAP file
    command -v prove >/dev/null || { echo "left out: prove is not installed"; return 0; }
    prove -e cat "$1"
}

# ---- all as expected

GITHUB_STEP_SUMMARY=$work/step.md run_rtclab 0 run $open stun/dead --out "$work/good"
claim "the report is there where the run says" test -s "$(sed -n "s/^Report: //p" "$work/stdout")"
claim "junit.xml is valid" valid "$work/good/junit.xml"
claim "it has a suite a scenario" test "$(grep -c '<testsuite name=' "$work/good/junit.xml")" = 2
claim "and a case a call" test "$(grep -c '<testcase ' "$work/good/junit.xml")" = 6
claim "without failures" has 'tests="6" failures="0" errors="0"' "$work/good/junit.xml"
claim "results.tap passes" proves "$work/good/results.tap"
claim "six of six" has '1..6' "$work/good/results.tap"
claim "the summary has the headline" grep -q 'll 6 calls as expected' "$work/good/summary.md"
claim "GitHub's job summary is the same" cmp "$work/step.md" "$work/good/summary.md"

# ---- not as expected

jq '.expect.outcome = "failed" | .expect |= with_entries(select(.key == "outcome"))' \
    "${RTCLAB_SCENARIOS}/$open.json" >"$work/wrong.json"
echo "# before" >"$work/step.md"
GITHUB_STEP_SUMMARY=$work/step.md run_rtclab 1 run "$work/wrong.json" $open --modes trickle --out "$work/bad"
claim "junit.xml is valid with a failure" valid "$work/bad/junit.xml"
claim "it is one" has 'tests="2" failures="1" errors="0"' "$work/bad/junit.xml"
claim "results.tap fails" bash -c '! command -v prove >/dev/null || ! prove -e cat "$1"' - "$work/bad/results.tap"
claim "the job summary is appended to what was there" grep -q '^# before' "$work/step.md"
claim "and says what was not as expected" has "### Not as expected" "$work/step.md"

# The command that makes the call again is the same everywhere, and does.
again=$(sed -n 's/^    again   //p' "$work/stdout")
claim "the table has a command" test -n "$again"
for file in junit.xml results.tap summary.md; do
    claim "$file has it, too" has "$(sed 's/^  *//' <<<"$again" | cut -c1-40)" "$work/bad/$file"
done
again_status=0
RTCLAB_TEST_MARK=$mark bash -c "$again --out $work/again" >"$work/again.out" 2>&1 || again_status=$?
claim "it makes the call again, with the same end" test "$again_status" = 1
claim "just that call" holds '.calls | length == 1' "$work/again/results.json"

# ---- errors, unsupported calls

run_rtclab 3 run $open --modes trickle --peers "/bin/false,nice" --out "$work/error"
claim "junit.xml is valid with an error" valid "$work/error/junit.xml"
claim "it is one, and no failure" has 'failures="0" errors="1"' "$work/error/junit.xml"
run_rtclab 0 run media/echo --modes trickle --out "$work/unsupported"
claim "an unsupported call is skipped" has '<skipped message=' "$work/unsupported/junit.xml"
claim "and valid" valid "$work/unsupported/junit.xml"
claim "and SKIP in TAP, which passes" proves "$work/unsupported/results.tap"

# ---- a job summary that cannot be written, or is full

GITHUB_STEP_SUMMARY=$work/no/such/folder run_rtclab 0 run $open --modes trickle --out "$work/unwritable"
claim "a job summary that cannot be written is told" has "cannot write the job summary" "$work/stderr"
head -c 1048300 /dev/zero | tr '\0' '\n' >"$work/full.md"
GITHUB_STEP_SUMMARY=$work/full.md run_rtclab 0 run $open --modes trickle --out "$work/full"
claim "a job summary stays within 1 MiB" test "$(wc -c <"$work/full.md")" -le 1048576
claim "and says that it was cut" grep -qF "Cut here" "$work/full.md"

claim "nothing is left" nothing_is_left
finish
