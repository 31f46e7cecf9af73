/* SPDX-License-Identifier: 0BSD */
/* A client inside GLib's main loop, of a server on a thread. */
#include "load.h"

#include <glib-unix.h>

struct program {
	GMainLoop *loop;
	struct requester requester;
	struct pulse pulse;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct program *program = data;
	struct ump_completion done;

	(void)fd;
	(void)condition;
	/* All must be booked before the next send: otherwise a fast server could keep this loop
	 * here. */
	while (ump_completions_next(program->requester.completions, &done) == UMP_OK)
		requester_book(&program->requester, &done);
	if (requester_send(&program->requester))
		return G_SOURCE_CONTINUE;
	/* All requests are answered. */
	g_main_loop_quit(program->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_tick(gpointer data)
{
	struct program *program = data;

	pulse_tick(&program->pulse);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
	struct program program = {.loop = g_main_loop_new(NULL, FALSE)};
	struct adder adder = {0};
	ump_client *client;
	ump_thread *thread;
	guint timer;

	must_ok(ump_spawn_thread(&adder_config, adder_build, &adder, &client, &thread),
		"the server");
	requester_open(&program.requester, &client, load_requests(argc, argv));
	g_unix_fd_add(
		ump_completions_fd(program.requester.completions), G_IO_IN, on_readable, &program);
	timer = g_timeout_add(TICK_MS, on_tick, &program);
	pulse_start(&program.pulse);
	(void)requester_send(&program.requester);
	g_main_loop_run(program.loop);
	g_source_remove(timer);
	g_main_loop_unref(program.loop);
	return requester_report(&program.requester, &thread, &adder, &program.pulse);
}
