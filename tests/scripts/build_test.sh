#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# .clusterfuzzlite/build.sh must build all fuzzers when it is called as ClusterFuzzLite calls it, for
# the sanitizers of its workflow; each fuzzer must start, be guided by coverage and accept its corpus.
#
#	tests/scripts/build_test.sh [SANITIZER...]    address and undefined, or only one of them
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
need clang libclang-rt-14-dev llvm-14 cmake ninja-build zip unzip
place="$root/build/clusterfuzzlite"
passed=0
failed=0

result() {
	if [ "$1" = 0 ]; then
		echo "ok      $2"
		passed=$((passed + 1))
	else
		echo "FAILED  $2"
		failed=$((failed + 1))
	fi
}

# The flags of OSS-Fuzz for a sanitizer.
flags_of() {
	local common="-O1 -fno-omit-frame-pointer -gline-tables-only"
	case $1 in
	address) echo "$common -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link" ;;
	undefined) echo "$common -fsanitize=undefined -fno-sanitize-recover=undefined -fsanitize=fuzzer-no-link" ;;
	esac
}

# Call build.sh for a sanitizer: call SANITIZER
call() {
	local flags
	flags=$(flags_of "$1")
	rm -rf "${place:?}/$1/out"
	mkdir -p "$place/$1/"{out,work,src}
	ln -sfn "$root" "$place/$1/src/ump-server"
	env SRC="$place/$1/src" OUT="$place/$1/out" WORK="$place/$1/work" CC=clang CXX=clang++ \
		CFLAGS="$flags" CXXFLAGS="$flags" LIB_FUZZING_ENGINE=-fsanitize=fuzzer SANITIZER="$1" \
		FUZZING_ENGINE=libfuzzer bash "$root/.clusterfuzzlite/build.sh" >"$place/$1/log" 2>&1
}

# Whether a fuzzer in a folder has its corpus and options, starts, and is guided: is_whole OUT TARGET
is_whole() {
	local out=$1 target=$2 log=$1/../$2.log edges
	[ -x "$out/${target}_fuzzer" ] && [ -s "$out/${target}_fuzzer.options" ] || return 1
	rm -rf "$out/../corpus"
	unzip -q -d "$out/../corpus" "$out/${target}_fuzzer_seed_corpus.zip" || return 1
	(cd "$out/.." && timeout 120 "out/${target}_fuzzer" -seed=1337 -runs=4 corpus) >"$log" 2>&1 || return 1
	grep -qE '^Done [0-9]+ runs' "$log" || return 1
	edges=$(grep -oP 'INFO: Loaded \d+ modules? +\(\K\d+(?= (?:inline 8-bit )?counters)' "$log")
	[ "$edges" -ge 100 ]
}

sanitizers=${*:-address undefined}
for sanitizer in $sanitizers; do
	call $sanitizer || { tail -n 20 "$place/$sanitizer/log" >&2; die "build.sh failed for $sanitizer"; }
	for target in core life race; do
		is_whole "$place/$sanitizer/out" $target && status=0 || status=1
		result $status "$target under $sanitizer"
	done
done
# The check itself: it must miss what is not there.
out="$place/$sanitizer/out"
rm "$out/race_fuzzer" "$out/life_fuzzer.options" "$out/core_fuzzer_seed_corpus.zip"
for target in core life race; do
	! is_whole "$out" $target 2>/dev/null && status=0 || status=1
	result $status "a part that is missing of $target is detected"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
