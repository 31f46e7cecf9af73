/* SPDX-License-Identifier: 0BSD */
/*
 * What the fuzzer for users' servers finds, and what it accepts: each small server here has one
 * mistake, which must be reported in the words of its row, or none.  A row runs in a child process,
 * on the same inputs each time.  The last line counts.
 */
#include <ump_server/fuzz.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	INPUTS = 3000,
	LENGTH = 96
};

/* The state of the one server; each execution begins anew. */
static struct state {
	ump_reply_context *kept[256];
	unsigned count;
	ump_suspension *suspension;
	ump_client *own;
	ump_weak_client *me;
	const int *earlier;
	int value;
	bool closed;
	/* Values of stops that exist. */
	int stops;
} state;

static void *begin(struct ump_fuzz_input *input)
{
	(void)input;
	state = (struct state){0};
	return &state;
}

static void make_number(void *arg, struct ump_fuzz_input *input, void *value)
{
	(void)arg;
	*(int *)value = ump_fuzz_byte(input);
}

/* ---- Callbacks of handlers ----------------------------------------------------------------- */

static struct ump_flow answer(void *self, const void *msg, ump_reply_context **rc)
{
	int twice = *(const int *)msg * 2;

	(void)self;
	(void)ump_reply(rc, &twice);
	return ump_continue();
}

static struct ump_flow forget(void *self, const void *msg, ump_reply_context **rc)
{
	return *(const int *)msg == 7 ? ump_continue() : answer(self, msg, rc);
}

static struct ump_flow keep(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	state.kept[state.count++ % 256] = ump_reply_keep(rc);
	return ump_continue();
}

static struct ump_flow lose(void *self, const void *msg, ump_reply_context **rc)
{
	if (*(const int *)msg == 9) {
		(void)ump_reply_keep(rc);
		return ump_continue();
	}
	return answer(self, msg, rc);
}

static struct ump_flow read_later(void *self, const void *msg, ump_reply_context **rc)
{
	if (state.earlier != NULL)
		state.value += *state.earlier;
	state.earlier = msg;
	return answer(self, msg, rc);
}

static struct ump_flow accept(void *self, const void *msg)
{
	(void)self;
	state.value = *(const int *)msg;
	return ump_continue();
}

static struct ump_flow read_post_later(void *self, const void *msg)
{
	(void)self;
	if (state.earlier != NULL)
		state.value += *state.earlier;
	state.earlier = msg;
	return ump_continue();
}

static struct ump_flow break_sometimes(void *self, const void *msg)
{
	(void)self;
	return *(const int *)msg == 3 ? ump_break(&state.value) : ump_continue();
}

static struct ump_flow suspend(void *self, const void *msg)
{
	ump_suspension *suspension = ump_suspend();

	(void)self;
	(void)msg;
	if (suspension != NULL)
		state.suspension = suspension;
	return ump_pending();
}

static struct ump_flow suspend_and_break(void *self, const void *msg)
{
	(void)suspend(self, msg);
	return ump_break(NULL);
}

static struct ump_flow post_to_itself(void *self, const void *msg)
{
	int less = *(const int *)msg / 2;
	ump_client *client;

	(void)self;
	if (less > 0 && ump_weak_client_upgrade(state.me, &client) == UMP_OK) {
		(void)ump_client_post(client, &less);
		ump_client_drop(&client);
	}
	return ump_continue();
}

static int note_me(void *self, ump_weak_client *me)
{
	(void)self;
	state.me = me;
	return 0;
}

static int fail_init(void *self, ump_weak_client *me)
{
	(void)self;
	(void)me;
	return 5;
}

static struct ump_flow answer_at_last(void *self, struct ump_flow how)
{
	int reply = 0;

	(void)self;
	for (; state.count > 0; state.count--)
		(void)ump_reply(&state.kept[state.count - 1], &reply);
	return how;
}

/* Contexts that wait are answered, but not after a break. */
static struct ump_flow answer_after_drain(void *self, struct ump_flow how)
{
	return how.stop ? how : answer_at_last(self, how);
}

static struct ump_flow wake(void *self, void *arg, uint64_t count)
{
	(void)self;
	(void)arg;
	state.value += (int)count;
	return ump_continue();
}

static struct ump_flow wake_and_break(void *self, void *arg, uint64_t count)
{
	(void)wake(self, arg, count);
	return ump_break(&state.value);
}

/* The answer comes by a timer; `arg` is the place of the context. */
static struct ump_flow answer_due(void *self, void *arg, uint64_t count)
{
	ump_reply_context **rc = arg;
	int reply = 0;

