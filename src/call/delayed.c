/* SPDX-License-Identifier: 0BSD */
#include "call/delayed.h"

#include "channel/inbox.h"
#include "channel/references.h"
#include "sync/debug.h"
#include "sync/tools.h"

_Static_assert(offsetof(struct ump_delayed, link) % UMP__INBOX_ALIGN == 0, "links are no states");

/* ---- References ------------------------------------------------------------------------------ */

void ump__delayed_hold(struct ump_delayed *post)
{
	ump__outstanding_up(&post->references);
}

void ump__delayed_release(struct ump_delayed *post)
{
	struct ump__channel *channel = post->channel;

	ump__tools_release(&post->references);
	if (!ump__outstanding_down(&post->references, 1))
		return;
	ump__tools_acquire(&post->references);
	ump__free(post);
	ump__channel_drop_weak(channel);
}

void ump__delayed_drop_value(const struct ump_delayed *post)
{
	ump__value_drop(&post->channel->post, post->value);
}

/* ---- Changes of the state -------------------------------------------------------------------- */

/* Put the message into the inbox, unless it is there. */
static void wake(struct ump_delayed *post)
{
	uintptr_t seen = ump__word_peek(&post->state);

	while (!ump__delayed_word_change(&post->state, &seen, seen | UMP__DELAYED_QUEUED))
		;
	if ((seen & UMP__DELAYED_QUEUED) != 0)
		return;
	ump__delayed_hold(post);
	if (ump__channel_send(post->channel, &post->message) != UMP_OK)
		ump__delayed_release(post);
}

/* Bring the news of a post to its dispatcher.  The caller has set LINKED, and has a reference. */
static void tell(struct ump_delayed *post)
{
	if (ump__inbox_push(&post->channel->delayed, &post->link, NULL))
		wake(post);
	else if ((ump__delayed_unlink(post) & UMP__DELAYED_OVER) != 0)
		/* The dispatcher has left its reference to this thread. */
		ump__delayed_release(post);
}

void ump__delayed_dequeued(struct ump__message *message)
{
	struct ump_delayed *post = ump__delayed_of(message);
	uintptr_t seen = ump__word_peek(&post->state);

	ump__tools_acquire(message);
	while (!ump__delayed_word_change(&post->state, &seen, seen & ~UMP__DELAYED_QUEUED))
		;
	ump__delayed_release(post);
}

uintptr_t ump__delayed_unlink(struct ump_delayed *post)
{
	uintptr_t seen = ump__word_peek(&post->state);

	ump__tools_acquire(&post->link);
	while (!ump__delayed_word_change(&post->state, &seen, seen & ~UMP__DELAYED_LINKED))
		;
	ump__tools_acquire(&post->state);
	return seen;
}

bool ump__delayed_begin(struct ump_delayed *post, uintptr_t *state)
{
	struct ump__delayed_step step;

	*state = ump__word_peek(&post->state);
	do {
		step = ump__delayed_begin_step(*state);
		if (!step.taken)
			return false;
	} while (!ump__delayed_word_change(&post->state, state, step.next));
	ump__tools_acquire(&post->state);
	return true;
}

bool ump__delayed_finish(struct ump_delayed *post, bool again, uintptr_t *state)
{
	struct ump__delayed_step step;

	ump__tools_release(&post->state);
	*state = ump__word_peek(&post->state);
	do
		step = ump__delayed_finish_step(*state, again);
	while (!ump__delayed_word_change(&post->state, state, step.next));
	ump__tools_acquire(&post->state);
	return step.taken;
}

/* ---- For senders ----------------------------------------------------------------------------- */

/* Create a post, with the references of a sent one; NULL if out of memory. */
static struct ump_delayed *delayed_new(struct ump__channel *channel, const void *msg, ump_time due,
	int64_t period, bool controlled)
{
	/* Sizes were limited when the channel was opened: the sum cannot overflow. */
	size_t head = ump__align_up(sizeof(struct ump_delayed), _Alignof(max_align_t));
	struct ump_delayed *post =
		ump__alloc(head + ump__align_slack(channel->post_align) + channel->post.size);

	if (post == NULL)
		return NULL;
	*post = (struct ump_delayed){.channel = channel, .due = due, .planned_period = period};
	ump__message_init(&post->message, UMP__KIND_DELAYED, NULL);
	ump__outstanding_init(&post->references, controlled ? 3 : 2);
	ump__word_init(&post->state, UMP__DELAYED_FIRST);
	ump__count_init(&post->period, (uint64_t)period);
	post->value = ump__align_to((unsigned char *)post + head, channel->post_align);
	ump__value_copy(post->value, msg, channel->post.size, true);
	return post;
}

