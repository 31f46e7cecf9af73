/* SPDX-License-Identifier: 0BSD */
/*
 * A combining server (flat combining; Hendler et al., SPAA 2010) has neither a thread nor an event
 * loop: its senders run it.  A sender that finds no combiner becomes the combiner (combiner.h).  It
 * handles its own message and then those of other senders, until none is left; other senders
 * enqueue, as for any server.  So handlers are serial, messages keep their order, and the server
 * has no thread.
 *
 * After a budget of messages, the combiner hands off its role to the first blocked caller whose
 * request it dequeues.  The role travels with the answer: its code is UMP__CODE_COMBINER, and the
 * caller, which owns the request then, handles it itself and continues as the combiner.
 *
 * If a second budget of messages brings no blocked caller, and after each further budget, the
 * combiner releases its role: it restores PARKED although messages are left (`held`, the batch).
 * The next sender becomes the combiner and must handle these first.  The former combiner acquires
 * the role again if there is no combiner after about the time of one message.  If neither finds a
 * successor, one thread combines without a bound.
 */
#include "channel/combiner.h"

#include "call/request.h"
#include "call/watch.h"
#include "channel/inbox.h"
#include "channel/references.h"
#include "server/dispatch.h"
#include "wait/deadline.h"
#include "wait/wait.h"

#include <assert.h>
#include <string.h>

/* Default number of messages of others that one caller handles before it looks for a successor. */
#define BUDGET 64

struct ump_combining {
	enum ump__mark mark;
	/* Owned by the combiner, with the receiver to which it points, as is `held`. */
	struct ump__dispatcher dispatcher;
	/* After a release of the combiner role: the message that was dequeued last, which the next
	 * combiner must handle first.  Else NULL. */
	struct ump__message *held;
	/* Of the configuration. */
	size_t budget;
	/* Its channel, with a reference: a join is a wait for that server. */
	struct ump__channel *channel;
	/* Completed when the server has ended; join waits for it, drop abandons it. */
	struct ump__answer ended;
	struct ump_flow how;
};

#define LIVE_COMBINING                                                                             \
	"a combining server's handle was used after it was joined or dropped, or is none"

struct ump__dispatcher *ump__combining_dispatcher(struct ump_combining *combining)
{
	return &combining->dispatcher;
}

/* ---- Running as the combiner --------------------------------------------------------------- */

/* Return whether the caller of this message is in ump_client_req, and so can get the role. */
static inline bool is_blocked(struct ump__message *message)
{
	return ump__kind_of(message) == UMP__KIND_REQUEST && ump__request_of(message)->may_run;
}

/* Hand off the combiner role with the answer to a request.  True: this thread must not touch the
 * server any more.  False: the caller has given up; this thread is still the combiner, and owns the
 * request. */
static inline bool hand_off(struct ump__message *message)
{
	return !ump__answer_publish(&ump__request_of(message)->answer, UMP__CODE_COMBINER, NULL);
}

/* Try to give up the combiner role.  False: messages are left, and this thread is the combiner. */
static inline bool give_up_if_empty(ump_server *server)
{
	return ump__queue_is_empty(&server->batch) && ump__combiner_give(&server->channel->inbox);
}

/* The combiner's budget for the messages of others. */
struct budget {
	/* Messages left in the current one. */
	size_t left;
	/* The first one is used up: hand off with the next request of a blocked caller. */
	bool exhausted;
	/* Start of the current one; only once the first is used up. */
	ump_time since;
};

/* Return the next message to handle: `held`, unless it was abandoned, else the next of the batch or
 * the inbox; NULL if there is none.  The caller owns it. */
static struct ump__message *next(struct ump_combining *combining)
{
	ump_server *server = combining->dispatcher.server;
	struct ump__message *held = combining->held;

	if (held == NULL)
		return ump__server_next(server, UMP_NOW);
	combining->held = NULL;
	held = ump__server_unless_abandoned(server, held);
	return held != NULL ? held : ump__server_next(server, UMP_NOW);
}

/*
 * Release the combiner role, and try to acquire it again after about `pause` ns.  False: another
 * thread is the combiner, or the server has ended.  True: this thread is; others may have been
 * meanwhile.  `message` becomes `held`; it and the batch are older than anything sent from now on.
 * The permit of `message` was released when it was dequeued, so a sender that waits for capacity
 * can take over, too.
 *
 * Meanwhile this thread must touch nothing but the inbox word, since the server may end.  That word
 * stays valid: every call that runs a server holds a reference to the channel until it returns.
 */
