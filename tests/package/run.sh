#!/usr/bin/env bash
# SPDX-License-Identifier: 0BSD
# Tests of what users get: releases, installed trees, packages, and the README's "Use it".  Each
# consumer is built outside of the project, from a release tarball of this tree.
#
#	tests/package/run.sh            all parts
#	tests/package/run.sh PART...    only these: release install copies newcomer debian
# shellcheck source=tests/package/common.sh
. "$(dirname "$0")/common.sh"
need gcc g++ cmake ninja-build git pkg-config meson binutils abigail-tools
# shellcheck source=tests/package/release.sh
. "$here/release.sh"
# shellcheck source=tests/package/install.sh
. "$here/install.sh"
# shellcheck source=tests/package/copies.sh
. "$here/copies.sh"
# shellcheck source=tests/package/newcomer.sh
. "$here/newcomer.sh"
# shellcheck source=tests/package/debian.sh
. "$here/debian.sh"

rm -rf "$place"
mkdir -p "$place/logs"
snapshot "$repository"
make_first_release
for part in ${*:-release install copies newcomer debian}; do
	"test_$part"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
