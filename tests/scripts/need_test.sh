#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# `need` of scripts/lib.sh must wait for a busy package manager, for a bounded time, and print that.
# A script stands in for the package manager.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/scripts"
cp "$top/scripts/lib.sh" "$work/scripts/"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\necho 0\n' >"$work/bin/id"
# Fails once per line of the file `busy`, with the message in `message`; counts its calls.
cat >"$work/bin/apt-get" <<'FAKE'
#!/bin/sh
here=$(dirname "$0")/..
echo "$*" >>"$here/calls"
[ -s "$here/busy" ] || exit 0
sed -i 1d "$here/busy"
cat "$here/message" >&2
exit 100
FAKE
chmod +x "$work"/bin/*
printf '#!/usr/bin/env bash\n. "$(dirname "$0")/lib.sh"\nneed some-package\necho installed\n' \
	>"$work/scripts/user"
passed=0
failed=0

# The package manager fails: fails TIMES MESSAGE
fails() {
	: >"$work/calls"
	yes busy | head -n "$1" >"$work/busy" || true
	echo "$2" >"$work/message"
}

# Seconds that `need` waits: more than any loaded machine takes.
timeout=100

# Run `need` and compare: expect NAME STATUS CALLS PATTERN
expect() {
	local status=0 calls
	PATH="$work/bin:$PATH" UMP_APT_TIMEOUT=$timeout UMP_APT_INTERVAL=0.1 timeout 120 \
		bash "$work/scripts/user" >"$work/out" 2>&1 || status=$?
	calls=$(wc -l <"$work/calls")
	if [ "$status" -eq "$2" ] && { [ "$3" = any ] || [ "$calls" -eq "$3" ]; } &&
		grep -q "$4" "$work/out"; then
		echo "ok      $1"
		passed=$((passed + 1))
	else
		echo "FAILED  $1: status $status, $calls calls"
		cat "$work/out"
		failed=$((failed + 1))
	fi
}

lock='E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt-get)'
lists='E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)'
fails 0 ''
expect "a free package manager is called twice" 0 2 '^installed$'
fails 2 "$lock"
expect "need waits for the lock of dpkg, and says so" 0 4 'another package manager is at work'
fails 3 "$lists"
expect "need waits for the lock of the lists" 0 5 '^installed$'
fails 1000 "$lock"
timeout=1
expect "need gives up in the end, with one line" 1 any 'error: another package manager held its lock for 1 s'
timeout=100
fails 1 'E: Unable to locate package some-package'
expect "any other failure is told at once" 1 1 'error: could not install some-package'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
