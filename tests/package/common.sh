# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Shared by the tests of packaging; each of them must source this first.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here="$root/tests/package"
place="$root/build/package-test" # emptied at each start
dialects="c11 c17 cxx11 cxx20"
passed=0
failed=0

# Run one test, a function, in a shell of its own: try NAME FUNCTION [ARGUMENT...]
try() {
	local name=$1 log="$place/logs/${1//[^a-z0-9.]/_}.log" status
	shift
	# Not as a condition: there bash would ignore that a command in the middle fails.
	set +e
	(
		set -ex
		"$@"
	) >"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		printf '   ok: %s\n' "$name"
	else
		failed=$((failed + 1))
		tail -n 40 "$log"
		printf '   FAILED: %s (see %s)\n' "$name" "${log#"$root/"}"
	fi
}

# A command that must fail, and print the reason: refuses TEXT COMMAND...
refuses() {
	local text=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "this went well: $*"
		return 1
	fi
	# Words only: cmake breaks its lines anywhere.
	tr -s '[:space:]' ' ' <<<"$said" | grep -F -- "$text"
}

# A command that must find nothing (bash continues after a failing "!"): none COMMAND...
none() {
	if "$@"; then
		echo "there should be none: $*"
		return 1
	fi
}

# The nth fenced block of the README below a heading: readme HEADING N
readme() {
	awk -v heading="$1" -v n="$2" '
		/^##/ { title = $0; sub(/^#+ /, "", title); here = title == heading }
		/^```$/ && on { exit }
		on { print; found = 1 }
		/^```[a-z]/ && here && ++count == n { on = 1 }
		END { exit !found }' "$root/README.md" || die "the README has no block $2 below: $1"
}

# The language of that block: readme_language HEADING N
readme_language() {
	awk -v heading="$1" -v n="$2" '
		/^##/ { title = $0; sub(/^#+ /, "", title); here = title == heading }
		/^```[a-z]/ && here && ++count == n { print substr($0, 4); exit }' "$root/README.md"
}

# Write the consumers' sources, under their names in the README: sources DIRECTORY
sources() {
	mkdir -p "$1"
	cp "$here/consumer.c" "$1/your_program.c"
	cp "$here/consumer.cpp" "$1/your_program.cpp"
}

# A program must print what is expected, within a minute: runs PROGRAM
runs() {
	timeout 60 "$1" | diff "$here/consumer.expected" -
}

# A program must need the shared library, or must not: links PROGRAM shared|static
links() {
	local kind=static
	# All of readelf's output is read: a reader that stops early would break the pipe.
	[ "$(readelf -d "$1" | grep -c 'NEEDED.*\[libump_server\.so\.')" = 0 ] || kind=shared
	[ "$kind" = "$2" ]
}

# Compile the consumer here, with every warning an error: compile DIALECT OUTPUT FLAG...
compile() {
	local dialect=$1 output=$2
	shift 2
	local compiler=gcc language=c
	if [[ $dialect = cxx* ]]; then
		compiler=g++ language=cpp dialect=c++${dialect#cxx}
	fi
	"$compiler" "-std=$dialect" -pedantic-errors -Wall -Wextra -Werror "your_program.$language" \
		-o "$output" "$@"
}

# The files of this tree without its history or what was built: copy_tree WHERE
copy_tree() {
	mkdir -p "$1"
	(
		cd "$root"
		if [ -e .git ]; then
			git ls-files -z --cached --others --exclude-standard
		else
			find . -path ./build -prune -o -type f -print0
		fi | while IFS= read -r -d '' file; do
			[ ! -e "$file" ] || printf '%s\0' "$file"
		done | tar -c --null -T - | tar -x -C "$1"
	)
}

# This tree as a repository of one commit, its version released, its history empty: snapshot WHERE
snapshot() {
	copy_tree "$1"
	nobody git -C "$1" init --quiet
	sed -i "0,/^## \[Unreleased\]/s//## [$version] - 2026-01-01/" "$1/CHANGELOG.md"
	commit "$1" "All of it"
}

# Run a command that uses git, with a neutral author and without the user's configuration.
nobody() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
		GIT_AUTHOR_NAME=nobody GIT_AUTHOR_EMAIL=nobody@localhost \
		GIT_COMMITTER_NAME=nobody GIT_COMMITTER_EMAIL=nobody@localhost "$@"
}

commit() {
	nobody git -C "$1" add -A
	nobody git -C "$1" commit --quiet -m "$2"
}

# The version in the header of this tree.
version=$(sed -n 's/^#define UMP_VERSION_STRING "\(.*\)"/\1/p' "$root/include/ump_server.h")