	(void)self;
	(void)count;
	(void)ump_reply(rc, &reply);
	return ump_continue();
}

static struct ump_flow answer_at(ump_time due, const void *msg, ump_reply_context **rc)
{
	ump_reply_context **place = &state.kept[state.count++ % 256];
	int reply = *(const int *)msg;

	*place = ump_reply_keep(rc);
	if (ump_reply_hold(*place) == UMP_CLIENTS_GONE ||
		ump_timer_start(answer_due, place, due, 0, NULL) != UMP_OK)
		(void)ump_reply(place, &reply);
	return ump_continue();
}

static struct ump_flow answer_by_timer(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	return answer_at(UMP_NOW, msg, rc);
}

/* In an hour: the context holds the loop until then. */
static struct ump_flow answer_late(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	return answer_at(ump_after(INT64_C(3600000000000)), msg, rc);
}

static struct ump_flow start_timer(void *self, const void *msg)
{
	(void)self;
	(void)ump_timer_start(
		*(const int *)msg == 3 ? wake_and_break : wake, NULL, UMP_NOW, 0, NULL);
	return ump_continue();
}

/* A post that comes after a larger one: nothing that is sent in order does. */
static struct ump_flow expect_order(void *self, const void *msg)
{
	(void)self;
	if (*(const int *)msg < state.value)
		state.closed = true;
	state.value = *(const int *)msg;
	return ump_continue();
}

/* ---- Builders ------------------------------------------------------------------------------ */

#define BUILDER(name, ...)                                                                         \
	static int name(void *arg, ump_client *client, struct ump_handler *out)                    \
	{                                                                                          \
		(void)arg;                                                                         \
		(void)client;                                                                      \
		*out = (struct ump_handler){__VA_ARGS__};                                          \
		return 0;                                                                          \
	}

BUILDER(build_right, .request = answer, .post = break_sometimes)
BUILDER(build_forget, .request = forget, .post = accept)
BUILDER(build_lose, .request = lose, .post = accept)
BUILDER(build_keep, .request = keep, .post = accept)
BUILDER(build_term, .request = keep, .post = accept, .term = answer_at_last)
BUILDER(build_read_later, .request = read_later, .post = accept)
BUILDER(build_read_post_later, .request = answer, .post = read_post_later)
BUILDER(build_suspend, .request = answer, .post = suspend)
BUILDER(build_suspend_and_break, .request = answer, .post = suspend_and_break)
BUILDER(build_posting, .init = note_me, .request = answer, .post = post_to_itself)
BUILDER(build_request_only, .request = answer)
BUILDER(build_after_drain, .request = keep, .post = accept, .term = answer_after_drain)
BUILDER(build_timer, .request = answer_by_timer, .post = start_timer)
BUILDER(build_late_timer, .request = answer_late, .post = accept)
BUILDER(build_order, .request = answer, .post = expect_order)
BUILDER(build_init, .init = fail_init, .request = answer, .post = accept)

static int build_nothing(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	(void)out;
	return 6;
}

static int build_owner(void *arg, ump_client *client, struct ump_handler *out)
{
	if (ump_client_clone(client, &state.own) != UMP_OK)
		abort();
	return build_right(arg, client, out);
}

/* ---- Callbacks of targets ------------------------------------------------------------------ */

static void resume(void *arg)
{
	(void)arg;
	if (state.suspension != NULL)
		(void)ump_task_resume(&state.suspension, ump_continue());
}

static void act_resume(void *arg, struct ump_fuzz_input *input)
{
	(void)input;
	resume(arg);
}

static void settle_kept(void *arg)
{
	int reply = 0;

	(void)arg;
	for (unsigned i = 0; i < 256; i++) {
		if (state.kept[i] != NULL)
			(void)ump_reply(&state.kept[i], &reply);
	}
	ump_client_drop(&state.own);
}

static const char *is_twice(void *arg, const void *request, int result, const void *reply)
{
	(void)arg;
	return result == UMP_OK && *(const int *)reply != *(const int *)request * 2
		       ? "not twice the number"
		       : NULL;
}

static const char *is_three_times(void *arg, const void *request, int result, const void *reply)
{
	(void)arg;
	return result == UMP_OK && *(const int *)reply != *(const int *)request * 3
		       ? "not three times the number"
		       : NULL;
}

static const char *is_small(void *arg)
{
	return ((struct state *)arg)->value > 200 ? "the value is above 200" : NULL;
}

