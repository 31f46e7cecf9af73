#!/bin/bash -eu
# SPDX-License-Identifier: 0BSD
# Called by ClusterFuzzLite with CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, SRC, WORK and OUT set.
# The library is built with the same flags, so that sanitizers see into it.
options=(-G Ninja -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_BUILD_TYPE=None)
cmake -S "$SRC/store/ump-server" -B "$WORK/library" "${options[@]}" -DBUILD_TESTING=OFF \
	-DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$WORK/installed"
cmake --build "$WORK/library"
cmake --install "$WORK/library"
cmake -S "$SRC/store" -B "$WORK/store" "${options[@]}" -DCMAKE_PREFIX_PATH="$WORK/installed" \
	-DFUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DFUZZ_FLAGS= -DFUZZ_LINKER_LANGUAGE=CXX \
	-DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS"
cmake --build "$WORK/store"
cp "$WORK/store/store_fuzzer" "$OUT/"
printf '[libfuzzer]\nmax_len = 512\n' >"$OUT/store_fuzzer.options"
