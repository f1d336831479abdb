#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without root: in a user namespace of its own, where the kernel allows it and
# /dev/net/tun can be opened.
source "$(dirname "$0")/lib.sh"
command -v setpriv >/dev/null || skip "setpriv is not installed"
[ "$(id -u)" = 0 ] || skip "already without root: the other tests show it"
setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user true 2>/dev/null ||
    skip "this kernel gives no unprivileged user namespaces"

mkdir "$work/open"
chmod 777 "$work/open"
chmod 755 "$work"
cat >"$work/as-nobody" <<'S'
mknod "$1/tun" c 10 200 && chmod 666 "$1/tun" && mount --bind "$1/tun" /dev/net/tun || exit 77
cd "$1/open" || exit
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$2" \
    run nat/port-restricted-cone~symmetric signaling/websocket-tls --modes trickle --out "$1/open/run" </dev/null
S
status=0
unshare --mount bash "$work/as-nobody" "$work" "$RTCLAB" >"$work/stdout" 2>"$work/stderr" || status=$?
[ "$status" = 77 ] && skip "no device may be made here"
claim "calls of user nobody: exit status 0, is $status" test "$status" = 0
claim "they connected through coturn, and by signalling on port 443, as expected" \
    holds 'all(.calls[]; .outcome == "connected" and .as_expected)' "$work/open/run/results.json"
claim "the record is that user's" \
    test "$(stat -c %u "$work/open/run/results.json")" = 65534
finish
