/* SPDX-License-Identifier: 0BSD */
/* A server inside systemd's event loop.  Threads call it. */
#include "load.h"

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#define TICK_USEC (TICK_MS * 1000)

struct service {
	ump_task *task;
	struct pulse pulse;
};

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct service *service = data;

	(void)fd;
	(void)events;
	if (ump_task_dispatch(service->task, BUDGET))
		return 0;
	/* The server has ended. */
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* A timer of this loop fires once, so it must be armed again. */
static int on_tick(sd_event_source *source, uint64_t now, void *data)
{
	struct service *service = data;

	(void)now;
	pulse_tick(&service->pulse);
	must(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0, "the timer");
	return sd_event_source_set_time_relative(source, TICK_USEC);
}

static void run(struct service *service)
{
	sd_event *event = NULL;

	must(sd_event_new(&event) >= 0, "sd_event_new");
	/* Sources without a variable of their own live as long as the loop. */
	must(sd_event_add_io(
		     event, NULL, ump_task_fd(service->task), EPOLLIN, on_readable, service) >= 0,
		"sd_event_add_io");
	must(sd_event_add_time_relative(
		     event, NULL, CLOCK_MONOTONIC, TICK_USEC, 1, on_tick, service) >= 0,
		"sd_event_add_time_relative");
	must(sd_event_loop(event) >= 0, "sd_event_loop");
	sd_event_unref(event);
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
