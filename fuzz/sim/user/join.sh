#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Make the two objects of the installed simulator, and the list of functions that the linker wraps.
#
#     join.sh LD NM OBJCOPY ENGINE-OBJECT... -- LIBRARY-OBJECT...
#
# Writes engine.o, library.o and ump_server_sim.wrap into the current directory.
set -eu

ld=$1 nm=$2 objcopy=$3
shift 3
engine='' library='' part=engine
for object; do
	case $object,$part in
	--,*) part=library ;;
	*,engine) engine="$engine $object" ;;
	*) library="$library $object" ;;
	esac
done

# shellcheck disable=SC2086 # They are lists.
"$ld" -r -o engine.joined.o $engine
# shellcheck disable=SC2086
"$ld" -r -o library.joined.o $library

# Each function __wrap_NAME takes the program's calls of NAME; the simulator itself calls the real one.
"$nm" --defined-only engine.joined.o | sed -n 's/.* T __wrap_//p' | sort >wrapped
sed 's/^/--wrap=/' wrapped >ump_server_sim.wrap
sed 's/.*/& __real_&/' wrapped >redefined

# The simulator's data must not be restored with the program's, so it lies in sections of its own.
# Its names must not meet the program's.
"$objcopy" --redefine-syms=redefined \
	--rename-section .data=ump_sim_data --rename-section .bss=ump_sim_bss \
	--wildcard --keep-global-symbol='__wrap_*' --keep-global-symbol='__tsan_*' \
	--keep-global-symbol='ump_*' --keep-global-symbol='sim_mem*' --keep-global-symbol='sim_str*' \
	--keep-global-symbol='pthread_*' --keep-global-symbol='sem_*' --keep-global-symbol='__cxa_*' \
	--keep-global-symbol='_Zn*' --keep-global-symbol='_Zd*' --keep-global-symbol='_ZNSt*' \
	--keep-global-symbol=abort --keep-global-symbol=__assert_fail \
	--keep-global-symbol=sched_yield --keep-global-symbol=nanosleep \
	--keep-global-symbol=clock_nanosleep --keep-global-symbol=usleep --keep-global-symbol=sleep \
	--keep-global-symbol=clock_gettime --keep-global-symbol='thrd_*' --keep-global-symbol='mtx_*' \
	--keep-global-symbol='cnd_*' --keep-global-symbol='tss_*' --keep-global-symbol=call_once \
	engine.joined.o engine.o
# The library's code is known by its section (platform/tsan.c).
"$objcopy" --rename-section .text=ump_server_text --wildcard --keep-global-symbol='ump_*' \
	library.joined.o library.o
