#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From a bare Debian 12 to a first run, as root or as a user with sudo:
#
#   ./quickstart.sh                       packages, build, the default scenarios
#   ./quickstart.sh deps [PACKAGE...]     only the packages, and any others named
#   ./quickstart.sh deps --all            those of all stacks that can be peers, too
#   ./quickstart.sh build                 only the build
#   ./quickstart.sh test                  packages, build, all tests
#
# Packages that are there are not asked for again: the second time needs no network.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "$0")"

# Everything that is needed, and nothing else that is downloaded.
packages=(
    build-essential cmake ninja-build pkg-config  # to build
    libglib2.0-dev libjansson-dev libnice-dev     # what it is made of
    libsoup-3.0-dev libgnutls28-dev glib-networking libpcap-dev
    node-d3                                       # the charts of the report
    coturn                                        # the STUN and TURN server of the calls
    libcunit1-dev jq tshark iproute2 iputils-ping openssl curl libxml2-utils # the tests
)

# Further stacks as peers, and what else tests are made with: `deps --all`.
stacks=(
    libgstreamer-plugins-bad1.0-dev # webrtcbin: to build, and what it loads
    gstreamer1.0-nice gstreamer1.0-plugins-{base,good,bad}
    chromium firefox-esr            # found when a call starts, too
    python3-aiortc                  # aiortc: found when it runs
    ca-certificates                 # by which npm knows its registry
    prometheus                      # scrapes rtcprobe's exporter
    shellcheck git                  # check the examples, beside linters from npm
)
commands=(node:nodejs npm:npm) # and these, if their commands are not there already

# What comes from npm, pinned in a package-lock.json each: what the peers in JavaScript need,
# a second TURN server for the tests, what asks pages whether everybody can use them, and
# linters of the examples.
js_folders=(harness/peer/js tests/lab/node-turn tests/lab/axe tests/lint)

# Debian starts a service as soon as its package is there; none of these shall run on this
# machine. Calls and tests start programs of their own, inside their network.
services=(coturn prometheus)

say() { printf 'quickstart: %s\n' "$*"; }

fail() {
    printf 'quickstart: %s\n' "$*" >&2
    exit 3
}

is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Runs a command as root; what apt and the packages say matters only if it fails.
quietly_as_root() {
    local output
    if ! output=$(as_root "$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" >&2
        fail "failed: $*"
    fi
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

policy=/usr/sbin/policy-rc.d
policy_is_ours=no

remove_policy() {
    if [[ $policy_is_ours == yes ]]; then
        as_root rm -f "$policy"
        policy_is_ours=no
    fi
}

hold_services_back() {
    [[ -e $policy ]] && return
    policy_is_ours=yes
    trap remove_policy EXIT
    trap 'exit 130' INT TERM
    # shellcheck disable=SC2016 # $1 is the script's own
    printf '#!/bin/sh\ncase $1 in %s) exit 101 ;; esac\n' "$(IFS='|'; printf '%s' "$*")" |
        as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

leave_services_off() {
    local service
    remove_policy
    for service; do
        if command -v systemctl >/dev/null; then
            as_root systemctl disable --quiet "$service" 2>/dev/null || true
            as_root systemctl stop --quiet "$service" 2>/dev/null || true
        fi
        say "$service is installed; its system service is left off"
    done
}

# Installs what a folder's package-lock.json says, unless that is what there is.
install_js() {
    local folder=$1 output
    cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock" && return
    command -v npm >/dev/null || fail "npm is missing; run ./quickstart.sh deps --all"
    say "installing what $folder needs from npm"
    if ! output=$(npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts 2>&1 </dev/null); then
        printf '%s\n' "$output" >&2
        fail "failed: npm ci --prefix $folder"
    fi
    cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock"
}

deps() {
    local command folder is_all=no
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "this is not Debian; install what corresponds to: ${packages[*]} $*"
    fi
    if [[ ${1:-} == --all ]]; then
        shift
        is_all=yes
        set -- "${stacks[@]}" "$@"
        for command in "${commands[@]}"; do
            command -v "${command%:*}" >/dev/null || set -- "${command#*:}" "$@"
        done
    fi
    install_packages "$@"
    if [[ $is_all == yes ]]; then
        for folder in "${js_folders[@]}"; do install_js "$folder"; done
    fi
}

install_packages() {
    local package service missing=() new_services=()
    for package in "${packages[@]}" "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then
        say "all packages are installed"
        return
    fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        fail "not root and no sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    for service in "${services[@]}"; do
        [[ " ${missing[*]} " != *" $service "* ]] || new_services+=("$service")
    done
    ((${#new_services[@]} == 0)) || hold_services_back "${new_services[@]}"
    quietly_as_root apt-get update -q
    quietly_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends "${missing[@]}"
    ((${#new_services[@]} == 0)) || leave_services_off "${new_services[@]}"
}

build() {
    command -v cmake >/dev/null || fail "cmake is missing; run ./quickstart.sh deps first"
    say "building in build/"
    cmake --preset release >/dev/null
    cmake --build build -- --quiet
    say "built build/bin/rtclab"
}

run_tests() {
    ctest --test-dir build --output-on-failure --parallel "$(nproc)"
}

# The records stand in full in what it says: the caller may be in another folder.
run() {
    build/bin/rtclab run --out "$PWD/rtclab-out/$(date +%Y-%m-%d-%H%M%S)"
}

usage() {
    printf 'usage: ./quickstart.sh [deps [--all] [PACKAGE...] | build | test]\n'
}

misused() {
    usage >&2
    exit 2
}

command=${1:-run}
shift || true
[[ $command == deps || $# == 0 ]] || misused
case $command in
run)
    deps
    build
    run
    ;;
deps) deps "$@" ;;
build) build ;;
test)
    deps
    build
    run_tests
    ;;
-h | --help | help) usage ;;
*) misused ;;
esac
