/* SPDX-License-Identifier: 0BSD */
/* Executions, and the search through all of them. */
#ifndef SIM_SEARCH_H
#define SIM_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Run `run(arg)` as thread 0, and all threads that it starts, to the end or the first bug. */
void sim_execute(void (*run)(void *), void *arg);

/* Begin an exhaustive exploration anew: no choices, no known states. */
void sim_explore_anew(void);

/* Whether the last execution has refuted an assumption of earlier ones (views_alone).  The
 * exploration then begins anew, with that knowledge. */
bool sim_explore_again(void);

/* Number of known states. */
size_t sim_states(void);

/* Whether this build can distinguish states; if not, executions are never cut. */
bool sim_can_cut(void);

/* Parts of the simulated world that only some drivers have.  `begin` is called before each
 * execution, `hash` adds their state, and `end` replaces the checks at the end of an execution. */
struct sim_extension {
	void (*begin)(void);
	uint64_t (*hash)(uint64_t hash);
	void (*end)(void);
};

void sim_extend(const struct sim_extension *extension);

/* The checks at the end of an execution without an extension. */
void sim_check_end(void);

/* Memory outside the simulated one that belongs to the state: the oracle's accounts. */
void sim_watch(void *memory, size_t size);
uint64_t sim_watched_hash(void);

#endif
