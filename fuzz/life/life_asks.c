/* SPDX-License-Identifier: 0BSD */
/*
 * A server that asks another one, on one thread: the asker is a task or a combining server, and the
 * asked one a task that answers at once, later or not at all.  It keeps its own books: each request
 * calls back exactly once, with what the asked server has answered, unless it is cancelled.
 */
#include "life/life_world.h"

#define MOST     24
#define POSTS    40
#define KEPT     4
#define OWN_CODE 5
/* Requests that were not answered. */
#define UNANSWERED 1000

struct asked {
	uint64_t id;
	ump_time deadline;
	/* The result that the asked server gave. */
	int answer;
	bool sent;
	bool watches;
	bool called;
	bool cancelled;
};

static struct asking {
	ump_client *client;
	ump_task *task;
	ump_combining *combining;
	ump_suspension *suspension;
	ump_client *asked_client;
	ump_task *asked_task;
	ump_reply_context *kept[KEPT];
	int kept_for[KEPT];
	struct asked asked[MOST];
	int count;
	int posts;
	bool is_combining;
	/* Replies have a value. */
	bool replies;
	/* The loop of the asker breaks, or has ended in any way; its callbacks for the end run. */
	bool broke;
	bool over;
	int terms;
	int drops;
	/* The asked server ends; has ended. */
	bool asked_ends;
	bool asked_over;
} only;

static struct ump_flow act(struct asking *its);

/* ---- The callbacks of requests and watches -------------------------------------------------- */

static bool is_right(const struct asking *its, const struct asked *asked, int result)
{
	switch (result) {
	case UMP_CANCELLED:
		return its->broke && !asked->watches;
	case UMP_TIMED_OUT:
		return asked->deadline <= life.now;
	case UMP_SERVER_GONE:
		return asked->answer == UNANSWERED && its->asked_ends;
	case UMP_OK:
		return asked->watches ? its->asked_over : asked->answer == UMP_OK;
	default:
		return asked->answer == result;
	}
}

static struct ump_flow on_answer(void *self, void *arg, int result, const void *reply)
{
	struct asking *its = self;
	struct asked *asked = arg;
	int number = (int)(asked - its->asked);

	EXPECT("[ask]", asked->sent && !asked->called && !asked->cancelled);
	EXPECT("[ask]", its->broke == (result == UMP_CANCELLED));
	EXPECT("[ask]", is_right(its, asked, result));
	asked->called = true;
	if (result == UMP_OK && !asked->watches && its->replies)
		EXPECT("[ask]", *(const int *)reply == 3 * number + 1);
	else
		EXPECT("[ask]", reply == NULL);
	return act(its);
}

/* ---- What the asker does in its callbacks --------------------------------------------------- */

static void check_asked(const struct asking *its, struct asked *asked, int result)
{
	bool failed = life_failed();

	switch (result) {
	case UMP_OK:
		EXPECT("[ask]", !its->over && !its->broke);
		break;
	case UMP_NO_MEMORY:
		EXPECT("[ask]", failed);
		break;
	case UMP_TIMED_OUT:
		EXPECT("[ask]", asked->deadline <= life.now);
		break;
	case UMP_NO_TIMERS:
		EXPECT("[ask]", its->is_combining && asked->deadline != UMP_FOREVER);
		break;
	case UMP_SERVER_GONE:
		EXPECT("[ask]", its->over || its->broke || its->asked_ends);
		break;
	case UMP_FULL:
		EXPECT("[ask]", its->asked_task != NULL);
		break;
	default:
		EXPECT("[ask]", result == UMP_INVALID && its->is_combining && asked->watches);
	}
	EXPECT("[ask]", (asked->id != 0) == (result == UMP_OK));
	asked->sent = result == UMP_OK;
}

static void ask(struct asking *its, unsigned choice)
{
	struct asked *asked = &its->asked[its->count];
	int number = its->count;

	if (its->count == MOST || its->asked_client == NULL)
		return;
	its->count++;
	*asked = (struct asked){.id = 1, .answer = UNANSWERED, .deadline = UMP_FOREVER};
	if (choice % 4 == 1)
		asked->deadline = life.now + 100;
	else if (choice % 4 == 2)
		asked->deadline = life.now;
	if (choice % 8 >= 5)
		life_fail_in(1 + (int)(choice / 8) % 5);
	(void)life_failure();
	check_asked(its, asked,
		ump_client_ask(
			its->asked_client, &number, asked->deadline, on_answer, asked, &asked->id));
	life_fail_in(0);
}