static bool release(struct ump_combining *combining, struct ump__message *message, int64_t pause)
{
	ump_server *server = combining->dispatcher.server;
	struct ump__word *inbox = &server->channel->inbox;
	struct ump__queue more;

	combining->held = message;
	ump__server_give_back(server);
	while (!ump__combiner_give(inbox)) {
		if (ump__inbox_take(inbox, &more))
			ump__queue_append(&server->batch, &more);
	}
	ump__spin_then_park(inbox, UMP__INBOX_PARKED, pause);
	return ump__combiner_take(inbox);
}

/* Begin a budget after the first. */
static void begin_budget(struct budget *budget, size_t messages)
{
	budget->left = messages;
	budget->exhausted = true;
	budget->since = ump_now();
}

/*
 * Handle messages until none is left or this thread is replaced, for which it looks after `first`
 * messages.  UMP__OUTCOME_CONTINUE: it is no longer the combiner, must not touch what belongs to
 * the server, and its own message may still be queued.  It can hand off to itself: if an earlier
 * combiner left messages, its own request may be the one that is dequeued.
 *
 * The role is released for as long as one message took on average.  If messages arrive faster than
 * they are handled, one arrives within that time; if none does, little is lost.  A combiner that
 * ends within its first budget does not read the clock.
 */
static enum ump__outcome work_off(
	struct ump_combining *combining, size_t first, struct ump_flow *flow)
{
	ump_server *server = combining->dispatcher.server;
	const size_t messages = combining->budget;
	struct budget budget = {first, false, 0};
	enum ump__outcome outcome = UMP__OUTCOME_CONTINUE;

	assert(messages != 0);
	while (outcome == UMP__OUTCOME_CONTINUE) {
		struct ump__message *message = next(combining);

		if (message == NULL) {
			if (ump__combiner_give(&server->channel->inbox))
				return UMP__OUTCOME_CONTINUE;
			continue;
		}
		if (budget.left == 0 && !budget.exhausted)
			begin_budget(&budget, messages);
		if (budget.exhausted && is_blocked(message)) {
			ump__server_give_back(server);
			if (hand_off(message))
				return UMP__OUTCOME_CONTINUE;
			ump__server_skip(server, message);
			continue;
		}
		/* Nothing but answers can follow the EOS marker. */
		if (budget.left == 0 && ump__kind_of(message) != UMP__KIND_EOS) {
			if (!release(combining, message,
				    (ump_now() - budget.since) / (int64_t)messages))
				return UMP__OUTCOME_CONTINUE;
			begin_budget(&budget, messages);
			continue;
		}
		outcome = ump__dispatcher_handle(&combining->dispatcher, message, flow);
		budget.left -= budget.left != 0;
	}
	return outcome;
}

static void combining_free(struct ump_combining *combining)
{
	if (combining->channel != NULL)
		ump__channel_drop_weak(combining->channel);
	combining->mark = UMP__MARK_DEAD;
	ump__free(combining);
}

/* Leave the server's frame, once the role was released or handed off (UMP__OUTCOME_CONTINUE).  With
 * any other outcome this thread is still the combiner: end the server. */
static void leave_or_end(struct ump_combining *combining, const struct ump__frame *frame,
	enum ump__outcome outcome, struct ump_flow flow)
{
	ump_server *server;
	struct ump_flow how;

	if (outcome == UMP__OUTCOME_CONTINUE) {
		ump__frame_leave(frame);
		return;
	}
	server = combining->dispatcher.server;
	how = ump__dispatcher_end(&combining->dispatcher, outcome, flow);
	combining->how = how;
	ump__frame_leave(frame);
	if (ump__answer_publish(&combining->ended, UMP_OK, NULL))
		combining_free(combining);
	/* Must follow the publication, as in thread.c.  `combining` may be gone. */
	ump__server_ended(server, &how);
	ump__server_release(server);
}

static void run_pushed(struct ump_combining *combining)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	ump_server *server = combining->dispatcher.server;
	/* The first message is this thread's own, unless an earlier combiner left one. */
	size_t own = combining->held == NULL ? 1 : 0;
	enum ump__outcome outcome;

	ump__frame_enter(&frame, server->channel);
	outcome = work_off(combining, combining->budget + own, &flow);
	leave_or_end(combining, &frame, outcome, flow);
}

/* Handle the combiner's own request, and then the messages of others. */
static void run_own(struct ump_combining *combining, struct ump__request *request)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	enum ump__outcome outcome;

	request->direct = true;
	ump__frame_enter(&frame, request->channel);
	outcome = ump__dispatcher_handle(&combining->dispatcher, &request->message, &flow);
	/* Usually no message has arrived meanwhile. */
	if (outcome == UMP__OUTCOME_CONTINUE && !give_up_if_empty(combining->dispatcher.server))
		outcome = work_off(combining, combining->budget, &flow);
	leave_or_end(combining, &frame, outcome, flow);
}

