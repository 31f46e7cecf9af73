/* SPDX-License-Identifier: 0BSD */
/* A client inside libuv's loop, of a server on a thread. */
#include "load.h"

#include <uv.h>

struct program {
	struct requester requester;
	struct pulse pulse;
	uv_poll_t poll;
	uv_timer_t timer;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct program *program = poll->data;
	struct ump_completion done;

	(void)events;
	must(status == 0, "uv_poll");
	/* All must be booked before the next send: otherwise a fast server could keep this loop
	 * here. */
	while (ump_completions_next(program->requester.completions, &done) == UMP_OK)
		requester_book(&program->requester, &done);
	if (requester_send(&program->requester))
		return;
	/* All requests are answered.  Without handles libuv's loop ends. */
	uv_close((uv_handle_t *)&program->poll, NULL);
	uv_close((uv_handle_t *)&program->timer, NULL);
}

static void on_tick(uv_timer_t *timer)
{
	struct program *program = timer->data;

	pulse_tick(&program->pulse);
}

static void start(struct program *program, uv_loop_t *loop)
{
	int fd = ump_completions_fd(program->requester.completions);

	program->poll.data = program;
	program->timer.data = program;
	must(uv_poll_init(loop, &program->poll, fd) == 0, "uv_poll_init");
	must(uv_poll_start(&program->poll, UV_READABLE, on_readable) == 0, "uv_poll_start");
	must(uv_timer_init(loop, &program->timer) == 0, "uv_timer_init");
	must(uv_timer_start(&program->timer, on_tick, TICK_MS, TICK_MS) == 0, "uv_timer_start");
}

int main(int argc, char **argv)
{
	struct program program;
	struct adder adder = {0};
	ump_client *client;
	ump_thread *thread;
	uv_loop_t loop;

	must_ok(ump_spawn_thread(&adder_config, adder_build, &adder, &client, &thread),
		"the server");
	requester_open(&program.requester, &client, load_requests(argc, argv));
	must(uv_loop_init(&loop) == 0, "uv_loop_init");
	start(&program, &loop);
	pulse_start(&program.pulse);
	(void)requester_send(&program.requester);
	uv_run(&loop, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop) == 0, "uv_loop_close");
	return requester_report(&program.requester, &thread, &adder, &program.pulse);
}
