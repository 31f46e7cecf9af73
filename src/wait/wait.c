/* SPDX-License-Identifier: 0BSD */
#include "wait/wait.h"

#include "channel/channel.h"
#include "channel/references.h"
#include "core/walk.h"
#include "wait/crowd.h"

/* Last mark that was drawn.  None is drawn unless a walk has come back to the waiter. */
static struct ump__count marks;

/* ---- Publishing ---------------------------------------------------------------------------- */

static void put(const struct ump__frame *frame, struct ump__wait *wait)
{
	struct ump__vertex *vertex = &frame->channel->vertex;

	if (frame->channel->crowd != NULL && ump__crowd_put(frame, wait))
		return;
	ump__lock_take(&vertex->lock);
	vertex->wait = wait;
	vertex->mark = 0;
	ump__lock_give(&vertex->lock);
}

/* Publish a wait at the vertices of all servers in whose callbacks the waiter is.  Only the thread
 * that runs a server changes the edge of its vertex, so it may read the edge without the lock. */
static void publish(struct ump__wait *wait)
{
	wait->boundary = NULL;
	wait->outer = NULL;
	for (struct ump__frame *frame = wait->waiter; frame != NULL; frame = frame->outer) {
		/* A worker has an edge of its own, and none underneath. */
		if (frame->blocked == NULL && frame->channel->crowd == NULL) {
			frame->underneath = frame->channel->vertex.wait;
		} else if (frame->blocked == NULL) {
			frame->underneath = NULL;
		} else if (wait->boundary == NULL) {
			wait->boundary = frame;
			wait->outer = frame->blocked;
		}
		frame->blocked = wait;
		put(frame, wait);
	}
}

void ump__wait_withdraw(struct ump__wait *wait)
{
	struct ump__wait *before = NULL;

	for (struct ump__frame *frame = wait->waiter; frame != NULL; frame = frame->outer) {
		if (frame == wait->boundary)
			before = wait->outer;
		frame->blocked = before;
		put(frame, before != NULL ? before : frame->underneath);
	}
	wait->waiter = NULL;
}

/* ---- Walking ------------------------------------------------------------------------------- */

/* Return whether `wait` still waits for its server: not if the answer is there, or may come from
 * elsewhere.  If the walk has seen a wait of that server, it also sees here what the server did
 * before it began that wait. */
static bool is_pending(const struct ump__wait *wait)
{
	return ump__word_peek(wait->state) != UMP__CALL_DONE &&
	       (wait->kept == NULL || ump__hint_get(wait->kept) == 0);
}

bool ump__wait_is_pending(const struct ump__wait *wait)
{
	return is_pending(wait);
}

/* Return whether `frame`'s thread is in a callback of `server`, which has one thread. */
static bool is_among(const struct ump__channel *server, const struct ump__frame *frame)
{
	for (; frame != NULL; frame = frame->outer) {
		if (frame->channel == server)
			return !ump__crowd_has_begun(server);
	}
	return false;
}

/* Return the server that the handler of `at` waits for, with a reference, or NULL.  `mark` receives
 * the edge's mark; if `marking`, an edge without one gets a new one.  (So does a vertex without an
 * edge; the next edge clears it.) */
static struct ump__channel *follow(struct ump__channel *at, bool marking, uint64_t *mark)
{
	struct ump__vertex *vertex = &at->vertex;
	struct ump__channel *to = NULL;

	ump__lock_take(&vertex->lock);
	/* If that server has too many references already, the walk ends. */
	if (vertex->wait != NULL && is_pending(vertex->wait) &&
		ump__weak_add(&vertex->wait->server->counts))
		to = vertex->wait->server;
	if (marking && vertex->mark == 0)
		vertex->mark = ump__marks_next(&marks);
	*mark = vertex->mark;
	ump__lock_give(&vertex->lock);
	return to;
}

/* Return whether the walk ends at `server`, whose workers no single edge leaves. */
static bool is_crowd(const struct ump__channel *server, bool *crowded)
{
	if (server->crowd == NULL || !ump__crowd_has_begun(server))
		return false;
	*crowded = true;
	return true;
}

/* One round: return whether the edges lead from the server of `wait` back to the waiter.  `mark`
 * receives that of the last edge.  `crowded` is set if they lead to a server with workers. */
static bool comes_back(
	const struct ump__wait *wait, struct ump__walk *walk, uint64_t *mark, bool *crowded)
{
	struct ump__channel *at = wait->server;
	struct ump__channel *to = is_crowd(at, crowded) ? NULL : follow(at, walk->marks, mark);

	while (to != NULL && !is_among(to, wait->waiter) &&
		ump__walk_edge(walk, *mark, (uintptr_t)to)) {
		at = to;
		to = is_crowd(at, crowded) ? NULL : follow(at, walk->marks, mark);
		ump__channel_drop_weak(at);
	}
	if (to == NULL)
		return false;
	/* The waiter keeps its own servers alive. */
	ump__channel_drop_weak(to);
	return is_among(to, wait->waiter);
}

/* Return whether `wait`, which must be published, closes a cycle.  All edges of a cycle that is
 * reported existed when its last round began, if the one of `wait` is still pending afterwards: its
 * answer may have come before another edge of the cycle. */
static bool closes_cycle(const struct ump__wait *wait)
{
	struct ump__walk walk;
	bool crowded = false;
	uint64_t mark;

	ump__walk_begin(&walk);
	while (comes_back(wait, &walk, &mark, &crowded)) {
		if (ump__walk_back(&walk, mark, ump__marks_next(&marks)))
			return is_pending(wait);
	}
	return crowded && ump__crowd_closes(wait->server, wait->state, wait, NULL, &marks) &&
	       is_pending(wait);
}

/* ---- Interface ----------------------------------------------------------------------------- */

bool ump__wait_publish(struct ump__wait *wait)
{
	if (!is_pending(wait)) {
		/* There is nothing to wait for. */
		wait->waiter = NULL;
		return true;
	}
	publish(wait);
	if (!closes_cycle(wait))
		return true;
	ump__wait_withdraw(wait);
	return false;
}

bool ump__wait_begin_for(struct ump__wait *wait, struct ump__frame *waiter,
	struct ump__channel *server, const struct ump__word *state)
{
	*wait = (struct ump__wait){server, state, NULL, waiter, NULL, NULL};
	return ump__wait_publish(wait);
}

bool ump__wait_is_stuck(const struct ump__wait *wait, struct ump__channel *server,
	const struct ump__word *state, const struct ump__word *through)
{
	return ump__crowd_closes(server, state, wait, through, &marks);
}

int ump__wait_answer(struct ump__answer *answer, struct ump__channel *server,
	const struct ump__hint *kept, ump_time deadline, int other_cpu)
{
	struct ump__wait wait;
	bool there;

	if (!ump__wait_begin(&wait, server, &answer->state, kept))
		return UMP_DEADLOCK;
	there = ump__answer_wait(answer, deadline, other_cpu);
	ump__wait_end(&wait);
	return there ? UMP_OK : UMP_TIMED_OUT;
}
