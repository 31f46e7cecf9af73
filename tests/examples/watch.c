/* SPDX-License-Identifier: 0BSD */
/*
 * A supervisor with one event loop: it watches several servers on threads, starts one anew that has
 * ended with an error, and joins all of them.  It never blocks but in poll.
 */
#include <poll.h>
#include <stdio.h>
#include <ump_server.h>

#define CHILDREN 3
/* The number that a server cannot add: it breaks with an error. */
#define BAD (-1)

struct child {
	const char *name;
	/* The sum of the present server; it starts at 0. */
	long sum;
	int starts;
	ump_client *client;
	ump_thread *thread;
};

struct supervisor {
	struct child children[CHILDREN];
	ump_completions *ends;
	/* A pooled thread is idle once its server has ended, so that a join has nothing to wait
	 * for. */
	ump_thread_pool *threads;
	int running;
};

/* ---- The servers ---------------------------------------------------------------------------- */

static struct ump_flow add(void *self, const void *msg)
{
	struct child *child = self;
	int number = *(const int *)msg;

	if (number == BAD)
		return ump_break("bad number");
	child->sum += number;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = add;
	return 0;
}

/* ---- The supervisor ------------------------------------------------------------------------- */

static int start(struct supervisor *supervisor, struct child *child)
{
	struct ump_config config = {
		.post.size = sizeof(int), .thread_pool = supervisor->threads, .name = child->name};
	int result;

	child->sum = 0;
	child->starts++;
	result = ump_spawn_thread(&config, build, child, &child->client, &child->thread);
	if (result != UMP_OK)
		return result;
	supervisor->running++;
	return ump_thread_watch(child->thread, supervisor->ends, child);
}

/* A server has ended: join it, and start it anew if it has failed. */
static int ended(struct supervisor *supervisor, struct child *child)
{
	struct ump_flow how;
	int result = ump_thread_join(&child->thread, &how, UMP_NOW);

	if (result != UMP_OK)
		return result;
	supervisor->running--;
	ump_client_drop(&child->client);
	if (!how.stop)
		return UMP_OK;
	printf("%s: %s; it starts anew\n", child->name, (const char *)how.value);
	return start(supervisor, child);
}

/* Wait for one end at least, and for whatever else the program waits for. */
static int turn(struct supervisor *supervisor)
{
	struct pollfd ready = {.fd = ump_completions_fd(supervisor->ends), .events = POLLIN};
	struct ump_completion end;
	int result = UMP_OK;

	poll(&ready, 1, -1);
	while (result == UMP_OK && ump_completions_next(supervisor->ends, &end) == UMP_OK)
		result = ended(supervisor, end.tag);
	return result;
}

static int post(struct supervisor *supervisor, const int *numbers)
{
	int result = UMP_OK;

	for (int i = 0; i < CHILDREN && result == UMP_OK; i++)
		result = ump_client_post(supervisor->children[i].client, &numbers[i]);
	return result;
}

static int supervise(struct supervisor *supervisor)
{
	int result = UMP_OK;

	for (int i = 0; i < CHILDREN && result == UMP_OK; i++)
		result = start(supervisor, &supervisor->children[i]);
	if (result == UMP_OK)
		result = post(supervisor, (int[CHILDREN]){1, BAD, 3});
	while (result == UMP_OK && supervisor->children[1].starts < 2)
		result = turn(supervisor);
	if (result == UMP_OK)
		result = post(supervisor, (int[CHILDREN]){10, 20, 30});
	for (int i = 0; i < CHILDREN; i++)
		ump_client_drop(&supervisor->children[i].client);
	while (result == UMP_OK && supervisor->running > 0)
		result = turn(supervisor);
	return result;
}

int main(void)
{
	struct supervisor supervisor = {
		.children = {{.name = "left"}, {.name = "middle"}, {.name = "right"}}};
	int result;

	if (ump_completions_open(&supervisor.ends) != UMP_OK ||
		ump_thread_pool_open(&supervisor.threads, 0, 0) != UMP_OK)
		return 1;
	result = supervise(&supervisor);
	for (int i = 0; i < CHILDREN; i++)
		printf("%s: the sum is %ld\n", supervisor.children[i].name,
			supervisor.children[i].sum);
	ump_completions_drop(&supervisor.ends);
	ump_thread_pool_drop(&supervisor.threads);
	return result != UMP_OK;
}
