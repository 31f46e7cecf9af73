# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Tests of the Debian packages: built, checked by lintian, installed on this system, used, and purged.
debian_tree="$place/debian/ump-server-$version"

make_packages() {
	local block
	block=$(readme "As Debian packages" 1)
	[ "$(head -n 1 <<<"$block")" = ump-server/scripts/package ]
	mkdir -p "$place/debian" "$place/debian-again"
	tar -xzf "$tarball" -C "$place/debian"
	tar -xzf "$tarball" -C "$place/debian-again"
	"$debian_tree/scripts/package"
	"$place/debian-again/ump-server-$version/scripts/package"
	local package
	for package in "$debian_tree"/build/package/*.deb; do
		cmp "$package" "$place/debian-again/ump-server-$version/build/package/${package##*/}"
	done
}

# lintian may have two complaints only: the package closes no Debian bug, since no request for it was
# filed there; and cpack calls ldconfig itself, besides the trigger.
lintian_is_content() {
	lintian --allow-root --fail-on error,warning \
		--suppress-tags initial-upload-closes-no-bugs,maintscript-calls-ldconfig \
		"$debian_tree"/build/package/*.deb
}

dependencies_are_right() {
	local runtime="libump-server$major" dev="libump-server-dev" packages="$debian_tree/build/package"
	dpkg-deb -f "$packages/${dev}_"*.deb Depends | grep -F "$runtime (= $version-"
	dpkg-deb -f "$packages/libump-server-sim-dev_"*.deb Depends | grep -F "$dev (= $version-"
	dpkg-deb -f "$packages/${runtime}_"*.deb Depends | grep '^libc6 (>= [0-9.]*)$'
	dpkg-deb --ctrl-tarfile "$packages/${runtime}_"*.deb | tar -xO ./triggers |
		grep -x 'activate-noawait ldconfig'
}

install_packages() {
	cd "$place/debian"
	ln -s "$debian_tree" ump-server
	readme "As Debian packages" 1 | tail -n +2 >"$place/debian/install"
	[ -s "$place/debian/install" ]
	bash -eux "$place/debian/install"
	ldconfig -p | grep -F "libump_server.so.$major "
	local page
	for page in "$debian_tree"/src/*.[0-9]; do
		dpkg -L libump-server-dev | grep -x "/usr/share/man/man${page##*.}/${page##*/}.gz"
	done
}

# pkg-config, CMake and the loader must find what dpkg installed without a path.
uses_packages() {
	unset PKG_CONFIG_PATH LD_LIBRARY_PATH
	sources "$place/debian-use"
	cd "$place/debian-use"
	local dialect
	for dialect in $dialects; do
		eval "compile $dialect $dialect $(pkg-config --cflags --libs ump_server)"
		runs "./$dialect"
		links "$dialect" shared
		eval "compile $dialect $dialect-static -static $(pkg-config --static --libs ump_server)"
		runs "./$dialect-static"
		links "$dialect-static" static
	done
	project debian-find cmake "Installed, with CMake" 2
	cmake_consumers shared
}

# The simulator that dpkg installed finds a mistake, through pkg-config and through CMake.
simulates() {
	local directory="$place/debian-sim" flags
	mkdir -p "$directory"
	cd "$directory"
	cp "$root/tests/users/sim/counter.c" "$root/tests/users/sim/fuzz_count.c" .
	flags="-O1 -g $(pkg-config --cflags ump_server-sim)"
	eval "gcc $flags -c counter.c"
	eval "gcc counter.o -o counter $(pkg-config --libs ump_server-sim)"
	cat >CMakeLists.txt <<-'EOF'
		cmake_minimum_required(VERSION 3.25)
		project(simulated LANGUAGES C)
		find_package(ump_server REQUIRED COMPONENTS fuzz sim)
		add_executable(counter counter.c)
		target_link_libraries(counter PRIVATE ump_server::sim)
		add_executable(fuzz_count fuzz_count.c)
		target_link_libraries(fuzz_count PRIVATE ump_server::fuzz_sim)
	EOF
	cmake -S . -B build -G Ninja
	cmake --build build
	local program
	for program in ./counter build/counter; do
		! "$program" >said
		grep -F 'data race: ' said
		grep -E 'T[0-9]  reads 4 bytes at handled  .*counter\.c:[0-9]+ post' said
		# Nothing of the library's inside is shown, although it has no debugging information.
		none grep -F ump__ said
	done
	! build/fuzz_count >said
	grep -F 'data race: ' said
	grep -E 'T[0-9]  call 1: spawn' said
	none grep -F ump__ said
}

# A package of a program that uses the library must not depend on a version with another ABI.
shlibs_tell() {
	local next=$((minor + 1))
	if [ "$major" = 0 ]; then
		next=0.$next
	else
		next=$((major + 1))
	fi
	mkdir -p "$place/debian-use/debian"
	cd "$place/debian-use"
	printf 'Source: consumer\n\nPackage: consumer\nArchitecture: any\n' >debian/control
	dpkg-shlibdeps -O c11 >depends
	grep -F "libump-server$major (>= $version)" depends
	grep -F "libump-server$major (<< $next~)" depends
}

# After the purge nothing of them may be left.
purge() {
	dpkg --purge libump-server-sim-dev libump-server-dev "libump-server$major"
	ldconfig -p >"$place/debian-use/libraries"
	none grep -F libump_server "$place/debian-use/libraries"
	none compgen -G '/usr/lib/*/*ump_server*'
	none compgen -G '/usr/lib/*/*/*ump_server*'
	none compgen -G '/usr/include/*ump_server*'
	none compgen -G '/usr/share/doc/libump-server*'
	none compgen -G '/usr/share/man/man?/ump_*'
}

test_debian() {
	need dpkg-dev lintian file
	try "debian: two places make the same packages" make_packages
	try "debian: lintian has no complaint" lintian_is_content
	try "debian: dependencies and trigger" dependencies_are_right
	[ "$(id -u)" = 0 ] || die "not root: dpkg cannot install the packages to test them"
	# One at a time: another tree's test would install and purge the same packages.
	exec 9>/run/lock/ump-server-package-test
	flock -w 300 9 || die "another test of these packages does not end"
	! dpkg-query -W -f='${db:Status-Status}' "libump-server$major" 2>/dev/null | grep -qx installed ||
		die "libump-server$major is installed: the test would purge it"
	trap 'dpkg --purge libump-server-sim-dev libump-server-dev "libump-server$major" >/dev/null 2>&1 || true' EXIT
	try "debian: installed as the README says" install_packages
	try "debian: used through pkg-config and CMake, both kinds" uses_packages
	try "debian: the simulator" simulates
	try "newcomer: with Debian packages" newcomer debian "As Debian packages/1" "As Debian packages/2"
	try "debian: what depends on it" shlibs_tell
	try "debian: purged" purge
}
