/* SPDX-License-Identifier: 0BSD */
/*
 * Attacks [deadlock] and [quiet]: servers, on threads and in event loops, whose handlers call each
 * other along a graph, with all kinds of waits that can block forever: requests, replies that are
 * waited for later, capacity of an inbox, the end of a server, its init.  No handler may hang,
 * whatever the graph.  In a graph without cycles no call may return UMP_DEADLOCK, although servers
 * come and go and their addresses are reused.  When one caller goes once round a ring, exactly one
 * call must return it.
 *
 * Some contexts are kept and answered by a thread that is not a handler, and some requests are
 * answered before their handlers continue: such waits close no cycle.
 */
#include "stress.h"

#include <stdlib.h>
#include <string.h>

#define NODES   6
#define CALLERS 4
#define CALLS   12
#define DEPTH   8

struct graph;

/* One step of a path through the graph, and the number of steps that may follow. */
struct question {
	struct graph *graph;
	uint64_t seed;
	unsigned depth;
};

enum way {
	WAY_REQUEST,
	WAY_WAIT_REPLY,
	/* Start a server that continues the path, and wait for its end or its init. */
	WAY_CHILD_ENDS,
	WAY_CHILD_INIT,
	/* On a ring only the kinds above are used, each of which waits until the rest is done. */
	WAYS_OF_RING,
	WAY_POST = WAYS_OF_RING,
	WAY_UNTIL,
	WAYS
};

struct node {
	struct graph *graph;
	unsigned at;
	/* Nodes that it may call. */
	unsigned to[NODES];
	unsigned degree;
	bool on_task;
	ump_client *client;
	ump_thread *thread;
	ump_task *task;
	pthread_t loop;
};

struct graph {
	struct node nodes[NODES];
	unsigned count;
	unsigned ways;
	bool keeps;
	/* Every handler replies, or keeps the context, before it continues: then there is no
	 * cycle. */
	bool answers_first;
	bool keeps_first;
	struct stress_keeper keeper;
	/* What the keeper's thread needs for its replies. */
	struct stress_record record;
	/* Questions that have not ended, and servers that were started on the way. */
	atomic_uint open;
	/* Number of calls that returned UMP_DEADLOCK. */
	atomic_uint deadlocks;
};

struct child {
	struct question question;
	unsigned to;
};

/* ---- Ways to wait --------------------------------------------------------------------------- */

/* The question ends here: it was handled, or never sent, or given up. */
static void question_ends(struct graph *graph)
{
	CHECK(graph->open-- > 0);
}

static void drop_question(void *value)
{
	question_ends(((struct question *)value)->graph);
}

/* A caller that is not a handler is part of no wait cycle. */
static _Thread_local bool is_caller;

static bool is_deadlock(struct graph *graph, int result)
{
	if (result != UMP_DEADLOCK)
		return false;
	CHECK(!is_caller);
	graph->deadlocks++;
	stress_count(STRESS_DEADLOCKS, 1);
	return true;
}

/* Check the result of a wait for a reply; the values of replies do not matter. */
static void check_answer(int result, bool may_time_out)
{
	if (result < 0 && result != UMP_NO_REPLY)
		CHECK(result == UMP_TIMED_OUT && may_time_out);
}

static void ask_now(struct node *node, const struct question *question, ump_time deadline)
{
	struct graph *graph = node->graph;
	struct stress_answer answer;
	int result;

	graph->open++;
	result = ump_client_req(node->client, question, &answer, deadline);
	if (is_deadlock(graph, result))
		question_ends(graph);
	else
		check_answer(result, deadline != UMP_FOREVER);
}

static void ask_and_wait(struct node *node, const struct question *question)
{
	struct graph *graph = node->graph;
	ump_wait_reply *wait_reply = NULL;
	struct stress_answer answer;
	int result;

	graph->open++;
	result = ump_client_req_async_until(node->client, question, &wait_reply, UMP_FOREVER);
	if (is_deadlock(graph, result)) {
		question_ends(graph);
		return;
	}
	CHECK_INT(result, ==, UMP_OK);
	result = ump_wait_reply_wait(&wait_reply, &answer, UMP_FOREVER);
	if (is_deadlock(graph, result))
		ump_wait_reply_drop(&wait_reply);
	else
		check_answer(result, false);
}

static void post(struct node *node, const struct question *question)
{
	struct graph *graph = node->graph;
	int result;

	graph->open++;
	result = ump_client_post_until(node->client, question, UMP_FOREVER);
	if (is_deadlock(graph, result))
		question_ends(graph);
	else
		CHECK_INT(result, ==, UMP_OK);
}

/* ---- Servers started on the way ------------------------------------------------------------- */

static void child_asks(struct child *child)
{
	ask_now(&child->question.graph->nodes[child->to], &child->question, UMP_FOREVER);
}

