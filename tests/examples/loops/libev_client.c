/* SPDX-License-Identifier: 0BSD */
/* A client inside libev's loop, of a server on a thread. */
#include "load.h"

#include <ev.h>

struct program {
	struct requester requester;
	struct pulse pulse;
};

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct program *program = io->data;
	struct ump_completion done;

	(void)events;
	/* All must be booked before the next send: otherwise a fast server could keep this loop
	 * here. */
	while (ump_completions_next(program->requester.completions, &done) == UMP_OK)
		requester_book(&program->requester, &done);
	if (!requester_send(&program->requester))
		ev_break(loop, EVBREAK_ALL); /* all is answered */
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct program *program = timer->data;

	(void)loop;
	(void)events;
	pulse_tick(&program->pulse);
}

static void run(struct program *program)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	ev_timer timer;
	ev_io io;

	must(loop != NULL, "ev_loop_new");
	ev_io_init(&io, on_readable, ump_completions_fd(program->requester.completions), EV_READ);
	ev_timer_init(&timer, on_tick, TICK_MS / 1000.0, TICK_MS / 1000.0);
	io.data = program;
	timer.data = program;
	ev_io_start(loop, &io);
	ev_timer_start(loop, &timer);
	(void)requester_send(&program->requester);
	ev_run(loop, 0);
	ev_timer_stop(loop, &timer);
	ev_io_stop(loop, &io);
	ev_loop_destroy(loop);
}

int main(int argc, char **argv)
{
	struct program program;
	struct adder adder = {0};
	ump_client *client;
	ump_thread *thread;

	must_ok(ump_spawn_thread(&adder_config, adder_build, &adder, &client, &thread),
		"the server");
	requester_open(&program.requester, &client, load_requests(argc, argv));
	pulse_start(&program.pulse);
	run(&program);
	return requester_report(&program.requester, &thread, &adder, &program.pulse);
}
