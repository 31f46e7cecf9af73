/* SPDX-License-Identifier: 0BSD */
#include "call/hold.h"

#include "call/request.h"
#include "channel/references.h"
#include "sync/debug.h"
#include "wait/frame.h"

void ump__hold_end(struct ump__channel *channel, unsigned held)
{
	bool weak = (held & UMP__HELD_WEAK) != 0;

	if (weak)
		ump__count_add(&channel->kept, (uint64_t)-1);
	if ((held & UMP__HELD_STRONG) != 0)
		ump__channel_drop_strong(channel);
	if (weak)
		ump__channel_drop_weak(channel);
}

/* Return UMP_OK if the context was kept, and its channel is known to exist. */
static int may_hold(const struct ump__request *request)
{
	int kept = ump__hint_get(&request->kept);

	if (kept == 0)
		return UMP_INVALID;
	/* A context that got no reference when it was kept: its channel may be gone. */
	return kept == UMP__KEPT_BY_HANDLER && request->held == 0 ? UMP_OVERFLOW : UMP_OK;
}

int ump_reply_hold(ump_reply_context *rc)
{
	struct ump__request *request = ump__request_of_context(rc);
	struct ump__counts *counts;
	int result;

	if (rc == NULL)
		return UMP_INVALID;
	UMP__REQUIRE_INSIDE();
	result = may_hold(request);
	if (result != UMP_OK || (request->held & UMP__HELD_STRONG) != 0)
		return result;
	UMP__REQUIRE_OWN(request->channel);
	counts = &request->channel->counts;
	/* As the upgrade of a weak client. */
	if (!ump__strong_add(counts))
		return ump__strong_any(counts) ? UMP_OVERFLOW : UMP_CLIENTS_GONE;
	request->held |= UMP__HELD_STRONG;
	return UMP_OK;
}
