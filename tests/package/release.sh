# SPDX-License-Identifier: 0BSD
# shellcheck shell=bash
# Tests of scripts/release, in a repository of their own: what it accepts, and what it rejects.
repository="$place/repository"
header="$repository/include/ump_server.h"
tarball="$repository/build/release/ump-server-$version.tar.gz"
IFS=. read -r major minor patch <<<"$version"

release() {
	nobody "$repository/scripts/release" "$@"
}

# Undo what a test did to the repository since a commit: back_to COMMIT
back_to() {
	nobody git -C "$repository" reset --quiet --hard "$1"
	nobody git -C "$repository" clean --quiet -fd
}

# Make the repository's next version, in the header and in the CHANGELOG: bump VERSION
bump() {
	local next=(${1//./ })
	sed -i -e "s/^\(#define UMP_VERSION_STRING\) .*/\1 \"$1\"/" \
		-e "s/^\(#define UMP_VERSION_MAJOR\) .*/\1 ${next[0]}/" \
		-e "s/^\(#define UMP_VERSION_MINOR\) .*/\1 ${next[1]}/" \
		-e "s/^\(#define UMP_VERSION_PATCH\) .*/\1 ${next[2]}/" "$header"
	sed -i "0,/^## \[/s//## [$1] - 2026-01-02\n\n&/" "$repository/CHANGELOG.md"
}

first_release() {
	release --check | tee "$place/logs/first"
	grep -q 'no earlier tag' "$place/logs/first"
	(cd "$(dirname "$tarball")" && sha256sum -c "$tarball.sha256")
	tar -tzf "$tarball" | grep -v '/$' | sed 's,^[^/]*/,,' | sort |
		diff - <(nobody git -C "$repository" ls-files | sort)
}

refuses_dirty() {
	echo >"$repository/src/forgotten.c"
	refuses "the tree is not clean" release --check
	back_to HEAD
}

refuses_version() {
	sed -i 's/^#define UMP_VERSION_PATCH .*/#define UMP_VERSION_PATCH 77/' "$header"
	commit "$repository" "A patch in one place only"
	refuses "the header's numbers say $major.$minor.77" release --check
	back_to HEAD^
	bump 77.0.0
	nobody git -C "$repository" checkout --quiet CHANGELOG.md
	commit "$repository" "A version that the CHANGELOG does not know"
	refuses "top release is $version, the header says 77.0.0" release --check
	back_to HEAD^
	sed -i "0,/^## \[/s//## [Unreleased]\n\n- Something.\n\n&/" "$repository/CHANGELOG.md"
	commit "$repository" "A change that is in no release"
	refuses "lists changes as unreleased" release --check
	back_to HEAD^
}

tags() {
	release --tag
	[ "$(nobody git -C "$repository" cat-file -t "v$version")" = tag ]
	release --tag # again: the tag exists already
	nobody git -C "$repository" commit --quiet --allow-empty -m "After the tag"
	refuses "the tag v$version is of another commit" release --check
	back_to HEAD^
}

# A next version with a change, which release must accept or reject: abi VERSION TEXT [EDIT]
abi() {
	local next=$1 text=$2 refused=no expected=no
	back_to "v$version"
	bump "$next"
	[ $# -lt 3 ] || "$3"
	commit "$repository" "Version $next"
	release --check >"$place/logs/abi" 2>&1 || refused=yes
	cat "$place/logs/abi"
	grep -q "$text" "$place/logs/abi"
	[[ $text != *" not that of "* ]] || expected=yes
	[ $refused = $expected ]
	back_to "v$version"
}

add_last_field() {
	sed -i '/^struct ump_config {/,/^};/s/^};/\tint added;\n};/' "$header"
}

add_first_field() {
	sed -i '/^struct ump_config {/a\	int added;' "$header"
}

add_first_callback() {
	sed -i '/^struct ump_handler {/a\	void (*added)(void);' "$header"
}

change_result() {
	sed -i 's/\bUMP_EMPTY = -[0-9]*/UMP_EMPTY = -99/' "$header"
}

add_function() {
	sed -i 's/^UMP_API unsigned ump_version(void);/&\nUMP_API int ump_added(void);/' "$header"
	printf '\nint ump_added(void)\n{\n\treturn 0;\n}\n' >>"$repository/src/observe/status.c"
}

change_parameter() {
	sed -i 's/\bump_after(int64_t ns)/ump_after(int32_t ns)/' "$header" "$repository"/src/*/*.c
}

remove_function() {
	sed -i 's/^UMP_API \(size_t ump_server_skipped\)/\1/' "$header"
}

# The tarball from which all other parts start.
make_first_release() {
	try "release: a clean tree, a tarball of all of it, twice the same" first_release
}

test_release() {
	local patched=$major.$minor.$((patch + 1)) broken=$major.$((minor + 1)).0
	[ "$major" = 0 ] || broken=$((major + 1)).0.0
	try "release: refuses a tree that is not clean" refuses_dirty
	try "release: refuses versions that differ" refuses_version
	try "release: tags, and refuses a tag of another commit" tags
	local kept="the ABI is that of v$version" broke="the ABI is not that of v$version"
	try "abi: a patch" abi "$patched" "$kept"
	try "abi: a field at the end of the config may be added" abi "$patched" "$kept" add_last_field
	try "abi: a function may be added" abi "$patched" "$kept" add_function
	try "abi: a field at the config's beginning breaks it" abi "$patched" "$broke" add_first_field
	try "abi: a callback at the handler's beginning breaks it" \
		abi "$patched" "$broke" add_first_callback
	try "abi: another number for a result breaks it" abi "$patched" "$broke" change_result
	try "abi: another type of a parameter breaks it" abi "$patched" "$broke" change_parameter
	try "abi: a function that goes breaks it" abi "$patched" "$broke" remove_function
	try "abi: a new name for it allows that" abi "$broken" "the ABI is named anew" add_first_field
}
