/* SPDX-License-Identifier: 0BSD */
/* A server inside libevent's loop.  Threads call it. */
#include "load.h"

#include <event2/event.h>

struct service {
	struct event_base *base;
	ump_task *task;
	struct pulse pulse;
};

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct service *service = arg;

	(void)fd;
	(void)events;
	if (!ump_task_dispatch(service->task, BUDGET))
		event_base_loopbreak(service->base); /* the server has ended */
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct service *service = arg;

	(void)fd;
	(void)events;
	pulse_tick(&service->pulse);
}

static void run(struct service *service)
{
	struct timeval period = {.tv_usec = TICK_MS * 1000};
	struct event *readable;
	struct event *timer;

	readable = event_new(service->base, ump_task_fd(service->task), EV_READ | EV_PERSIST,
		on_readable, service);
	timer = event_new(service->base, -1, EV_PERSIST, on_tick, service);
	must(readable != NULL && event_add(readable, NULL) == 0, "the task's event");
	must(timer != NULL && event_add(timer, &period) == 0, "the timer's event");
	must(event_base_dispatch(service->base) == 0, "event_base_dispatch");
	event_free(timer);
	event_free(readable);
}

int main(int argc, char **argv)
{
	struct service service = {.base = event_base_new()};
	struct adder adder = {0};
	struct callers callers;
	struct ump_flow how;
	ump_client *client;

	must(service.base != NULL, "event_base_new");
	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &service.task),
		"the server");
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&service.pulse);
	run(&service);
	event_base_free(service.base);
	must_ok(ump_task_join(&service.task, &how), "join");
	return callers_report(&callers, &adder, &service.pulse, how);
}
