#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: wrong_test.sh gcc|clang [FLAG...]
#
# Each program in wrong/ misuses the typed layer, or the C++ layer, in one way, where WRONG is
# defined.  The compiler must reject it, with no warnings enabled; its first error must be the one that
# the program's head names, and refer to the program.  Without WRONG it must compile without a warning,
# so that only the misuse is rejected.
set -uo pipefail

[ $# -ge 1 ] || { echo "usage: $0 gcc|clang [FLAG...]" >&2; exit 2; }
compiler=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C # plain quotes in messages
passed=0
failed=0

compile() { # compile FLAG... FILE: print the compiler's messages
	local driver=$compiler
	[[ ${*: -1} != *.cpp ]] || driver=${compiler/%gcc/g++} driver=${driver/%clang/clang++}
	timeout 60 "$driver" -fsyntax-only "-I$here" "-I$include" "$@" 2>&1
}

# Return whether a program is rejected as it should be; print the reason if not.
refused() { # refused FILE FLAG...
	local file=$1 expected said first
	shift
	expected=$(sed -n "s,^\( \*\|//\) $compiler: ,,p" "$file")
	[ -n "$expected" ] || { echo "names no message of $compiler"; return 1; }
	if said=$(compile "$@" -DWRONG "$file"); then
		echo "was not refused"
		return 1
	fi
	first=$(grep -m1 'error:' <<<"$said")
	if ! grep -qE -- "$expected" <<<"$first"; then
		echo "was refused with: ${first:-$said}"
		return 1
	fi
	if ! grep -qF "$file:" <<<"$said"; then
		echo "was refused, but no line of the message leads to it"
		return 1
	fi
}

# Return whether a program compiles silently once its mistake is corrected; print the messages.
accepted() { # accepted FILE FLAG...
	local file=$1 said
	shift
	said=$(compile -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror "$@" "$file") &&
		[ -z "$said" ] && return 0
	echo "was refused without its mistake: $(head -n 3 <<<"$said")"
	return 1
}

count() { # count NAME PROBLEM
	if [ -z "$2" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1 $2" >&2
	fi
}

# Test this test: a program that is not wrong, one that is rejected for another reason, and one whose
# corrected form has a warning.
not() { # not PROBLEM COMMAND...: the problem, if the command succeeds
	local problem=$1
	shift
	! "$@" >/dev/null || echo "$problem"
}
sed 's/ifdef WRONG/ifdef NEVER/' "$here/wrong/post_value.c" >"$work/right.c"
count right.c "$(not "is right, and counts as refused" refused "$work/right.c")"
sed "s/^ \* $compiler: .*/ * $compiler: something else/" "$here/wrong/post_value.c" >"$work/other.c"
count other.c "$(not "is refused for another reason, and counts all the same" refused "$work/other.c")"
sed 's/#else/#else\n\tint unused;/' "$here/wrong/post_value.c" >"$work/unclean.c"
count unclean.c "$(not "has a warning, and counts as accepted" accepted "$work/unclean.c")"

# If the standard is too old, the first error of a header that is included alone must name it, and be
# the only one, except in ump_server.h.
for old in typed.h:c99 typed.h:gnu99 typed.h:c90 ump_server.hpp:c++14 ump_server.hpp:gnu++11 ump_server.h:c++98; do
	header=${old%:*}
	suffix=c
	[[ $old != *:*++* ]] || suffix=cpp
	[[ $header != typed.h ]] || header=ump_server/typed.h
	echo "#include \"$header\"" >"$work/old.$suffix"
	said=$(compile "-std=${old#*:}" "$@" "$work/old.$suffix" | grep 'error:')
	count "$old" "$(grep -qE 'error: (#error )?"[a-z_.]*/?[a-z_.]+ needs C.*: compile with -std=' <<<"${said%%$'\n'*}" ||
		echo "is not refused for its standard first: $said")"
	count "$old" "$([[ $header = ump_server.h || $(wc -l <<<"$said") = 1 ]] || echo "says more: $said")"
done

for standard in c11 c17 c++17; do
	suffix=c
	[[ $standard != c++* ]] || suffix=cpp
	for file in "$here"/wrong/*."$suffix"; do
		count "${file##*/} ($standard)" "$(refused "$file" "-std=$standard" "$@")"
		count "${file##*/} ($standard)" "$(accepted "$file" "-std=$standard" "$@")"
	done
done
echo "$passed passed, $failed failed ($compiler)"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
