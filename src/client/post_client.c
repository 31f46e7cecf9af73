/* SPDX-License-Identifier: 0BSD */
#include "call/reservation.h"
#include "call/watch.h"
#include "client/handle.h"
#include "wait/frame.h"

#define LIVE "a post client was used after it was dropped, or is none"

/* In parentheses: debug builds have a macro of this name. */
int(ump_post_client_clone)(const ump_post_client *client, ump_post_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	result = ump__handle_strong(client->handle.channel, UMP__MARK_POST_CLIENT, &made);
	*out = made;
	return result;
}

void ump_post_client_drop(ump_post_client **client)
{
	struct ump__channel *channel;

	if (client == NULL || *client == NULL)
		return;
	UMP__REQUIRE_MARK(&(*client)->handle, UMP__MARK_POST_CLIENT, LIVE);
	UMP__REQUIRE_INSIDE();
	channel = (*client)->handle.channel;
	ump__reservation_end(channel, &(*client)->handle.claim);
	ump__handle_free(&(*client)->handle);
	*client = NULL;
	ump__channel_drop_strong(channel);
}

int ump_post_client_post(const ump_post_client *client, const void *msg)
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	return ump__handle_post(&client->handle, msg, UMP_NOW);
}

int ump_post_client_post_until(const ump_post_client *client, const void *msg, ump_time deadline)
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	return ump__handle_post(&client->handle, msg, deadline);
}

int ump_post_client_stop(const ump_post_client *client, void *value, void (*drop)(void *value))
{
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	UMP__REQUIRE_OWN(client->handle.channel);
	UMP__REQUIRE_INSIDE();
	return ump__channel_stop(client->handle.channel, value, drop);
}

int ump_post_client_watch(const ump_post_client *client, ump_completions *completions, void *tag)
{
	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	return ump__watch_make(client->handle.channel, completions, tag, NULL);
}

int ump_post_client_weak(const ump_post_client *client, ump_weak_client **out)
{
	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	if (client == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	return ump__weak_client_new(client->handle.channel, out);
}

int ump_post_client_reserve(ump_post_client *client, ump_completions *completions, void *tag)
{
	if (client == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT, LIVE);
	return ump__reservation_make(
		client->handle.channel, &client->handle.claim, completions, tag);
}
