#!/usr/bin/env bash
# Installs the Debian package in a clean root, uses it there, and removes it: nothing may be left. As root; needs debootstrap and the mirror
# that apt uses. The path of the package is the first argument; the second one may name a folder for the root, which is then left, and used
# again when it is there.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
package=$(realpath "$1")
mirror=$(sed -n 's/^URIs: *\(http[^ ]*debian\) *$/\1/p; s/^deb \(http[^ ]*debian\) .*/\1/p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null | head -1 || true)
root=${2:-$(mktemp -d)}
[ $# -gt 1 ] || trap 'rm -rf "$root"' EXIT

# A root with what the package asks for, and a reader of manual pages; the program is not in it.
if [ ! -e "$root/usr/bin/man" ]; then
    log=$(mktemp)
    debootstrap --variant=minbase --include=libpcap0.8,man-db bookworm "$root" "${mirror:-http://deb.debian.org/debian}" > "$log" 2>&1 ||
        { tail -20 "$log"; exit 1; }
    rm -f "$log"
    # The user that reads manual pages must get in.
    chmod 755 "$root"
fi
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
# The index of manual pages and the package system's own notes change with every package.
files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./var/cache -o -path ./var/lib/dpkg -o -path ./var/log \) -prune -o -print | sort); }
fail() { echo "test-deb: $*" >&2; exit 1; }

before=$(files)
cp "$package" "$root/tmp/ntp-sniff.deb"
cp captures/frank4dd.pcap "$root/tmp/"
inside dpkg -i /tmp/ntp-sniff.deb

# It runs, as it does here.
inside ntp-sniff -V
report=$(inside ntp-sniff -r /tmp/frank4dd.pcap)
grep -q 'frames         31 = 31 TCP + 0 other' <<< "$report" || fail "no report: $report"
inside ntp-sniff --print-config > "$root/tmp/printed"
cmp "$root/tmp/printed" "$root/usr/share/doc/ntp-sniff/examples/config.toml" || fail "the example is another configuration"

# Its pages render, by name.
for page in ntp-sniff ntp-sniff-facts ntp-sniff-export; do
    shown=$(inside env MANWIDTH=80 man --warnings "$page" 2>&1)
    grep -q '^SYNOPSIS' <<< "$shown" || fail "man $page: $shown"
done

# Its dependencies are named, its files are root's, and nothing captures before somebody says where.
inside dpkg -s ntp-sniff | grep -q '^Depends: .*libpcap0.8' || fail "libpcap0.8 is not among the dependencies"
[ -z "$(dpkg-deb -c "$package" | awk '$2 != "root/root" && $2 != "0/0"')" ] || fail "files of somebody else"
[ -e "$root/usr/lib/systemd/system/ntp-sniff.service" ] || fail "no unit"
[ -z "$(find "$root/etc/systemd" -name 'ntp-sniff*')" ] || fail "the unit is enabled"
for file in bash-completion/completions/ntp-sniff zsh/vendor-completions/_ntp-sniff fish/vendor_completions.d/ntp-sniff.fish \
    doc/ntp-sniff/README.md doc/ntp-sniff/copyright doc/ntp-sniff/examples/ntp-sniff.logrotate; do
    [ -n "$(find "$root/usr/share/$(dirname "$file")" -name "$(basename "$file")*")" ] || fail "$file is missing"
done

# Gone without a trace.
inside dpkg -P ntp-sniff
rm "$root/tmp/ntp-sniff.deb" "$root/tmp/frank4dd.pcap" "$root/tmp/printed"
after=$(files)
left=$(comm -13 <(echo "$before") <(echo "$after"))
[ -z "$left" ] || fail "left behind: $left"
inside dpkg -s ntp-sniff > /dev/null 2>&1 && fail "still known"
echo "test-deb: $(basename "$package") was installed, ran, and left nothing"
