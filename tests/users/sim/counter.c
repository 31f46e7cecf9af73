/* SPDX-License-Identifier: 0BSD */
/*
 * Two servers that count what they handle.
 *
 * The mistake: they share one counter.  Each handler runs alone on its server, but not alone in the
 * program.
 *
 * Mended: the counter has a mutex.
 */
#include <assert.h>
#include <pthread.h>
#include <ump_server.h>

static struct {
	pthread_mutex_t mutex;
	int count;
} handled = {PTHREAD_MUTEX_INITIALIZER, 0};

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
#ifdef MENDED
	pthread_mutex_lock(&handled.mutex);
	handled.count++;
	pthread_mutex_unlock(&handled.mutex);
#else
	handled.count++;
#endif
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = post;
	return 0;
}

int main(void)
{
	const struct ump_config config = {.post.size = 1};
	ump_client *clients[2];
	ump_thread *threads[2];

	for (int i = 0; i < 2; i++)
		ump_spawn_thread(&config, build, NULL, &clients[i], &threads[i]);
	for (int i = 0; i < 2; i++)
		ump_client_post(clients[i], "");
	for (int i = 0; i < 2; i++) {
		ump_client_drop(&clients[i]);
		ump_thread_join(&threads[i], NULL, UMP_FOREVER);
	}
	assert(handled.count == 2);
	return 0;
}
