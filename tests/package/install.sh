# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Tests of installed trees and of trees inside other builds, from the release's tarball.
source_tree="$place/source/ump-server-$version"
first_home="$place/home"            # the README installs below $HOME
prefix="$place/moved to a new home" # the tree is moved there, with the static library in it
odd="$place/odd places"             # the static library alone, and its directories elsewhere
older_abi=$((major - 1)).0
[ "$major" -gt 0 ] || older_abi=0.$((minor - 1))

# Run a block of the README unchanged: run_block HEADING N
run_block() {
	local block
	block=$(readme "$1" "$2")
	HOME="$first_home" bash -euxc "$block"
}

# Configure the library and install it: install_static BUILD OPTION...
install_static() {
	cmake -S "$source_tree" -B "$place/$1" -G Ninja -DCMAKE_BUILD_TYPE=Release \
		-DBUILD_TESTING=OFF -DBUILD_SHARED_LIBS=OFF "${@:2}"
	cmake --build "$place/$1"
	cmake --install "$place/$1"
}

install_as_readme_says() {
	mkdir -p "$place/source"
	tar -xzf "$tarball" -C "$place/source"
	mkdir "$place/install"
	cd "$place/install"
	ln -s "$source_tree" ump-server
	run_block "Installed, with CMake" 1
	cd "$source_tree"
	[ -L "$first_home/.local/lib/libump_server.so" ]
	diff -r include "$first_home/.local/include"
	# Each manual page, in the directory of its section, and nothing else.
	local page
	for page in src/*.[0-9]; do
		install -D -m 644 "$page" "$place/manual/man${page##*.}/${page##*/}"
	done
	diff -r "$place/manual" "$first_home/.local/share/man"
}

# A project of consumers in a directory of its own, from a block of the README and the lines that make
# it a project: project NAME KIND HEADING N, where KIND is cmake or meson.
project() {
	local directory="$place/$1"
	sources "$directory"
	cp -r "$here/$2/." "$directory"
	if [ "$2" = meson ]; then
		sources "$directory/readme"
		readme "$3" "$4" | grep -v '^project(' >"$directory/readme/meson.build"
	else
		readme "$3" "$4" | grep -v '^cmake_minimum_required(\|^project(' >"$directory/readme.cmake"
	fi
	cd "$directory"
}

# All programs of a project must run, with the expected kind of library: all_run BUILD KIND
all_run() {
	local program=$1/your_program dialect
	[ -e "$program" ] || program=$1/readme/your_program
	runs "$program"
	links "$program" "$2"
	for dialect in $dialects; do
		runs "$1/$dialect"
		links "$1/$dialect" "$2"
	done
}

# Configure and build the project here, and run its programs: cmake_consumers KIND OPTION...
cmake_consumers() {
	cmake -S . -B build -G Ninja "${@:2}"
	cmake --build build
	all_run build "$1"
}

# find_consumers NAME KIND WHERE OPTION...
find_consumers() {
	project "$1" cmake "Installed, with CMake" 2
	cmake_consumers "$2" "-DCMAKE_PREFIX_PATH=$3" "${@:4}"
}

# Find a component by its name, and twice, as parts of a project do:
# find_component NAME KIND OPTION...
find_component() {
	project "$1" cmake "Installed, with CMake" 2
	sed -i "/ REQUIRED)/{s// REQUIRED COMPONENTS $2)/;p}" readme.cmake
	cmake_consumers "${@:2}"
}

# A find_package with these arguments must be refused: find_refused TEXT WHERE CALL...
find_refused() {
	local text=$1 where=$2 call directory
	directory=$(mktemp -d "$place/refused.XXXX")
	{
		echo 'cmake_minimum_required(VERSION 3.25)'
		echo 'project(refused LANGUAGES C)'
		for call in "${@:3}"; do
			echo "find_package(ump_server $call)"
		done
	} >"$directory/CMakeLists.txt"
	refuses "$text" cmake -S "$directory" -B "$directory/build" "-DCMAKE_PREFIX_PATH=$where"
}

