#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: gateway_test.sh PATH_OF_GATEWAY
#
# Test the gateway with several client processes, over TCP and over a Unix socket, while the server
# breaks, is killed and is restarted.  The ledger's log has the booked orders: no order must be there
# twice, each answered order must be there, and no order that never started.
set -uo pipefail

command -v nngcat >/dev/null || { echo "$0: nngcat is not here" >&2; exit 2; }
[ -x "$1" ] || { echo "$0: $1 is not here" >&2; exit 2; }
program=$(realpath "$1")
work=$(mktemp -d)
server=
asks=()
passed=0
failed=0
wrong=()

cleanup() {
	# `server` is empty after a kill: its number may be that of another process by now.
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
ipc=ipc://$work/socket

# ---- Steps --------------------------------------------------------------------------------------

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

serve() { # serve ARGUMENT...: run a gateway, and wait until it listens
	local tries=0 urls
	urls=$(printf '%s\n' "$@" | grep -c ://)
	: >served
	"$program" serve -l log "$@" >served 2>serve_errors &
	server=$!
	until [ "$(grep -c listening served)" -eq "$urls" ]; do
		sleep 0.02
		tries=$((tries + 1))
		[ $tries -lt 1000 ] && kill -0 "$server" 2>/dev/null || { wrong+=("it does not listen: $(cat serve_errors)"); return; }
	done
}

stop() { # send SIGTERM; the server must end soon, with status 0
	local status=0
	kill -TERM "$server"
	timeout 30 tail --pid="$server" -s 0.05 -f /dev/null || kill -KILL "$server"
	wait "$server" || status=$?
	server=
	[ $status -eq 0 ] || wrong+=("the gateway ended with status $status: $(cat serve_errors)")
	! grep -qE 'Sanitizer|runtime error' serve_errors || wrong+=("$(cat serve_errors)")
}

break_off() { # kill the server, as a crash of the machine would
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	server=
}

ask() { # ask NAME ARGUMENT...: run a client process in the background
	local name=$1
	shift
	timeout 60 "$program" ask "$@" >"asked_$name" 2>"errors_$name" &
	asks+=($!)
}

wait_asks() { # all clients must end with status 0
	local pid status
	for pid in "${asks[@]}"; do
		status=0
		wait "$pid" || status=$?
		[ $status -eq 0 ] || wrong+=("one that asked ended with $status: $(cat errors_*)")
	done
	asks=()
}

# Number of orders with an outcome: count answered|unknown|never
count() {
	cat asked_* | grep -cE "^[0-9]+ $1\$"
}

again() { # number of orders that were sent again
	awk '/^total/ { sum += $(NF - 2) } END { print sum + 0 }' asked_*
}

# The booked orders must agree with the answers that the clients got.
expect_accounts() {
	touch log
	sort log >booked
	[ -z "$(uniq -d booked)" ] || wrong+=("booked twice: $(uniq -d booked | tr '\n' ' ')")
	awk '$2 == "answered" { print $1 }' asked_* | sort >answered
	awk '$2 == "never" { print $1 }' asked_* | sort >never
	[ -z "$(comm -23 answered booked)" ] || wrong+=("answered and not booked")
	[ -z "$(comm -12 never booked)" ] || wrong+=("booked, and said to have never started")
}

expect() { # expect WHAT GOT WANTED
	[ "$2" -eq "$3" ] || wrong+=("$1: $2 instead of $3")
}

at_least() { # at_least WHAT GOT WANTED
	[ "$2" -ge "$3" ] || wrong+=("$1: $2, less than $3")
}

finish() { # finish TITLE: book a test
	if [ ${#wrong[@]} -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $1: $(count answered) answered, $(count unknown) unknown," \
			"$(count never) never started, $(again) sent again"
	else
		failed=$((failed + 1))
		echo "FAILED $1"
		printf '   %s\n' "${wrong[@]}"
	fi
	wrong=()
	[ -z "$server" ] || break_off
	rm -f asked_* errors_* log socket
}

# ---- Tests --------------------------------------------------------------------------------------

plain() { # plain URL: three processes
	local url=$1 i
	serve "$url"
	for i in 1 2 3; do
		ask $i -n 500 -f $((i * 1000)) -d 20000 "$url"
	done
	wait_asks
	stop
	expect answered "$(count answered)" 1500
	expect booked "$(wc -l <log)" 1500
	grep -q '^1500 orders booked' served || wrong+=("$(cat served)")
	expect_accounts
}

both() {
	local url
	url=tcp://127.0.0.1:$(free_port)
	serve "$url" "$ipc"
	ask 1 -n 300 -f 1000 -d 20000 "$url"
	ask 2 -n 300 -f 2000 -d 20000 "$ipc"
	wait_asks
	stop
	expect answered "$(count answered)" 600
	expect_accounts
}

# Each break loses one order that was started; the others are sent again.
breaks() {
	serve -b 50 "$ipc"
	local i
	for i in 1 2 3; do
		ask $i -n 300 -f $((i * 1000)) -d 20000 "$ipc"
	done
	wait_asks
	stop
	expect unknown "$(count unknown)" 18
	expect answered "$(count answered)" 882
	at_least 'sent again' "$(again)" 1
	grep -q '18 breaks' served || wrong+=("$(cat served)")
	expect_accounts
}

# Kill the server in the middle of orders, and restart it: only the orders in progress are unknown.
restart() {
	local url i
	url=tcp://127.0.0.1:$(free_port)
	serve -w 2 "$url"
	for i in 1 2 3; do
		ask $i -n 300 -f $((i * 1000)) -d 20000 "$url"
	done
	for i in 1 2 3; do
		sleep 0.3
		break_off
		sleep 0.2
		serve -w 2 "$url"
	done
	wait_asks
	stop
	at_least unknown "$(count unknown)" 1
	[ "$(count unknown)" -le 9 ] || wrong+=("$(count unknown) unknown: more than were under way")
	expect never "$(count never)" 0
	expect_accounts
}

nobody() {
	local begin=$SECONDS
	ask 1 -n 3 -d 300 "$ipc"
	wait_asks
	expect never "$(count never)" 3
	[ $((SECONDS - begin)) -le 10 ] || wrong+=("it took $((SECONDS - begin)) s")
}

comes_later() {
	ask 1 -n 3 -d 20000 "$ipc"
	sleep 0.5
	serve "$ipc"
	wait_asks
	stop
	expect answered "$(count answered)" 3
	expect_accounts
}

# An order that takes longer than its deadline is abandoned, and must not be sent again.
too_slow() {
	serve -w 400 "$ipc"
	ask 1 -n 2 -d 100 "$ipc"
	wait_asks
	stop
	expect unknown "$(count unknown)" 2
	expect 'sent again' "$(again)" 0
	expect_accounts
}

stop_under_load() {
	serve -w 1 "$ipc"
	local i
	for i in 1 2 3; do
		ask $i -n 500 -f $((i * 1000)) -d 500 "$ipc"
	done
	sleep 0.5
	stop
	kill "${asks[@]}" 2>/dev/null
	wait "${asks[@]}" 2>/dev/null
	asks=()
	at_least answered "$(count answered)" 1
	expect booked "$(sed -n 's/ orders booked.*//p' served)" "$(wc -l <log)"
	expect_accounts
}

# An invalid order gets an answer, and the gateway continues.
no_order() {
	local tries
	serve "$ipc"
	# nngcat occasionally rejects a timeout that it has chosen itself.
	for ((tries = 0; tries < 20; tries++)); do
		timeout 20 nngcat --req0 --dial "$ipc" --data hello --hex --count 1 >answer 2>&1
		grep -q 'Cannot set recv timeout' answer || break
	done
	# UMP_INVALID, and nothing.
	grep -q '\\xff\\xff\\xff\\xf9\\x00' answer || wrong+=("the answer is $(cat answer)")
	ask 1 "$ipc"
	wait_asks
	stop
	expect answered "$(count answered)" 1
	expect_accounts
}

plain "tcp://127.0.0.1:$(free_port)"; finish 'three processes over TCP'
plain "$ipc"; finish 'three processes over a Unix socket'
both; finish 'both at once'
breaks; finish 'a server that breaks'
restart; finish 'a server that is killed and comes back'
nobody; finish 'no server'
comes_later; finish 'a server that comes later'
too_slow; finish 'orders that take too long'
stop_under_load; finish 'SIGTERM under load'
no_order; finish 'what is no order'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
