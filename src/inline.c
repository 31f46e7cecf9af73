/* SPDX-License-Identifier: 0BSD */
#include "inline.h"

#include "deadline.h"
#include "dispatch.h"
#include "inbox.h"
#include "references.h"
#include "turn.h"
#include "wait.h"

#include <assert.h>
#include <string.h>

/* Default number of messages of others that one caller handles before it hands off. */
#define BUDGET 64

struct ump_inline {
	enum ump__mark mark;
	/* Owned by the combiner, including its receiver. */
	struct ump__dispatcher dispatcher;
	size_t budget;
	/* The next message, already dequeued, from the release of the combiner role until the next
	 * combiner runs. */
	struct ump__message *held;
	/* Its channel, with a reference: a join is a wait for that server. */
	struct ump__channel *channel;
	/* Completed when the server has ended; join waits for it, drop abandons it. */
	struct ump__answer ended;
	struct ump_flow how;
};

#define LIVE_INLINE "an inline server's handle was used after it was joined or dropped, or is none"

/* ---- Running as the combiner --------------------------------------------------------------- */

/* Return whether the sender of this message is blocked, and can become the combiner. */
static inline bool is_blocked(struct ump__message *message)
{
	return ump__kind_of(message) == UMP__KIND_REQUEST && ump__request_of(message)->may_run;
}

/* Hand off the combiner role to the caller of a request.  After that nothing of the server may be
 * touched.  Returns false if the caller has just given up; this thread is still the combiner. */
static inline bool hand_on(struct ump__message *message)
{
	return !ump__answer_publish(&ump__request_of(message)->answer, UMP__CODE_TURN, NULL);
}

/* Release the combiner role if no message is left. */
static inline bool gives_turn(ump_server *server)
{
	return ump__queue_is_empty(&server->batch) && ump__turn_give(&server->channel->inbox);
}

/* How far the combiner has got with the messages of others. */
struct stint {
	/* Messages left in the budget. */
	size_t left;
	/* The first budget is exhausted: hand off to a blocked caller. */
	bool over;
	/* Start time of the current budget. */
	ump_time since;
};

/* Return the next message, or NULL. */
static struct ump__message *next(struct ump_inline *inlined)
{
	ump_server *server = inlined->dispatcher.server;
	struct ump__message *held = inlined->held;

	if (held == NULL)
		return ump__server_next(server, UMP_NOW);
	inlined->held = NULL;
	if (ump__kind_of(held) != UMP__KIND_REQUEST ||
		!ump__request_is_abandoned(ump__request_of(held)))
		return held;
	ump__server_skip(server, held);
	return ump__server_next(server, UMP_NOW);
}

/*
 * Release the combiner role to the next sender, and try to reacquire it after `pause` ns.
 * `message`, the next one, stays with the role, as does the rest of the batch: all of it is older
 * than anything sent from now on.  It has left the queue, so there is capacity for a sender that
 * waits for it.  Returns false if this thread is no longer the combiner.
 *
 * Meanwhile this thread must touch nothing but the inbox word, since the server may end.  That word
 * stays valid: every call that runs a server holds a reference to the channel until it returns.
 */
static bool offer(struct ump_inline *inlined, struct ump__message *message, int64_t pause)
{
	ump_server *server = inlined->dispatcher.server;
	struct ump__word *inbox = &server->channel->inbox;
	struct ump__queue more;

	inlined->held = message;
	ump__server_give_back(server);
	while (!ump__turn_give(inbox)) {
		if (ump__inbox_take(inbox, &more))
			ump__queue_append(&server->batch, &more);
	}
	ump__stand_by(inbox, UMP__INBOX_PARKED, pause);
	return ump__turn_take(inbox);
}

/* The budget begins anew. */
static void begin_stint(struct stint *stint, size_t budget)
{
	stint->left = budget;
	stint->over = true;
	stint->since = ump_now();
}

