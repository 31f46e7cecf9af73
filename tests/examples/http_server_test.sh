#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: http_server_test.sh PATH_OF_HTTP_SERVER
#
# Test the web server in front of the SQLite server with curl and wrk: its answers, also to bad
# requests and while the other server is slow, too busy or gone, and how it ends.
set -uo pipefail

for tool in curl wrk sqlite3; do
	command -v $tool >/dev/null || { echo "$0: $tool is not here" >&2; exit 2; }
done
[ -x "$1" ] || { echo "$0: $1 is not here" >&2; exit 2; }
program=$(realpath "$1")
work=$(mktemp -d)
server=
passed=0
failed=0
wrong=()

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
export LC_ALL=C

# ---- Steps --------------------------------------------------------------------------------------

start() { # start [OPTION...] DATABASE: run the server, and wait until it listens
	local tries=0
	: >out
	# The end of this test must end the server, by force if necessary.
	timeout -k 10 120 "$program" "$@" >out 2>err &
	server=$!
	until url=$(sed -n 's/^listening on //p' out) && [ -n "$url" ]; do
		sleep 0.05
		tries=$((tries + 1))
		[ $tries -lt 600 ] && kill -0 "$server" 2>/dev/null || { wrong+=("it does not listen: $(cat err)"); return; }
	done
}

stop() { # stop STATUS: send SIGTERM, and wait for the end
	local status=0
	kill -TERM "$server" 2>/dev/null # it may be ending already
	wait "$server" || status=$?
	server=
	[ $status -eq "$1" ] || wrong+=("it ended with status $status: $(tail -n 3 err)")
	! grep -qE 'Sanitizer|runtime error' err || wrong+=("$(cat err)")
}

expect() { # expect STATUS TEXT CURL-ARGUMENT...: check the answer to a request
	local status=$1 text=$2 got
	shift 2
	got=$(curl -sS --max-time 30 -w '%{http_code}' -o body "$@" 2>&1)
	[ "$got" = "$status" ] || wrong+=("${*: -1}: status $got, not $status: $(cat body)")
	grep -qF -- "$text" body || wrong+=("${*: -1}: says '$(cat body)', not '$text'")
}

number() { # number PATTERN FILE: the number in a line that matches
	sed -nE "s/$1/\1/p" "$2" | head -n 1
}

expect_accounts() { # every query that was sent must be completed
	local asked completed
	asked=$(number '^questions to the database: ([0-9]+), .*' out)
	completed=$(number '^questions .*completed: ([0-9]+)$' out)
	[ -n "$asked" ] && [ "$asked" = "$completed" ] || wrong+=("asked $asked, completed $completed")
}

