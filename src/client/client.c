/* SPDX-License-Identifier: 0BSD */
#include "call/reservation.h"
#include "call/watch.h"
#include "client/handle.h"
#include "wait/frame.h"

/* In parentheses, here and below: debug builds have macros of these names. */
int(ump_client_clone)(const ump_client *client, ump_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
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
	ump__reservation_end(channel, &(*client)->handle.claim);
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

int ump_client_stop(const ump_client *client, void *value, void (*drop)(void *value))
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	UMP__REQUIRE_OWN(client->handle.channel);
	UMP__REQUIRE_INSIDE();
	return ump__channel_stop(client->handle.channel, value, drop);
}

int(ump_client_post_client)(const ump_client *client, ump_post_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
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
	UMP__CLEAR(out);
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__weak_client_new(client->handle.channel, out);
}

int ump_client_reserve(ump_client *client, ump_completions *completions, void *tag)
{
	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__reservation_make(
		client->handle.channel, &client->handle.claim, completions, tag);
}

int ump_client_watch(const ump_client *client, ump_completions *completions, void *tag)
{
	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__watch_make(client->handle.channel, completions, tag, NULL);
}
