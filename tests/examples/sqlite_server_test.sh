#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: sqlite_server_test.sh PATH_OF_SQLITE_SERVER
#
# Run the example on good and bad input.  After each run the database must hold exactly what the
# program reports as stored, and what it holds of a file must be that file's beginning.
set -uo pipefail

[ $# -eq 1 ] || { echo "usage: $0 PATH_OF_SQLITE_SERVER" >&2; exit 2; }
command -v sqlite3 >/dev/null || { echo "$0: sqlite3 is not here" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A copy, so that an unprivileged user can execute it.
cp "$1" "$work/server" || exit 2
chmod 755 "$work"
cd "$work" || exit 2
export LC_ALL=C

passed=0
failed=0
problems=()
status= # of the last run
count=  # of the last check_file

# ---- Helpers ------------------------------------------------------------------------------------

problem() {
	problems+=("$*")
}

# Run the server, by COMMAND... if given, with its output in `out` and `err`.
run() {
	rm -f out err
	timeout 120 "$@" >out 2>err </dev/null
	status=$?
}

# Run a command as an unprivileged user.
unprivileged() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

export -f unprivileged

# Make a folder in which all users may write.
open_folder() {
	mkdir "$1" && chmod 777 "$1"
}

same() {
	[ "$2" = "$3" ] || problem "$1: '$2' instead of '$3'"
}

query() {
	sqlite3 "$1" "$2" 2>&1
}

# The report under a title.
reported() {
	sed -n "s/^$1: //p" out
}

# Check that what DATABASE has of FILE is the file's beginning; `count` is its number of lines.
check_file() {
	local database=$1 file=$2
	count=$(query "$database" "SELECT count(*) FROM lines JOIN files ON id = file
		WHERE name = '$file'")
	: >stored
	query "$database" "SELECT writefile('stored', group_concat(text || char(10), ''))
		FROM (SELECT text FROM lines JOIN files ON id = file WHERE name = '$file'
			ORDER BY number)" >/dev/null
	# A last line without a newline got one in the database, so it gets one here.
	head -n "$count" "$file" >expected
	! tail -c 1 expected | grep -qa . || echo >>expected
	cmp -s expected stored || problem "$file: other lines are stored than it has"
}

# The database must be intact, have as many lines as reported, and its words must be its lines'.
check_database() {
	local database=$1
	same 'integrity' "$(query "$database" 'PRAGMA integrity_check')" ok
	same 'lines in the database' "$(query "$database" 'SELECT count(*) FROM lines')" \
		"$(reported 'lines stored')"
	query "$database" 'SELECT text FROM lines' | grep -aoE '[A-Za-z0-9_]+' | sort | uniq -c |
		awk '{ print $2 "|" $1 }' | sort >words_of_lines
	query "$database" 'SELECT word, count FROM words' | sort | cmp -s - words_of_lines ||
		problem "the words are not those of the lines"
}

expect_success() {
	same 'exit status' "$status" 0
	[ ! -s err ] || problem "standard error: $(head -n 1 err)"
}

# It must have failed, with one line that contains this, and without being killed.
expect_failure() {
	((status > 0 && status < 124)) || problem "exit status $status"
	same 'lines on standard error' "$(wc -l <err)" 1
	grep -qF -e "$1" err || problem "standard error: '$(head -n 1 err)', without '$1'"
	grep -q '^sqlite_server: ' err || problem "standard error does not name the program"
}

finish() {
	if [ ${#problems[@]} -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok      %s\n' "$1"
	else
		failed=$((failed + 1))
		printf 'FAILED  %s' "$1"
		printf '; %s' "${problems[@]}"
		echo
	fi
	problems=()
}

check_whole() {
	local file
	for file in "${@:2}"; do
		check_file "$1" "$file"
		same "lines of $file" "$count" "$(grep -ac '' "$file")"
	done
}

# ---- Input --------------------------------------------------------------------------------------

seq 1 20000 | sed 's/.*/line & of the big_file, again and again/' >big.txt
seq 1 100 | sed 's/.*/small & file/' >small.txt
printf 'one\ntwo two\n\nthree' >no_newline.txt
printf 'caf\351 \377\376 na\303\257ve\r\n\ttab\n' >bytes.txt
: >empty.txt
{ echo before; head -c 5000000 /dev/zero | tr '\0' 'x'; echo; echo after; } >long.txt
{ head -n 15000 big.txt; printf 'good\nbad \0 bad\nnever seen\n'; } >nul.txt
mkdir folder

# ---- Good input ---------------------------------------------------------------------------------

happy() {
	run ./server -w line -w two -w nowhere happy.db big.txt small.txt no_newline.txt bytes.txt
	expect_success
	check_database happy.db
	check_whole happy.db big.txt small.txt no_newline.txt bytes.txt
	same 'count of line' "$(sed -n 's/^word line //p' out)" 20000
	same 'count of two' "$(sed -n 's/^word two //p' out)" 2
	same 'count of nowhere' "$(sed -n 's/^word nowhere //p' out)" 0
	same 'end' "$(reported 'the loop ended')" 'with none, the last client being gone'
}

empty() {
	run ./server empty.db empty.txt small.txt empty.txt
	expect_success
	check_database empty.db
	check_whole empty.db empty.txt small.txt
	run ./server nothing.db empty.txt
	expect_success
	same 'lines' "$(reported 'lines stored')" 0
}

no_newline() {
	run ./server -w three no_newline.db no_newline.txt
	expect_success
	check_whole no_newline.db no_newline.txt
	same 'lines' "$(reported 'lines stored')" 4
	same 'count of three' "$(sed -n 's/^word three //p' out)" 1
}

long_line() {
	run ./server -w after long.db long.txt
	expect_success
	check_database long.db
	check_whole long.db long.txt
	same 'longest' "$(query long.db 'SELECT max(length(text)) FROM lines')" 5000000
}

bytes() {
	run ./server bytes.db bytes.txt
	expect_success
	check_whole bytes.db bytes.txt
	same 'first line' "$(query bytes.db 'SELECT hex(text) FROM lines WHERE number = 1')" \
		636166E920FFFE206E61C3AF76650D
}

many_files() {
	local i
	mkdir many
	for ((i = 0; i < 3000; i++)); do
		echo "file $i" >"many/$i"
	done
	run ./server -w file many.db many/*
	expect_success
	check_database many.db
	same 'lines' "$(reported 'lines stored')" 3000
	same 'files' "$(query many.db 'SELECT count(DISTINCT name) FROM files')" 3000
	same 'count of file' "$(sed -n 's/^word file //p' out)" 3000
}

# A second run adds to the database.
again() {
	run ./server -w small again.db small.txt
	expect_success
	run ./server -w small again.db small.txt
	expect_success
	same 'lines in the database' "$(query again.db 'SELECT count(*) FROM lines')" 200
	same 'count of small' "$(sed -n 's/^word small //p' out)" 200
}

progress() {
	# Long enough for progress to be printed on a loaded machine.
	run ./server -v progress.db big.txt big.txt big.txt big.txt big.txt big.txt big.txt big.txt long.txt
	same 'exit status' "$status" 0
	grep -qx 'sqlite_server: [0-9]* lines stored, file [0-9] of 9' err || problem "no progress"
}

# Return whether DATABASE soon has the given number of lines.
wait_for_lines() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		[ "$(query "$1" 'SELECT count(*) FROM lines')" != "$2" ] || return 0
		sleep 0.05
	done
	problem "$1 has not got $2 lines"
}

# Lines that arrive slowly must be stored soon, not only at the end, which may never come.
killed() {
	local server
	mkfifo slow
	./server killed.db slow >out 2>err &
	server=$!
	exec 3<>slow # opened for both, so it does not wait for the other side
	echo first >&3
	wait_for_lines killed.db 1
	printf 'second\nthird\nhal' >&3
	wait_for_lines killed.db 3
	kill -KILL $server
	wait $server 2>/dev/null
	exec 3>&-
	same 'integrity' "$(query killed.db 'PRAGMA integrity_check')" ok
	same 'lines in the database' "$(query killed.db 'SELECT count(*) FROM lines')" 3
	[ ! -s err ] || problem "standard error: $(head -n 1 err)"
}

# ---- Bad files ----------------------------------------------------------------------------------

# A good file, then a bad one: the good one must be stored, and one line must name the bad one.
bad_file() {
	local database=$1 file=$2 text=$3
	shift 3
	run "$@" ./server "$database" big.txt "$file" small.txt
	expect_failure "$file: $text"
	check_database "$database"
	check_whole "$database" big.txt
	same 'end' "$(reported 'the loop ended')" 'with none, the last client being gone'
}

nul() {
	bad_file nul.db nul.txt 'not text: line 15002 has a NUL byte'
	check_file nul.db nul.txt
	same 'lines before the NUL' "$count" 15001
}

nul_at_once() {
	run ./server zero.db /dev/zero
	expect_failure '/dev/zero: not text: line 1 has a NUL byte'
	same 'lines' "$(reported 'lines stored')" 0
}

no_permission() {
	open_folder permission
	cp small.txt secret.txt
	chmod 000 secret.txt
	chmod 644 big.txt small.txt
	# shellcheck disable=SC2016 # The inner shell expands these.
	bad_file permission/a.db secret.txt 'Permission denied' \
		bash -c 'unprivileged "$@"' bash
}

# ---- Bad databases ------------------------------------------------------------------------------

bad_database() {
	local database=$1 text=$2
	shift 2
	run "$@" ./server "$database" small.txt
	expect_failure "$database: $text"
	[ ! -s out ] || problem "there is a report"
}

read_only() {
	# shellcheck disable=SC2016 # The inner shell expands these.
	local as_nobody=(bash -c 'unprivileged "$@"' bash)
	open_folder readonly
	run ./server readonly/old.db small.txt
	expect_success
	chmod 444 readonly/old.db
	bad_database readonly/old.db 'Permission denied' "${as_nobody[@]}"
	chmod 555 readonly
	bad_database readonly/new.db 'Permission denied' "${as_nobody[@]}"
	# The file may be written, but no journal beside it.
	chmod 666 readonly/old.db
	run "${as_nobody[@]}" ./server readonly/old.db small.txt
	expect_failure 'attempt to write a readonly database (0 of 100 lines are stored)'
	chmod 755 readonly
	same 'lines in the database' "$(query readonly/old.db 'SELECT count(*) FROM lines')" 100
}

other_tables() {
	query other.db 'CREATE TABLE lines (something)'
	bad_database other.db 'table lines has no column named file'
}

# ---- A server that breaks -----------------------------------------------------------------------

# The run failed while it stored big.txt: a part is stored, and the message must state how much.
expect_break() {
	local database=$1 text=$2
	expect_failure "$database: $text"
	check_database "$database"
	check_file "$database" big.txt
	((count > 0 && count < 20000)) || problem "$count lines are stored"
	grep -q "($count of [0-9]* lines are stored)\$" err || problem "the message has no $count"
	same 'end' "$(reported 'the loop ended')" "$text"
}

# A file may not grow beyond 500 blocks of 1024 bytes.
file_limit() {
	# shellcheck disable=SC2016 # The inner shell expands these.
	run bash -c 'ulimit -f 500; exec "$@"' bash ./server limit.db big.txt
	expect_break limit.db 'disk I/O error: a write failed'
}

# A disk of 512 kB, in a mount namespace of its own.
full_disk() {
	local rights=-m
	[ "$(id -u)" = 0 ] || rights=-rm
	mkdir -p disk
	if ! unshare $rights mount -t tmpfs -o size=512k none disk 2>/dev/null; then
		echo "not run: full disk: nothing can be mounted here; file_limit is all there is"
		return
	fi
	# shellcheck disable=SC2016 # The inner shell expands these.
	run unshare $rights bash -c 'mount -t tmpfs -o size=512k none disk
		./server disk/full.db big.txt; status=$?; cp disk/full.db* .; exit $status'
	sed -i 's|disk/full.db|full.db|' err
	expect_break full.db 'database or disk is full'
	finish 'full disk'
}

# The report goes to a file that has reached its limit, which must not kill the process.
report_too_long() {
	head -c 102400 /dev/zero >report
	# shellcheck disable=SC2016 # The inner shell expands these.
	run bash -c 'ulimit -f 100; exec "$@" >>report' bash ./server report.db small.txt
	expect_failure 'standard output: File too large'
	same 'lines in the database' "$(query report.db 'SELECT count(*) FROM lines')" 100
}

# The database rejects a line: what was stored before must be kept, and lines must match words.
refused_line() {
	run ./server refused.db empty.txt
	query refused.db "CREATE TRIGGER poison BEFORE INSERT ON lines WHEN new.number = 15000
		BEGIN SELECT RAISE(ABORT, 'line refused'); END"
	run ./server refused.db big.txt
	expect_break refused.db 'line refused'
}

# It rejects the first line, while four readers send: they own what they could not send.
refused_early() {
	run ./server early.db empty.txt
	query early.db "CREATE TRIGGER poison BEFORE INSERT ON lines
		BEGIN SELECT RAISE(ABORT, 'line refused'); END"
	run ./server early.db big.txt big.txt big.txt big.txt
	expect_failure 'early.db: line refused (0 of '
	check_database early.db
}

# ---- All of them --------------------------------------------------------------------------------

happy; finish 'four files, three words'
empty; finish 'empty files'
no_newline; finish 'last line without newline'
long_line; finish 'a line of 5 MB'
bytes; finish 'bytes that are no UTF-8'
many_files; finish '3000 files'
again; finish 'a database that has lines already'
progress; finish 'progress'
killed; finish 'killed while it waits for input'

bad_file folder.db folder 'Is a directory'; finish 'a directory'
bad_file missing.db missing.txt 'No such file or directory'; finish 'a file that is not there'
no_permission; finish 'a file that may not be read'
bad_file mem.db /proc/self/mem 'Input/output error'; finish 'a file that cannot be read'
nul; finish 'a NUL byte in the middle'
nul_at_once; finish 'NUL bytes without end'

bad_database nowhere/x.db 'No such file or directory'
finish 'a database in no folder'
bad_database folder 'Is a directory'
finish 'a database that is a directory'
bad_database small.txt 'file is not a database'; finish 'a database that is none'
read_only; finish 'a database that may not be written'
other_tables; finish 'a database with other tables'

file_limit; finish 'a database that may not grow'
full_disk
refused_line; finish 'a line that the database refuses'
refused_early; finish 'a first line that the database refuses'

# shellcheck disable=SC2016 # The inner shell expands these.
run bash -c './server out.db small.txt >/dev/full'
expect_failure 'standard output: No space left on device'; finish 'a report that cannot be written'
report_too_long; finish 'a report that goes to a file that may not grow'
run ./server x.db; expect_failure 'a database and files are needed'; finish 'too few arguments'
run ./server -w 'a b' x.db small.txt; expect_failure 'not a word'; finish 'a word that is none'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
