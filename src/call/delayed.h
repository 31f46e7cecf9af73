/* SPDX-License-Identifier: 0BSD */
/*
 * A delayed post, from its sender to the dispatcher that calls the handler, and the controller
 * through which other threads change it.
 *
 * News of a post must not wait behind the messages that are queued.  So its link goes into a list
 * of the channel, which the dispatcher empties before each message; and the message at its
 * beginning, which needs no permit, goes into the inbox to wake the dispatcher.  These references
 * keep the memory: the controller's, the message's while it is queued, that of the server's side
 * until the post is over, and that of a suspended handler.
 */
#ifndef UMP_DELAYED_H
#define UMP_DELAYED_H

#include "channel/channel.h"
#include "core/delayed.h"
#include "wait/pairing.h"

#include <stdbool.h>

struct ump_delayed {
	/* Must be first.  It wakes the dispatcher. */
	struct ump__message message;
	/* In the list of news. */
	struct ump__node link;
	/* It has a weak reference. */
	struct ump__channel *channel;
	struct ump__outstanding references;
	struct ump__word state;
	/* What the controller has set; in use from the next plan on. */
	struct ump__count period;
	/* The rest is the dispatcher's.  Its place among the pending posts of the server. */
	struct ump__pairing_entry entry;
	/* The next planned time, also while the post is paused. */
	ump_time due;
	/* The last planned time that has passed, once there is one. */
	ump_time last;
	bool called;
	/* 0: once. */
	int64_t planned_period;
	/* Of the post type; behind this structure. */
	void *value;
};

_Static_assert(offsetof(struct ump_delayed, message) == 0, "it begins with its message");

static inline struct ump_delayed *ump__delayed_of(struct ump__message *message)
{
	return (struct ump_delayed *)(void *)message;
}

static inline struct ump_delayed *ump__delayed_of_link(struct ump__node *link)
{
	return (struct ump_delayed *)(void *)((char *)link - offsetof(struct ump_delayed, link));
}

static inline struct ump_delayed *ump__delayed_of_entry(struct ump__pairing_entry *entry)
{
	return (struct ump_delayed *)(void *)((char *)entry - offsetof(struct ump_delayed, entry));
}

/* Send a post that falls due at `due`, for a strong client of `channel`.  Results as
 * ump_client_post_at. */
int ump__delayed_send(struct ump__channel *channel, const void *msg, ump_time due, int64_t period,
	ump_delayed **out);

/* Give the value, which the caller owns, to the `drop` of its type. */
void ump__delayed_drop_value(const struct ump_delayed *post);

/* Add and drop a reference; the last drop frees the post, whose value must have another owner or
 * none.  The caller must have one itself. */
void ump__delayed_hold(struct ump_delayed *post);
void ump__delayed_release(struct ump_delayed *post);

/* The dispatcher has dequeued the message of a post, and must look at the list of news after
 * this. */
void ump__delayed_dequeued(struct ump__message *message);

/* The dispatcher has taken a link, or the list has refused it.  Returns the state before. */
uintptr_t ump__delayed_unlink(struct ump_delayed *post);

/* Begin a call.  Returns false, and the state, if none may begin. */
bool ump__delayed_begin(struct ump_delayed *post, uintptr_t *state);

/* End a call; or, if `again` is false, end the post, which another thread may free then.  Returns
 * whether the post stays pending, and the state before. */
bool ump__delayed_finish(struct ump_delayed *post, bool again, uintptr_t *state);

#endif
