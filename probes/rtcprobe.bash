# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Completion of rtcprobe's command line. Nothing is listed here that the program knows:
# commands, options and cases are those that it names itself.

# "-c --count N", a line an option: its letter or a dash, its name, its argument.
_rtcprobe_options() {
    "$1" help "$2" 2>/dev/null |
        sed -En 's/^  +(-(.), )?--([a-z0-9-]+)( ([^ ]+))?( .*)?$/-\2 --\3 \5/p'
}

# What an option may be given that is named in the help on it: "human, json or tap".
_rtcprobe_words_of() {
    "$1" help "$2" 2>/dev/null | awk -v option="--$3" '
        /^  +(-., )?--/ { inside = index($0, option " ") > 0; sub(/^.*--[^ ]+( [^ ]+)?  +/, "") }
        inside { sub(/^ +/, ""); text = text " " $0 }
        END {
            sub(/\(.*/, "", text)
            gsub(/ or |,/, " ", text)
            print text
        }'
}

# The argument of the option in $3, whose kind is $4.
_rtcprobe_argument() {
    local program=$1 command=$2 option=$3 kind=$4 current=$5
    case $option,$kind in
    *,FILE) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    --output,*)
        mapfile -t COMPREPLY < <(compgen -W "$(_rtcprobe_words_of "$program" "$command" output)" \
            -- "$current")
        ;;
    --transport,*) mapfile -t COMPREPLY < <(compgen -W 'udp tcp tls dtls' -- "$current") ;;
    --profile,*) mapfile -t COMPREPLY < <(compgen -W '5389 8489' -- "$current") ;;
    --*-env,*) mapfile -t COMPREPLY < <(compgen -e -- "$current") ;;
    esac
}

# What is no option.
_rtcprobe_word() {
    local program=$1 command=$2 current=$3 words=
    case $command in
    help) words=$("$program" help | sed -En 's/^  ([a-z]+) .*/\1/p') ;;
    cred) words='rest decode' ;;
    decode)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    conform | audit | list)
        words=$("$program" list | sed -En 's/^([A-Z][0-9]+) .*/\1/p; s/^.* \((@[a-z-]+)\)$/\1/p')
        ;;
    esac
    case $command in
    cred | list | help) ;;
    *)
        words+=' stun: stuns: turn: turns:'
        [[ $current == [st]* ]] && compopt -o nospace 2>/dev/null
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

_rtcprobe() {
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
    local command=${COMP_WORDS[1]-} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local letter name kind
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        local commands
        commands=$("$program" help 2>/dev/null | sed -En 's/^  ([a-z]+) .*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
        return
    fi
    # An equals sign is a word of its own.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    while read -r letter name kind; do
        if [[ -n $kind && ($previous == "$name" || ($previous == "$letter" && $letter != -)) ]]; then
            _rtcprobe_argument "$program" "$command" "$name" "$kind" "$current"
            return
        fi
    done < <(_rtcprobe_options "$program" "$command")
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_rtcprobe_options "$program" "$command" |
            awk '{ print $2 }') --help" -- "$current")
    else
        _rtcprobe_word "$program" "$command" "$current"
    fi
}

complete -F _rtcprobe rtcprobe
