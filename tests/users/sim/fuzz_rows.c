/* SPDX-License-Identifier: 0BSD */
/*
 * What the fuzzer for users' servers finds in the simulator, and what it accepts: small servers,
 * each with one mistake or none.  The environment variable ROW names the one to fuzz.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ump_server/fuzz.h>

/* The state of the one server; each execution begins anew. */
static struct state {
	/* Contexts that a client thread answers, as far as they are ready. */
	ump_reply_context *kept[16];
	const int *asked[16];
	_Atomic unsigned ready;
	_Atomic unsigned answered;
	ump_client *own;
	ump_suspension *suspension;
	int value;
	bool ended;
} state;

static void *begin(struct ump_fuzz_input *input)
{
	(void)input;
	state = (struct state){0};
	return &state;
}

/* Few numbers, so that messages are alike. */
static void make_number(void *arg, struct ump_fuzz_input *input, void *value)
{
	(void)arg;
	*(int *)value = (int)ump_fuzz_below(input, 4);
}

/* The same number never twice. */
static void make_unique(void *arg, struct ump_fuzz_input *input, void *value)
{
	static _Atomic int next;

	(void)arg;
	(void)input;
	*(int *)value = next++;
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
	return *(const int *)msg == 3 ? ump_continue() : answer(self, msg, rc);
}

static struct ump_flow lose(void *self, const void *msg, ump_reply_context **rc)
{
	if (*(const int *)msg != 3)
		return answer(self, msg, rc);
	(void)ump_reply_keep(rc);
	return ump_continue();
}

static struct ump_flow keep(void *self, const void *msg, ump_reply_context **rc)
{
	unsigned at = state.ready;

	if (at == 16)
		return answer(self, msg, rc);
	state.asked[at] = msg;
	state.kept[at] = ump_reply_keep(rc);
	state.ready++;
	return ump_continue();
}

static struct ump_flow accept(void *self, const void *msg)
{
	(void)self;
	state.value = *(const int *)msg;
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

static struct ump_flow answer_due(void *self, void *arg, uint64_t count)
{
	ump_reply_context *rc = arg;
	int reply = 0;

	(void)self;
	(void)count;
	(void)ump_reply(&rc, &reply);
	return ump_continue();
}

/* A timer answers, even if there is no client any more. */
static struct ump_flow answer_by_timer(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context *kept = ump_reply_keep(rc);

	(void)self;
	if (ump_reply_hold(kept) == UMP_CLIENTS_GONE ||
		ump_timer_start(answer_due, kept, ump_after(1000), 0, NULL) != UMP_OK)
		(void)ump_reply(&kept, msg);
	return ump_continue();
}

/* The same without a hold: the loop may drain first. */
static struct ump_flow answer_late(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context *kept = ump_reply_keep(rc);

	(void)self;
	if (ump_timer_start(answer_due, kept, ump_after(1000), 0, NULL) != UMP_OK)
		(void)ump_reply(&kept, msg);
	return ump_continue();
}

/* What is kept is answered at the end, but not after a break. */
static struct ump_flow answer_after_drain(void *self, struct ump_flow how)
{
	int reply = 0;