/*
 * Handle messages until none is left, or, after `left` messages, until another thread can take
 * over.  On GO_ON this thread is no longer the combiner, and must not touch what belongs to the
 * server.
 *
 * The role is released for as long as one message took.  If messages arrive faster than they are
 * handled, one arrives within that time; if none does, little is lost.  A combiner that ends within
 * its first budget does not read the clock.
 */
static enum ump__verdict work_off(struct ump_inline *inlined, size_t left, struct ump_flow *flow)
{
	ump_server *server = inlined->dispatcher.server;
	const size_t budget = inlined->budget;
	struct stint stint = {left, false, 0};
	enum ump__verdict verdict = UMP__VERDICT_GO_ON;

	assert(budget != 0);
	while (verdict == UMP__VERDICT_GO_ON) {
		struct ump__message *message = next(inlined);

		if (message == NULL) {
			if (ump__turn_give(&server->channel->inbox))
				return UMP__VERDICT_GO_ON;
			continue;
		}
		if (stint.left == 0 && !stint.over)
			begin_stint(&stint, budget);
		if (stint.over && is_blocked(message)) {
			ump__server_give_back(server);
			if (hand_on(message))
				return UMP__VERDICT_GO_ON;
			ump__server_skip(server, message);
			continue;
		}
		/* No message can follow the EOS marker. */
		if (stint.left == 0 && ump__kind_of(message) != UMP__KIND_GOODBYE) {
			if (!offer(inlined, message, (ump_now() - stint.since) / (int64_t)budget))
				return UMP__VERDICT_GO_ON;
			begin_stint(&stint, budget);
			continue;
		}
		verdict = ump__dispatcher_handle(&inlined->dispatcher, message, flow);
		stint.left -= stint.left != 0;
	}
	return verdict;
}

static void inline_free(struct ump_inline *inlined)
{
	if (inlined->channel != NULL)
		ump__channel_drop_weak(inlined->channel);
	inlined->mark = UMP__MARK_DEAD;
	ump__free(inlined);
}

/* Leave the server's frame; end the server unless the verdict is GO_ON. */
static void leave_turn(struct ump_inline *inlined, const struct ump__frame *frame,
	enum ump__verdict verdict, struct ump_flow flow)
{
	ump_server *server;

	if (verdict == UMP__VERDICT_GO_ON) {
		ump__frame_leave(frame);
		return;
	}
	server = inlined->dispatcher.server;
	inlined->how = ump__dispatcher_end(&inlined->dispatcher, verdict, flow);
	ump__frame_leave(frame);
	if (ump__answer_publish(&inlined->ended, UMP_OK, NULL))
		inline_free(inlined);
	ump__server_release(server);
}

void ump__inline_run(struct ump_inline *inlined)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	ump_server *server = inlined->dispatcher.server;
	/* The first message is this thread's own, unless an earlier combiner left one. */
	size_t own = inlined->held == NULL ? 1 : 0;
	enum ump__verdict verdict;

	ump__frame_enter(&frame, server->channel);
	verdict = work_off(inlined, inlined->budget + own, &flow);
	leave_turn(inlined, &frame, verdict, flow);
}

/* Handle the combiner's own request, and then the messages of others. */
static void run_own(struct ump_inline *inlined, struct ump__request *request)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	enum ump__verdict verdict;

	request->direct = true;
	ump__frame_enter(&frame, request->channel);
	verdict = ump__dispatcher_handle(&inlined->dispatcher, &request->message, &flow);
	/* Usually no message has arrived meanwhile. */
	if (verdict == UMP__VERDICT_GO_ON && !gives_turn(inlined->dispatcher.server))
		verdict = work_off(inlined, inlined->budget, &flow);
	leave_turn(inlined, &frame, verdict, flow);
}

bool ump__inline_take(struct ump__channel *channel)
{
	/* A sender in the wait queue of a bounded inbox goes first. */
	return !channel->bounded && ump__turn_take(&channel->inbox);
}

