#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Others' tools agree: coturn's turnutils_natdiscovery (RFC 5780), run inside a site,
# reports the mapping and the filtering that the scenario configures, for all nine NATs.
source "$(dirname "$0")/lib.sh"
command -v turnutils_natdiscovery >/dev/null || skip "turnutils_natdiscovery is not installed"

declare -A words=([ei]="Endpoint Independent" [ad]="Address Dependent"
    [apd]="Address and Port Dependent")

discover() { # mapping-and-filtering switch
    # shellcheck disable=SC2016
    "$RTCLAB" exec "behaviour/$1" offerer -- \
        sh -c 'turnutils_natdiscovery "$0" "$RTCLAB_SERVER_TURN"' "$2" \
        >"$work/$1$2" 2>&1 </dev/null
}

for mapping in ei ad apd; do
    for filtering in ei ad apd; do
        discover "$mapping-$filtering" -m &
        discover "$mapping-$filtering" -f &
    done
    wait
done
for mapping in ei ad apd; do
    for filtering in ei ad apd; do
        name=$mapping-$filtering
        claim "$name: mapping is ${words[$mapping],,}" \
            grep -qi "NAT with ${words[$mapping]} Mapping" "$work/$name-m"
        claim "$name: filtering is ${words[$filtering],,}" \
            grep -qi "NAT with ${words[$filtering]} Filtering" "$work/$name-f"
    done
done
finish
