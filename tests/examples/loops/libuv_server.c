/* SPDX-License-Identifier: 0BSD */
/* A server inside libuv's loop.  Threads call it. */
#include "load.h"

#include <uv.h>

struct service {
	ump_task *task;
	struct pulse pulse;
	uv_poll_t poll;
	uv_timer_t timer;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct service *service = poll->data;

	(void)events;
	must(status == 0, "uv_poll");
	if (ump_task_dispatch(service->task, BUDGET))
		return;
	/* The server has ended.  Without handles libuv's loop ends too. */
	uv_close((uv_handle_t *)&service->poll, NULL);
	uv_close((uv_handle_t *)&service->timer, NULL);
}

static void on_tick(uv_timer_t *timer)
{
	struct service *service = timer->data;

	pulse_tick(&service->pulse);
}

static void start(struct service *service, uv_loop_t *loop)
{
	service->poll.data = service;
	service->timer.data = service;
	must(uv_poll_init(loop, &service->poll, ump_task_fd(service->task)) == 0, "uv_poll_init");
	must(uv_poll_start(&service->poll, UV_READABLE, on_readable) == 0, "uv_poll_start");
	must(uv_timer_init(loop, &service->timer) == 0, "uv_timer_init");
	must(uv_timer_start(&service->timer, on_tick, TICK_MS, TICK_MS) == 0, "uv_timer_start");
}

int main(int argc, char **argv)
{
	struct service service;
	struct adder adder = {0};
	struct callers callers;
	struct ump_flow how;
	ump_client *client;
	uv_loop_t loop;

	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &service.task),
		"the server");
	must(uv_loop_init(&loop) == 0, "uv_loop_init");
	start(&service, &loop);
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&service.pulse);
	uv_run(&loop, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop) == 0, "uv_loop_close");
	must_ok(ump_task_join(&service.task, &how), "join");
	return callers_report(&callers, &adder, &service.pulse, how);
}
