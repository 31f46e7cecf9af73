/* SPDX-License-Identifier: 0BSD */
#include "handle.h"
#include "request.h"
#include "wait_reply.h"

#define LIVE "a client was used after it was dropped, or is none"

int ump_client_clone(const ump_client *client, ump_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, LIVE);
	result = ump__handle_strong(client->handle.channel, UMP__MARK_CLIENT, &made);
	*out = made;
	return result;
}

void ump_client_drop(ump_client **client)
{
	struct ump__channel *channel;

	if (client == NULL || *client == NULL)
		return;
	UMP__REQUIRE_MARK(&(*client)->handle, UMP__MARK_CLIENT, LIVE);
	channel = (*client)->handle.channel;
	ump__handle_free(&(*client)->handle);
	*client = NULL;
	ump__channel_drop_strong(channel);
}

int ump_client_post(const ump_client *client, const void *msg)
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, LIVE);
	return ump__handle_post(&client->handle, msg);
}

int ump_client_post_client(const ump_client *client, ump_post_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, LIVE);
	if (client->handle.channel->post.size == 0)
		return UMP_INVALID;
	result = ump__handle_strong(client->handle.channel, UMP__MARK_POST_CLIENT, &made);
	*out = made;
	return result;
}

int ump_client_weak(const ump_client *client, ump_weak_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, LIVE);
	result = ump__handle_weak(client->handle.channel, &made);
	*out = made;
	return result;
}

/* Send an allocated request.  UMP_OK, UMP_NO_MEMORY, or UMP_SERVER_GONE. */
static int send_copy(struct ump__channel *channel, const void *msg, struct ump__request **out)
{
	struct ump__request *request = ump__request_new(channel, msg);

	if (request == NULL)
		return UMP_NO_MEMORY;
	if (!ump__channel_send(channel, &request->message)) {
		ump__request_free(request);
		return UMP_SERVER_GONE;
	}
	*out = request;
	return UMP_OK;
}

/* Wait for ever: the request lies on this stack, so it must not return before the answer. */
static int request_in_place(struct ump__channel *channel, const void *msg, void *reply)
{
	struct ump__request request;

	ump__request_init(&request, channel, msg, reply);
	if (!ump__channel_send(channel, &request.message))
		return UMP_SERVER_GONE;
	(void)ump__answer_wait(&request.answer, UMP_FOREVER, request.server_cpu);
	return request.answer.code;
}

/* Too late to send.  A time-out means the same to the caller at whichever moment it comes: what the
 * message points to is no longer the caller's.  So it goes the way of any request given up. */
static int give_up_at_once(struct ump__channel *channel, const void *msg)
{
	struct ump__request *request = ump__request_new(channel, msg);

	if (request == NULL)
		return UMP_NO_MEMORY;
	ump__request_discard(request, UMP_SERVER_GONE);
	return UMP_TIMED_OUT;
}

/* Wait until a deadline: the request may have to outlive the caller. */
static int request_until(
	struct ump__channel *channel, const void *msg, void *reply, ump_time deadline)
{
	struct ump__request *request = NULL;
	int result;

	if (deadline <= ump_now())
		return give_up_at_once(channel, msg);
	result = send_copy(channel, msg, &request);
	if (result != UMP_OK)
		return result;
	if (ump__answer_wait(&request->answer, deadline, request->server_cpu))
		return ump__wait_reply_collect(request, reply);
	/* The answer may have come in since; then it is better than a time-out. */
	if (ump__answer_abandon(&request->answer))
		return ump__wait_reply_collect(request, reply);
	return UMP_TIMED_OUT;
}

/* What a request needs, in both ways to send it. */
static bool can_request(const ump_client *client, const void *msg)
{
	if (client == NULL || msg == NULL)
		return false;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, LIVE);
	return client->handle.channel->request.size != 0;
}

int ump_client_req(const ump_client *client, const void *msg, void *reply, ump_time deadline)
{
	struct ump__channel *channel;

	if (!can_request(client, msg))
		return UMP_INVALID;
	channel = client->handle.channel;
	if (reply == NULL && channel->reply.size != 0)
		return UMP_INVALID;
	if (deadline == UMP_FOREVER)
		return request_in_place(channel, msg, reply);
	return request_until(channel, msg, reply, deadline);
}

int ump_client_req_async(const ump_client *client, const void *msg, ump_wait_reply **out)
{
	struct ump__request *request = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (!can_request(client, msg))
		return UMP_INVALID;
	result = send_copy(client->handle.channel, msg, &request);
	if (result == UMP_OK)
		*out = ump__request_waiter(request);
	return result;
}
