# SPDX-License-Identifier: 0BSD
# Shared functions of the scripts; each script must source this first.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script="scripts/$(basename "$0")"
results="$root/build/results" # one JSON file per script: its figures, for scripts/report

# Print the current step.
say() {
	printf '== %s\n' "$*"
}

# Fail with one clear line.
die() {
	printf '%s: error: %s\n' "$script" "$*" >&2
	exit 1
}

# Remove `--sarif FILE` from the arguments; the others are in $arguments afterwards.  Findings of this
# script, and of the scripts that it calls, are then written to FILE (scripts/sarif.py).
take_sarif() {
	arguments=()
	while [ $# -gt 0 ]; do
		if [ "$1" = --sarif ]; then
			[ $# -ge 2 ] || die "--sarif needs the name of a file"
			UMP_SARIF=$(realpath -m "$2")
			export UMP_SARIF
			need python3
			python3 "$root/scripts/sarif.py" begin "$UMP_SARIF" "${script#scripts/}"
			shift
		else
			arguments+=("$1")
		fi
		shift
	done
}

# Print the command that reproduces a finding, and write the finding to the file of --sarif:
# finding RULE MESSAGE FILE[:LINE] COMMAND [LOG]
finding() {
	printf 'to reproduce it: %s\n' "$4" >&2
	[ -z "${UMP_SARIF-}" ] || python3 "$root/scripts/sarif.py" add "${script#scripts/}" "$@"
}

# The time to wait for another package manager, and the interval between polls, in seconds.
apt_timeout=${UMP_APT_TIMEOUT:-300}
apt_interval=${UMP_APT_INTERVAL:-5}

# Run apt-get with the arguments; its output goes to build/apt.log.  While another package manager
# holds a lock, try again, for at most $apt_timeout seconds.
apt_get() {
	local log="$root/build/apt.log" end=$((SECONDS + apt_timeout)) told=
	mkdir -p "$root/build"
	while ! LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1 </dev/null; do
		grep -qE 'Could not get lock|Unable to lock|Unable to acquire the dpkg frontend lock' "$log" ||
			return 1
		[ "$SECONDS" -lt "$end" ] || die "another package manager held its lock for $apt_timeout s; see build/apt.log"
		[ -n "$told" ] || say "another package manager is at work; waiting up to $apt_timeout s"
		told=1
		sleep "$apt_interval"
	done
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
	command -v apt-get >/dev/null || die "apt-get not found; please install: ${missing[*]}"
	[ "$(id -u)" = 0 ] || die "not root; please install: ${missing[*]}"
	apt_get update && apt_get install -y --no-install-recommends "${missing[@]}" ||
		die "could not install ${missing[*]}; see build/apt.log"
}

# Numbers of passed and of failed tests of a ctest log.
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
