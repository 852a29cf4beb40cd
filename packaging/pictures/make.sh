#!/usr/bin/env bash
# Makes the README's pictures from the real program, or with --check tells whether those that are there are what it shows.
# The program is the argument behind that, or target/debug/ntp-sniff.
set -euo pipefail
cd "$(dirname "$0")/../.."
check=no
[ "${1:-}" != --check ] || { check=yes; shift; }
program=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/ntp-sniff}")
folder=packaging/pictures
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Draws a command: its name, title, rows, where a recording stops, then its arguments. Nothing of the environment counts.
picture() {
    local name=$1 title=$2 rows=$3 stops=$4 words
    shift 4
    words=$(for word in "$@"; do [[ $word != *' '* ]] || word="'$word'"; printf '%s ' "$word"; done)
    {
        printf '\e[1m$ ntp-sniff %s\e[0m\n' "${words% }"
        env -i PATH="$PATH" "$program" --no-config --color always --width 100 "$@"
        # shellcheck disable=SC2086 -- several numbers
    } | python3 "$folder/draw.py" "$title" 100 "$rows" $stops > "$made/$name.svg"
}

picture timeline "ntp-sniff: a session, message by message" 40 "" -r captures/frank4dd.pcap --show timeline 'tcp port 2204'
picture roles "ntp-sniff -x: every byte and its role" 40 "" -r captures/frank4dd.pcap -x --show timeline 'tcp port 2204'
picture facts "ntp-sniff: who serves, who speaks" 32 "" -r captures/handshake_43_browse80_x5_3servers.pcap --show services,connections,summary
picture recording "ntp-sniff reads a capture" 30 "4 12 20 28 44 60 90 140 999" -r captures/frank4dd.pcap

for picture in "$made"/*.svg; do
    if [ $check = yes ]; then
        cmp "$picture" "$folder/$(basename "$picture")" || { echo "$folder/make.sh makes it anew" >&2; exit 1; }
    else
        cp "$picture" "$folder/"
    fi
done
