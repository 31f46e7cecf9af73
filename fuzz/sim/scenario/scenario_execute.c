/* SPDX-License-Identifier: 0BSD */
#include "machine/sim.h"
#include "oracle/oracle.h"
#include "platform/platform.h"
#include "program/program.h"
#include "scenario/scenario.h"
#include "search/search.h"

void scenario_execute(const struct program *program)
{
	oracle_begin(program);
	platform_on_release(oracle_released_role);
	platform_recycles((program->traits & POOLED) != 0);
	sim_execute(scenario_root, (void *)(uintptr_t)program);
	if (sim_result.bug == NULL && !sim_result.cut && !sim_result.limited)
		oracle_end();
}