finish() { # finish TITLE: book a test
	if [ ${#wrong[@]} -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "FAILED $1"
		printf '   %s\n' "${wrong[@]}"
	fi
	wrong=()
	[ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null; server=; }
}

# ---- Tests --------------------------------------------------------------------------------------

head -c 1000000 /usr/share/common-licenses/GPL-3 >text

answers() {
	local word
	start answers.db
	expect 200 0 "$url/lines"
	expect 202 accepted --data-binary @text "$url/lines"
	expect 200 "$(grep -c '' text)" "$url/lines"
	for word in the License GNU nowhere_to_be_found; do
		expect 200 "$(grep -ow "$word" text | wc -l)" "$url/count?word=$word"
	done
	expect 200 open "$url/stats"
	stop 0
	expect_accounts
	[ "$(sqlite3 answers.db 'SELECT count(*) FROM lines')" = "$(grep -c '' text)" ] ||
		wrong+=("the database has other lines")
}

bad_requests() {
	start bad.db
	expect 404 'there are /count' "$url/"
	expect 404 'there are /count' "$url/lines/../secret"
	expect 405 'not with this method' -X DELETE "$url/lines"
	expect 405 'not with this method' --data-binary x "$url/count?word=a"
	expect 400 'which word' "$url/count"
	expect 400 'which word' "$url/count?sword=a"
	expect 400 'a word is made of' "$url/count?word="
	expect 400 'a word is made of' "$url/count?word=a%20b"
	expect 400 'a word is made of' "$url/count?word=$(printf 'a%.0s' {1..65})"
	expect 200 0 "$url/count?word=$(printf 'a%.0s' {1..64})"
	expect 400 'there is no text' -X POST "$url/lines"
	printf 'one\0two\n' >nul
	expect 400 'NUL' --data-binary @nul "$url/lines"
	head -c 1100000 /dev/zero | tr '\0' x >large
	expect 413 '' -H 'Expect:' --data-binary @large "$url/lines"
	expect 200 0 "$url/lines"
	stop 0
	expect_accounts
}

not_http() {
	start raw.db
	printf 'hello\r\n\r\n' | timeout 10 curl -s --max-time 5 "telnet://${url#http://}" >/dev/null
	# Hang up as soon as the request is sent, while its answer is on its way.
	for _ in $(seq 100); do
		exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
		printf 'GET /count?word=a HTTP/1.1\r\nHost: x\r\n\r\n' >&3
		exec 3>&-
	done
	expect 200 0 "$url/lines"
	stop 0
	expect_accounts
}

load() { # load SECONDS PATH: use wrk
	timeout 60 wrk -t1 -c32 -d"$1"s "$url$2" >wrk 2>&1 || wrong+=("wrk: $(cat wrk)")
}

busy() {
	start busy.db
	expect 202 accepted --data-binary @text "$url/lines"
	load 2 '/count?word=the'
	! grep -E 'Non-2xx|Socket errors' wrk >bad || wrong+=("$(cat bad)")
	stop 0
	expect_accounts
	requests=$(number '^ *([0-9]+) requests in.*' wrk)
	[ "${requests:-0}" -gt 100 ] || wrong+=("wrk: $(cat wrk)")
	good=$(number '^answers: ([0-9]+) good.*' out)
	[ "${good:-0}" -ge "${requests:-0}" ] || wrong+=("$(cat out)")
	echo "   $(grep 'requests in' wrk), $(awk '/Latency/ { print $2 " on average" }' wrk)"
}

# The other server is busy with a text; one message may wait, and the others are rejected at once.
too_busy() {
	start -c 1 full.db
	load 1 '/count?word=the'
	grep -q 'Non-2xx' wrk || wrong+=("nothing was refused")
	stop 0
	expect_accounts
	grep -qE '^answers: [1-9][0-9]* good, .* [1-9][0-9]* failures$' out || wrong+=("$(cat out)")
}

# Hold a lock on a database, so that its server must wait: hold DATABASE
hold() {
	rm -f locked lock
	mkfifo lock
	sqlite3 "$1" <lock >/dev/null 2>&1 &
	holder=$!
	exec 4>lock
	printf 'BEGIN EXCLUSIVE;\n.shell touch locked\n' >&4
	local tries=0
	until [ -e locked ]; do
		sleep 0.05
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { wrong+=("the database cannot be held"); return; }
	done
}

let_go() {
	echo 'ROLLBACK;' >&4
	exec 4>&-
	wait "$holder"
}

# Send a query in the background, while the database is locked.
ask_held() {
	hold "$1"
	rm -f held_body
	curl -sS --max-time 30 -o held_body "$url/count?word=a" &
	requester=$!
	sleep 0.3
}

expect_answered() {
	let_go
	wait "$requester" || wrong+=("the question was not answered")
	grep -qx 0 held_body || wrong+=("the question got '$(cat held_body)'")
}

# The database's server waits, and the web server must keep running.
slow() {
	start slow.db
	ask_held slow.db
	expect 200 open --max-time 2 "$url/stats"
	expect 404 'there are' --max-time 2 "$url/nothing"
	[ ! -s held_body ] || wrong+=("the database was not slow")
	expect_answered
	stop 0
	expect_accounts
}

# A query that is in progress at SIGTERM must be answered.
end_while_slow() {
	start waiting.db
	ask_held waiting.db
	kill -TERM "$server"
	sleep 0.5
	[ ! -s held_body ] || wrong+=("the database was not slow")
	expect_answered
	stop 0
	expect_accounts
}

# Storing fails, which ends the database's server; the web server must keep running, and report it.
gone() {
	start gone.db
	sqlite3 gone.db "CREATE TRIGGER poison BEFORE INSERT ON lines
		BEGIN SELECT RAISE(ABORT, 'line refused'); END"
	expect 202 accepted --data-binary @text "$url/lines"
	local tries=0
	until curl -s "$url/stats" | grep -q closed; do
		sleep 0.05
		tries=$((tries + 1))
		[ $tries -lt 200 ] || { wrong+=("it has not ended"); break; }
	done
	expect 503 UMP_SERVER_GONE "$url/lines"
	expect 503 UMP_SERVER_GONE "$url/count?word=the"
	expect 503 UMP_SERVER_GONE --data-binary @text "$url/lines"
	expect 404 'there are /count' "$url/"
	stop 1
	expect_accounts
	grep -q 'line refused' err || wrong+=("it does not say why: $(cat err)")
}

end_under_load() {
	start end.db
	expect 202 accepted --data-binary @text "$url/lines"
	timeout 60 wrk -t1 -c32 -d2s "$url/count?word=the" >wrk 2>&1 &
	local wrk=$!
	sleep 1
	stop 0
	wait $wrk
	expect_accounts
	[ "$(sqlite3 end.db 'SELECT count(*) FROM lines')" = "$(grep -c '' text)" ] ||
		wrong+=("what was accepted is not stored")
}

# A wrong command line, or a database that cannot be opened: one line, and no server.
refuse() { # refuse STATUS TEXT ARGUMENT...
	local status=$1 text=$2 got=0
	shift 2
	timeout 20 "$program" "$@" >out 2>err || got=$?
	[ $got -eq "$status" ] || wrong+=("status $got, not $status")
	grep -qF -- "$text" err || wrong+=("says '$(cat err)', not '$text'")
}

answers; finish 'answers'
bad_requests; finish 'bad requests'
not_http; finish 'no HTTP, and browsers that hang up'
busy; finish 'a load of wrk'
too_busy; finish 'a database that is too busy'
slow; finish 'a database that is slow'
gone; finish 'a database whose server has ended'
end_while_slow; finish 'SIGTERM while a question is under way'
end_under_load; finish 'SIGTERM under load'
refuse 1 'No such file' nowhere/x.db; finish 'a database in no folder'
refuse 2 'usage' -p 70000 x.db; finish 'a port that is none'
start first.db; refuse 1 'cannot serve' -p "${url##*:}" second.db; stop 0; finish 'a port in use'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
