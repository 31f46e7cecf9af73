/* SPDX-License-Identifier: 0BSD */
/*
 * Coverage of interleavings, for libFuzzer: which operation of one thread came right after which
 * operation of another one on the same word.
 */
#ifndef SIM_COVERAGE_H
#define SIM_COVERAGE_H

#include "machine.h"

void coverage_step(const struct step *step);

/* How many pairs were met since the program began. */
unsigned coverage_pairs(void);

#endif