static bool run_request(struct ump__channel *channel, const void *msg, void *reply, int *result)
{
	struct ump__request request;

	/* If the role was released with messages left, these are older. */
	if (channel->combining->held != NULL)
		return false;
	ump__request_init(&request, channel, msg, reply);
	run_own(channel->combining, &request);
	/* If the context was kept, another thread answers. */
	(void)ump__answer_wait(&request.answer, UMP_FOREVER, UMP__CPU_UNKNOWN);
	*result = request.answer.code;
	return true;
}

static void take_over(struct ump__request *request)
{
	ump__answer_init(&request->answer);
	run_own(request->channel->combining, request);
}

const struct ump__combining_calls ump__combining_calls = {run_pushed, run_request, take_over};

/* ---- Life ---------------------------------------------------------------------------------- */

/* Run `init`, then the loop as the first combiner.  Returns the result of `init`.  After 0 the
 * server may be idle, run by another thread, or ended. */
static int start_here(struct ump_combining *combining)
{
	struct ump_flow flow = ump_continue();
	struct ump__frame frame;
	int result;

	ump__frame_enter(&frame, combining->dispatcher.server->channel);
	result = ump__dispatcher_init(&combining->dispatcher);
	if (result == 0) {
		enum ump__outcome outcome = work_off(combining, combining->budget, &flow);

		leave_or_end(combining, &frame, outcome, flow);
	} else {
		ump__dispatcher_unwind(&combining->dispatcher);
		ump__frame_leave(&frame);
	}
	return result;
}

static int spawn_here(struct ump_combining *combining, const struct ump_config *config,
	ump_handler_builder *builder, void *arg, ump_client **client)
{
	int result = ump__dispatcher_open(&combining->dispatcher, config, client);
	ump_server *server;

	if (result != UMP_OK)
		return result;
	server = combining->dispatcher.server;
	/* A new channel has few references, so adding one cannot fail. */
	(void)ump__weak_add(&server->channel->counts);
	combining->channel = server->channel;
	/* Must precede the first use of the channel by another thread. */
	server->channel->combining = combining;
	result = ump__dispatcher_build(&combining->dispatcher, config, builder, arg, *client);
	if (result == UMP_OK)
		result = start_here(combining);
	if (result != UMP_OK) {
		ump__server_release(server);
		ump_client_drop(client);
	}
	return result;
}

int ump_spawn_combining_sized(const struct ump_config *config, size_t config_size,
	size_t handler_size, ump_handler_builder *builder, void *arg, ump_client **client,
	ump_combining **combining)
{
	struct ump_config checked;
	struct ump_combining *made;
	int result;

	UMP__REQUIRE_INSIDE();
	if (client != NULL)
		UMP__CLEAR(client);
	if (combining != NULL)
		UMP__CLEAR(combining);
	if (builder == NULL || client == NULL || combining == NULL ||
		!ump__dispatcher_fits(&checked, config, config_size, handler_size))
		return UMP_INVALID;
	made = ump__alloc(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	memset(made, 0, sizeof *made);
	made->mark = UMP__MARK_COMBINING;
	made->budget = checked.budget != 0 ? checked.budget : BUDGET;
	ump__answer_init(&made->ended);
	result = spawn_here(made, &checked, builder, arg, client);
	if (result == UMP_OK)
		*combining = made;
	else
		combining_free(made);
	return result;
}

int ump_combining_join(ump_combining **combining, struct ump_flow *how, ump_time deadline)
{
	struct ump_combining *joined;
	int result;

	if (combining == NULL || *combining == NULL)
		return UMP_INVALID;
	joined = *combining;
	ump__tools_owned(joined, sizeof *joined);
	UMP__REQUIRE_MARK(joined, UMP__MARK_COMBINING, LIVE_COMBINING);
	UMP__REQUIRE_INSIDE();
	result = ump__wait_answer(&joined->ended, joined->channel, NULL,
		ump__deadline_at_call(deadline), UMP__CPU_UNKNOWN);
	if (result != UMP_OK)
		return result;
	*combining = NULL;
	if (how != NULL) {
		*how = joined->how;
		ump__tools_written(how, sizeof *how);
	}
	combining_free(joined);
	return UMP_OK;
}

int ump_combining_watch(const ump_combining *combining, ump_completions *completions, void *tag)
{
	if (combining == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(combining, sizeof *combining);
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(combining, UMP__MARK_COMBINING, LIVE_COMBINING);
	return ump__watch_make(combining->channel, completions, tag, &combining->how);
}

void ump_combining_drop(ump_combining **combining)
{
	struct ump_combining *dropped;

	if (combining == NULL || *combining == NULL)
		return;
	dropped = *combining;
	*combining = NULL;
	UMP__REQUIRE_MARK(dropped, UMP__MARK_COMBINING, LIVE_COMBINING);
	if (ump__answer_abandon(&dropped->ended))
		combining_free(dropped);
}
