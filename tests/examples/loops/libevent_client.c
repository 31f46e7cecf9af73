/* SPDX-License-Identifier: 0BSD */
/* A client inside libevent's loop, of a server on a thread whose inbox has a small capacity. */
#include "load.h"

#include <event2/event.h>

#define CAPACITY 16

struct program {
	struct event_base *base;
	struct requester requester;
	struct pulse pulse;
};

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct program *program = arg;
	struct ump_completion done;

	(void)fd;
	(void)events;
	/* All must be booked before the next send: otherwise a fast server could keep this loop
	 * here. */
	while (ump_completions_next(program->requester.completions, &done) == UMP_OK)
		requester_book(&program->requester, &done);
	if (!requester_send(&program->requester))
		event_base_loopbreak(program->base); /* all is answered */
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct program *program = arg;

	(void)fd;
	(void)events;
	pulse_tick(&program->pulse);
}

static void run(struct program *program)
{
	int fd = ump_completions_fd(program->requester.completions);
	struct timeval period = {.tv_usec = TICK_MS * 1000};
	struct event *readable;
	struct event *timer;

	readable = event_new(program->base, fd, EV_READ | EV_PERSIST, on_readable, program);
	timer = event_new(program->base, -1, EV_PERSIST, on_tick, program);
	must(readable != NULL && event_add(readable, NULL) == 0, "the event of the completions");
	must(timer != NULL && event_add(timer, &period) == 0, "the timer's event");
	(void)requester_send(&program->requester);
	must(event_base_dispatch(program->base) == 0, "event_base_dispatch");
	event_free(timer);
	event_free(readable);
}

int main(int argc, char **argv)
{
	struct program program = {.base = event_base_new()};
	struct ump_config config = adder_config;
	struct adder adder = {0};
	ump_client *client;
	ump_thread *thread;

	must(program.base != NULL, "event_base_new");
	config.capacity = CAPACITY;
	must_ok(ump_spawn_thread(&config, adder_build, &adder, &client, &thread), "the server");
	requester_open(&program.requester, &client, load_requests(argc, argv));
	pulse_start(&program.pulse);
	run(&program);
	event_base_free(program.base);
	return requester_report(&program.requester, &thread, &adder, &program.pulse);
}
