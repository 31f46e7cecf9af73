#!/bin/bash -eu
# SPDX-License-Identifier: 0BSD
# Called by OSS-Fuzz and ClusterFuzzLite with CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, SRC, WORK
# and OUT set, and usually SANITIZER and FUZZING_ENGINE.  The engine may be a library in C++, so a C++
# compiler links.
fuzz=$SRC/ump-server/fuzz

# Put a fuzzer in $OUT, with its corpus and options: install_fuzzer TARGET BINARY MAX_LEN
install_fuzzer() {
	cp "$2" "$OUT/$1_fuzzer"
	zip -q -j -r "$OUT/$1_fuzzer_seed_corpus.zip" "$fuzz/corpus/$1"
	printf '[libfuzzer]\nmax_len = %d\n' "$3" >"$OUT/$1_fuzzer.options"
	[ ! -e "$fuzz/$1/$1.dict" ] || cp "$fuzz/$1/$1.dict" "$OUT/$1_fuzzer.dict"
}

cmake -S "$fuzz" -B "$WORK/ump-server" -G Ninja -DCMAKE_C_COMPILER="$CC" \
	-DCMAKE_C_FLAGS="$CFLAGS" -DUMP_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
	-DUMP_FUZZ_LINKER_LANGUAGE=CXX -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS"
cmake --build "$WORK/ump-server" --target core_fuzzer life_fuzzer
for target in core life; do
	install_fuzzer $target "$WORK/ump-server/${target}_fuzzer" 256
done

# The fuzzer of schedules has a runtime in place of a sanitizer's, so it must be built without theirs:
# it finds memory errors itself.  It guides libFuzzer only, and has no part in a coverage report.
if [ "${FUZZING_ENGINE:-libfuzzer}" = libfuzzer ] && [ "${SANITIZER:-}" != coverage ]; then
	library=$(grep -oE -e '-stdlib=[^ ]*' <<<"$CXXFLAGS" || true)
	env -u CFLAGS -u CXXFLAGS cmake -S "$fuzz/sim" -B "$WORK/ump-server-sim" -G Ninja \
		-DCMAKE_C_COMPILER="$CC" -DUMP_SIM_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
		-DUMP_SIM_LINKER_LANGUAGE=CXX -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$library"
	cmake --build "$WORK/ump-server-sim" --target race_fuzzer
	install_fuzzer race "$WORK/ump-server-sim/race_fuzzer" 512
fi
