/* SPDX-License-Identifier: 0BSD */
/*
 * Coverage of interleavings, for libFuzzer: pairs of operations of two threads, one right after the
 * other, on the same word.
 */
#ifndef SIM_COVERAGE_H
#define SIM_COVERAGE_H

#include "machine/machine.h"

void coverage_step(const struct step *step);

/* Number of pairs met since the program began. */
unsigned coverage_pairs(void);

#endif
