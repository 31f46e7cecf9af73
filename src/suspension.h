/* SPDX-License-Identifier: 0BSD */
/*
 * A handler that has suspended: one answer between its task, which waits for it by its bell, and
 * whoever resumes it.
 */
#ifndef UMP_SUSPENSION_H
#define UMP_SUSPENSION_H

#include "answer.h"
#include "channel.h"

struct ump_suspension {
	struct ump__answer resumed;
	struct ump_flow flow;
	/* Whose bell is rung.  Who resumes owns a reference. */
	struct ump__channel *channel;
	/* The message that the handler works on, if it is a post: it stays until the suspension
	 * goes.  Written by the task. */
	struct ump__post *held;
};

/* Whether it has been resumed; then it is gone, and `flow` is what the handler returns.  If not,
 * the task's bell will ring when it is.  The task only. */
bool ump__suspension_over(ump_suspension *suspension, struct ump_flow *flow);

/* The task does not wait any more; what is held stays until the resume.  true: it has been resumed
 * all the same, as above.  The task only. */
bool ump__suspension_give_up(ump_suspension *suspension, struct ump_flow *flow);

#endif
