/* SPDX-License-Identifier: 0BSD */
/* A client inside systemd's event loop, of a server on a thread. */
#include "load.h"

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#define TICK_USEC (TICK_MS * 1000)

struct program {
	struct requester requester;
	struct pulse pulse;
};

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct program *program = data;
	struct ump_completion done;

	(void)fd;
	(void)events;
	/* All must be booked before the next send: otherwise a fast server could keep this loop
	 * here. */
	while (ump_completions_next(program->requester.completions, &done) == UMP_OK)
		requester_book(&program->requester, &done);
	if (requester_send(&program->requester))
		return 0;
	/* All requests are answered. */
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* A timer of this loop fires once, so it must be armed again. */
static int on_tick(sd_event_source *source, uint64_t now, void *data)
{
	struct program *program = data;

	(void)now;
	pulse_tick(&program->pulse);
	must(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0, "the timer");
	return sd_event_source_set_time_relative(source, TICK_USEC);
}

static void run(struct program *program)
{
	int fd = ump_completions_fd(program->requester.completions);
	sd_event *event = NULL;

	must(sd_event_new(&event) >= 0, "sd_event_new");
	/* Sources without a variable of their own live as long as the loop. */
	must(sd_event_add_io(event, NULL, fd, EPOLLIN, on_readable, program) >= 0,
		"sd_event_add_io");
	must(sd_event_add_time_relative(
		     event, NULL, CLOCK_MONOTONIC, TICK_USEC, 1, on_tick, program) >= 0,
		"sd_event_add_time_relative");
	(void)requester_send(&program->requester);
	must(sd_event_loop(event) >= 0, "sd_event_loop");
	sd_event_unref(event);
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