static int on_child_init(void *self, ump_weak_client *me)
{
	(void)me;
	child_asks(self);
	return 0;
}

static struct ump_flow on_child_post(void *self, const void *msg)
{
	(void)msg;
	child_asks(self);
	return ump_continue();
}

static struct ump_flow ignore(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static void on_child_drop(void *self)
{
	struct child *child = self;
	struct graph *graph = child->question.graph;

	free(child);
	question_ends(graph);
}

static int build_that_ends(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = on_child_post, .drop = on_child_drop};
	return 0;
}

static int build_with_init(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){
		.self = arg, .init = on_child_init, .post = ignore, .drop = on_child_drop};
	return 0;
}

static void ask_through_child(
	struct node *node, const struct question *question, ump_handler_builder *builder)
{
	struct ump_config config = {.post.size = 1, .name = "child"};
	struct child *child = stress_alloc(1, sizeof *child);
	struct graph *graph = node->graph;
	ump_thread *thread = NULL;
	ump_client *client = NULL;

	graph->open++;
	*child = (struct child){*question, node->at};
	CHECK_INT(ump_spawn_thread(&config, builder, child, &client, &thread), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, ""), ==, UMP_OK);
	ump_client_drop(&client);
	stress_count(STRESS_SERVERS, 1);
	if (is_deadlock(graph, ump_thread_join(&thread, NULL, UMP_FOREVER)))
		ump_thread_drop(&thread);
	CHECK(thread == NULL);
}

/* ---- Handlers ------------------------------------------------------------------------------- */

/* Call a server, in some way. */
static void ask(struct node *node, const struct question *question, enum way way)
{
	struct stress_rng rng = {question->seed};

	switch (way) {
	case WAY_REQUEST:
		ask_now(node, question, UMP_FOREVER);
		break;
	case WAY_WAIT_REPLY:
		ask_and_wait(node, question);
		break;
	case WAY_CHILD_ENDS:
		ask_through_child(node, question, build_that_ends);
		break;
	case WAY_CHILD_INIT:
		ask_through_child(node, question, build_with_init);
		break;
	case WAY_POST:
		post(node, question);
		break;
	case WAY_UNTIL:
	case WAYS:
		ask_now(node, question, ump_after(stress_below(&rng, 300000)));
		break;
	}
}

/* Continue a path, from a handler. */
static void go_on(struct node *node, struct question question)
{
	struct graph *graph = node->graph;
	struct stress_rng rng = {question.seed};
	unsigned to;

	if (question.depth == 0 || node->degree == 0)
		return;
	question.depth--;
	question.seed = stress_random(&rng);
	to = node->to[stress_below(&rng, node->degree)];
	if (stress_one_in(&rng, 4))
		stress_dawdle(&rng);
	ask(&graph->nodes[to], &question, (enum way)stress_below(&rng, graph->ways));
}

static struct ump_flow on_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct node *node = self;
	struct graph *graph = node->graph;
	struct question question = *(const struct question *)msg;

	if (graph->keeps_first || (graph->keeps && question.seed % 4 == 0))
		stress_keeper_take(&graph->keeper, ump_reply_keep(rc), &graph->record);
	if (graph->answers_first)
		(void)ump_reply_fail(rc, 1);
	go_on(node, question);
	question_ends(graph);
	/* Otherwise the request is forgotten, or was answered before. */
	if (question.seed % 2 == 0)
		(void)ump_reply_fail(rc, 1);
	return ump_continue();
}

static struct ump_flow on_post(void *self, const void *msg)
{
	struct node *node = self;

	go_on(node, *(const struct question *)msg);
	question_ends(node->graph);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct node *node = arg;
	struct question question = {node->graph, 0, 0};
	struct stress_answer answer;

	/* It would wait for the server that it is building. */
	CHECK_INT(ump_client_req(client, &question, &answer, UMP_FOREVER), ==, UMP_DEADLOCK);
	*out = (struct ump_handler){.self = arg, .request = on_request, .post = on_post};
	return 0;
}

/* ---- The graph ------------------------------------------------------------------------------ */

static void *run_task(void *arg)
{
	struct node *node = arg;

	CHECK_INT(ump_task_run(node->task, UMP_FOREVER), ==, UMP_OK);
	return NULL;
}

static void node_start(struct node *node, struct stress_rng *rng)
{
	const struct ump_config config = {
		.request = {sizeof(struct question), drop_question},
		.reply = {sizeof(struct stress_answer), NULL},
		.post = {sizeof(struct question), drop_question},
		.capacity = stress_one_in(rng, 2) ? 1 + stress_below(rng, 3) : 0,
		.name = "node",
	};

	node->on_task = stress_one_in(rng, 3);
	if (node->on_task) {
		CHECK_INT(ump_spawn_task(&config, build, node, &node->client, &node->task), ==,
			UMP_OK);
		node->loop = stress_thread(run_task, node);
		stress_count(STRESS_TASKS, 1);
	} else {
		CHECK_INT(ump_spawn_thread(&config, build, node, &node->client, &node->thread), ==,
			UMP_OK);
	}
	stress_count(STRESS_SERVERS, 1);
}

