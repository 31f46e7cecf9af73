#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# Apply the mutants of mutants.table to the C++ layer; its tests must fail, under ASan and UBSan.
#
#	tests/cpp/mutants.sh              all of them
#	tests/cpp/mutants.sh NUMBER...    only these
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
take_sarif "$@"
set -- "${arguments[@]}"
table="$root/tests/cpp/mutants.table"
built="$root/build/cpp-mutants"

# Build the test that a mutant names against the changed header, or the test that is named after
# "none-" against the header as it is, and run it: found NUMBER
found() {
	local number=$1 tree="$built/$1" test commands status=0
	rm -rf "$tree"
	mkdir -p "$tree"
	if [[ $number = none-* ]]; then
		test=${number#none-}
		cp -r "$root/include" "$tree"
		: >"$tree.log"
	else
		test=$(awk -v number="$number" '
			/^=== / { here = $2 == number }
			here && /^test: / { print $2; exit }' "$table")
		"$root/scripts/mutants.py" apply "$table" "$number" "$tree" >"$tree.log"
	fi
	# Like the build, except for the header and the output directory.
	commands=$(ninja -C "$built" -t commands "tests/${test}_test" | grep -F "${test}_test" |
		sed -e "s,-I$root/tests/../include,-I$tree/include,g" \
			-e "s,[^ ]*/${test}_test.cpp.o\b,$tree/test.o,g" -e "s,-o tests/${test}_test\b,-o $tree/test,g")
	(cd "$built" && sh -ec "$commands") >>"$tree.log" 2>&1 || { echo "$number: does not compile"; return 2; }
	CHECK_TIMEOUT=20 timeout 120 "$tree/test" >>"$tree.log" 2>&1 || status=$?
	rm -rf "$tree"
	[ "$status" != 0 ]
}

# Try one mutant, or none, in which case the test must not fail; print the result: one NUMBER
one() {
	local status=0 expected=0
	[[ $1 != none-* ]] || expected=1
	found "$1" || status=$?
	if [ "$status" = "$expected" ]; then
		echo found
	elif [ "$expected" = 1 ]; then
		echo "${1#none-}_test fails without a mutant; see build/cpp-mutants/$1.log" >&2
		finding test "${1#none-}_test fails without a mutant" "tests/cpp/${1#none-}_test.cpp" \
			"tests/cpp/mutants.sh"
		echo missed
	else
		echo "$1: not found; see build/cpp-mutants/$1.log" >&2
		finding surviving-mutant "the tests of the C++ layer do not detect the mutant $1" \
			"tests/cpp/mutants.table:$(grep -n "^=== $1 " "$table" | cut -d: -f1)" \
			"tests/cpp/mutants.sh $1"
		echo missed
	fi
}

if [ "${1-}" = --one ]; then
	one "$2"
	exit
fi
need gcc g++ cmake ninja-build python3
"$root/scripts/mutants.py" check "$table" >/dev/null
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all"
mkdir -p "$built"
cmake -S "$root" -B "$built" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=ON \
	"-DCMAKE_C_FLAGS=$sanitizers" "-DCMAKE_CXX_FLAGS=$sanitizers" >"$built/configure.log" 2>&1
cmake --build "$built" --target cpp_test loop_test kinds_test crew_test >"$built/build.log" 2>&1 ||
	{ tail -n 20 "$built/build.log" >&2; die "could not build the tests"; }
# Without a mutant each of the tests must pass: one that always fails would prove nothing.
# shellcheck disable=SC2046 # numbers
printf '%s\n' $(sed -n 's/^test: /none-/p' "$table" | sort -u) \
	${*:-$(sed -n 's/^=== \([0-9]*\) .*/\1/p' "$table")} |
	xargs -P2 -n1 "$0" --one >"$built/results"
printf '%d passed, %d failed (mutants of the C++ layer)\n' "$(grep -cx found "$built/results")" \
	"$(grep -cx missed "$built/results" || true)"
! grep -qvx found "$built/results"
