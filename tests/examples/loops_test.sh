#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: loops_test.sh FOLDER [REQUESTS]
#
# Run each example for an event loop and compare its output with the stored one.  FOLDER has the
# programs; REQUESTS (100000) is the number of requests that each of them sends.  A program that the
# system does not allow to run is reported as not run, neither as passed nor as failed; a missing one
# has failed.
set -euo pipefail

folder=$1
requests=${2-100000}
stored=$(cd "$(dirname "$0")" && pwd)/loops
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0
failed=0
not_run=0
timeout=60 # seconds

# check NAME EXPECTED: run a program and compare.
check() {
	local name=$1 status=0
	sed "s/100000/$requests/g; s/50000/$((requests / 2))/g" "$stored/$2.expected" >"$out/expected"
	timeout $timeout "$folder/$name" "$requests" >"$out/stdout" 2>"$out/stderr" || status=$?
	if [ $status -eq 77 ]; then
		not_run=$((not_run + 1))
		echo "NOT RUN $name: $(tail -n 1 "$out/stderr")"
	elif [ $status -eq 0 ] && diff "$out/expected" "$out/stdout" >"$out/diff"; then
		passed=$((passed + 1))
		echo "ok $name: $(tail -n 1 "$out/stderr")"
	else
		failed=$((failed + 1))
		echo "FAILED $name: status $status"
		# If one hangs, others will hang too, so the next ones get less time.
		[ $status -ne 124 ] || { timeout=5; echo "it hung"; }
		cat "$out/stderr"
		diff "$out/expected" "$out/stdout" || true
	fi
}

for loop in epoll libuv glib libevent libev sd_event io_uring; do
	check ${loop}_server server
done
for loop in libuv glib libev sd_event io_uring; do
	check ${loop}_client client
done
for loop in epoll libevent; do
	check ${loop}_client client_bounded
done
check glib_await server
check libuv_ping_pong ping_pong

[ $not_run -eq 0 ] || echo "$not_run not run"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
