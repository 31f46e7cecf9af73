# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Newcomers: each has only a clone and the README, copies its typed program, and follows one of its
# ways, in a directory and a home of its own.
timeout=300 # seconds, as the README states

# Take one block of the README: sh is run, any other goes to the file that the README names:
# take HEADING/N
take() {
	local heading=${1%/*} n=${1##*/}
	case $(readme_language "$heading" "$n") in
	sh) readme "$heading" "$n" >>commands ;;
	cmake) readme "$heading" "$n" >CMakeLists.txt ;;
	meson) readme "$heading" "$n" >meson.build ;;
	*) die "the README's block $n below $heading is in no language that a newcomer knows" ;;
	esac
}

# Run these blocks; the program must print what it should: newcomer NAME HEADING/N...
newcomer() {
	local directory="$place/newcomer-$1" begin=$SECONDS block
	shift
	mkdir -p "$directory/home"
	cd "$directory"
	nobody git clone --quiet "$repository" ump-server
	for block in "Use it/2" "$@"; do
		take "$block"
	done
	HOME="$directory/home" timeout "$timeout" bash -eux commands >said
	tail -n "$(wc -l <"$root/tests/examples/typed_adder.expected")" said |
		diff "$root/tests/examples/typed_adder.expected" -
	echo "from nothing to a typed server: $((SECONDS - begin)) s"
}

# The packages that the README lists must exist, and must suffice on a new system.
newcomers_need() {
	local packages
	packages=$(readme "Use it" 1 | sed -n 's/^apt-get install -y //p')
	[ -n "$packages" ]
	# shellcheck disable=SC2086 # They are several.
	need $packages
}

test_newcomer() {
	local install="Installed, with CMake" flags="Installed, with pkg-config"
	try "newcomer: what it takes" newcomers_need
	try "newcomer: installed, with CMake" newcomer cmake "$install/1" "$install/2" "$install/3"
	try "newcomer: installed, with pkg-config" newcomer pkg-config "$install/1" "$flags/1"
	try "newcomer: installed, with Meson" newcomer meson "$install/1" "$flags/1" "$flags/2" "$flags/3"
	try "newcomer: inside their build" newcomer inside "Inside your own build/1" \
		"Inside your own build/2"
	try "newcomer: inside their build, from a tarball" newcomer fetched "Inside your own build/3" \
		"Inside your own build/4"
	try "newcomer: without a build system" newcomer plain "Without a build system/1"
}