bool ump__inline_request(struct ump__channel *channel, const void *msg, void *reply, int *result)
{
	struct ump__request request;

	/* If the role was released with messages left, these are older. */
	if (channel->inlined->held != NULL)
		return false;
	ump__request_init(&request, channel, msg, reply);
	run_own(channel->inlined, &request);
	/* If the context was kept, another thread answers. */
	(void)ump__answer_wait(&request.answer, UMP_FOREVER, UMP__CPU_UNKNOWN);
	*result = request.answer.code;
	return true;
}

bool ump__inline_took_turn(struct ump__request *request)
{
	if (request->answer.code != UMP__CODE_TURN)
		return false;
	ump__answer_init(&request->answer);
	run_own(request->channel->inlined, request);
	return true;
}

/* ---- Life ---------------------------------------------------------------------------------- */

/* Run init, handle what was sent by then, and become idle. */
static int start_here(struct ump_inline *inlined)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	int result;

	ump__frame_enter(&frame, inlined->dispatcher.server->channel);
	result = ump__dispatcher_init(&inlined->dispatcher);
	if (result == 0) {
		enum ump__verdict verdict = work_off(inlined, inlined->budget, &flow);

		leave_turn(inlined, &frame, verdict, flow);
	} else {
		ump__dispatcher_unwind(&inlined->dispatcher);
		ump__frame_leave(&frame);
	}
	return result;
}

static int spawn_here(struct ump_inline *inlined, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	int result = ump__dispatcher_open(&inlined->dispatcher, config, client);
	ump_server *server;

	if (result != UMP_OK)
		return result;
	server = inlined->dispatcher.server;
	/* A new channel has few references, so adding one cannot fail. */
	(void)ump__weak_add(&server->channel->counts);
	inlined->channel = server->channel;
	/* Must precede the first use of the channel by another thread. */
	server->channel->inlined = inlined;
	result = ump__dispatcher_build(&inlined->dispatcher, config, builder, arg, *client);
	if (result == UMP_OK)
		result = start_here(inlined);
	if (result != UMP_OK) {
		ump__server_release(server);
		ump_client_drop(client);
	}
	return result;
}

int ump_spawn_inline_sized(const struct ump_config *config, size_t config_size, size_t handler_size,
	ump_handler_builder *builder, void *arg, ump_client **client, ump_inline **inlined)
{
	struct ump_config checked;
	struct ump_inline *made;
	int result;

	UMP__REQUIRE_INSIDE();
	if (client != NULL)
		*client = NULL;
	if (inlined != NULL)
		*inlined = NULL;
	if (builder == NULL || client == NULL || inlined == NULL ||
		!ump__dispatcher_fits(&checked, config, config_size, handler_size))
		return UMP_INVALID;
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	memset(made, 0, sizeof *made);
	made->mark = UMP__MARK_INLINE;
	made->budget = checked.budget != 0 ? checked.budget : BUDGET;
	ump__answer_init(&made->ended);
	result = spawn_here(made, &checked, builder, arg, client);
	if (result == UMP_OK)
		*inlined = made;
	else
		inline_free(made);
	return result;
}

int ump_inline_join(ump_inline **inlined, struct ump_flow *how, ump_time deadline)
{
	struct ump_inline *joined;
	int result;

	if (inlined == NULL || *inlined == NULL)
		return UMP_INVALID;
	joined = *inlined;
	UMP__REQUIRE_MARK(joined, UMP__MARK_INLINE, LIVE_INLINE);
	UMP__REQUIRE_INSIDE();
	result = ump__wait_answer(&joined->ended, joined->channel, NULL,
		ump__deadline_at_call(deadline), UMP__CPU_UNKNOWN);
	if (result != UMP_OK)
		return result;
	*inlined = NULL;
	if (how != NULL)
		*how = joined->how;
	inline_free(joined);
	return UMP_OK;
}

void ump_inline_drop(ump_inline **inlined)
{
	struct ump_inline *dropped;

	if (inlined == NULL || *inlined == NULL)
		return;
	dropped = *inlined;
	*inlined = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_INLINE, LIVE_INLINE);
	if (ump__answer_abandon(&dropped->ended))
		inline_free(dropped);
}