find_refusals() {
	local other
	for other in "$major.$((minor + 1))" "$((major + 1)).0" "$older_abi"; do
		find_refused "version: $version" "$prefix" "$other REQUIRED"
	done
	find_refused "its components are shared and static" "$prefix" "REQUIRED COMPONENTS fast"
	find_refused "the simulator is not installed here" "$prefix" "REQUIRED COMPONENTS sim"
	find_refused "the simulator is not installed here" "$prefix" "REQUIRED COMPONENTS fuzz sim"
	find_refused "the other kind of library was found before" "$prefix" \
		"REQUIRED COMPONENTS static" "REQUIRED COMPONENTS shared"
	find_refused "the shared library is not installed here" "$odd/elsewhere" "REQUIRED COMPONENTS shared"
}

# The template's fuzzer, without an engine, must be built with what is installed, and run:
# fuzz_component NAME OPTION...
fuzz_component() {
	cp -r "$root/tests/examples/fuzz" "$place/$1"
	cd "$place/$1"
	cmake -S . -B build -G Ninja "${@:2}"
	cmake --build build
	build/store_fuzzer --seconds 1 --seed 1 | grep '^nothing found: '
}

# The same through pkg-config.
fuzz_pkg_config() {
	export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"
	cd "$root/tests/examples/fuzz"
	eval "cc -D_POSIX_C_SOURCE=200809L store.c store_fuzzer.c -o \"$place/store_fuzzer\" \
		$(pkg-config --variable=main ump_server-fuzz) $(pkg-config --cflags --libs ump_server-fuzz)"
	"$place/store_fuzzer" --seconds 1 --seed 1 | grep '^nothing found: '
	links "$place/store_fuzzer" shared
}

pkg_config_as_readme_says() {
	sources "$place/pkg-config"
	cd "$place/pkg-config"
	run_block "Installed, with pkg-config" 1 >said
	diff "$here/consumer.expected" said
	links your_program shared
	[ "$(PKG_CONFIG_PATH="$first_home/.local/lib/pkgconfig" pkg-config --modversion ump_server)" = \
		"$version" ]
}

# Each dialect through pkg-config, whose answers quote the spaces of the directory:
# pkg_config_consumers LIBDIR KIND FLAG...
pkg_config_consumers() {
	local dialect static=()
	export PKG_CONFIG_PATH="$1/pkgconfig" LD_LIBRARY_PATH="$1"
	[ "$2" = shared ] || static=(--static)
	sources "$place/pkg-config-flags"
	cd "$place/pkg-config-flags"
	for dialect in $dialects; do
		rm -f program
		eval "compile $dialect program ${*:3} $(pkg-config "${static[@]}" --cflags --libs ump_server)"
		runs ./program
		links program "$2"
	done
	[ "$2" = shared ] || pkg-config --static --libs ump_server | grep -q -- -pthread
	none grep -x -- -pthread <(pkg-config --libs ump_server | tr ' ' '\n')
}

# meson_consumers KIND OPTION
meson_consumers() {
	project "meson-$1" meson "Installed, with pkg-config" 2
	[ "$1" = shared ] || sed -i "s/version:/static: true, &/" readme/meson.build
	PKG_CONFIG_PATH="$prefix/lib/pkgconfig" meson setup build
	meson compile -C build
	LD_LIBRARY_PATH="$prefix/lib" all_run build "$1"
}

# No file of an installed tree may contain the path of its build or its old path.
names_no_place() {
	none grep -rF "$place" "$prefix"
}

# The loader must reject a program that was built for another ABI.
loader_tells() {
	bump "$major.$((minor + 1)).0"
	commit "$repository" "Another ABI"
	cmake -S "$repository" -B "$place/other" -G Ninja -DBUILD_TESTING=OFF -DBUILD_SHARED_LIBS=ON
	cmake --build "$place/other"
	back_to HEAD^
	LD_LIBRARY_PATH="$place/other" refuses "version \`UMP_$major.$minor' not found" \
		"$place/pkg-config/your_program"
}

