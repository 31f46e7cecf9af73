/* SPDX-License-Identifier: 0BSD */
#include "server/due_posts.h"

#include "channel/inbox.h"
#include "core/timer.h"
#include "sync/tools.h"

/* Drop the reference of the server's side, unless `state` leaves that to the taker of the link. */
static void let_go(struct ump_delayed *post, uintptr_t state)
{
	if ((state & UMP__DELAYED_LINKED) == 0)
		ump__delayed_release(post);
}

static void unplan(struct ump__due_posts *posts, struct ump_delayed *post)
{
	if (ump__pairing_has(&post->entry))
		ump__pairing_remove(&posts->pending, &post->entry);
}

/* Plan the next call, by the period that the controller has set last. */
static void plan(struct ump__due_posts *posts, struct ump_delayed *post)
{
	int64_t period = ump__period_get(&post->period);

	unplan(posts, post);
	if (post->called && period != post->planned_period)
		post->due = ump__delayed_plan(post->last, period);
	post->planned_period = period;
	ump__pairing_add(&posts->pending, &post->entry, post->due);
}

void ump__due_posts_collect(struct ump__due_posts *posts, struct ump__channel *channel)
{
	struct ump__queue news;
	struct ump__node *node;

	ump__queue_init(&news);
	if (!ump__inbox_take(&channel->delayed, &news))
		return;
	while ((node = ump__queue_pop(&news)) != NULL) {
		struct ump_delayed *post = ump__delayed_of_link(node);

		if (ump__delayed_is_settled(ump__delayed_unlink(post))) {
			unplan(posts, post);
			ump__delayed_release(post);
		} else {
			plan(posts, post);
		}
	}
}

struct ump_delayed *ump__due_posts_take(struct ump__due_posts *posts, ump_time until, ump_time now)
{
	while (ump__due_posts_time(posts) <= until) {
		struct ump_delayed *post = ump__delayed_of_entry(posts->pending.root);
		uintptr_t state;

		ump__pairing_remove(&posts->pending, &post->entry);
		if (ump__delayed_begin(post, &state)) {
			post->last = post->due;
			if (post->planned_period != 0) {
				post->last = now - (now - post->due) % post->planned_period;
				post->due = ump__delayed_plan(post->last, post->planned_period);
			}
			post->called = true;
			return post;
		}
		/* The link of a cancelled one comes, unless the loop ends before; a resume brings
		 * that of a paused one. */
		ump__pairing_add(&posts->pending, &post->entry, UMP_FOREVER);
	}
	return NULL;
}

void ump__due_posts_done(struct ump__due_posts *posts, struct ump_delayed *post)
{
	bool once = post->planned_period == 0;
	uintptr_t state;

	if (ump__delayed_finish(post, !once, &state)) {
		plan(posts, post);
		return;
	}
	/* A cancel during the call has left the value here; that of a single call is the
	 * handler's. */
	if (!once) {
		ump__delayed_drop_value(post);
		(void)ump__delayed_finish(post, false, &state);
	}
	let_go(post, state);
}

/* End a post that was not called, or was to be called again. */
static void dispose(struct ump_delayed *post,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self)
{
	uintptr_t state;

	/* The value must not be freed by the thread to which let_go() leaves the reference. */
	ump__delayed_hold(post);
	(void)ump__delayed_finish(post, false, &state);
	if ((state & UMP__DELAYED_CANCELLED) == 0) {
		if (leftover != NULL) {
			ump__tools_call(NULL, NULL);
			leftover(self, post->value, NULL);
		} else {
			ump__delayed_drop_value(post);
		}
	}
	let_go(post, state);
	ump__delayed_release(post);
}

/* Order all by their times again: paused ones whose time has passed lie behind the others. */
static void sort(struct ump__due_posts *posts)
{
	struct ump__pairing sorted = {NULL, 0, 0};

	while (posts->pending.root != NULL) {
		struct ump_delayed *post = ump__delayed_of_entry(posts->pending.root);

		ump__pairing_remove(&posts->pending, &post->entry);
		ump__pairing_add(&sorted, &post->entry, post->due);
	}
	posts->pending = sorted;
}

void ump__due_posts_close(struct ump__due_posts *posts, struct ump__channel *channel,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self)
{
	struct ump__queue news;
	struct ump__node *node;

	ump__inbox_close(&channel->delayed, &news);
	while ((node = ump__queue_pop(&news)) != NULL) {
		struct ump_delayed *post = ump__delayed_of_link(node);

		if (ump__delayed_is_settled(ump__delayed_unlink(post))) {
			unplan(posts, post);
			ump__delayed_release(post);
		} else if (!ump__pairing_has(&post->entry)) {
			plan(posts, post);
		}
	}
	if (leftover != NULL)
		sort(posts);
	while (posts->pending.root != NULL) {
		struct ump_delayed *post = ump__delayed_of_entry(posts->pending.root);

		ump__pairing_remove(&posts->pending, &post->entry);
		dispose(post, leftover, self);
	}
}
