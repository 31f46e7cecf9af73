/* SPDX-License-Identifier: 0BSD */
#include "search/search.h"

#include "machine/arena.h"
#include "machine/choice.h"
#include "machine/machine.h"
#include "machine/statics.h"
#include "machine/trace.h"
#include "model/views.h"
#include "platform/devices.h"
#include "search/states.h"
#include "server/dropped.h"

static struct sim_extension extra;

void sim_extend(const struct sim_extension *extension)
{
	extra = *extension;
	states_extend(extension->hash);
}

void sim_check_end(void)
{
	size_t size;
	size_t kept = ump__dropped_count();
	int thread;

	for (int t = 0; t < machine.count; t++) {
		if (machine.threads[t].counted && !machine.threads[t].released && kept-- == 0) {
			sim_blame("thread leak",
				"thread %d was neither joined, nor is there to be joined", t);
			return;
		}
	}
	if (notifier_leak() >= 0) {
		sim_blame("file descriptor leak", "file descriptor %d was not closed",
			notifier_leak());
		return;
	}
	if (arena_leak(&size, &thread))
		sim_blame("leak", "a block of %zu bytes that thread %d allocated is left", size,
			thread);
}

void sim_execute(void (*run)(void *), void *arg)
{
	machine_begin();
	choice_begin(states_seen);
	arena_begin();
	views_begin();
	devices_begin();
	statics_begin();
	trace_begin();
	if (extra.begin != NULL)
		extra.begin();
	machine_run(run, arg);
	if (sim_result.bug != NULL || sim_result.cut || sim_result.limited)
		return;
	if (extra.end != NULL)
		extra.end();
	else
		sim_check_end();
}

void sim_explore_anew(void)
{
	choice_restart();
	states_forget();
	views_explore_anew();
}

bool sim_explore_again(void)
{
	if (!views_mistaken())
		return false;
	choice_restart();
	states_forget();
	return true;
}
