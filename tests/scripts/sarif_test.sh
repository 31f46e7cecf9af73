#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# Each script that finds something must write it to the file of --sarif, and print the command that
# reproduces it.  The tools that the scripts call are replaced by ones that fail in their ways, in a
# copy of this tree; so this needs no network and takes seconds.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for part in CMakeLists.txt src include scripts fuzz tests proofs .clang-tidy; do
	cp -r "$top/$part" .
done
rm -rf fuzz/corpus/*/*
mkdir bin build
passed=0
failed=0

# A stand-in for a tool: its text is read from the standard input.
tool() {
	{ echo '#!/bin/bash'; cat; } >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

result() {
	if [ "$1" = 0 ]; then
		echo "ok      $2"
		passed=$((passed + 1))
	else
		echo "FAILED  $2"
		[ ! -e out ] || tail -n 20 out
		[ ! -e list ] || cat list
		failed=$((failed + 1))
	fi
}

# Run a script, which must fail; its findings must include one line: tool, rule, place and command, each
# a regular expression.  The command must be printed too: finds NAME EXPECTED COMMAND...
finds() {
	local name=$1 expected=$2 status=0
	shift 2
	rm -f found.sarif list
	PATH="$work/bin:$PATH" timeout 300 "$@" --sarif found.sarif >out 2>&1 </dev/null && status=1
	"$work/scripts/sarif.py" check found.sarif >list 2>&1 || status=1
	grep -qE "^$expected\$" list || status=1
	grep -qE "^to reproduce it: ${expected##*	}\$" out || status=1
	result $status "$name"
}

# The same where nothing fails: the file must have no findings, and the run of the script.
finds_nothing() {
	local name=$1 status=0
	shift
	rm -f found.sarif list
	PATH="$work/bin:$PATH" timeout 300 "$@" --sarif found.sarif >out 2>&1 </dev/null || status=1
	"$work/scripts/sarif.py" check found.sarif >list 2>&1 && [ ! -s list ] || status=1
	grep -q '"results": \[\]' found.sarif || status=1
	result $status "$name"
}

tool dpkg-query <<<'echo installed'
# The build makes what the test wants the script to run: the file `program`, under the names in `made`.
tool cmake <<FAKE
while read -r name; do
	mkdir -p "\$(dirname "\$name")"
	cp "$work/program" "\$name"
	chmod +x "\$name"
done <"$work/made"
FAKE

# ---- The scripts -------------------------------------------------------------------------------

printf '%s\n' "$work"/build/fuzz/libfuzzer/{core,life}_fuzzer "$work"/build/fuzz/libfuzzer-race/race_fuzzer \
	"$work"/build/fuzz/replay/{core,life}_fuzzer "$work"/build/fuzz/replay-race/race_fuzzer >made
cat >program <<'FAKE'
#!/bin/bash
for word; do
	case $word in -artifact_prefix=*) sleep 0.02; echo input >"${word#*=}crash-1" ;; esac
done
echo "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1 at pc 0x2"
echo "    #0 0x1 in free /lib/x.c:1"
echo "    #1 0x1 in ump__queue_pop $PWD/src/core/queue.c:12:3"
exit 1
FAKE
finds "an input that makes a fuzzer fail" \
	"fuzz	heap-use-after-free	src/core/queue.c:12	UMP_FUZZ_TRACE=1 build/fuzz/libfuzzer/life_fuzzer build/fuzz/life/crashes/crash-1" \
	scripts/fuzz life 1
sed -i 's/^echo "==1.*/echo "fuzz\/life\/model.c:30: broken promise [once]: all_dropped"/; /#[01]/d' program
finds "a promise that an input of the corpus breaks" \
	"fuzz	promise-once	fuzz/life/model.c:30	UMP_FUZZ_TRACE=1 build/fuzz/replay/core_fuzzer fuzz/corpus/core" \
	scripts/fuzz --replay
