/* SPDX-License-Identifier: 0BSD */
#include "call/completions.h"
#include "sync/tools.h"

#include "call/asks.h"
#include "call/cancellables.h"
#include "call/request.h"
#include "call/reservation.h"
#include "call/watch.h"
#include "channel/inbox.h"
#include "channel/notifier.h"
#include "channel/references.h"
#include "channel/user.h"
#include "wait/deadline.h"

#include <string.h>

/* ---- For answerers ------------------------------------------------------------------------- */

bool ump__completions_hold(struct ump_completions *completions)
{
	return ump__weak_add(&completions->counts);
}

void ump__completions_release(struct ump_completions *completions)
{
	struct ump_completions *behind;
	struct ump__channel *asker;

	ump__tools_release(&completions->counts);
	if (!ump__weak_drop(&completions->counts))
		return;
	ump__tools_acquire(&completions->counts);
	behind = completions->behind;
	asker = completions->asker;
	ump__free(completions);
	if (behind != NULL)
		ump__completions_release(behind);
	if (asker != NULL)
		ump__channel_drop_weak(asker);
}

bool ump__completions_push(struct ump_completions *completions, struct ump__message *message)
{
	bool taken = ump__inbox_push(&completions->inbox, &message->node, &completions->notifier);

	if (!taken && completions->behind != NULL)
		taken = ump__cancellable_answer(completions, ump__request_of(message));
	else if (!taken && completions->asker != NULL)
		taken = ump__asks_push(completions, message);
	ump__completions_release(completions);
	return taken;
}

bool ump__completions_dropped(const struct ump_completions *completions)
{
	return ump__inbox_is_closed(&completions->inbox);
}

/* ---- For the owner ------------------------------------------------------------------------- */

void ump__completions_init(struct ump_completions *completions)
{
	/* Idle: the first answer must raise the notifier. */
	ump__word_init(&completions->inbox, UMP__INBOX_PARKED);
	ump__counts_init(&completions->counts);
	ump__queue_init(&completions->batch);
	completions->watches = NULL;
	completions->lent = NULL;
	completions->in_flight = 0;
	completions->cancellables = NULL;
	completions->behind = NULL;
	completions->asker = NULL;
}

void ump__completions_drop_counts(struct ump_completions *completions)
{
	/* The strong reference, the weak one that it shared in, and the receiver's. */
	(void)ump__strong_drop(&completions->counts);
	ump__completions_release(completions);
	ump__completions_release(completions);
}

int ump_completions_open(ump_completions **out)
{
	ump_completions *made;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	made = ump__alloc_line(sizeof *made);
	if (made == NULL)
		return UMP_NO_MEMORY;
	if (ump__notifier_make(&made->notifier) != UMP_OK) {
		ump__free(made);
		return UMP_NO_FD;
	}
	ump__completions_init(made);
	*out = made;
	return UMP_OK;
}

int ump_completions_fd(const ump_completions *completions)
{
	return completions != NULL ? completions->notifier.fd : -1;
}

size_t ump_completions_in_flight(const ump_completions *completions)
{
	if (completions == NULL)
		return 0;
	ump__tools_owned(completions, sizeof *completions);
	return completions->in_flight;
}

/* Free the reply that was lent by the last call. */
static void give_back(ump_completions *completions)
{
	struct ump__message *lent = completions->lent;

	completions->lent = NULL;
	if (lent == NULL)
		return;
	if (ump__kind_of(lent) == UMP__KIND_WATCH)
		ump__watch_free(ump__watch_of(lent));
	else
		ump__request_free(ump__request_of(lent));
}

/* Return the next completed message, or NULL; then the notifier is clear. */
static struct ump__message *next(ump_completions *completions)
{
	struct ump__node *node = ump__queue_pop(&completions->batch);
	bool cleared = false;

	while (node == NULL) {
		if (ump__inbox_take(&completions->inbox, &completions->batch)) {
			node = ump__queue_pop(&completions->batch);
		} else {
			cleared = true;
			if (ump__inbox_idle(&completions->inbox, &completions->notifier))
				return NULL;
		}
	}
	/* The caller has not seen UMP_EMPTY, and may wait for the notifier, which this call has
	 * cleared. */
	if (cleared)
		ump__notifier_raise(&completions->notifier);
	ump__tools_acquire(node);
	return ump__message_of(node);
}

