/* SPDX-License-Identifier: 0BSD */
/* Posts that fall due later, by both kinds of strong clients. */
#include "call/delayed.h"
#include "client/handle.h"
#include "wait/frame.h"

int ump_client_post_at(
	const ump_client *client, const void *msg, ump_time due, int64_t period, ump_delayed **out)
{
	UMP__REQUIRE_INSIDE();
	if (client == NULL) {
		if (out != NULL)
			UMP__CLEAR(out);
		return UMP_INVALID;
	}
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_CLIENT, UMP__CLIENT_LIVES);
	return ump__delayed_send(client->handle.channel, msg, due, period, out);
}

int ump_post_client_post_at(const ump_post_client *client, const void *msg, ump_time due,
	int64_t period, ump_delayed **out)
{
	UMP__REQUIRE_INSIDE();
	if (client == NULL) {
		if (out != NULL)
			UMP__CLEAR(out);
		return UMP_INVALID;
	}
	UMP__REQUIRE_MARK(&client->handle, UMP__MARK_POST_CLIENT,
		"a post client was used after it was dropped, or is none");
	return ump__delayed_send(client->handle.channel, msg, due, period, out);
}
