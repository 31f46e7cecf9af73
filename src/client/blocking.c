/* SPDX-License-Identifier: 0BSD */
/* Requests whose caller waits for the answer. */
#include "call/wait_reply.h"
#include "channel/combiner.h"
#include "channel/inbox.h"
#include "client/sending.h"
#include "wait/deadline.h"

bool ump__client_can_request(const ump_client *client, const void *msg)
{
	if (client == NULL || msg == NULL)
		return false;
	UMP__REQUIRE_INSIDE();
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	UMP__REQUIRE_OWN(client->handle.channel);
	return client->handle.channel->request.size != 0;
}

int ump__client_send(struct ump__request *request, struct ump__wait *wait)
{
	struct ump__channel *channel = request->channel;
	int result;

	if (wait != NULL && !ump__wait_begin(wait, channel, &request->answer.state, &request->kept))
		/* A closed server cannot be waited for. */
		return ump__inbox_is_closed(&channel->inbox) ? UMP_SERVER_GONE : UMP_DEADLOCK;
	result = ump__channel_send(channel, &request->message);
	if (wait != NULL && result < UMP_OK)
		ump__wait_end(wait);
	return result;
}

/* Acquire the combiner role of a server that its callers run, if it is idle.  Never for a bounded
 * inbox, whose senders need a permit first, in FIFO order. */
static inline bool become_combiner(struct ump__channel *channel)
{
	return channel->combining != NULL && !channel->bounded &&
	       ump__combiner_take(&channel->inbox);
}

/* Request without a deadline: the request lies on this stack, so this must not return before the
 * answer. */
static int request_in_place(const struct ump__handle *handle, const void *msg, void *reply)
{
	struct ump__request request;
	struct ump__wait wait;
	struct ump__channel *channel = handle->channel;
	bool is_combiner = become_combiner(channel);
	bool kept;
	int result;

	if (is_combiner && ump__combining_calls.request(channel, msg, reply, &result))
		return result;
	result = ump__handle_permit(handle, UMP_FOREVER, &kept);
	if (result != UMP_OK)
		return result;
	ump__request_init(&request, channel, msg, reply);
	request.may_run = true;
	result = ump__client_send(&request, &wait);
	if (result < UMP_OK) {
		ump__handle_permit_back(handle, kept);
		return result;
	}
	/* A combiner is not refused: the inbox is open, and no handler of this server runs that
	 * could close a wait cycle. */
	(void)ump__channel_run(channel, is_combiner ? UMP__RUN : result);
	(void)ump__answer_wait(&request.answer, UMP_FOREVER, request.server_cpu);
	ump__wait_end(&wait);
	while (ump__request_run_role(&request))
		(void)ump__answer_wait(&request.answer, UMP_FOREVER, UMP__CPU_UNKNOWN);
	return request.answer.code;
}

/* Wait for capacity, and send.  On UMP_OK the caller waits for the answer in `wait`.  A time-out
 * must mean the same to the caller whenever it occurs: what the message points to no longer belongs
 * to the caller.  So even if it was not sent yet, the request is then discarded like any abandoned
 * one. */
static int send_until(const struct ump__handle *handle, struct ump__request *request,
	ump_time deadline, struct ump__wait *wait)
{
	bool kept;
	int result = UMP_TIMED_OUT;

	if (!ump__is_over(deadline))
		result = ump__handle_permit(handle, deadline, &kept);
	/* The deadline has passed since. */
	if (result == UMP_FULL)
		result = UMP_TIMED_OUT;
	if (result == UMP_OK) {
		request->deadline = deadline;
		result = ump__client_send(request, wait);
		if (result < UMP_OK) {
			request->pinned = NULL;
			ump__handle_permit_back(handle, kept);
		}
	}
	if (result == UMP_TIMED_OUT)
		ump__request_discard(request, UMP_SERVER_GONE);
	else if (result < UMP_OK)
		ump__request_free(request);
	return ump__channel_run(handle->channel, result);
}

/* Request with a deadline: the request may have to outlive this call. */
static int request_until(
	const struct ump__handle *handle, const void *msg, void *reply, ump_time deadline)
{
	struct ump__request *request =
		ump__request_new(handle->channel, ump__handle_allocator(handle), msg);
	struct ump__wait wait;
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
	/* No wait has begun. */
	wait.waiter = NULL;
	request->may_run = true;
	result = send_until(handle, request, deadline, &wait);
	if (result != UMP_OK)
		return result;
	do {
		bool there = ump__answer_wait(&request->answer, deadline, request->server_cpu);

		ump__wait_end(&wait);
		/* The answer may have arrived since the deadline passed; it is preferred to a
		 * time-out.  It may also be the combiner role. */
		if (!there && !ump__answer_abandon(&request->answer))
			return UMP_TIMED_OUT;
	} while (ump__request_run_role(request));
	/* That of a request with a deadline is the deadline. */
	request->pinned = NULL;
	return ump__wait_reply_collect(request, reply);
}

int ump_client_req(const ump_client *client, const void *msg, void *reply, ump_time deadline)
{
	if (!ump__client_can_request(client, msg))
		return UMP_INVALID;
	if (reply == NULL && client->handle.channel->reply.size != 0)
		return UMP_INVALID;
	if (deadline == UMP_FOREVER)
		return request_in_place(&client->handle, msg, reply);
	return request_until(&client->handle, msg, reply, deadline);
}
