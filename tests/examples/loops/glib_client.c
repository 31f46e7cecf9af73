/* SPDX-License-Identifier: 0BSD */
/* A client inside GLib's main loop, of a server on a thread. */
#include "load.h"

#include <glib-unix.h>

struct program {
	GMainLoop *loop;
	struct asker asker;
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
	while (ump_completions_next(program->asker.completions, &done) == UMP_OK)
		asker_book(&program->asker, &done);
	if (asker_send(&program->asker))
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
	asker_open(&program.asker, &client, load_requests(argc, argv));
	g_unix_fd_add(
		ump_completions_fd(program.asker.completions), G_IO_IN, on_readable, &program);
	timer = g_timeout_add(TICK_MS, on_tick, &program);
	pulse_start(&program.pulse);
	(void)asker_send(&program.asker);
	g_main_loop_run(program.loop);
	g_source_remove(timer);
	g_main_loop_unref(program.loop);
	return asker_report(&program.asker, &thread, &adder, &program.pulse);
}
