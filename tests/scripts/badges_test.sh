#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# scripts/badges must show the figures of the results, and detect a badge that shows others.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/scripts" "$work/tests" "$work/build/results"
cp "$top/scripts/badges" "$work/scripts"
cd "$work"
passed=0
failed=0

# expect NAME COMMAND...: the command must succeed.
expect() {
	local name=$1
	shift
	if "$@" >out 2>&1; then
		echo "ok      $name"
		passed=$((passed + 1))
	else
		echo "FAILED  $name"
		cat out
		failed=$((failed + 1))
	fi
}

not() {
	! "$@"
}

shows() {
	scripts/badges && grep -q "<title>$2</title>" "tests/badges/$1.svg" && scripts/badges --check "$1" &&
		python3 -c "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])" "tests/badges/$1.svg"
}

coverage() {
	echo "{\"line_covered\": $1, \"line_total\": $2}" >build/results/coverage.json
}

proofs() {
	echo "{\"proved\": $1, \"goals\": $2}" >build/results/prove.json
}

expect "a figure that is not there is no badge" not scripts/badges --check proofs
coverage 999 1000
expect "coverage is rounded down" shows coverage "coverage: 99 % of lines"
coverage 988 1000
expect "lines that only a race reaches may be missing" scripts/badges --check coverage
coverage 979 1000
expect "another coverage is detected" not scripts/badges --check coverage
proofs 20 20
expect "proved goals are counted" shows proofs "proofs: 20 goals"
proofs 19 20
expect "a goal that is not proved is detected" not scripts/badges --check proofs
expect "a goal that is not proved is shown" shows proofs "proofs: 19 of 20 goals"
echo "{}" >build/results/prove.json
expect "a result without figures is reported" not scripts/badges
rm tests/badges/coverage.svg
expect "a badge that is not there is detected" not scripts/badges --check coverage
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
