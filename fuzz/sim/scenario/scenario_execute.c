/* SPDX-License-Identifier: 0BSD */
#include "oracle.h"
#include "platform.h"
#include "program.h"
#include "scenario.h"
#include "sim.h"

void scenario_execute(const struct program *program)
{
	oracle_begin(program);
	platform_tells_offers(oracle_offered);
	platform_recycles((program->traits & POOLED) != 0);
	sim_execute(scenario_root, (void *)(uintptr_t)program);
	if (sim_result.bug == NULL && !sim_result.cut && !sim_result.limited)
		oracle_end();
}