/* Describe the outcome of a request. */
static struct ump_completion tell_request(
	ump_completions *completions, struct ump__request *request)
{
	struct ump_completion told = {request->tag, request->answer.code, NULL};

	if (request->completions != completions)
		told.tag = ump__cancellable_take(completions->cancellables, request);
	if (told.result == UMP_OK && request->reply_type.size != 0)
		told.reply = request->reply;
	completions->lent = &request->message;
	return told;
}

static struct ump_completion tell(ump_completions *completions, struct ump__message *message)
{
	struct ump_completion told;

	if (ump__kind_of(message) == UMP__KIND_REQUEST)
		return tell_request(completions, ump__request_of(message));
	if (ump__kind_of(message) == UMP__KIND_WATCH) {
		completions->lent = message;
		return ump__watch_tell(completions, ump__watch_of(message));
	}
	told = (struct ump_completion){
		ump__reservation_of(message)->tag, ump__reservation_of(message)->code, NULL};
	ump__reservation_release(ump__reservation_of(message), true);
	return told;
}

int ump_completions_next_sized(
	ump_completions *completions, struct ump_completion *out, size_t out_size)
{
	struct ump__message *message;
	struct ump_completion told;

	if (completions == NULL || out == NULL || out_size < sizeof told)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	give_back(completions);
	/* What was given up comes between two batches, however many answers arrive. */
	if (completions->cancellables != NULL && ump__queue_is_empty(&completions->batch) &&
		ump__cancellables_next(completions->cancellables, &told)) {
		completions->in_flight--;
		ump__user_write(out, out_size, &told, sizeof told);
		return UMP_OK;
	}
	message = next(completions);
	if (message == NULL)
		return UMP_EMPTY;
	completions->in_flight--;
	told = tell(completions, message);
	ump__user_write(out, out_size, &told, sizeof told);
	return UMP_OK;
}

/* Return when a wait until `deadline` must end at the latest. */
static ump_time wait_end(const ump_completions *completions, ump_time deadline)
{
	ump_time due = ump__cancellables_due(completions->cancellables);

	return due < deadline ? due : deadline;
}

/* Spin briefly before the inbox becomes idle.  The owner is a client of the servers that answer;
 * the CPUs on which these run are unknown. */
static void linger(const ump_completions *completions, ump_time deadline)
{
	if (completions->in_flight != 0 && ump__queue_is_empty(&completions->batch) &&
		!ump__is_over(wait_end(completions, deadline)))
		(void)ump__inbox_linger(&completions->inbox, UMP__SIDE_CLIENT, UMP__CPU_UNKNOWN);
}

int ump_completions_wait_sized(ump_completions *completions, struct ump_completion *out,
	size_t out_size, ump_time deadline)
{
	if (completions == NULL || out == NULL || out_size < sizeof *out)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	linger(completions, deadline);
	for (;;) {
		int result = ump_completions_next_sized(completions, out, out_size);

		if (result != UMP_EMPTY)
			return result;
		if (completions->in_flight == 0)
			return UMP_NONE_PENDING;
		if (ump__is_over(deadline))
			return UMP_TIMED_OUT;
		ump__notifier_wait(&completions->notifier, wait_end(completions, deadline));
	}
}

/* Release a completed message that will not be retrieved. */
static void discard(struct ump__message *message)
{
	if (ump__kind_of(message) == UMP__KIND_REQUEST)
		ump__request_discard(
			ump__request_of(message), ump__request_of(message)->answer.code);
	else if (ump__kind_of(message) == UMP__KIND_WATCH)
		ump__watch_free(ump__watch_of(message));
	else
		ump__reservation_release(ump__reservation_of(message), false);
}

void ump_completions_drop(ump_completions **completions)
{
	ump_completions *dropped;
	struct ump__queue rest;
	struct ump__node *node;

	if (completions == NULL || *completions == NULL)
		return;
	dropped = *completions;
	*completions = NULL;
	ump__tools_owned(dropped, sizeof *dropped);
	give_back(dropped);
	ump__watch_forget_all(dropped);
	ump__inbox_close(&dropped->inbox, &rest);
	/* Messages may be in flight for long; the descriptor is needed elsewhere. */
	ump__notifier_end(&dropped->notifier);
	ump__queue_append(&dropped->batch, &rest);
	while ((node = ump__queue_pop(&dropped->batch)) != NULL) {
		ump__tools_acquire(node);
		discard(ump__message_of(node));
	}
	if (dropped->cancellables != NULL)
		ump__cancellables_drop(dropped->cancellables);
	ump__completions_drop_counts(dropped);
}
