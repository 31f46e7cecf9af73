/* SPDX-License-Identifier: 0BSD */
/* A server inside libev's loop.  Threads call it. */
#include "load.h"

#include <ev.h>

struct service {
	ump_task *task;
	struct pulse pulse;
};

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct service *service = io->data;

	(void)events;
	if (!ump_task_dispatch(service->task, BUDGET))
		ev_break(loop, EVBREAK_ALL); /* the server has ended */
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct service *service = timer->data;

	(void)loop;
	(void)events;
	pulse_tick(&service->pulse);
}

static void run(struct service *service)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	ev_timer timer;
	ev_io io;

	must(loop != NULL, "ev_loop_new");
	ev_io_init(&io, on_readable, ump_task_fd(service->task), EV_READ);
	ev_timer_init(&timer, on_tick, TICK_MS / 1000.0, TICK_MS / 1000.0);
	io.data = service;
	timer.data = service;
	ev_io_start(loop, &io);
	ev_timer_start(loop, &timer);
	ev_run(loop, 0);
	ev_timer_stop(loop, &timer);
	ev_io_stop(loop, &io);
	ev_loop_destroy(loop);
}

int main(int argc, char **argv)
{
	struct service service;
	struct adder adder = {0};
	struct callers callers;
	struct ump_flow how;
	ump_client *client;

	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &service.task),
		"the server");
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&service.pulse);
	run(&service);
	must_ok(ump_task_join(&service.task, &how), "join");
	return callers_report(&callers, &adder, &service.pulse, how);
}