static const char *end_wrong(void *arg, struct ump_flow how)
{
	(void)arg;
	return how.stop ? "there should be no break" : NULL;
}

static void *make_stop(void *arg, struct ump_fuzz_input *input)
{
	(void)input;
	((struct state *)arg)->stops++;
	return &((struct state *)arg)->stops;
}

static void drop_stop(void *value)
{
	--*(int *)value;
}

/* A stop's value is the outcome, or was dropped. */
static const char *end_stopped(void *arg, struct ump_flow how)
{
	struct state *of = arg;

	if (how.stop && how.value == &of->stops)
		of->stops--;
	return of->stops != 0 ? "a stop's value is lost" : NULL;
}

/* The posts of an execution are numbered. */
static void make_next(void *arg, struct ump_fuzz_input *input, void *value)
{
	(void)input;
	*(int *)value = (int)++((struct state *)arg)->count;
}

static const char *is_in_order(void *arg)
{
	return ((struct state *)arg)->closed ? "a post came after a later one" : NULL;
}

static const char *end_right(void *arg, struct ump_flow how)
{
	return how.stop && how.value != &((struct state *)arg)->value ? "another value" : NULL;
}

/* ---- The table ----------------------------------------------------------------------------- */

#define INTS                                                                                       \
	.config = {.request.size = sizeof(int),                                                    \
		.reply.size = sizeof(int),                                                         \
		.post.size = sizeof(int)},                                                         \
	.begin = begin, .request = make_number, .post = make_number

static const struct row {
	const char *name;
	/* What the report must contain; NULL: there must be none. */
	const char *finding;
	struct ump_fuzz_target target;
} rows[] = {
	{"a right server", NULL,
		{INTS, .build = build_right, .answer = is_twice, .end = end_right}},
	{"a right task with a capacity", NULL,
		{.config = {.request.size = sizeof(int),
			 .reply.size = sizeof(int),
			 .post.size = sizeof(int),
			 .capacity = 2},
			.begin = begin,
			.request = make_number,
			.post = make_number,
			.build = build_right,
			.answer = is_twice,
			.kinds = UMP_FUZZ_TASK}},
	{"a forgotten answer", "neither answered nor kept a request [forgot]",
		{INTS, .build = build_forget}},
	{"a forgotten answer that is meant", NULL,
		{INTS, .build = build_forget, .may_forget = true}},
	{"a lost context", "a request never ends: its context was kept and lost [keep]",
		{INTS, .build = build_lose}},
	{"contexts that are answered in term", NULL, {INTS, .build = build_term}},
	{"contexts that settle answers", NULL, {INTS, .build = build_keep, .settle = settle_kept}},
	{"contexts that nothing answers", "a request never ends", {INTS, .build = build_keep}},
	{"a strong client of its own", "the program keeps a strong client of its server [weak]",
		{INTS, .build = build_owner, .kinds = UMP_FUZZ_TASK}},
	{"a strong client of its own, combining",
		"the program keeps a strong client of its server [weak]",
		{INTS, .build = build_owner, .kinds = UMP_FUZZ_COMBINING}},
	{"a strong client of its own that settle drops", NULL,
		{INTS, .build = build_owner, .settle = settle_kept}},
	{"a suspension that is never resumed", "a handler has suspended and is never resumed",
		{INTS, .build = build_suspend, .kinds = UMP_FUZZ_TASK}},
	{"a suspension that is resumed", NULL,
		{INTS, .build = build_suspend, .act = act_resume, .settle = resume}},
	{"a break of a handler that has suspended", NULL,
		{INTS, .build = build_suspend_and_break, .act = act_resume, .settle = resume}},
	{"an invariant", "the invariant does not hold: the value is above 200",
		{INTS, .build = build_lose, .settle = settle_kept, .invariant = is_small}},
	{"a wrong answer", "the answer to a request: not three times the number",
		{INTS, .build = build_right, .answer = is_three_times}},
	{"a wrong end", "at the end: there should be no break",
		{INTS, .build = build_right, .end = end_wrong}},
	{"messages to itself", "that was not sent, or", {INTS, .build = build_posting}},
	{"messages to itself that are meant", NULL,
		{INTS, .build = build_posting, .may_send = true}},
	{"an init that fails", NULL, {INTS, .build = build_init}},
	{"a builder that fails", NULL, {INTS, .build = build_nothing}},
	{"a request that is read after its answer", "heap-use-after-free",
		{INTS, .build = build_read_later}},
	{"a post that is read after its callback", "heap-use-after-free",
		{INTS, .build = build_read_post_later}},
	{"a target without a builder", "error: the target has no `build`", {INTS}},
	{"a target without requests",
		"error: the server takes requests, and the target has no `request`",
		{.config.request.size = 4, .build = build_right}},
	{"a target without posts", "error: the server takes posts, and the target has no `post`",
		{.config.post.size = 4, .build = build_right}},
	{"a target of an unknown kind", "error: `kinds` has unknown bits",
		{INTS, .build = build_right, .kinds = 8}},
	{"a target with too many threads", "error: `threads` is above 4",
		{INTS, .build = build_right, .threads = 5}},
	{"a right server with client threads", NULL,
		{INTS, .build = build_right, .answer = is_twice, .end = end_right, .threads = 3}},
	{"a lost context with client threads", "a request never ends: its context was kept",
		{INTS, .build = build_lose, .threads = 2}},
	{"a thread's server, which runs as a task", "to a task:",
		{INTS, .build = build_forget, .kinds = UMP_FUZZ_THREAD, .threads = 1}},
	{"a right server that is stopped", NULL,
		{INTS, .build = build_right, .stop = make_stop, .drop_stop = drop_stop,
			.end = end_stopped}},
	{"a right server that is stopped, with client threads", NULL,
		{INTS, .build = build_term, .stop = make_stop, .drop_stop = drop_stop,
			.end = end_stopped, .threads = 2}},
	{"a stop's value that is lost", "at the end: a stop's value is lost",
		{INTS, .build = build_right, .stop = make_stop, .end = end_stopped}},
	{"contexts that are answered unless there is a break", "a request never ends",
		{INTS, .build = build_after_drain, .stop = make_stop, .drop_stop = drop_stop,
			.kinds = UMP_FUZZ_COMBINING}},
	{"the same without a stop", NULL,
		{INTS, .build = build_after_drain, .kinds = UMP_FUZZ_COMBINING}},
	{"answers of timers", NULL, {INTS, .build = build_timer, .settle = settle_kept}},
	{"answers of timers that a break forgets", "a request never ends",
		{INTS, .build = build_timer, .kinds = UMP_FUZZ_TASK}},
	{"a context that holds the loop until a late timer",
		"the loop does not end after the last client was dropped",
		{INTS, .build = build_late_timer, .kinds = UMP_FUZZ_TASK, .calls = 6}},
	{"a handler that takes delayed posts to be in order",
		"the invariant does not hold: a post came after a later one",
		{.config = {.request.size = sizeof(int),
			 .reply.size = sizeof(int),
			 .post.size = sizeof(int)},
			.begin = begin,
			.request = make_number,
			.post = make_next,
			.build = build_order,
			.invariant = is_in_order}},
	{"a handler without a callback", "spawn finds the configuration or the handler invalid",
		{INTS, .build = build_request_only}},
};

