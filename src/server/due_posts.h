/* SPDX-License-Identifier: 0BSD */
/* The delayed posts of one server, on its dispatcher's side.  Only the dispatcher uses them. */
#ifndef UMP_DUE_POSTS_H
#define UMP_DUE_POSTS_H

#include "call/delayed.h"

struct ump__due_posts {
	/* Pending posts, by their times.  A paused one whose time has passed has UMP_FOREVER. */
	struct ump__pairing pending;
	/* The one whose handler has suspended, or NULL. */
	struct ump_delayed *suspended;
};

/* Take the news of the channel: add posts, plan them again, or remove those that were cancelled. */
void ump__due_posts_collect(struct ump__due_posts *posts, struct ump__channel *channel);

/* Return the time of the next due post; UMP_FOREVER if there is none. */
static inline ump_time ump__due_posts_time(const struct ump__due_posts *posts)
{
	return posts->pending.root != NULL ? posts->pending.root->key : UMP_FOREVER;
}

/* Begin the call of the post that is due first; NULL if none is due by `until`, which is not after
 * `now`. */
struct ump_delayed *ump__due_posts_take(struct ump__due_posts *posts, ump_time until, ump_time now);

/* The handler has returned: the post is over, or is planned again. */
void ump__due_posts_done(struct ump__due_posts *posts, struct ump_delayed *post);

/* Each pending post is undelivered: pass it to `leftover` (with `self`), or drop it if that is
 * NULL.  None is accepted any more. */
void ump__due_posts_close(struct ump__due_posts *posts, struct ump__channel *channel,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self);

#endif
