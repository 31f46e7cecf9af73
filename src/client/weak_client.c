/* SPDX-License-Identifier: 0BSD */
#include "call/watch.h"
#include "channel/references.h"
#include "client/handle.h"
#include "wait/frame.h"

#define LIVE "a weak client was used after it was dropped, or is none"

int ump_weak_client_clone(const ump_weak_client *weak, ump_weak_client **out)
{
	if (out == NULL)
		return UMP_INVALID;
	UMP__CLEAR(out);
	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_WEAK(weak, LIVE);
	return ump__weak_client_new(weak->channel, out);
}

void ump_weak_client_drop(ump_weak_client **weak)
{
	struct ump__channel *channel;

	if (weak == NULL || *weak == NULL)
		return;
	UMP__REQUIRE((*weak)->mark != UMP__MARK_LENT_CLIENT,
		"the weak client lent to init was dropped; clone it to own one");
	UMP__REQUIRE_WEAK(*weak, LIVE);
	channel = (*weak)->channel;
	(*weak)->mark = UMP__MARK_DEAD;
	ump__free(*weak);
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
	UMP__CLEAR(out);
	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_WEAK(weak, LIVE);
	channel = weak->channel;
	result = ump__handle_strong(channel, UMP__MARK_CLIENT, &made);
	*out = made;
	/* Refused at zero or at the limit: a count of zero stays zero, so this distinguishes
	 * them. */
	if (result == UMP_OVERFLOW && !ump__strong_any(&channel->counts))
		return UMP_CLIENTS_GONE;
	return result;
}

int ump_weak_client_stop(const ump_weak_client *weak, void *value, void (*drop)(void *value))
{
	struct ump__channel *channel;
	int result;

	if (weak == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_WEAK(weak, LIVE);
	UMP__REQUIRE_OWN(weak->channel);
	UMP__REQUIRE_INSIDE();
	channel = weak->channel;
	/* As an upgrade, but without a handle. */
	if (!ump__strong_add(&channel->counts))
		return ump__strong_any(&channel->counts) ? UMP_OVERFLOW : UMP_CLIENTS_GONE;
	result = ump__channel_stop(channel, value, drop);
	ump__channel_drop_strong(channel);
	return result;
}

int ump_weak_client_watch(const ump_weak_client *weak, ump_completions *completions, void *tag)
{
	if (weak == NULL || completions == NULL)
		return UMP_INVALID;
	ump__tools_owned(completions, sizeof *completions);
	UMP__REQUIRE_WEAK(weak, LIVE);
	return ump__watch_make(weak->channel, completions, tag, NULL);
}
