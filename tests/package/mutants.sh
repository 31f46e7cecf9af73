#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# Apply the mutants of mutants.table, each to a copy of this tree; the test that a mutant names must
# fail there.
#
#	tests/package/mutants.sh              all of them
#	tests/package/mutants.sh NUMBER...    only these
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"
take_sarif "$@"
set -- "${arguments[@]}"
need python3
table="$here/mutants.table"
copies="$root/build/package-mutants"

# The field of a mutant: field NUMBER NAME
field() {
	awk -v number="$1" -v name="$2: " '
		/^=== / { here = $2 == number }
		here && index($0, name) == 1 { print substr($0, length(name) + 1); exit }' "$table"
}

# Apply a mutant and run the part of the tests that must detect it: sees NUMBER
sees() {
	local tree="$copies/$1"
	rm -rf "$tree"
	copy_tree "$tree"
	"$root/scripts/mutants.py" apply "$table" "$1" "$tree"
	"$tree/tests/package/run.sh" "$(field "$1" part)" >"$tree.log" 2>&1 || true
	rm -rf "$tree"
	grep -F "   FAILED: $(field "$1" caught-by)" "$tree.log"
}

"$root/scripts/mutants.py" check "$table"
mkdir -p "$place/logs" "$copies"
for number in ${*:-$(sed -n 's/^=== \([0-9]*\) .*/\1/p' "$table")}; do
	[ -n "$(field "$number" part)" ] || die "there is no mutant $number"
	before=$failed
	try "mutant $number, $(field "$number" why)" sees "$number"
	[ "$failed" = "$before" ] || finding surviving-mutant "no test detects the mutant $number" \
		"$(field "$number" file)" "tests/package/mutants.sh $number"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
