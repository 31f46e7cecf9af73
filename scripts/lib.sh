# SPDX-License-Identifier: 0BSD
# What the scripts share; each of them sources this first.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script="scripts/$(basename "$0")"
results="$root/build/results" # one JSON file per script: what it measured, for scripts/report

# Say what is being done.
say() {
	printf '== %s\n' "$*"
}

# Fail with one clear line.
die() {
	printf '%s: error: %s\n' "$script" "$*" >&2
	exit 1
}

# Install the Debian packages that are missing.
need() {
	local missing=() package
	for package; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	command -v apt-get >/dev/null || die "apt-get is not here; please install: ${missing[*]}"
	[ "$(id -u)" = 0 ] || die "not root; please install: ${missing[*]}"
	mkdir -p "$root/build"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends "${missing[@]}"; } \
		>"$root/build/apt.log" 2>&1 </dev/null ||
		die "could not install ${missing[*]}; see build/apt.log"
}

# How many tests of a ctest log passed, and how many did not: two numbers.
ctest_counts() {
	local ok all
	ok=$(grep -cE '^ *[0-9]+/[0-9]+ Test.*Passed' "$1" || true)
	all=$(grep -cE '^ *[0-9]+/[0-9]+ Test' "$1" || true)
	echo "$ok $((all - ok))"
}

# Configure and build the tree in build/NAME with the CMake options that follow.
build() {
	local name=$1
	shift
	mkdir -p "$root/build/$name"
	cmake -S "$root" -B "$root/build/$name" -G Ninja "$@" >"$root/build/$name/configure.log" 2>&1 ||
		{ tail -n 20 "$root/build/$name/configure.log" >&2; die "could not configure build/$name"; }
	cmake --build "$root/build/$name" >"$root/build/$name/build.log" 2>&1 ||
		{ tail -n 40 "$root/build/$name/build.log" >&2; die "could not build build/$name"; }
}
