#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
#
# usage: names.sh
#
# Each function of ump_server.h must have its counterpart in the typed layer and be used by the C++
# layer.  First, two headers that lack one must be detected.
set -euo pipefail

include=$(cd "$(dirname "$0")/../../include" && pwd)
# Functions of no server, which need no types; the C++ layer has its own times and source
# locations.
untyped='now|after|version|pending|suspend|task_resume|timer_[a-z]+|delayed_[a-z_]+|ask_cancel|here|server_dump|join_dropped|completions_[a-z_]+|thread_pool_[a-z_]+'
foreign='now|version'

# The functions of the header without their prefix; one that only passes sizes counts as its base.
functions() {
	grep -E '^UMP_API ' "$include/ump_server.h" | grep -oE 'ump_[a-z_]+\(' |
		sed -E 's/^ump_//; s/(_sized)?\($//' | sort -u
}

lacking() { # lacking TYPED FACE: what they lack
	local name
	for name in $(functions); do
		grep -qE "^($untyped)$" <<<"$name" || grep -qE "##_$name\(" "$1" ||
			{ [[ $name = spawn_* ]] && grep -qE "UMP__TYPED_SPAWN\(name, $name," "$1"; } ||
			echo "$1: no twin of ump_$name"
		grep -qE "^($foreign)$" <<<"$name" || grep -qE "\bump_$name\b" "$2" ||
			echo "$2: does not use ump_$name"
	done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed 's/name##_client_weak(/name##_client_week(/' "$include/ump_server/typed.h" >"$work/typed.h"
sed 's/ump_completions_wait/ump_completions_weight/' "$include/ump_server.hpp" >"$work/face.hpp"
mutated=$(lacking "$work/typed.h" "$work/face.hpp")
[ "$(wc -l <<<"$mutated")" = 2 ] || { echo "mutated: $mutated" >&2; exit 1; }
problems=$(lacking "$include/ump_server/typed.h" "$include/ump_server.hpp")
[ -z "$problems" ] || { echo "$problems" >&2; exit 1; }
printf '   %d functions in three headers\n' "$(functions | wc -l)"
