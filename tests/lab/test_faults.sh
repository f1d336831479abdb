#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Faults end in an outcome or in one clear line, with the right exit status; the other
# calls go on, and what was recorded is kept.
source "$(dirname "$0")/lib.sh"
open=open/open~open

one_line() {
    [ "$(wc -l <"$1")" = 1 ] || { cat "$1"; return 1; }
}

# ---- servers

mkdir -p "$work/bin"
bin_with() { # name of a stand-in for turnserver, script on standard input
    mkdir -p "$work/$1"
    cat >"$work/$1/turnserver"
    chmod +x "$work/$1/turnserver"
}
# A PATH with everything but coturn.
for folder in ${PATH//:/ }; do
    for program in "$folder"/*; do
        [ "${program##*/}" = turnserver ] || ln -sf "$program" "$work/bin/" 2>/dev/null
    done
done
PATH=$work/bin run_rtclab 3 run $open --modes trickle --out "$work/missing"
claim "coturn missing: the call says so, and what to install" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("apt-get install coturn"))' \
    "$work/missing/results.json"
PATH=$work/bin run_rtclab 3 exec $open offerer -- true
claim "exec says it in one line" one_line "$work/stderr"

bin_with exits <<'S'
#!/bin/sh
echo "cannot bind to the address: it is in use"
exit 7
S
PATH=$work/exits:$PATH run_rtclab 3 run $open --modes trickle --out "$work/exits-run"
claim "coturn that cannot start: its last words are quoted" \
    holds '.calls[0].why | contains("exited with 7") and contains("in use")' "$work/exits-run/results.json"

bin_with dies <<S
#!/bin/sh
$(command -v turnserver) "\$@" &
sleep 3.2 # the call begins at 2 s
kill -9 \$!
exit 1
S
PATH=$work/dies:$PATH run_rtclab 3 run stun/beside-turn $open --modes full --out "$work/dies-run"
results=$work/dies-run/results.json
claim "coturn that dies mid-call: an error that names the server" holds '
    [.calls[] | select(.scenario == "stun/beside-turn")] | length == 1
    and .[0].outcome == "error" and (.[0].why | contains("server turn"))' "$results"
claim "the other call went on" holds '
    [.calls[] | select(.scenario == "open/open~open")] | .[0].outcome == "connected"' "$results"
claim "the record up to then is kept, with the server's end in it" grep -q '"server.exited"' \
    "$work/dies-run/calls/nice~nice/stun/beside-turn/full/1/events.jsonl"

# A port that is taken already: another program of the same host has it, over both.
bin_with taken <<S
#!/usr/bin/perl
use Socket;
\$^F = 100; # the sockets outlive exec
my \$at = sockaddr_in(3478, inet_aton("203.0.113.10"));
socket(UDP, PF_INET, SOCK_DGRAM, 0) or die "udp: \$!";
socket(TCP, PF_INET, SOCK_STREAM, 0) or die "tcp: \$!";
bind(UDP, \$at) && bind(TCP, \$at) && listen(TCP, 1) or die "bind: \$!";
exec "$(command -v turnserver)", @ARGV;
S
PATH=$work/taken:$PATH run_rtclab 3 run $open --modes trickle --out "$work/taken-run"
claim "a port that is taken already: an error of coturn's" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("coturn (turn)"))' \
    "$work/taken-run/results.json"

# ---- peers

peer() { # name, script on standard input
    cat >"$work/$1"
    chmod +x "$work/$1"
}
nice=$(dirname "$RTCLAB")/rtclab-peer-nice

peer crashes <<'S'
#!/bin/sh
kill -SEGV $$
S
run_rtclab 3 run $open --modes trickle --peers "$work/crashes,nice" --out "$work/r1"
claim "a peer that crashes: an error that names it and the signal" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("offerer") and contains("signal 11"))' \
    "$work/r1/results.json"

peer mid-crash <<S
#!/bin/bash
$nice & sleep 0.6; kill -9 \$!; kill -9 \$\$
S
run_rtclab 3 run stun/dead --modes full --peers "nice,$work/mid-crash" --out "$work/r2"
claim "a peer that dies mid-call: an error, and the record up to then" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("answerer"))' "$work/r2/results.json"
claim "with the peer's end in it" grep -q '"peer.exited"' \
    "$work/r2/calls/nice~mid-crash/stun/dead/full/1/events.jsonl"

