/* SPDX-License-Identifier: 0BSD */
/*
 * A server that breaks, and two callers that restart it when they find it gone.
 *
 * The mistake: both callers may find the same server gone, and both restart it; the second restart
 * replaces a server that works.
 *
 * Mended: a caller restarts the server only if it is still the one that the caller has found gone.
 */
#include <assert.h>
#include <pthread.h>
#include <ump_server.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ump_client *client;
static ump_thread *thread;
static int starts;

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_break(NULL);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	ump_reply(rc, NULL);
	return ump_continue();
}

static int build(void *arg, ump_client *me, struct ump_handler *out)
{
	(void)arg;
	(void)me;
	out->request = request;
	out->post = post;
	return 0;
}

static void start(void)
{
	const struct ump_config config = {.request.size = 1, .post.size = 1};

	ump_spawn_thread(&config, build, NULL, &client, &thread);
	starts++;
}

static void stop(void)
{
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
}

/* The `found`th server is gone. */
static void restart(int found)
{
	pthread_mutex_lock(&mutex);
#ifdef MENDED
	if (starts == found) {
		stop();
		start();
	}
#else
	(void)found;
	stop();
	start();
#endif
	pthread_mutex_unlock(&mutex);
}

static void *caller(void *unused)
{
	ump_client *mine;
	int found;

	pthread_mutex_lock(&mutex);
	ump_client_clone(client, &mine);
	found = starts;
	pthread_mutex_unlock(&mutex);
	if (ump_client_req(mine, "", NULL, UMP_FOREVER) == UMP_SERVER_GONE)
		restart(found);
	ump_client_drop(&mine);
	return unused;
}

int main(void)
{
	pthread_t other;

	start();
	ump_client_post(client, ""); /* it breaks at the first message */
	pthread_create(&other, NULL, caller, NULL);
	caller(NULL);
	pthread_join(other, NULL);
	assert(starts <= 2);
	stop();
	return 0;
}
