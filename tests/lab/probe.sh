# SPDX-License-Identifier: Apache-2.0
# Servers of a test's own, in a network namespace of the test's own, for tests of rtcprobe.
# Sourced after lib.sh; a test begins with:
#
#   inside_own_network "$@"      runs the test again in a namespace of its own
#   start_coturn NAME [LINE…]    more lines of turnserver.conf; ends with the test
#   start_node_turn NAME         the same for node-turn; skips where it is not installed
#
# coturn is at 192.0.2.1 and .2 and 2001:db8::1, over UDP and TCP at 3478, over TLS and DTLS
# at 5349, with the users joe and ann, unless lines say otherwise ($users). node-turn is at
# 192.0.2.1, over UDP at 3478, with the user joe. The client is at 192.0.2.10.

command -v openssl >/dev/null || skip "openssl is not installed"

inside_own_network() {
    if [ "${PROBE_TEST_INSIDE:-}" != yes ]; then
        trap - EXIT
        cleanup
        PROBE_TEST_INSIDE=yes exec unshare --net -- bash "$0" "$@"
    fi
    local address
    ip link set lo up || exit
    for address in 192.0.2.1/32 192.0.2.2/32 192.0.2.10/32; do
        ip address add "$address" dev lo || exit
    done
    for address in 2001:db8::1/128 2001:db8::2/128 2001:db8::10/128; do
        ip address add "$address" dev lo nodad 2>/dev/null
    done
    servers=()
    trap 'end_servers; cleanup' EXIT
}

end_servers() {
    local pid
    for pid in "${servers[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    servers=()
}

# The certificate that clients are to trust: $work/cert.pem, for turn.test.
make_certificate() {
    [ -e "$work/cert.pem" ] && return
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -keyout "$work/key.pem" -out "$work/cert.pem" -subj /CN=turn.test \
        -addext 'subjectAltName=DNS:turn.test,IP:192.0.2.1' 2>/dev/null
}

# Waits, at most ten seconds, until something answers STUN at an address.
await_stun() {
    for _ in $(seq 100); do
        "$probe" ping "stun:$1" -c 1 --timeout 100ms >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}

start_coturn() {
    local name=$1
    shift
    make_certificate
    mkdir -p "$work/$name"
    cat >"$work/$name/conf" <<END
listening-ip=192.0.2.1
listening-ip=192.0.2.2
listening-ip=2001:db8::1
relay-ip=192.0.2.1
relay-ip=2001:db8::1
cert=$work/cert.pem
pkey=$work/key.pem
lt-cred-mech
realm=example.org
fingerprint
mobility
no-cli
no-multicast-peers
pidfile=$work/$name/pid
userdb=$work/$name/db
log-file=$work/$name/log
simple-log
END
    printf '%s\n' "$@" >>"$work/$name/conf"
    turnserver -c "$work/$name/conf" >"$work/$name/out" 2>&1 </dev/null &
    servers+=("$!")
    await_stun 192.0.2.1 || { cat "$work/$name/out" "$work/$name"/log*; exit 1; }
}

# Its standard input has no end, which would be the server's.
start_node_turn() {
    local name=$1
    command -v node >/dev/null || skip "node is not installed; try: ./quickstart.sh deps --all"
    [ -d "$here/node-turn/node_modules/node-turn" ] ||
        skip "node-turn is not installed; try: ./quickstart.sh deps --all"
    mkdir -p "$work/$name"
    mkfifo "$work/$name/in"
    NODE_TURN_PASSWORD=$PROBE_PASSWORD node "$here/node-turn/serve.js" 192.0.2.1 3478 \
        example.org joe <>"$work/$name/in" >"$work/$name/log" 2>&1 &
    servers+=("$!")
    await_stun 192.0.2.1 || { cat "$work/$name/log"; exit 1; }
}

conform_once() { # name, URI, selector or option…
    local name=$1
    shift
    "$probe" conform "$@" "${probe_options[@]}" --known "$known" -o json >"$work/$name.json" \
        2>"$work/$name.err" </dev/null
}

# All cases but the slow ones, held against $known; what a busy machine left unproven once
# more. The results are in $work/NAME.json.
conform() { # name, URI or option…
    local name=$1 unproven
    shift
    conform_once "$name" "$@" '*' '!@slow' '!@intrusive' && return
    mapfile -t unproven < <(jq -r '.items[] | select(.status == "inconclusive").name' \
        "$work/$name.json")
    [ "${#unproven[@]}" -gt 0 ] || return
    conform_once again "$@" "${unproven[@]}" || return
    jq -s '.[1].items as $again | .[0] | .items |= map(. as $old
        | first($again[] | select(.name == $old.name)) // $old)' \
        "$work/$name.json" "$work/again.json" >"$work/merged.json" &&
        mv "$work/merged.json" "$work/$name.json" &&
        holds 'all(.items[]; .status != "fail")' "$work/$name.json"
}

# True if all verdicts of a run are pass, or are known and still so.
only_known() { # the file of -o json
    jq -r '.items[] | select((.status != "pass" and .status != "known") or .warnings)
        | [.name, .status, .message, (.warnings // [])[]] | join(": ")' "$1" >"$work/new"
    cat "$work/new"
    [ ! -s "$work/new" ] && holds '.items | length >= 125' "$1"
}

probe=$(dirname "$RTCLAB")/rtcprobe
export PROBE_PASSWORD=Meerkatze-7381 OTHER_PASSWORD=Nilpferd-2290 # found nowhere by chance
users=("user=joe:$PROBE_PASSWORD" "user=ann:$OTHER_PASSWORD")
# How each test calls it.
probe_options=(-u joe --pass-env PROBE_PASSWORD --local 192.0.2.10 --sni turn.test
    --ca "$work/cert.pem" --seed 7)
