#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rtcprobe serve` scraped by a real Prometheus, as probes/examples/ have it, in front of
# coturn; and what signals do to it.
source "$(dirname "$0")/lib.sh"
for tool in prometheus promtool curl; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
source "$here/probe.sh"
inside_own_network "$@"
examples=$here/../../probes/examples

# The examples, with the server that is here and quicker.
sed -e 's/turn\.example\.org/192.0.2.1/' -e 's/"probe",/"joe",/' "$examples/modules.json" >"$work/modules.json"
sed -e 's/turn\.example\.org/192.0.2.1/' -e 's/30s/1s/; s/15s/1s/' "$examples/prometheus.yml" >"$work/prometheus.yml"

start_coturn plain "${users[@]}" allow-loopback-peers
TURN_PASSWORD=$PROBE_PASSWORD "$probe" serve --config "$work/modules.json" >"$work/serve.out" 2>"$work/serve.err" &
exporter=$!
servers+=("$exporter")

# Waits, at most 20 seconds, until a command succeeds.
becomes() {
    for _ in $(seq 200); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    "$@"
}

get() { # path
    curl --silent --show-error --max-time 5 "http://127.0.0.1:9479$1"
}

is_metrics() { # path: what promtool takes, and its linter finds nothing in
    get "$1" >"$work/metrics" && promtool check metrics <"$work/metrics"
}

claim "it is there" becomes get /-/healthy
claim "the first line is its address" has http://127.0.0.1:9479/ "$work/serve.out"
claim "Prometheus' own linter takes the exporter's metrics" is_metrics /metrics
claim "and those of a probe" is_metrics "/probe?module=turn&target=turn:192.0.2.1"
claim "that succeeded" has "probe_success 1" "$work/metrics"

promtool check config "$work/prometheus.yml" >"$work/promtool.out" 2>&1
claim "the example is a configuration" test $? = 0
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address=127.0.0.1:9090 --log.level=warn >"$work/prometheus.out" 2>&1 &
servers+=("$!")

# True if a query's answer has so many series.
answers() { # query, how many
    promtool query instant http://127.0.0.1:9090 "$1" >"$work/query" 2>&1 &&
        [ "$(grep -c '=>' "$work/query")" = "$2" ]
}
claim "Prometheus has each target, and each succeeds" becomes answers 'probe_success == 1' 3
claim "each is an instance" becomes answers \
    'probe_success{instance="turn:192.0.2.1?transport=tcp",job="turn"}' 1
claim "the phases are series" becomes answers \
    'rtcprobe_phase_duration_seconds{phase="allocate"} > 0' 2
claim "no payload is lost" becomes answers \
    'rtcprobe_relay_packets_sent_total - rtcprobe_relay_packets_received_total == 0' 2
claim "the exporter's own are there" becomes answers \
    'rtcprobe_exporter_probes_total{result="success"} > 0' 1

# A server that ends is a probe that fails, not a scrape that does.
kill "${servers[0]}" && wait "${servers[0]}"
claim "when the server ends, the probes fail" becomes answers 'probe_success == 0' 3
claim "and the scrapes do not" becomes answers 'up == 1' 4

# Signals.
start_coturn again "${users[@]}" allow-loopback-peers
cp "$work/modules.json" "$work/right.json"
echo '{"modules": {"turn": {"probe": "nonsense"}}}' >"$work/modules.json"
kill -HUP "$exporter"
claim "what is wrong in a new configuration is said" becomes has \
    "/modules/turn/probe: must be ping, check or relay" "$work/serve.err"
claim "and the old one stays" has "<option>turn</option>" <(get /)
jq 'del(.modules.turn)' "$work/right.json" >"$work/modules.json"
kill -HUP "$exporter"
claim "a right one is taken" becomes has "rtcprobe: reloaded" "$work/serve.err"
claim "and the modules are its" bash -c '! grep -q "<option>turn<" <<<"$0"' "$(get /)"
get "/probe?module=turn_relay&target=turn:192.0.2.1" >"$work/last" & # two seconds
last=$!
is_running() {
    get /metrics | grep -qE '^rtcprobe_exporter_probes_running [1-9]'
}
claim "a probe runs" becomes is_running
start=$EPOCHREALTIME
kill -INT "$exporter"
wait "$exporter"
claim "Ctrl-C is no failure" test $? = 0
# A second is meant; the probe would have taken two, and machines are busy.
claim "it ends at once" test "$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))" -lt 1500
wait "$last"
claim "the scrape under way gets its answer" has "probe_success 0" "$work/last"
claim "the password is in no output" bash -c '! grep -qF "$PROBE_PASSWORD" "$@"' - \
    "$work/serve.out" "$work/serve.err" "$work/metrics" "$work/last"

finish
