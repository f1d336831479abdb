# SPDX-License-Identifier: Apache-2.0
# Shared by the lab tests. Each test sources it, makes claims, and ends with `finish`.
#
#   claim "what holds" COMMAND…       the command must succeed
#   run_rtclab STATUS ARG…            runs rtclab; its exit status must be STATUS;
#                                     output in $work/stdout and $work/stderr
set -uo pipefail
: "${RTCLAB:?set RTCLAB to the program to test}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/rtclab-test.XXXXXX")
claims=0
failures=0
# Runs of these tests are no shards, whatever system starts the tests.
unset CI_NODE_INDEX CI_NODE_TOTAL JOB_COMPLETION_INDEX RTCLAB_SHARDS "${!SLURM_ARRAY_TASK_@}"

cleanup() {
    chmod -R u+w "$work" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

skip() {
    echo "skipped: $*"
    exit 77
}

for tool in jq turnserver; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
# Whether mounts can be made that only a test sees: not by a user, and not where the root is
# no mount (a chroot).
has_own_mounts() {
    unshare --mount true 2>/dev/null || {
        echo "left out: mounts of a test's own cannot be made here"
        return 1
    }
}

unshare --net true 2>/dev/null || skip "no permission to make network namespaces"
[ -e /dev/net/tun ] || skip "there is no /dev/net/tun"

# The program, marked so that what it leaves behind can be found.
rtclab() {
    RTCLAB_TEST_MARK=$mark "$RTCLAB" "$@"
}

claim() {
    local what=$1 is=0
    shift
    claims=$((claims + 1))
    "$@" >"$work/claim.out" 2>&1 || is=$?
    if [ "$is" = 0 ]; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        echo "     $* gave $is"
        sed 's/^/     | /' "$work/claim.out" | head -20
        failures=$((failures + 1))
    fi
}

run_rtclab() {
    local wanted=$1 is=0
    shift
    claims=$((claims + 1))
    rtclab "$@" >"$work/stdout" 2>"$work/stderr" </dev/null || is=$?
    if [ "$is" = "$wanted" ]; then
        echo "ok   rtclab $* exits with $wanted"
    else
        echo "FAIL rtclab $* exits with $is, must exit with $wanted"
        sed 's/^/     | /' "$work/stdout" "$work/stderr" | tail -20
        failures=$((failures + 1))
    fi
}

# True if the text is in a file.
has() {
    grep -qF -- "$1" "$2" || { cat "$2"; return 1; }
}

# True if a jq expression holds for a file.
holds() {
    jq -e "$1" "$2" >/dev/null || { jq -c "$1" "$2"; jq . "$2" | head -60; return 1; }
}

# True if each JSON value in a file is what a schema (a file, too) says.
fits() { # schema, file with JSON values
    jq -r -L "$here" --slurpfile schema "$1" 'include "schema"; errors($schema[0])' "$2" >"$work/errors"
    [ "${PIPESTATUS[0]}" = 0 ] && [ ! -s "$work/errors" ] || { head "$work/errors"; return 1; }
}

# The processes that carry the mark, and those that they started.
marked() {
    grep -lzs "^RTCLAB_TEST_MARK=$mark\$" /proc/[0-9]*/environ | tr -dc '0-9\n'
}

# The network namespaces that those are in, this shell's own left out.
marked_namespaces() {
    local pid
    for pid in $(marked); do readlink "/proc/$pid/ns/net"; done 2>/dev/null |
        sort -u | grep -vxF "$(readlink /proc/self/ns/net)"
}

mark=$$.$RANDOM

# Waits, at most ten seconds, until nothing with the mark is left.
nothing_is_left() {
    local left
    for _ in $(seq 100); do
        left=$(marked)
        [ -z "$left" ] && return 0
        sleep 0.1
    done
    # shellcheck disable=SC2086
    ps -o pid,ppid,stat,args -p $(echo $left | tr ' ' ,)
    return 1
}

finish() {
    echo "$((claims - failures)) passed, $failures failed"
    [ "$claims" -gt 0 ] && [ "$failures" = 0 ]
    exit
}
