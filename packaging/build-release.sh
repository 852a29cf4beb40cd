#!/usr/bin/env bash
# Builds the program as it is released, and prints its path. It is compiled twice: the first one counts which ways it takes through its own code
# while it reads forged captures and those of captures/, and the compiler lays out the second one by these counts. Both do the same; the second
# one is quicker. `cargo build --release` makes the one without the counts. Compiler flags of the caller do not count.
# Needs: the llvm-profdata of the LLVM that Rust was built with, from rustup component add llvm-tools or Debian's llvm-N.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "build-release: $*" >&2; }

host=$(rustc -vV | sed -n 's/^host: //p')
llvm=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
counted=$target/counted
profile=$counted/ntp-sniff.profdata
# With --target the flags are those of the program alone, not of what runs while it is built. They are the only difference between the builds:
# with other settings functions have other names, and counts find no owner.
build() {
    CARGO_ENCODED_RUSTFLAGS=$1 CARGO_TARGET_DIR=$2 CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=none \
        cargo build --quiet --locked --release --target "$host" >&2
}

profdata=
for candidate in "$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata" "llvm-profdata-$llvm"; do
    profdata=$(command -v "$candidate") && break
done
if [ -z "$profdata" ]; then
    say "no llvm-profdata of LLVM $llvm: sudo apt-get install -y llvm-$llvm, or rustup component add llvm-tools"
    exit 1
fi

# What it reads: some of everything, none of it what benches/compare.sh measures with. Small, so that not one kind outweighs the others.
count() {
    local forged shape frames file format
    mkdir -p "$counted/captures"
    for forged in "small 300000" "mixed 60000000" "ntp1241 8" "syn-flood 50000" "answered-flood 50000"; do
        read -r shape frames <<< "$forged"
        env -u CARGO_BUILD_TARGET cargo bench --quiet --locked --profile dev --bench forge -- "$shape" "$counted/captures/$shape.pcap" "$frames" >&2
    done
    rm -rf "$counted/raw"
    export LLVM_PROFILE_FILE=$counted/raw/%m-%p.profraw
    # Exit codes are not looked at: some captures are there to be damaged.
    for file in "$counted"/captures/*.pcap; do
        "$program" --no-config -q -r "$file" > /dev/null || true
        "$program" --no-config -q -r "$file" --show summary > /dev/null || true
        "$program" --no-config -q -r "$file" -T jsonl > /dev/null || true
    done
    for file in captures/*.pcap captures/*.pcapng; do
        for format in table jsonl json html; do
            "$program" --no-config -q -r "$file" -T "$format" > /dev/null 2>&1 || true
        done
    done
    unset LLVM_PROFILE_FILE
    # What was compiled by other counts cannot be linked with what is compiled by these, and cargo does not look into the file.
    rm -rf "$target/released"
    "$profdata" merge -o "$profile.part" "$counted"/raw/*.profraw
    mv "$profile.part" "$profile"
    rm -rf "$counted/raw"
}

say "compiling the program that counts"
build "-Cprofile-generate=$counted/raw" "$counted"
program=$counted/$host/release/ntp-sniff
if [ ! -e "$profile" ] || [ -n "$(find "$program" captures benches/forge -newer "$profile" -print -quit)" ]; then
    say "counting"
    count
fi
say "compiling the program that is released"
build "-Cprofile-use=$profile" "$target/released"
released=$target/released/$host/release/ntp-sniff

# Counts belong to functions by name, and the compiler says nothing where it finds none of them. Read to the end: nm ends badly else.
name=$(nm "$program" | sed -n 's/^[0-9a-f]* T \(.*8pipeline3run.*\)$/\1/p')
if [ -z "$name" ] || ! nm "$released" | grep -F " T $name" > /dev/null; then
    say "the counts are of functions with other names, such as ${name:-none}: were the two builds set up differently? Remove $profile to count anew"
    exit 1
fi
echo "$released"