printf '#!/bin/bash\necho "#1 DONE"\n' >program
finds_nothing "a fuzzer that finds nothing" scripts/fuzz core 1
tool compiler <<'FAKE'
while [ $# -gt 0 ]; do
	[ "$1" != -o ] || printf '#!/bin/bash\n' >"$2"
	[ "$1" != -o ] || chmod +x "$2"
	shift
done
FAKE
tool llvm-ar-14 </dev/null
finds "a mutant that a fuzzer does not detect" \
	"fuzz	surviving-mutant	src/core/queue.c:[0-9]+	scripts/fuzz --mutants 100 1" \
	env CC_FUZZ="$work/bin/compiler" scripts/fuzz --mutants 100 1

printf '%s\n' "$work"/build/sim/{simulator,race_fuzzer} >made
cat >program <<'FAKE'
#!/bin/bash
while [ $# -gt 1 ]; do [ "$1" != --keep ] || echo recording >"$2/failure.sim"; shift; done
echo "  3  t1  load heap+3 = 0  src/channel/inbox.c:40"
echo "  4  !! thread 0  data race: thread 0 reads  src/wait/answer.c:20 wait "
echo "data race: thread 0 reads"
exit 1
FAKE
finds "an execution that fails" \
	"simulate	data-race	src/wait/answer.c:20	scripts/simulate --replay build/sim/failure.sim" \
	scripts/simulate --program 'thread: req'

mapfile -t programs < <(scripts/stress --list)
printf "$work/build/stress-tsan/tests/stress/stress_%s\n" "${programs[@]}" >made
cat >program <<'FAKE'
#!/bin/bash
echo "WARNING: ThreadSanitizer: data race (pid=1)"
echo "    #0 push ../src/../src/channel/inbox.c:70 (stress)"
exit 66
FAKE
finds "a data race on real threads" \
	"stress	data-race	src/channel/inbox.c:70	build/stress-tsan/tests/stress/stress_[a-z_]+ --seed [0-9]+ --work [1-4]" \
	scripts/stress 1

tool frama-c <<'FAKE'
case $1 in -version) echo 0; exit ;; esac
while [ $# -gt 1 ]; do [ "$1" != -wp-fct ] || function=${2%%,*}; shift; done
echo "[wp] [Timeout] Goal typed_${function:-main}_ensures_right (cvc4 1s)"
echo "[wp] Proved goals:    0 / 1"
FAKE
for prover in why3 cvc4 z3 cvc5; do tool $prover <<<'echo 0'; done
finds "a goal that is not proved" \
	"prove	unproved-goal	src/core/(counts|call).[ch]:[0-9]+	WHY3CONFIG=proofs/why3.conf frama-c .*-wp-fct ump__[a-z_]+ src/core/(counts|call).c" \
	scripts/prove

: >made
echo '[{"file": "src/core/queue.c"}]' >build/database
tool cmake <<<'for word; do [ "$word" != --build ] || cp build/database build/lint/compile_commands.json; done'
tool clang-tidy <<<'echo "$PWD/src/core/queue.c:9:2: error: a narrow thing [bugprone-thing,-warnings-as-errors]"; exit 1'
tool cppcheck </dev/null
finds "a diagnostic of clang-tidy" \
	"clang-tidy	bugprone-thing	src/core/queue.c:9	clang-tidy --quiet -p build/lint src/core/queue.c" \
	scripts/check lint

# ---- The check of a file -----------------------------------------------------------------------

# A file that is not valid must be rejected: rejects NAME EXPRESSION, which changes `log` in Python.
rejects() {
	local status=0
	python3 - "$2" <<'PYTHON'
import json, sys
log = json.load(open("found.sarif"))
run = log["runs"][-1]
result = run["results"][0]
place = result["locations"][0]["physicalLocation"]
exec(sys.argv[1])
json.dump(log, open("wrong.sarif", "w"))
PYTHON
	! "$work/scripts/sarif.py" check wrong.sarif >out 2>&1 || status=1
	grep -q '^scripts/sarif.py: error: ' out || status=1
	result $status "a file with $1 is rejected"
}

rejects "no version" 'del log["version"]'
rejects "another version" 'log["version"] = "2.0.0"'
rejects "a tool without a name" 'run["tool"]["driver"]["name"] = ""'
rejects "no rule for a finding" 'run["tool"]["driver"]["rules"].clear()'
rejects "a finding without a message" 'del result["message"]["text"]'
rejects "a line 0" 'place["region"]["startLine"] = 0'
rejects "an absolute path" 'place["artifactLocation"]["uri"] = "/src/core/queue.c"'
rejects "a path to nowhere" 'place["artifactLocation"]["uri"] = "src/core/none.c"'
rejects "a finding without its command" 'result["message"]["text"] = "a narrow thing"'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
