/* SPDX-License-Identifier: 0BSD */
/*
 * A worker that gets jobs, answers, and frees them.  Its caller waits with a deadline.
 *
 * The mistake: a caller that has given up frees the job, too.  The worker may still handle it.
 *
 * Mended: the caller frees only what ump_request_is_mine says is its own, and the type's `drop`
 * frees jobs that are never handled.
 */
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int number;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct job *job = *(struct job *const *)msg;
	int result = 2 * job->number;

	(void)self;
	ump_reply(rc, &result);
	free(job);
	return ump_continue();
}

#ifdef MENDED
static void drop_job(void *value)
{
	free(*(struct job **)value);
}

static bool is_mine(int result)
{
	return ump_request_is_mine(result);
}
#else
#define drop_job NULL

static bool is_mine(int result)
{
	return result != UMP_OK;
}
#endif

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	return 0;
}

int main(void)
{
	const struct ump_config config = {
		.request = {.size = sizeof(struct job *), .drop = drop_job},
		.reply.size = sizeof(int)};
	struct job *job = malloc(sizeof *job);
	ump_client *client;
	ump_thread *thread;
	int answer;

	if (job == NULL)
		return 0;
	job->number = 21;
	ump_spawn_thread(&config, build, NULL, &client, &thread);
	if (is_mine(ump_client_req(client, &job, &answer, ump_after(1000000))))
		free(job);
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