static void node_end(struct node *node)
{
	if (node->on_task) {
		stress_thread_join(node->loop);
		CHECK_INT(ump_task_join(&node->task, NULL), ==, UMP_OK);
	} else {
		CHECK_INT(ump_thread_join(&node->thread, NULL, UMP_FOREVER), ==, UMP_OK);
	}
	stress_count(STRESS_DRAINED, 1);
}

enum shape {
	SHAPE_ANY,
	SHAPE_ACYCLIC,
	SHAPE_RING,
	SHAPES
};

static void connect(struct graph *graph, unsigned from, enum shape shape, struct stress_rng *rng)
{
	struct node *node = &graph->nodes[from];

	for (unsigned i = 0; i < graph->count; i++) {
		bool edge = shape == SHAPE_ANY       ? stress_one_in(rng, 2)
			    : shape == SHAPE_ACYCLIC ? i > from && stress_one_in(rng, 2)
						     : i == (from + 1) % graph->count;

		if (edge)
			node->to[node->degree++] = i;
	}
}

static void graph_start(struct graph *graph, enum shape shape, struct stress_rng *rng)
{
	graph->count = 1 + stress_below(rng, NODES);
	graph->ways = shape == SHAPE_RING ? WAYS_OF_RING : WAYS;
	if (stress_one_in(rng, 3))
		graph->ways = 1;
	graph->keeps = shape != SHAPE_RING && stress_one_in(rng, 2);
	if (shape == SHAPE_RING) {
		graph->answers_first = stress_one_in(rng, 3);
		graph->keeps_first = !graph->answers_first && stress_one_in(rng, 2);
	}
	graph->record.number = 1;
	stress_keeper_start(&graph->keeper, rng);
	for (unsigned i = 0; i < graph->count; i++) {
		graph->nodes[i].graph = graph;
		graph->nodes[i].at = i;
		connect(graph, i, shape, rng);
	}
	for (unsigned i = 0; i < graph->count; i++)
		node_start(&graph->nodes[i], rng);
}

static void graph_end(struct graph *graph)
{
	/* Handlers borrow the clients, so drop these only when no question is left. */
	while (graph->open > 0)
		check_nap(1);
	for (unsigned i = 0; i < graph->count; i++)
		ump_client_drop(&graph->nodes[i].client);
	for (unsigned i = 0; i < graph->count; i++)
		node_end(&graph->nodes[i]);
	stress_keeper_stop(&graph->keeper);
}

struct caller {
	struct graph *graph;
	struct stress_rng rng;
	pthread_t thread;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct graph *graph = caller->graph;

	is_caller = true;
	for (unsigned i = 0; i < CALLS; i++) {
		struct stress_rng *rng = &caller->rng;
		struct question question = {graph, stress_random(rng), stress_below(rng, DEPTH)};
		struct node *to = &graph->nodes[stress_below(rng, graph->count)];

		ask(to, &question, (enum way)stress_below(rng, graph->ways));
	}
	return NULL;
}

/* A server that calls itself always gets UMP_DEADLOCK. */
static unsigned deadlocks_on_ring(const struct graph *graph)
{
	return graph->count == 1 || (!graph->answers_first && !graph->keeps_first);
}

static void round_of(struct stress_rng *rng)
{
	struct graph *graph = stress_alloc(1, sizeof *graph);
	enum shape shape = (enum shape)stress_below(rng, SHAPES);
	struct caller callers[CALLERS];
	unsigned count = 1 + stress_below(rng, CALLERS);

	graph_start(graph, shape, rng);
	if (shape == SHAPE_RING) {
		struct question question = {graph, stress_random(rng), graph->count};

		ask_now(&graph->nodes[0], &question, UMP_FOREVER);
		count = 0;
	}
	for (unsigned i = 0; i < count; i++) {
		callers[i] = (struct caller){.graph = graph, .rng.state = stress_random(rng)};
		callers[i].thread = stress_thread(call, &callers[i]);
	}
	for (unsigned i = 0; i < count; i++)
		stress_thread_join(callers[i].thread);
	graph_end(graph);
	if (shape == SHAPE_ACYCLIC)
		CHECK_INT(graph->deadlocks, ==, 0);
	if (shape == SHAPE_RING)
		CHECK_INT(graph->deadlocks, ==, deadlocks_on_ring(graph));
	free(graph);
}

int main(int argc, char **argv)
{
	static const struct stress_program program = {
		"wait_cycles_are_detected", "[deadlock] [quiet] [bound] [init]", round_of, 60};

	return stress_main(&program, argc, argv);
}
