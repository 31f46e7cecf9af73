/* SPDX-License-Identifier: 0BSD */
/* Three threads upgrade weak clients, post through the strong ones and drop them, until the last
 * strong client is gone.  `term` reads what each thread wrote before it dropped a client. */
#include "check.h"

#include <ump_server.h>

#define THREADS 3
#define ROUNDS  400
#define LAST    300

/* One for each thread; the server reads it in `term`. */
struct user {
	ump_weak_client *weak;
	long written;
	long posted;
};

static long handled;
static long seen;

static struct ump_flow post(void *self, const void *msg)
{
	long *number = *(long *const *)msg;

	(void)self;
	handled += *number;
	free(number);
	return ump_continue();
}

/* Each successful upgrade of a thread precedes the drop of its client, and that precedes this. */
static struct ump_flow term(void *self, struct ump_flow how)
{
	struct user *users = self;
	int i;

	for (i = 0; i < THREADS; i++)
		seen += users[i].written;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .term = term};
	return 0;
}

/* Write only while holding a strong client. */
static bool use(struct user *user)
{
	long *number = malloc(sizeof *number);
	ump_client *client;
	int result = ump_weak_client_upgrade(user->weak, &client);

	CHECK(number != NULL);
	if (result != UMP_OK) {
		CHECK(result == UMP_CLIENTS_GONE);
		free(number);
		return false;
	}
	*number = 1;
	user->written++;
	CHECK(ump_client_post(client, &number) == UMP_OK);
	ump_client_drop(&client);
	return true;
}

static void *run(void *arg)
{
	struct user *user = arg;
	int i;

	for (i = 0; i < ROUNDS && use(user); i++)
		user->posted++;
	ump_weak_client_drop(&user->weak);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(long *)};
	struct user users[THREADS] = {0};
	pthread_t threads[THREADS];
	ump_client *client;
	ump_thread *thread;
	long sum = 0;
	int i;

	CHECK(ump_spawn_thread(&config, build, users, &client, &thread) == UMP_OK);
	for (i = 0; i < THREADS; i++)
		CHECK(ump_client_weak(client, &users[i].weak) == UMP_OK);
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, run, &users[i]) == 0);
	for (i = 0; i < LAST; i++) {
		long *number = calloc(1, sizeof *number);

		CHECK(number != NULL && ump_client_post(client, &number) == UMP_OK);
	}
	ump_client_drop(&client);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (i = 0; i < THREADS; i++)
		sum += users[i].posted;
	CHECK(handled == sum && seen == sum);
	return 0;
}
