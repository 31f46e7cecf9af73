/* SPDX-License-Identifier: 0BSD */
/* A server inside GLib's main loop.  Threads call it. */
#include "load.h"

#include <glib-unix.h>

struct service {
	GMainLoop *loop;
	ump_task *task;
	struct pulse pulse;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct service *service = data;

	(void)fd;
	(void)condition;
	if (ump_task_dispatch(service->task, BUDGET))
		return G_SOURCE_CONTINUE;
	/* The server has ended. */
	g_main_loop_quit(service->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_tick(gpointer data)
{
	struct service *service = data;

	pulse_tick(&service->pulse);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	struct service service = {.loop = g_main_loop_new(NULL, FALSE)};
	struct adder adder = {0};
	struct callers callers;
	struct ump_flow how;
	ump_client *client;
	guint timer;

	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &service.task),
		"the server");
	g_unix_fd_add(ump_task_fd(service.task), G_IO_IN, on_readable, &service);
	timer = g_timeout_add(TICK_MS, on_tick, &service);
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&service.pulse);
	g_main_loop_run(service.loop);
	g_source_remove(timer);
	g_main_loop_unref(service.loop);
	must_ok(ump_task_join(&service.task, &how), "join");
	return callers_report(&callers, &adder, &service.pulse, how);
}
