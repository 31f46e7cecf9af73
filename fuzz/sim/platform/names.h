/* SPDX-License-Identifier: 0BSD */
/*
 * Included before everything else in simulated code: instrumentation does not see the memory
 * accesses of these functions, so the simulator replaces them.
 */
#ifndef SIM_NAMES_H
#define SIM_NAMES_H

#define memcpy  sim_memcpy
#define memmove sim_memmove
#define memset  sim_memset
#define strncpy sim_strncpy

#endif
