/* SPDX-License-Identifier: 0BSD */
/*
 * A pipeline of servers: each owns a client of the next one.  When the first loses its last client,
 * it drains its inbox, ends, and drops its handler, and with that the client of the next one: so
 * the pipeline drains and ends in order, by itself.
 */
#include <stdio.h>
#include <ump_server.h>

struct stage {
	const char *name;
	/* What it does with a number that arrives. */
	long (*work)(struct stage *stage, long number);
	ump_client *next;
	long total;
};

static long triple(struct stage *stage, long number)
{
	(void)stage;
	return 3 * number;
}

static long add_one(struct stage *stage, long number)
{
	(void)stage;
	return number + 1;
}

static long sum(struct stage *stage, long number)
{
	stage->total += number;
	return stage->total;
}

static struct ump_flow pass_on(void *self, const void *msg)
{
	struct stage *stage = self;
	long number = stage->work(stage, *(const long *)msg);

	if (stage->next != NULL &&
		ump_client_post_until(stage->next, &number, UMP_FOREVER) != UMP_OK)
		return ump_break(stage);
	return ump_continue();
}

static struct ump_flow say_so(void *self, struct ump_flow how)
{
	const struct stage *stage = self;

	printf("%s has drained\n", stage->name);
	return how;
}

/* The handler's end is the end of its client, and so of the next server. */
static void leave(void *self)
{
	ump_client_drop(&((struct stage *)self)->next);
}

static int enter(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = pass_on, .term = say_so, .drop = leave};
	return 0;
}

int main(void)
{
	/* Small inboxes: a slow stage slows the stages before it. */
	struct ump_config config = {.post.size = sizeof(long), .capacity = 16};
	struct stage stages[] = {{.name = "triple", .work = triple},
		{.name = "add one", .work = add_one}, {.name = "sum", .work = sum}};
	enum {
		STAGES = sizeof stages / sizeof *stages
	};
	ump_thread *threads[STAGES];
	ump_client *client = NULL;

	for (int i = STAGES - 1; i >= 0; i--) {
		stages[i].next = client;
		if (ump_spawn_thread(&config, enter, &stages[i], &client, &threads[i]) != UMP_OK)
			return 1;
	}
	for (long number = 1; number <= 100000; number++) {
		if (ump_client_post_until(client, &number, UMP_FOREVER) != UMP_OK)
			return 1;
	}
	ump_client_drop(&client);
	for (int i = 0; i < STAGES; i++)
		ump_join(&threads[i], NULL, UMP_FOREVER);
	printf("the sum is %ld\n", stages[STAGES - 1].total);
	return 0;
}