	(void)self;
	for (unsigned i = 0; i < state.ready && !how.stop; i++)
		(void)ump_reply(&state.kept[i], &reply);
	return how;
}

static void leave(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	(void)rc;
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

BUILDER(build_right, .request = answer, .post = break_sometimes, .leftover = leave)
BUILDER(build_break, .request = answer, .post = break_sometimes)
BUILDER(build_forget, .request = forget, .post = accept)
BUILDER(build_lose, .request = lose, .post = accept)
BUILDER(build_keep, .request = keep, .post = accept)
BUILDER(build_timer, .request = answer_by_timer, .post = accept)
BUILDER(build_late, .request = answer_late, .post = accept)
BUILDER(build_after_drain, .request = keep, .post = accept, .term = answer_after_drain)
BUILDER(build_accept, .request = answer, .post = accept)
BUILDER(build_suspend, .request = answer, .post = suspend)

static int build_owner(void *arg, ump_client *client, struct ump_handler *out)
{
	if (ump_client_clone(client, &state.own) != UMP_OK)
		return 1;
	return build_right(arg, client, out);
}

/* ---- Callbacks of targets ------------------------------------------------------------------ */

/* On any thread: answer the next context that is ready. */
static void act_answer(void *arg, struct ump_fuzz_input *input)
{
	unsigned at = state.answered;
	int reply;

	(void)arg;
	(void)input;
	if (at >= state.ready || !atomic_compare_exchange_strong(&state.answered, &at, at + 1))
		return;
	reply = *state.asked[at] * 2;
	(void)ump_reply(&state.kept[at], &reply);
}

static void settle_answers(void *arg)
{
	while (state.answered < state.ready)
		act_answer(arg, NULL);
}

static void settle_own(void *arg)
{
	(void)arg;
	ump_client_drop(&state.own);
}

static void resume(void *arg)
{
	(void)arg;
	if (state.suspension != NULL)
		(void)ump_task_resume(&state.suspension, ump_continue());
}

static const char *is_twice(void *arg, const void *request, int result, const void *reply)
{
	(void)arg;
	return result == UMP_OK && *(const int *)reply != *(const int *)request * 2
		       ? "not twice the number"
		       : NULL;
}

static const char *is_small(void *arg)
{
	return ((struct state *)arg)->value > 2 ? "the value is above 2" : NULL;
}

static void *make_stop(void *arg, struct ump_fuzz_input *input)
{
	(void)input;
	return &((struct state *)arg)->value;
}

static const char *end_right(void *arg, struct ump_flow how)
{
	return how.stop && how.value != &((struct state *)arg)->value ? "another value" : NULL;
}

/* ---- The table ----------------------------------------------------------------------------- */

#define TARGET(...)                                                                                \
	{                                                                                          \
		.config = {.request.size = sizeof(int),                                            \
			.reply.size = sizeof(int),                                                 \
			.post.size = sizeof(int)},                                                 \
		.begin = begin, .request = make_number, .post = make_number, .threads = 2,         \
		.kinds = UMP_FUZZ_TASK | UMP_FUZZ_COMBINING | UMP_FUZZ_THREAD, __VA_ARGS__         \
	}

static const struct row {
	const char *name;
	struct ump_fuzz_target target;
} rows[] = {
	{"right", TARGET(.build = build_right, .answer = is_twice, .end = end_right)},
	{"bounded", TARGET(.config.capacity = 2, .build = build_right, .answer = is_twice)},
	{"unique", TARGET(.request = make_unique, .post = make_unique, .build = build_accept)},
	{"drops", TARGET(.build = build_break, .answer = is_twice, .end = end_right)},
	{"forget", TARGET(.build = build_forget)},
	{"lose", TARGET(.build = build_lose)},
	{"answers", TARGET(.build = build_keep, .act = act_answer, .settle = settle_answers,
			    .answer = is_twice)},
	{"owner", TARGET(.build = build_owner)},
	{"owner_settles", TARGET(.build = build_owner, .settle = settle_own, .end = end_right)},
	{"suspend", TARGET(.build = build_suspend, .kinds = UMP_FUZZ_TASK)},
	{"suspend_settles",
		TARGET(.build = build_suspend, .settle = resume, .kinds = UMP_FUZZ_TASK)},
	{"stopped", TARGET(.build = build_right, .answer = is_twice, .stop = make_stop,
			    .end = end_right)},
	{"break_forgets", TARGET(.build = build_after_drain, .stop = make_stop,
				  .kinds = UMP_FUZZ_COMBINING | UMP_FUZZ_THREAD)},
	{"timer", TARGET(.build = build_timer, .kinds = UMP_FUZZ_THREAD)},
	{"timer_drains", TARGET(.build = build_late, .kinds = UMP_FUZZ_THREAD)},
	{"invariant", TARGET(.build = build_accept, .invariant = is_small)},
	{"invariant_thread",
		TARGET(.build = build_accept, .invariant = is_small, .kinds = UMP_FUZZ_THREAD)},
	{"invariant_alone", TARGET(.build = build_accept, .invariant = is_small,
				    .kinds = UMP_FUZZ_THREAD, .threads = 0)},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *name = getenv("ROW");

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (name != NULL && strcmp(rows[i].name, name) == 0) {
			ump_fuzz(&rows[i].target, bytes, size);
			return 0;
		}
	}
	exit(9);
}
