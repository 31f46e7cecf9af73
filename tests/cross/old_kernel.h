/* SPDX-License-Identifier: 0BSD */
/*
 * Included before every source: asks for a system call that no kernel has where 32-bit programs
 * would use futex_time64, as if the kernel were older than 5.1, which brought it.
 */
#include <sys/syscall.h>

#undef SYS_futex_time64
#define SYS_futex_time64 100000
