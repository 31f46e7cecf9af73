/* SPDX-License-Identifier: 0BSD */
/* Programs, performed with the library inside the simulator. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "program/program.h"

/* Perform one execution of `program`, as sim_config says; sim_result has its result. */
void scenario_execute(const struct program *program);

/* The first thread of an execution.  Simulated code. */
void scenario_root(void *program);

#endif
