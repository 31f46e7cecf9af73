/* SPDX-License-Identifier: 0BSD */
#include "ump.h"

struct server {
	struct bench_ump_first first;
	ump_thread *thread;
};

void bench_ump_must(int result)
{
	if (result != UMP_OK)
		bench_fail("%s", ump_strerror(result));
}

struct bench_ump_first bench_ump_first(const struct bench_plan *plan)
{
	return (struct bench_ump_first){
		.left = plan->clients, .slots = plan->slots, .bounded = plan->capacity != 0};
}

struct ump_config bench_ump_config(const struct bench_plan *plan)
{
	return (struct ump_config){
		.request.size = sizeof(struct bench_message),
		.reply.size = sizeof(struct bench_message),
		.post.size = sizeof(struct bench_message),
		.capacity = plan->capacity,
	};
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct bench_message *reply = ump_reply_buffer(*rc);

	bench_request(self, msg, reply);
	ump_reply(rc, reply);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	bench_post(self, msg);
	return ump_continue();
}

int bench_ump_build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = request;
	out->post = post;
	return 0;
}

void *bench_ump_thread_open_on(
	struct bench_work *work, const struct bench_plan *plan, ump_thread_pool *threads)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	config.thread_pool = threads;
	me->first = bench_ump_first(plan);
	bench_ump_must(
		ump_spawn_thread(&config, bench_ump_build, work, &me->first.client, &me->thread));
	return me;
}

void *bench_ump_thread_open(struct bench_work *work, const struct bench_plan *plan)
{
	return bench_ump_thread_open_on(work, plan, NULL);
}

void bench_ump_thread_join(void *server)
{
	struct server *me = server;

	bench_ump_must(ump_thread_join(&me->thread, NULL, UMP_FOREVER));
	bench_free_aside(me);
}

void *bench_ump_client(void *server)
{
	struct bench_ump_first *first = server;
	struct bench_ump_client *me =
		bench_alloc_aside(sizeof(*me) + first->slots * sizeof(*me->slots));

	me->bounded = first->bounded;
	if (first->left-- > 1) {
		bench_ump_must(ump_client_clone(first->client, &me->client));
	} else {
		me->client = first->client;
		first->client = NULL;
	}
	return me;
}

void bench_ump_client_end(void *client)
{
	struct bench_ump_client *me = client;

	ump_client_drop(&me->client);
	bench_free_aside(me);
}

void bench_ump_call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	struct bench_ump_client *me = client;

	bench_ump_must(ump_client_req(me->client, msg, reply, UMP_FOREVER));
}

void bench_ump_post(void *client, const struct bench_message *msg)
{
	struct bench_ump_client *me = client;

	bench_ump_must(me->bounded ? ump_client_post_until(me->client, msg, UMP_FOREVER)
				   : ump_client_post(me->client, msg));
}

void bench_ump_send(void *client, unsigned slot, const struct bench_message *msg)
{
	struct bench_ump_client *me = client;

	bench_ump_must(ump_client_req_async(me->client, msg, &me->slots[slot]));
}

void bench_ump_receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct bench_ump_client *me = client;

	bench_ump_must(ump_wait_reply_wait(&me->slots[slot], reply, UMP_FOREVER));
}
