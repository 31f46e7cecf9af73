/* SPDX-License-Identifier: 0BSD */
/*
 * Put before everything else in simulated code: no instrumentation sees what these functions do to
 * memory, so the simulator has its own ones.
 */
#ifndef SIM_NAMES_H
#define SIM_NAMES_H

#define memcpy  sim_memcpy
#define memmove sim_memmove
#define memset  sim_memset
#define strncpy sim_strncpy

#endif
