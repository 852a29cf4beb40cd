#!/usr/bin/env bash
# Builds the Debian package: what the program makes of itself first (manual pages, completions, a configuration file to begin with), then
# everything together by cargo-deb, which prints the package's path.
# Needs: cargo install cargo-deb --locked; apt-get install dpkg-dev; what packaging/build-release.sh needs
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(packaging/build-release.sh)
made=target/deb

rm -rf "$made"
mkdir -p "$made/man" "$made/completions"
"$program" man | gzip -9n > "$made/man/ntp-sniff.1.gz"
# Of each subcommand a page of its own; what they are called stands in the program's.
for subcommand in $("$program" man | sed -n 's/^\\fBntp\\-sniff \([a-z]*\)\\fR$/\1/p'); do
    "$program" man "$subcommand" | gzip -9n > "$made/man/ntp-sniff-$subcommand.1.gz"
done
"$program" completions bash > "$made/completions/ntp-sniff"
"$program" completions zsh > "$made/completions/_ntp-sniff"
"$program" completions fish > "$made/completions/ntp-sniff.fish"
"$program" --no-config --print-config > "$made/config.toml"
# Where that program was built cargo-deb looks for it.
CARGO_TARGET_DIR=${program%/*/release/ntp-sniff} cargo deb --locked --no-build --strip --target "$(rustc -vV | sed -n 's/^host: //p')" --output "$made/"