int ump__delayed_send(struct ump__channel *channel, const void *msg, ump_time due, int64_t period,
	ump_delayed **out)
{
	struct ump_delayed *post;

	UMP__REQUIRE_OWN(channel);
	if (out != NULL)
		UMP__CLEAR(out);
	if (msg == NULL || channel->post.size == 0 || period < 0)
		return UMP_INVALID;
	if (channel->combining != NULL || channel->crowd != NULL)
		return UMP_NO_TIMERS;
	if (!ump__weak_add(&channel->counts))
		return UMP_OVERFLOW;
	post = delayed_new(channel, msg, due > 0 ? due : 0, period, out != NULL);
	if (post == NULL) {
		ump__channel_drop_weak(channel);
		return UMP_NO_MEMORY;
	}
	if (!ump__inbox_push(&channel->delayed, &post->link, NULL)) {
		ump__free(post);
		ump__channel_drop_weak(channel);
		return UMP_SERVER_GONE;
	}
	if (out != NULL)
		*out = post;
	/* Before the message, whose push carries the bit. */
	if ((ump__attention_peek(&channel->attention) & UMP__ATTENTION_TIMERS) == 0)
		ump__attention_time(&channel->attention);
	if (ump__channel_send(channel, &post->message) != UMP_OK)
		ump__delayed_release(post);
	return UMP_OK;
}

/* ---- For controllers ------------------------------------------------------------------------- */

int ump_delayed_cancel(ump_delayed *delayed)
{
	struct ump__delayed_step step;
	uintptr_t seen;

	if (delayed == NULL)
		return UMP_INVALID;
	ump__tools_used(delayed, sizeof *delayed);
	UMP__REQUIRE_OWN(delayed->channel);
	ump__tools_release(&delayed->state);
	seen = ump__word_peek(&delayed->state);
	do {
		step = ump__delayed_cancel_step(seen);
		if (!step.taken)
			return UMP_EMPTY;
	} while (!ump__delayed_word_change(&delayed->state, &seen, step.next));
	/* While a call is under way, the dispatcher owns the value. */
	if ((seen & UMP__DELAYED_RUNNING) != 0)
		return UMP_EMPTY;
	ump__tools_acquire(&delayed->state);
	ump__delayed_drop_value(delayed);
	if (step.link)
		tell(delayed);
	return UMP_OK;
}

int ump_delayed_pause(ump_delayed *delayed)
{
	struct ump__delayed_step step;
	uintptr_t seen;

	if (delayed == NULL)
		return UMP_INVALID;
	ump__tools_used(delayed, sizeof *delayed);
	UMP__REQUIRE_OWN(delayed->channel);
	seen = ump__word_peek(&delayed->state);
	do {
		step = ump__delayed_pause_step(seen);
		if (!step.taken)
			return UMP_EMPTY;
	} while (!ump__delayed_word_change(&delayed->state, &seen, step.next));
	return UMP_OK;
}

/* Have the next call planned again.  UMP_OK or UMP_EMPTY. */
static int renew(struct ump_delayed *post, bool resume)
{
	struct ump__delayed_step step;
	uintptr_t seen;

	UMP__REQUIRE_OWN(post->channel);
	seen = ump__word_peek(&post->state);
	do {
		step = ump__delayed_renew_step(seen, resume);
		if (!step.taken)
			return UMP_EMPTY;
	} while (!ump__delayed_word_change(&post->state, &seen, step.next));
	if (step.link)
		tell(post);
	return UMP_OK;
}

int ump_delayed_resume(ump_delayed *delayed)
{
	if (delayed == NULL)
		return UMP_INVALID;
	ump__tools_used(delayed, sizeof *delayed);
	return renew(delayed, true);
}

int ump_delayed_set_period(ump_delayed *delayed, int64_t period)
{
	/* Only a period is replaced by a period. */
	if (delayed == NULL || period <= 0 || ump__period_get(&delayed->period) == 0)
		return UMP_INVALID;
	ump__tools_used(delayed, sizeof *delayed);
	ump__period_set(&delayed->period, period);
	return renew(delayed, false);
}

void ump_delayed_drop(ump_delayed **delayed)
{
	struct ump_delayed *dropped;

	if (delayed == NULL || *delayed == NULL)
		return;
	dropped = *delayed;
	*delayed = NULL;
	UMP__REQUIRE_OWN(dropped->channel);
	ump__delayed_release(dropped);
}
