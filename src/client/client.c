/* SPDX-License-Identifier: 0BSD */
#include "call/completions.h"
#include "call/request.h"
#include "call/reservation.h"
#include "call/wait_reply.h"
#include "channel/inbox.h"
#include "client/handle.h"
#include "server/combining.h"
#include "wait/deadline.h"
#include "wait/wait.h"

/* In parentheses, here and below: debug builds have macros of these names. */
int(ump_client_clone)(const ump_client *client, ump_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	result = ump__handle_strong(client->handle.channel, UMP__MARK_CLIENT, &made);
	*out = made;
	return result;
}

void ump_client_drop(ump_client **client)
{
	struct ump__channel *channel;

	if (client == NULL || *client == NULL)
		return;
	UMP__REQUIRE_MARK(&(*client)->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	UMP__REQUIRE_INSIDE();
	channel = (*client)->handle.channel;
	ump__reservation_end(&(*client)->handle);
	ump__handle_free(&(*client)->handle);
	*client = NULL;
	ump__channel_drop_strong(channel);
}

int ump_client_post(const ump_client *client, const void *msg)
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__handle_post(&client->handle, msg, UMP_NOW);
}

int ump_client_post_until(const ump_client *client, const void *msg, ump_time deadline)
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__handle_post(&client->handle, msg, deadline);
}

int(ump_client_post_client)(const ump_client *client, ump_post_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	if (client->handle.channel->post.size == 0)
		return UMP_INVALID;
	result = ump__handle_strong(client->handle.channel, UMP__MARK_POST_CLIENT, &made);
	*out = made;
	return result;
}

int ump_client_weak(const ump_client *client, ump_weak_client **out)
{
	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__weak_client_new(client->handle.channel, out);
}

/* Send a request, for which there is capacity.  The caller begins to wait for it in `wait`, if that
 * is not NULL.  UMP_OK or UMP__RUN; or UMP_SERVER_GONE or UMP_DEADLOCK, and no wait has begun. */
static int send_request(struct ump__request *request, struct ump__wait *wait)
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

/* Request without a deadline: the request lies on this stack, so this must not return before the
 * answer. */
static int request_in_place(const struct ump__handle *handle, const void *msg, void *reply)
{
	struct ump__request request;
	struct ump__wait wait;
	struct ump__channel *channel = handle->channel;
	bool is_combiner = channel->combining != NULL && ump__combining_take(channel);
	bool kept;
	int result;

	if (is_combiner && ump__combining_request(channel, msg, reply, &result))
		return result;
	result = ump__handle_permit(handle, UMP_FOREVER, &kept);
	if (result != UMP_OK)
		return result;
	ump__request_init(&request, channel, msg, reply);
	request.may_run = true;
	result = send_request(&request, &wait);
	if (result < UMP_OK) {
		ump__handle_permit_back(handle, kept);
		return result;
	}
	/* A combiner is not refused: the inbox is open, and no handler of this server runs that
	 * could close a wait cycle. */
	(void)ump__channel_run(channel, is_combiner ? UMP__RUN : result);
	(void)ump__answer_wait(&request.answer, UMP_FOREVER, request.server_cpu);
	ump__wait_end(&wait);
	while (ump__combining_took_role(&request))
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
		result = send_request(request, wait);
		if (result < UMP_OK)
			ump__handle_permit_back(handle, kept);
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
	struct ump__request *request = ump__request_new(handle, msg);
	struct ump__wait wait;
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
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
	} while (ump__combining_took_role(request));
	return ump__wait_reply_collect(request, reply);
}

/* Return whether these arguments allow a request, for all ways to send one. */
static bool can_request(const ump_client *client, const void *msg)
{
	if (client == NULL || msg == NULL)
		return false;
	UMP__REQUIRE_INSIDE();
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	UMP__REQUIRE_OWN(client->handle.channel);
	return client->handle.channel->request.size != 0;
}

int ump_client_req(const ump_client *client, const void *msg, void *reply, ump_time deadline)
{
	if (!can_request(client, msg))
		return UMP_INVALID;
	if (reply == NULL && client->handle.channel->reply.size != 0)
		return UMP_INVALID;
	if (deadline == UMP_FOREVER)
		return request_in_place(&client->handle, msg, reply);
	return request_until(&client->handle, msg, reply, deadline);
}

/* Send a copy of `msg`, for which there is capacity, as a request that completes in `completions`,
 * or for a waiter in `*out` if that is NULL.  Results as send_request, or UMP_NO_MEMORY. */
static int send_copy(const struct ump__handle *handle, const void *msg,
	struct ump_completions *completions, void *tag, struct ump__request **out)
{
	struct ump__request *request = ump__request_new(handle, msg);
	int result;

	if (request == NULL)
		return UMP_NO_MEMORY;
	request->completions = completions;
	if (completions != NULL)
		request->tag = tag;
	else
		ump__request_pin(request);
	result = send_request(request, NULL);
	if (result < UMP_OK)
		ump__request_free(request);
	else
		*out = request;
	return result;
}

/* Wait for capacity, and do that. */
static int send_copy_until(const struct ump__handle *handle, const void *msg,
	struct ump_completions *completions, void *tag, struct ump__request **out,
	ump_time deadline)
{
	bool kept;
	int result = ump__handle_permit(handle, deadline, &kept);

	if (result != UMP_OK)
		return result;
	result = send_copy(handle, msg, completions, tag, out);
	if (result < UMP_OK)
		ump__handle_permit_back(handle, kept);
	return result;
}

int ump_client_req_async_until(
	const ump_client *client, const void *msg, ump_wait_reply **out, ump_time deadline)
{
	struct ump__request *request = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (!can_request(client, msg))
		return UMP_INVALID;
	result = send_copy_until(&client->handle, msg, NULL, NULL, &request, deadline);
	if (result >= UMP_OK)
		*out = ump__request_waiter(request);
	return ump__channel_run(client->handle.channel, result);
}

int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out)
{
	return ump_client_req_async_until(client, msg, out, UMP_NOW);
}

int ump_client_req_completion(
	const ump_client *client, const void *msg, ump_completions *completions, void *tag)
{
	struct ump__request *request = NULL;
	int result;

	if (completions == NULL || !can_request(client, msg))
		return UMP_INVALID;
	/* A request in flight must be able to raise the notifier. */
	if (!ump__completions_hold(completions))
		return UMP_OVERFLOW;
	result = send_copy_until(&client->handle, msg, completions, tag, &request, UMP_NOW);
	if (result >= UMP_OK)
		completions->in_flight++;
	else
		ump__completions_release(completions);
	return ump__channel_run(client->handle.channel, result);
}
