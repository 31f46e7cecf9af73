/* SPDX-License-Identifier: 0BSD */
/*
 * A handler that has suspended: one answer between its task, which waits for it by its bell, and
 * whoever resumes it.
 */
#ifndef UMP_SUSPENSION_H
#define UMP_SUSPENSION_H

#include "answer.h"
#include "channel.h"

/* That the handler waits for a server, as an edge of the wait-for graph. */
struct ump__awaiting {
	struct ump__wait wait;
	/* For that server alone, and not for those in whose callbacks the task is run. */
	struct ump__frame frame;
};

struct ump_suspension {
	struct ump__answer resumed;
	struct ump_flow flow;
	/* Whose bell is rung.  Who resumes owns a reference. */
	struct ump__channel *channel;
	/* The message that the handler works on, if it is a post: it stays until the suspension
	 * goes.  Written by the task. */
	struct ump__post *held;
	/* Whether it has said which server it waits for; then there is one of what follows, with a
	 * reference of that server's channel. */
	bool awaits;
	struct ump__awaiting awaiting[];
};

/* Whether it has been resumed; then it is gone, and `flow` is what the handler returns.  If not,
 * the task's bell will ring when it is.  The task only. */
bool ump__suspension_over(ump_suspension *suspension, struct ump_flow *flow);

/* The task does not wait any more; what is held stays until the resume.  true: it has been resumed
 * all the same, as above.  The task only. */
bool ump__suspension_give_up(ump_suspension *suspension, struct ump_flow *flow);

#endif
