/* SPDX-License-Identifier: 0BSD */
/* An event loop that a worker on another thread reports to. */
#include <poll.h>
#include <stdio.h>
#include <ump_server.h>

/* In the event loop: one report. */
static struct ump_flow show(void *self, const void *msg)
{
	(void)self;
	printf("%d %%\n", *(const int *)msg);
	return ump_continue();
}

static int build_display(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = show;
	return 0;
}

/* On the worker's thread: one job. */
static struct ump_flow work(void *self, const void *msg)
{
	const int *steps = msg;

	for (int step = 1; step <= *steps; step++)
		ump_post_client_post(self, &(int){100 * step / *steps});
	return ump_continue();
}

static void leave(void *self)
{
	ump_post_client *display = self;

	ump_post_client_drop(&display); /* the last client: the event loop's server ends, too */
}

static int build_worker(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = work, .drop = leave};
	return 0;
}

static void loop(ump_task *task)
{
	struct pollfd ready[] = {
		{.fd = ump_task_fd(task), .events = POLLIN},
		/* and whatever else your program waits for */
	};

	do {
		poll(ready, sizeof ready / sizeof ready[0], -1);
	} while (ump_task_dispatch(task, 16));
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *display, *worker;
	ump_post_client *reports;
	ump_thread *thread;
	ump_task *task;

	if (ump_spawn_task(&config, build_display, NULL, &display, &task) != UMP_OK ||
		ump_client_post_client(display, &reports) != UMP_OK ||
		ump_spawn_thread(&config, build_worker, reports, &worker, &thread) != UMP_OK)
		return 1;
	ump_client_drop(&display);
	ump_client_post(worker, &(int){4});
	ump_client_drop(&worker);
	loop(task);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	return ump_task_join(&task, NULL) != UMP_OK;
}