static void watch(struct asking *its, unsigned choice)
{
	struct asked *asked = &its->asked[its->count];
	ump_post_client *post_client = NULL;
	ump_weak_client *weak = NULL;
	int result;

	if (its->count == MOST || its->asked_client == NULL)
		return;
	its->count++;
	*asked = (struct asked){
		.id = 1, .answer = UNANSWERED, .deadline = UMP_FOREVER, .watches = true};
	(void)ump_client_weak(its->asked_client, &weak);
	(void)ump_client_post_client(its->asked_client, &post_client);
	if (choice % 8 >= 5)
		life_fail_in(1 + (int)(choice / 8) % 3);
	(void)life_failure();
	if (choice % 3 == 0)
		result = ump_client_watch_call(its->asked_client, on_answer, asked, &asked->id);
	else if (choice % 3 == 1)
		result = ump_weak_client_watch_call(weak, on_answer, asked, &asked->id);
	else
		result = ump_post_client_watch_call(post_client, on_answer, asked, &asked->id);
	check_asked(its, asked, result);
	life_fail_in(0);
	ump_weak_client_drop(&weak);
	ump_post_client_drop(&post_client);
}

static void cancel(struct asking *its, unsigned choice)
{
	struct asked *asked = &its->asked[choice % MOST];
	bool pending = asked->sent && !asked->called && !asked->cancelled;

	/* The end of the asker's loop forgets watches. */
	if (asked->watches && (its->over || its->broke))
		return;
	EXPECT("[ask]", ump_ask_cancel(asked->id) == (pending ? UMP_OK : UMP_EMPTY));
	asked->cancelled = asked->cancelled || pending;
}

