#!/usr/bin/env bash
# Measures the whole program beside its peers on forged captures, in one run, and prints the ratios that the goals are about.
#
#   benches/compare.sh [--quick] [--rounds N] [--plain]
#
# The program is the released one, by packaging/build-release.sh; with --plain it is the one that `cargo build --release` makes.
# --quick takes files of a tenth of the size; ratios are then coarser. Files are forged once, into target/work: remove them there when the
# forge has changed. Every round runs all programs one after the other, and a ratio is the median of the ratios of the rounds, so that what
# else the machine does falls on all of them. The peer that takes minutes (tshark) runs once.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5
quick=false
plain=false
while [ $# -gt 0 ]; do
    case $1 in
        --quick) quick=true ;;
        --plain) plain=true ;;
        --rounds) rounds=${2:?--rounds needs a number}; shift ;;
        *) sed -n '4s/^# *//p' "$0" >&2; exit 2 ;;
    esac
    shift
done

target=${CARGO_TARGET_DIR:-target}
work=$target/work
if $quick; then
    small_frames=1200000 mixed_bytes=100000000 sessions=16
else
    small_frames=12000000 mixed_bytes=1000000000 sessions=128
fi
small=$work/small-$small_frames.pcap
mixed=$work/mixed-$mixed_bytes.pcap
ntp=$work/ntp1241-$sessions.pcap
ntp_start=$work/ntp1241-$sessions-start.pcap

missing=()
for need in hyperfine tcpdump tcpflow tshark jq /usr/bin/time; do
    command -v "$need" > /dev/null || missing+=("$(basename "$need")")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "needed: sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi

# Where tcpflow writes to: memory, where there is such a folder, so that no disk is measured.
flows=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d)
runs=$(mktemp)
trap 'rm -rf "$flows" "$runs"' EXIT

# Forges a capture that is not there; one that was interrupted leaves no file behind.
forge() {
    local shape=$1 count=$2 file=$3
    if [ ! -e "$file" ]; then
        cargo bench --quiet --locked --bench forge -- "$shape" "$file.part" "$count" >&2
        mv "$file.part" "$file"
    fi
}

# Runs a command once and notes its wall-clock and processor time under a name.
measure() {
    local round=$1 name=$2 command result
    shift 2
    printf -v command '%q ' "$@"
    result=$(mktemp)
    hyperfine --shell=none --runs 1 --style none --export-json "$result" "$command" > /dev/null 2>&1 \
        || { echo "failed: $command" >&2; rm -f "$result"; return 1; }
    jq -c --arg name "$name" --argjson round "$round" '.results[0] | {name: $name, round: $round, wall: .median, cpu: (.user + .system)}' \
        "$result" >> "$runs"
    rm -f "$result"
}

# The most memory a command holds, in MiB.
peak() {
    local said
    said=$(mktemp)
    /usr/bin/time -f %M -o "$said" "$@" > /dev/null 2>&1
    awk '{ printf "%.0f", $1 / 1024 }' "$said"
    rm -f "$said"
}

one_round() {
    local round=$1
    measure "$round" mixed "$program" -q -r "$mixed"
    measure "$round" mixed_tcpdump tcpdump -r "$mixed" -w /dev/null
    measure "$round" mixed_cat cat "$mixed"
    measure "$round" small "$program" -q -r "$small"
    measure "$round" small_tcpdump tcpdump -r "$small" -w /dev/null 'tcp[tcpflags] & tcp-syn != 0'
    measure "$round" ntp_summary "$program" -q -r "$ntp" --show summary
    measure "$round" ntp_jsonl "$program" -q -r "$ntp" -T jsonl
    rm -rf "${flows:?}"/*
    measure "$round" ntp_tcpflow tcpflow -r "$ntp" -o "$flows"
    measure "$round" start_jsonl "$program" -q -r "$ntp_start" -T jsonl
}

# A row of the table: what, the run and its peer, wall or cpu, the goals.
row() {
    jq -rs --arg what "$1" --arg ours "$2" --arg peer "$3" --arg kind "$4" --arg goals "$5" '
        def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
        def of($name): map(select(.name == $name)) | sort_by(.round) | map(.[$kind]);
        def rounded($digits): pow(10; $digits) as $unit | . * $unit | round / $unit;
        of($ours) as $a | of($peer) as $b
        | ([$a, $b] | transpose | map(select(all(. != null)) | .[0] / .[1]) | median) as $ratio
        | (if $ratio < 0.2 then "1/\(1 / $ratio | rounded(0))" else ($ratio | rounded(2)) end) as $shown
        | "| \($what) | \($shown) | \($goals) | \($a | median | rounded(3)) s | \($b | median | rounded(3)) s |"' "$runs"
}

mkdir -p "$work"
if $plain; then
    cargo build --quiet --release --locked
    program=$target/release/ntp-sniff
else
    program=$(packaging/build-release.sh)
fi
forge small "$small_frames" "$small"
forge mixed "$mixed_bytes" "$mixed"
forge ntp1241 "$sessions" "$ntp"
[ -e "$ntp_start" ] || tcpdump -r "$ntp" -c 60000 -w "$ntp_start" 2> /dev/null

echo "machine: $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), load $(cut -d ' ' -f 1-3 /proc/loadavg), $(uname -sr)"
echo "versions: $("$program" --version | head -1); $(rustc --version); $(hyperfine --version); $(tcpdump --version 2>&1 | head -2 | paste -sd ' '); $(tcpflow --version 2>&1 | head -1); $(tshark --version 2> /dev/null | head -1)"
for file in "$mixed" "$small" "$ntp" "$ntp_start"; do
    echo "file: $(basename "$file"), $(stat -L -c %s "$file") bytes"
done

# Once unmeasured, so that all files lie in memory.
cat "$mixed" "$small" "$ntp" "$ntp_start" > /dev/null
for round in $(seq "$rounds"); do
    one_round "$round"
done
measure 1 start_tshark tshark -r "$ntp_start" -T json

echo
echo "median of $rounds rounds, load at the end $(cut -d ' ' -f 1-3 /proc/loadavg); CPU is user and system time"
echo
echo "| our run, and what it is compared with | ratio | sound, ambitious | ours | peer |"
echo "|---|---|---|---|---|"
row "mixed, wall: tcpdump -w /dev/null" mixed mixed_tcpdump wall "0.45, 0.33"
row "mixed, wall: cat" mixed mixed_cat wall "1.6, 1.2"
row "small, CPU: tcpdump -w /dev/null of SYNs" small small_tcpdump cpu "1.0, 0.5"
row "ntp1241 --show summary, CPU: tcpflow" ntp_summary ntp_tcpflow cpu "0.45, 0.30"
row "ntp1241 -T jsonl, CPU: tcpflow" ntp_jsonl ntp_tcpflow cpu "1.5, 1.0"
row "60,000 packets -T jsonl, wall: tshark -T json" start_jsonl start_tshark wall "1/50, 1/100"
echo "| peak memory on mixed, MiB | $(peak "$program" -q -r "$mixed") | 32, 16 | | |"
echo "| peak memory on small, MiB | $(peak "$program" -q -r "$small") | 150, 80 | | |"
