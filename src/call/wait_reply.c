/* SPDX-License-Identifier: 0BSD */
#include "call/wait_reply.h"

#include "wait/deadline.h"
#include "wait/wait.h"

int ump__wait_reply_collect(struct ump__request *request, void *reply)
{
	int code = request->answer.code;

	/* There is a buffer, unless replies have no value. */
	if (code == UMP_OK && reply != NULL)
		ump__value_copy(reply, request->reply, request->reply_type.size, false);
	ump__request_free(request);
	return code;
}

/* Wait for the answer.  UMP_OK, UMP_TIMED_OUT, or UMP_DEADLOCK. */
static int await(struct ump__request *request, ump_time deadline)
{
	/* Polling is not waiting. */
	if (ump__answer_wait(&request->answer, UMP_NOW, request->server_cpu))
		return UMP_OK;
	if (ump__is_over(deadline))
		return UMP_TIMED_OUT;
	if (!ump__request_is_pinned(request))
		return ump__answer_wait(&request->answer, deadline, request->server_cpu)
			       ? UMP_OK
			       : UMP_TIMED_OUT;
	return ump__wait_answer(
		&request->answer, request->channel, &request->kept, deadline, request->server_cpu);
}

int ump_wait_reply_wait(ump_wait_reply **wait_reply, void *reply, ump_time deadline)
{
	struct ump__request *request;
	int result;

	if (wait_reply == NULL || *wait_reply == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_INSIDE();
	request = ump__request_of_waiter(*wait_reply);
	ump__tools_owned(request, sizeof *request);
	if (reply == NULL && request->reply_type.size != 0)
		return UMP_INVALID;
	result = await(request, deadline);
	if (result != UMP_OK)
		return result;
	*wait_reply = NULL;
	return ump__wait_reply_collect(request, reply);
}

int ump_wait_reply_try(ump_wait_reply **wait_reply, void *reply)
{
	int result = ump_wait_reply_wait(wait_reply, reply, UMP_NOW);

	/* A handler's code is above 0, and every answered request consumes the handle, so only the
	 * wait itself can have timed out. */
	return result == UMP_TIMED_OUT ? UMP_EMPTY : result;
}

void ump_wait_reply_drop(ump_wait_reply **wait_reply)
{
	struct ump__request *request;

	if (wait_reply == NULL || *wait_reply == NULL)
		return;
	request = ump__request_of_waiter(*wait_reply);
	*wait_reply = NULL;
	ump__tools_owned(request, sizeof *request);
	if (ump__answer_abandon(&request->answer))
		ump__request_discard(request, request->answer.code);
}