static void misuse(const struct asking *its)
{
	uint64_t id = 1;
	int number = 0;

	EXPECT("[misuse]",
		ump_client_ask(NULL, &number, UMP_FOREVER, on_answer, NULL, &id) == UMP_INVALID);
	EXPECT("[misuse]", id == 0);
	if (its->asked_client == NULL)
		return;
	EXPECT("[misuse]", ump_client_ask(its->asked_client, NULL, UMP_FOREVER, on_answer, NULL,
				   NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_ask(its->asked_client, &number, UMP_FOREVER, NULL, NULL,
				   NULL) == UMP_INVALID);
	EXPECT("[misuse]", ump_client_watch_call(NULL, on_answer, NULL, &id) == UMP_INVALID);
	EXPECT("[misuse]", ump_post_client_watch_call(NULL, on_answer, NULL, &id) == UMP_INVALID);
	EXPECT("[misuse]", ump_weak_client_watch_call(NULL, on_answer, NULL, &id) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_client_watch_call(its->asked_client, NULL, NULL, &id) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_ask_cancel(0) == UMP_EMPTY && ump_ask_cancel(~UINT64_C(0)) == UMP_EMPTY);
}

static struct ump_flow act(struct asking *its)
{
	for (unsigned i = input_below(&life.input, 4); i > 0; i--) {
		unsigned what = input_below(&life.input, 12);
		unsigned choice = input_byte(&life.input);

		if (what < 5)
			ask(its, choice);
		else if (what < 7)
			watch(its, choice);
		else if (what < 9)
			cancel(its, choice);
		else if (what == 9)
			misuse(its);
		else if (what == 10 && !its->over && !its->broke && its->suspension == NULL)
			its->suspension = ump_suspend();
		else if (what == 11 && !its->over && !its->broke && its->suspension == NULL) {
			its->broke = true;
			return ump_break(NULL);
		}
	}
	return ump_continue();
}

static int on_init(void *self, ump_weak_client *me)
{
	(void)me;
	(void)act(self);
	/* It cannot break yet. */
	only.broke = false;
	return 0;
}

static struct ump_flow on_post(void *self, const void *msg)
{
	(void)msg;
	return act(self);
}

static void on_leftover(void *self, const void *msg, ump_reply_context **rc)
{
	(void)msg;
	(void)rc;
	EXPECT("[break]", only.broke);
	(void)act(self);
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	struct asking *its = self;

	its->terms++;
	its->over = true;
	EXPECT("[drain]", how.stop == its->broke);
	for (int i = 0; i < its->count; i++) {
		const struct asked *asked = &its->asked[i];

		EXPECT("[ask]",
			!asked->sent || asked->watches || asked->called || asked->cancelled);
	}
	(void)act(its);
	return how;
}

static void on_drop(void *self)
{
	struct asking *its = self;

	its->drops++;
	its->over = true;
	(void)act(its);
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	EXPECT("[misuse]", ump_ask_cancel(1) == UMP_INVALID);
	out->self = arg;
	out->init = on_init;
	out->post = on_post;
	out->leftover = on_leftover;
	out->term = on_term;
	out->drop = on_drop;
	return 0;
}

/* ---- The asked server ----------------------------------------------------------------------- */

static void give(struct asking *its, int number, ump_reply_context **rc, unsigned how)
{
	struct asked *asked = &its->asked[number];
	bool gone = asked->called || asked->cancelled;
	int value = 3 * number + 1;
	int result = UMP_OK;

	/* A combining asker is called inside the answer. */
	asked->answer = how == 0 ? UMP_OK : how == 1 ? OWN_CODE : UMP_NO_REPLY;
	if (how == 0)
		result = ump_reply(rc, &value);
	else if (how == 1)
		result = ump_reply_fail(rc, OWN_CODE);
	else
		ump_reply_drop(rc);
	EXPECT("[ask]", how == 2 || result == (gone ? UMP_ORIGIN_GONE : UMP_OK));
}

static struct ump_flow asked_request(void *self, const void *msg, ump_reply_context **rc)
{
	struct asking *its = self;
	int number = *(const int *)msg;
	unsigned how = input_below(&life.input, 8);
	unsigned slot = how % KEPT;

	EXPECT("[ask]", ump_reply_deadline(*rc) == its->asked[number].deadline);
	EXPECT("[ask]", !its->asked[number].called && !its->asked[number].cancelled);
	if (how >= 3 && its->kept[slot] == NULL) {
		its->kept[slot] = ump_reply_keep(rc);
		its->kept_for[slot] = number;
	} else {
		give(its, number, rc, how % 3);
	}
	if (how == 7) {
		its->asked_ends = true;
		return ump_break(NULL);
	}
	return ump_continue();
}

static struct ump_flow asked_post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static void asked_drop(void *self)
{
	struct asking *its = self;

	its->asked_ends = true;
	its->asked_over = true;
}

static int build_asked(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = asked_request;
	out->post = asked_post;
	out->drop = asked_drop;
	return 0;
}

/* ---- Operations from outside ---------------------------------------------------------------- */

static void answer_kept(struct asking *its, unsigned slot, unsigned how)
{
	if (its->kept[slot] != NULL)
		give(its, its->kept_for[slot], &its->kept[slot], how);
}

static void resume(struct asking *its, bool breaks)
{
	bool running = its->task != NULL && !its->broke;

	if (its->suspension == NULL)
		return;
	its->broke = its->broke || (running && breaks);
	EXPECT("[suspend]",
		ump_task_resume(&its->suspension, breaks ? ump_break(NULL) : ump_continue()) ==
			(running ? UMP_OK : UMP_SERVER_GONE));
}

static void stop(struct asking *its, bool drops)
{
	if (drops && its->task != NULL) {
		its->broke = its->broke || !its->over;
		ump_task_drop(&its->task);
	} else if (its->client != NULL && its->suspension == NULL && its->broke == its->over) {
		bool fresh = !its->broke && !its->over;

		/* A combining server ends in the call. */
		its->broke = its->broke || fresh;
		EXPECT("[stop]", ump_client_stop(its->client, NULL, NULL) ==
					 (fresh ? UMP_OK : UMP_SERVER_GONE));
	}
}

static void run_asker(struct asking *its, size_t budget)
{
	if (its->task == NULL)
		return;
	if (!ump_task_dispatch(its->task, budget))
		EXPECT("[drain]", its->terms == 1 && its->drops == 1);
	else
		EXPECT("[drain]", its->drops == 0);
}

static void end_asked(struct asking *its, bool drops)
{
	its->asked_ends = its->asked_ends || drops;
	if (drops)
		ump_task_drop(&its->asked_task);
	else
		ump_client_drop(&its->asked_client);
}

static void operate(struct asking *its)
{
	unsigned what = input_below(&life.input, 12);
	unsigned choice = input_byte(&life.input);
	int post = 0;

	if (what < 3 && its->client != NULL && its->posts < POSTS) {
		its->posts++;
		(void)ump_client_post(its->client, &post);
	} else if (what < 6) {
		run_asker(its, choice % 4);
	} else if (what < 8 && its->asked_task != NULL) {
		(void)ump_task_dispatch(its->asked_task, choice % 3);
	} else if (what == 8) {
		answer_kept(its, choice % KEPT, choice / 8 % 3);
	} else if (what == 9) {
		life.now += 60;
	} else if (what == 10) {
		resume(its, choice % 4 == 3);
	} else if (choice < 60) {
		ump_client_drop(&its->client);
	} else if (choice < 90) {
		end_asked(its, choice < 75);
	} else if (choice < 110) {
		stop(its, choice < 100);
	}
}

/* ---- A whole life --------------------------------------------------------------------------- */

static void spawn(struct asking *its, unsigned choice)
{
	struct ump_config config = {
		.post.size = sizeof(int), .capacity = choice & 2, .budget = 200};
	struct ump_config asked = {.request.size = sizeof(int),
		.reply.size = (choice & 8) != 0 ? 0 : sizeof(int),
		.post.size = sizeof(int),
		.capacity = (choice & 4) != 0 ? 3 : 0};
	int result;

	its->is_combining = (choice & 1) != 0;
	its->replies = asked.reply.size != 0;
	EXPECT("[init]", ump_spawn_task(&asked, build_asked, its, &its->asked_client,
				 &its->asked_task) == UMP_OK);
	result = its->is_combining
			 ? ump_spawn_combining(&config, build, its, &its->client, &its->combining)
			 : ump_spawn_task(&config, build, its, &its->client, &its->task);
	EXPECT("[init]", result == UMP_OK);
	EXPECT("[misuse]", ump_client_ask(its->asked_client, &result, UMP_FOREVER, on_answer, NULL,
				   NULL) == UMP_INVALID);
	EXPECT("[misuse]",
		ump_client_watch_call(its->asked_client, on_answer, NULL, NULL) == UMP_INVALID);
}

/* Answer everything, so that the asker can drain. */
static void drain(struct asking *its)
{
	for (int turns = 0; its->drops == 0; turns++) {
		EXPECT("[drain]", turns < 1000);
		resume(its, false);
		if (its->asked_task != NULL)
			(void)ump_task_dispatch(its->asked_task, 0);
		for (unsigned slot = 0; slot < KEPT; slot++)
			answer_kept(its, slot, slot % 3);
		if (its->asked_task == NULL || its->count == MOST)
			life.now += 100;
		run_asker(its, 0);
	}
}

static void finish(struct asking *its)
{
	struct ump_flow how = {false, its};

	ump_client_drop(&its->client);
	drain(its);
	EXPECT("[ask]", its->terms == 1 && its->drops == 1);
	if (its->combining != NULL)
		EXPECT("[drain]", ump_combining_join(&its->combining, &how, UMP_NOW) == UMP_OK);
	else if (its->task != NULL)
		EXPECT("[drain]", ump_task_join(&its->task, &how) == UMP_OK);
	resume(its, false);
	for (unsigned slot = 0; slot < KEPT; slot++)
		answer_kept(its, slot, 0);
	ump_client_drop(&its->asked_client);
	if (its->asked_task != NULL && !ump_task_dispatch(its->asked_task, 0))
		EXPECT("[drain]", ump_task_join(&its->asked_task, NULL) == UMP_OK);
	ump_task_drop(&its->asked_task);
}

void life_asks(void)
{
	memset(&only, 0, sizeof only);
	spawn(&only, input_byte(&life.input));
	while (!input_is_over(&life.input))
		operate(&only);
	finish(&only);
}
