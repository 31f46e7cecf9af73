/* SPDX-License-Identifier: 0BSD */
/*
 * A suspended handler: one answer between its task, which waits for it by the notifier, and the
 * thread that resumes it.
 */
#ifndef UMP_SUSPENSION_H
#define UMP_SUSPENSION_H

#include "channel/channel.h"
#include "wait/answer.h"
#include "wait/frame.h"
#include "wait/wait.h"

/* The handler's wait for a server, as an edge of the wait-for graph. */
struct ump__awaiting {
	struct ump__wait wait;
	/* A frame for the suspended server alone, without those in whose callbacks the task
	 * runs. */
	struct ump__frame frame;
};

struct ump_suspension {
	struct ump__answer resumed;
	struct ump_flow flow;
	/* Channel whose notifier is raised; the resuming thread owns a reference. */
	struct ump__channel *channel;
	/* The message that the handler works on, if it is a post, delayed or not: it stays until
	 * the suspension is freed.  Written by the task. */
	struct ump__message *held;
	/* Whether the handler has named the server that it waits for; then there is one of the
	 * following, with a reference to that server's channel. */
	bool awaits;
	struct ump__awaiting awaiting[];
};

/* Return whether it was resumed; then it is freed, and `flow` is what the handler returns.
 * Otherwise its resume will raise the task's notifier.  The task only. */
bool ump__suspension_over(ump_suspension *suspension, struct ump_flow *flow);

/* Give up the wait for the resume; what is held stays until the resume.  Returns true if it was
 * resumed all the same, as above.  The task only. */
bool ump__suspension_give_up(ump_suspension *suspension, struct ump_flow *flow);

#endif
