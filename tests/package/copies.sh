# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Tests of several copies of the library in one process: one in the program, another in a shared
# library, each static (Debug or Release, of gcc or clang) or the shared one.
copies="$place/copies" # where the library and the programs are built
compilers=gcc
! command -v clang >/dev/null || compilers+=" clang"

# Build the library of this tree: build_copy NAME COMPILER OPTION...
build_copy() {
	cmake -S "$root" -B "$copies/$1" -G Ninja -DBUILD_TESTING=OFF "-DCMAKE_C_COMPILER=$2" "${@:3}"
	cmake --build "$copies/$1"
}

build_copies() {
	local compiler kind
	for compiler in $compilers; do
		for kind in Debug Release; do
			build_copy "$compiler-$kind" "$compiler" "-DCMAKE_BUILD_TYPE=$kind"
		done
	done
	build_copy shared gcc -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON
	local sources=(-I"$root/include" -I"$here/copies" -fPIC -O1 -Wall -Wextra -Werror -c)
	for compiler in $compilers; do
		(cd "$copies/$compiler-Debug" &&
			"$compiler" "${sources[@]}" "$here"/copies/{copy,library,program}.c)
	done
}

# Print the linker's arguments for a kind of copy: copy_of KIND
copy_of() {
	if [ "$1" = shared ]; then
		echo "$copies/shared/libump_server.so -Wl,-rpath,$copies/shared"
	else
		echo "$copies/$1/libump_server.a -pthread"
	fi
}

# The functions that a file exports: exported FILE
exported() {
	nm -D --defined-only "$1" | awk '$3 ~ /^ump_/ { print $3 }'
}

# A library that contains this kind of copy, and exports all of ump-server that may be exported:
# library_with KIND
library_with() {
	local directory="$copies/library-$1" compiler=${1%-*}
	[ "$1" != shared ] || compiler=gcc
	mkdir -p "$directory"
	echo '{ global: library_work; library_copy; ump_*; local: *; };' >"$directory/map"
	# shellcheck disable=SC2046 # They are several options.
	"$compiler" -shared "$copies/$compiler-Debug/library.o" "$copies/$compiler-Debug/copy.o" \
		$(copy_of "$1") "-Wl,--version-script=$directory/map" -o "$directory/liblibrary.so"
	[ "$1" = shared ] || none grep . <(exported "$directory/liblibrary.so")
}

# A program with one kind of copy beside a library with another one, exporting all that it can and
# nothing: beside PROGRAM LIBRARY
beside() {
	local program="$copies/$1-beside-$2" expected="0 0 two copies" flag compiler=${1%-*}
	[ "$1" != shared ] || compiler=gcc
	[ "$1 $2" != "shared shared" ] || expected="0 0 one copy"
	for flag in -rdynamic -Wl,--as-needed; do
		# shellcheck disable=SC2046 # They are several options.
		"$compiler" "$flag" "$copies/$compiler-Debug/program.o" "$copies/$compiler-Debug/copy.o" \
			$(copy_of "$1") "$copies/library-$2/liblibrary.so" \
			"-Wl,-rpath,$copies/library-$2" -o "$program"
		none grep . <(exported "$program")
		[ "$(timeout 60 "$program")" = "$expected" ]
	done
}

# Without a build system: the program that the README builds must export nothing either.
plain_copy() {
	local flags
	flags=$(readme "Without a build system" 1 | grep -oE -- '-(fvisibility=hidden|DUMP_[A-Z]+)' | xargs)
	# shellcheck disable=SC2046,SC2086 # They are several options and files.
	gcc -std=c11 -D_POSIX_C_SOURCE=200809L $flags -pthread -fPIC -shared -I"$root/include" -I"$root/src" \
		$(find "$root/src" -name '*.c' ! -name park_pthread.c ! -name notifier_pipe.c) \
		-o "$copies/libplain.so"
	none grep . <(exported "$copies/libplain.so")
}

# UMP_API may be set: a library that passes the static one's functions on.
own_api() {
	build_copy own-api gcc '-DCMAKE_C_FLAGS=-DUMP_API=__attribute__\(\(visibility\(\"default\"\)\)\) -Werror'
	gcc -shared -Wl,--whole-archive "$copies/own-api/libump_server.a" -Wl,--no-whole-archive \
		-pthread -o "$copies/libown.so"
	exported "$copies/libown.so" | sort | diff - <(exported "$copies/shared/libump_server.so" | sed 's/@.*//' | sort)
}

# A plugin with this kind of copy is loaded and unloaded, and drops its servers: plugin KIND LANGUAGE END
plugin() {
	local driver=gcc standard=-std=c11 directory="$copies/plugin-$1-$2" said=unloaded
	[ "$2" = c ] || driver=g++ standard=-std=c++17
	mkdir -p "$directory"
	# shellcheck disable=SC2046 # They are several options.
	"$driver" "$standard" -O1 -Wall -Wextra -Werror -shared -fPIC -I"$root/include" \
		"$here/copies/plugin.$2" $(copy_of "$1") -o "$directory/plugin.so"
	gcc -D_DEFAULT_SOURCE -Wall -Wextra -Werror "$here/copies/host.c" -o "$directory/host" -ldl
	# If static data of templates is unique in the process, the library of the plugin stays loaded.
	[ "$2" = c ] || said="unloaded\|stays"
	timeout 120 "$directory/host" "$directory/plugin.so" "$3" 200 | grep -x "$said"
}

# The shared library must not be unloaded with the last plugin that used it.
stays_mapped() {
	readelf -d "$copies/shared/libump_server.so" | grep 'FLAGS_1.*NODELETE'
	none grep NODELETE <(readelf -d "$copies/plugin-gcc-Release-c/plugin.so")
}

test_copies() {
	local kinds="shared" kind other compiler
	mkdir -p "$copies"
	for compiler in $compilers; do
		kinds+=" $compiler-Debug $compiler-Release"
	done
	try "copies: built" build_copies
	for kind in $kinds; do
		try "copies: a library with $kind" library_with "$kind"
	done
	for kind in $kinds; do
		for other in $kinds; do
			try "copies: a program with $kind, a library with $other" beside "$kind" "$other"
		done
	done
	for kind in gcc-Debug gcc-Release shared; do
		for other in c cpp; do
			try "copies: a plugin in $other with $kind is unloaded" plugin "$kind" "$other" end
		done
	done
	# The plugin's own code no longer runs once its requests are answered.
	try "copies: a plugin with the shared library is unloaded at once" plugin shared c no-end
	try "copies: the shared library stays mapped" stays_mapped
	try "copies: without a build system" plain_copy
	try "copies: an UMP_API of one's own" own_api
}