static void fuzz(const struct row *row)
{
	uint64_t random = 1;

	for (int i = 0; i < INPUTS; i++) {
		uint8_t bytes[LENGTH];

		for (int k = 0; k < LENGTH; k++) {
			random = random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
			bytes[k] = (uint8_t)(random >> 56 & (random >> 32 & 1 ? 0xff : 0x0f));
		}
		ump_fuzz(&row->target, bytes, LENGTH);
	}
}

/* Run a row; true if it was reported as it should be. */
static bool is_right(const struct row *row, char *said, size_t size)
{
	int ends[2];
	int status;
	size_t length = 0;
	ssize_t more;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		abort();
	if (child == 0) {
		alarm(50);
		dup2(ends[1], 2);
		close(ends[0]);
		fuzz(row);
		_exit(0);
	}
	close(ends[1]);
	while (length < size - 1 && (more = read(ends[0], said + length, size - 1 - length)) > 0)
		length += (size_t)more;
	said[length] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	if (row->finding == NULL)
		return WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0) &&
	       strstr(said, row->finding) != NULL;
}

int main(void)
{
	static char said[1 << 16];
	int passed = 0;
	int failed = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
#ifndef __SANITIZE_ADDRESS__
		if (rows[i].finding != NULL && strncmp(rows[i].finding, "heap-", 5) == 0)
			continue;
#endif
		if (is_right(&rows[i], said, sizeof said)) {
			passed++;
			printf("ok      %s\n", rows[i].name);
		} else {
			failed++;
			printf("FAILED  %s\n%s\n", rows[i].name, said);
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
