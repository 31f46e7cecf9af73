/* SPDX-License-Identifier: 0BSD */
/*
 * Included before every source: replaces the number of futex_time64, which 32-bit programs use, by
 * one that no kernel has, as if the kernel were older than 5.1, which introduced that call.
 */
#include <sys/syscall.h>

#undef SYS_futex_time64
#define SYS_futex_time64 100000
