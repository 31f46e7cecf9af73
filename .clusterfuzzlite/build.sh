#!/bin/bash -eu
# SPDX-License-Identifier: 0BSD
# Called by OSS-Fuzz and ClusterFuzzLite with CC, CFLAGS, LIB_FUZZING_ENGINE, SRC, WORK and OUT set.
# The engine may be a library in C++, so a C++ compiler links.
fuzz=$SRC/ump-server/fuzz
cmake -S "$fuzz" -B "$WORK/ump-server" -G Ninja -DCMAKE_C_COMPILER="$CC" \
	-DCMAKE_C_FLAGS="$CFLAGS" -DUMP_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
	-DUMP_FUZZ_LINKER_LANGUAGE=CXX -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS"
cmake --build "$WORK/ump-server" --target core_fuzzer life_fuzzer
for target in core life; do
	cp "$WORK/ump-server/${target}_fuzzer" "$OUT/"
	cp "$fuzz/$target/$target.dict" "$OUT/${target}_fuzzer.dict"
	zip -q -j -r "$OUT/${target}_fuzzer_seed_corpus.zip" "$fuzz/corpus/$target"
	printf '[libfuzzer]\nmax_len = 256\n' >"$OUT/${target}_fuzzer.options"
done
