/* SPDX-License-Identifier: 0BSD */
/* Timers of the scenario's handlers; [timer].  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

void server_check_timers(const struct server *server)
{
	int64_t read = sim_clock_read();

	for (int i = 0; i < server->timer_count; i++) {
		const struct timer *timer = &server->timers[i];

		if (timer->pending && timer->due <= read)
			sim_fail("[timer]", "a message comes before a call that is due");
	}
}

static void cancel(struct timer *timer)
{
	int code = ump_timer_cancel(timer->id);

	sim_remark("ump_timer_cancel: %s", ump_strerror(code));
	if (code != (timer->pending ? UMP_OK : UMP_EMPTY))
		sim_fail("[timer]", "cancelling is not exact: %s", ump_strerror(code));
	timer->pending = false;
}

static struct ump_flow on_due(void *self, void *arg, uint64_t count)
{
	struct server *server = self;
	struct timer *timer = arg;

	sim_remark("server %d: timer %d calls", server->number, (int)(timer - server->timers));
	if (!timer->pending || count != 1)
		sim_fail("[timer]", "a timer calls that was cancelled, or has called");
	timer->pending = false;
	if (sim_clock() < timer->due)
		sim_fail("[timer]", "a timer calls before its time");
	oracle_due_call(server->number);
	if (timer->victim != NULL)
		cancel(timer->victim);
	if (!timer->breaks)
		return ump_continue();
	oracle_broke(server->number);
	return ump_break((void *)VALUE_BREAK);
}

/* Start one; NULL if it was refused. */
static struct timer *start(struct server *server, ump_time due, bool breaks)
{
	struct timer *timer = &server->timers[server->timer_count];
	/* The handles belong to other threads. */
	int expected = server->program->traits & RAW                           ? UMP_INVALID
		       : program_is_combining(server->program, server->number) ? UMP_NO_TIMERS
		       : server->whole != NULL                                 ? UMP_NO_TIMERS
									       : UMP_OK;
	int code;

	if (server->timer_count == TIMERS)
		return NULL;
	*timer = (struct timer){.due = due, .breaks = breaks, .pending = true};
	code = ump_timer_start(on_due, timer, due, 0, &timer->id);
	sim_remark("ump_timer_start: %s", ump_strerror(code));
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else if (code != expected)
		sim_fail("[timer]", "a timer is refused: %s", ump_strerror(code));
	if (code != UMP_OK)
		return NULL;
	server->timer_count++;
	return timer;
}

void server_start_timers(struct server *server, const struct message *message)
{
	ump_time due = ump_after(SOON);
	struct timer *first = start(server, due, message->behaviour == TIMER_BREAK);
	struct timer *second;

	if (message->behaviour != TIMER_CANCEL || first == NULL)
		return;
	/* This one is due earlier, or at the same time; then any of the two calls first. */
	second = start(server, due - 1, false);
	if (second != NULL)
		second->victim = first;
}