peer silent <<'S'
#!/bin/sh
exec sleep 1000
S
run_rtclab 3 run $open --modes trickle --peers "nice,$work/silent" --out "$work/r3"
claim "a peer that says nothing: an error within the time for a hello" \
    holds '.calls[0].why | contains("answerer said no hello")' "$work/r3/results.json"

peer hangs <<'S'
#!/bin/sh
printf '{"type":"hello","contract":1,"stack":"hang","version":"1","capabilities":["trickle","data","relay","ice-tcp"]}\n' >&3
exec sleep 1000
S
run_rtclab 1 run $open --modes trickle --peers "nice,$work/hangs" --timeout 2 --out "$work/r4"
claim "a peer that hangs: a time-out" holds '.calls[0].outcome == "timeout"' "$work/r4/results.json"

peer nonsense <<'S'
#!/bin/sh
while :; do printf '{"type":"hel\0lo"}\n\377\376 not json\n[1,2\n' >&3 || exit; done
S
run_rtclab 3 run $open --modes trickle --peers "nice,$work/nonsense" --out "$work/r5"
claim "a peer that writes nonsense: an error that says what was wrong" \
    holds '.calls[0].outcome == "error" and (.calls[0].why | contains("breaks its contract"))' \
    "$work/r5/results.json"

peer endless <<'S'
#!/bin/sh
exec head -c 50000000 /dev/zero | tr '\0' 'x' >&3
S
run_rtclab 3 run $open --modes trickle --peers "nice,$work/endless" --out "$work/r6"
claim "a peer whose line never ends: an error" \
    holds '.calls[0].outcome == "error"' "$work/r6/results.json"

peer unable <<'S'
#!/bin/sh
printf '{"type":"hello","contract":1,"stack":"unable","version":"1","capabilities":["data"]}\n' >&3
exec sleep 1000
S
run_rtclab 0 run $open --modes trickle --peers "nice,$work/unable" --out "$work/r7"
claim "a peer that lacks a capability: unsupported, not failed" \
    holds '.calls[0].outcome == "unsupported" and (.calls[0].why | contains("trickle"))' \
    "$work/r7/results.json"

run_rtclab 2 run $open --peers no-such-stack --out "$work/r8"
claim "a peer that there is not: one line" one_line "$work/stderr"

# ---- where the record goes

touch "$work/file"
run_rtclab 3 run $open --out "$work/file/below"
claim "an --out that cannot be made: one line that names it" one_line "$work/stderr"
claim "with its name" has "$work/file" "$work/stderr"

mkdir "$work/small"
cat >"$work/on-small-disk" <<S
mount -t tmpfs -o size=28k none "$work/small" || exit 77
"$RTCLAB" run $open --modes trickle --out "$work/small/run" </dev/null
S
if has_own_mounts; then
    status=0
    unshare --mount bash "$work/on-small-disk" >"$work/stdout" 2>"$work/stderr" || status=$?
    claim "a full disk: exit status 3, is $status" test "$status" = 3
    claim "and it says so" grep -qi "no space" "$work/stdout" "$work/stderr"
fi

# ---- what the machine does not give

cat >"$work/without-tun" <<S
mount --bind /dev/null /dev/net/tun || exit 77
exec "$RTCLAB" run $open --out "$work/no-tun" </dev/null
S
if has_own_mounts; then
    status=0
    unshare --mount bash "$work/without-tun" >"$work/stdout" 2>"$work/stderr" || status=$?
    claim "a /dev/net/tun that is none: exit status 3, is $status" test "$status" = 3
    claim "in one line" one_line "$work/stderr"
    claim "that names it" grep -qi "tun" "$work/stderr"
fi

if command -v setpriv >/dev/null; then
    status=0
    # No capability, and no user namespace may be made: by a limit, or because none can be
    # made here anyway (in a chroot).
    confine=(bash -c 'exec "$@"' -)
    if unshare --user true 2>/dev/null; then
        confine=(unshare --user --map-root-user bash -c \
            'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' -)
    fi
    "${confine[@]}" setpriv --bounding-set=-all --inh-caps=-all "$RTCLAB" run $open \
        --out "$work/no-caps" >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
    claim "no permission for namespaces: exit status 3, is $status" test "$status" = 3
    claim "in one line that says what to do" \
        bash -c '[ "$(wc -l <"$0")" = 1 ] && grep -q "run as root" "$0"' "$work/stderr"
fi

claim "nothing is left running" nothing_is_left
finish