subdirectory() {
	project "subdirectory-$1" cmake "Inside your own build" 1
	ln -s "$source_tree" ump-server
	cmake_consumers "$@"
	ctest --test-dir build -N | grep -q 'Total Tests: 0'
	cmake --install build --prefix "$PWD/installed"
}

subdirectory_static() {
	subdirectory static -DBUILD_SHARED_LIBS=OFF
	[ ! -e installed ]
}

subdirectory_shared() {
	subdirectory shared -DBUILD_SHARED_LIBS=ON -DUMP_INSTALL=ON
	[ -e installed/lib/libump_server.so ]
	[ -e installed/lib/cmake/ump_server/ump_server-shared.cmake ]
}

fetched() {
	project fetched cmake "Inside your own build" 3
	cp "$tarball" .
	cmake_consumers static
}

plainly_compiled() {
	sources "$place/plain"
	cd "$place/plain"
	ln -s "$source_tree" ump-server
	run_block "Without a build system" 1 >said
	diff "$here/consumer.expected" said
}

test_install() {
	try "install: as the README says" install_as_readme_says
	try "find_package: as the README says" \
		find_consumers find-first shared "$first_home/.local"
	try "pkg-config: as the README says" pkg_config_as_readme_says
	try "install: both kinds in one prefix" \
		install_static static "-DCMAKE_INSTALL_PREFIX=$first_home/.local"
	mv "$first_home/.local" "$prefix"
	try "install: a moved tree names no place" names_no_place
	try "find_package: the shared one first" find_consumers find-either shared "$prefix"
	try "find_package: BUILD_SHARED_LIBS=ON" \
		find_consumers find-on shared "$prefix" -DBUILD_SHARED_LIBS=ON
	try "find_package: BUILD_SHARED_LIBS=OFF" \
		find_consumers find-off static "$prefix" -DBUILD_SHARED_LIBS=OFF
	try "find_package: COMPONENTS shared" find_component find-shared shared "-DCMAKE_PREFIX_PATH=$prefix"
	try "find_package: COMPONENTS static" find_component find-static static "-DCMAKE_PREFIX_PATH=$prefix"
	try "find_package: COMPONENTS fuzz" fuzz_component fuzz "-DCMAKE_PREFIX_PATH=$prefix"
	try "find_package: COMPONENTS fuzz, odd engine" fuzz_component fuzz-flags \
		"-DCMAKE_PREFIX_PATH=$prefix" -DFUZZ_FLAGS= -DFUZZ_ENGINE=
	try "pkg-config: ump_server-fuzz" fuzz_pkg_config
	try "pkg-config: shared" pkg_config_consumers "$prefix/lib" shared
	try "pkg-config: static" pkg_config_consumers "$prefix/lib" static -static
	try "meson: shared" meson_consumers shared
	try "meson: static" meson_consumers static
	try "install: odd places" install_static odd "-DCMAKE_INSTALL_PREFIX=$odd/prefix" \
		"-DCMAKE_INSTALL_LIBDIR=$odd/elsewhere/lib" -DCMAKE_INSTALL_INCLUDEDIR=include/deep
	try "find_package: odd places" \
		find_component find-odd static "-DCMAKE_PREFIX_PATH=$odd/elsewhere"
	try "pkg-config: odd places" pkg_config_consumers "$odd/elsewhere/lib" static
	try "find_package: refuses what is not there" find_refusals
	try "loader: refuses another ABI" loader_tells
	try "add_subdirectory: static" subdirectory_static
	try "add_subdirectory: shared, installed with its project" subdirectory_shared
	try "FetchContent" fetched
	try "plain compile" plainly_compiled
}
