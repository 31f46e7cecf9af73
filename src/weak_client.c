/* SPDX-License-Identifier: 0BSD */
#include "handle.h"
#include "references.h"

#define LIVE "a weak client was used after it was dropped, or is none"

int ump_weak_client_clone(const ump_weak_client *weak, ump_weak_client **out)
{
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE(ump__handle_is_weak(&weak->handle), LIVE);
	result = ump__handle_weak(weak->handle.channel, &made);
	*out = made;
	return result;
}

void ump_weak_client_drop(ump_weak_client **weak)
{
	struct ump__channel *channel;

	if (weak == NULL || *weak == NULL)
		return;
	UMP__REQUIRE((*weak)->handle.mark != UMP__MARK_LENT_CLIENT,
		"the weak client lent to init was dropped; clone it to own one");
	UMP__REQUIRE(ump__handle_is_weak(&(*weak)->handle), LIVE);
	channel = (*weak)->handle.channel;
	ump__handle_free(&(*weak)->handle);
	*weak = NULL;
	ump__channel_drop_weak(channel);
}

/* In parentheses: debug builds have a macro of this name. */
int(ump_weak_client_upgrade)(const ump_weak_client *weak, ump_client **out)
{
	struct ump__channel *channel;
	void *made = NULL;
	int result;

	if (out == NULL)
		return UMP_INVALID;
	*out = NULL;
	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE(ump__handle_is_weak(&weak->handle), LIVE);
	channel = weak->handle.channel;
	result = ump__handle_strong(channel, UMP__MARK_CLIENT, &made);
	*out = made;
	/* Refused at zero or at the limit: a count of zero stays zero, so this tells which. */
	if (result == UMP_OVERFLOW && !ump__strong_any(&channel->counts))
		return UMP_CLIENTS_GONE;
	return result;
}
