/* SPDX-License-Identifier: 0BSD */
/*
 * A stop from outside.  The bit in the attention word ends the loop before the next message.  The
 * EOS marker wakes a dispatcher that sleeps or is idle; it needs no permit.  The last strong client
 * is dropped after the stop, and does not push the marker again.
 */
#include "channel/channel.h"
#include "sync/tools.h"

int ump__channel_stop(struct ump__channel *channel, void *value, void (*drop)(void *value))
{
	struct ump__attention *attention = &channel->attention;
	int result;

	if ((ump__attention_peek(attention) & UMP__ATTENTION_RAW) != 0)
		return UMP_INVALID;
	if (!ump__stop_is_claimed(ump__attention_claim(attention)))
		return UMP_SERVER_GONE;
	channel->stop.value = value;
	channel->stop.drop = drop;
	ump__tools_release(&channel->stop);
	if (!ump__stop_is_accepted(ump__attention_stop(attention)))
		return UMP_SERVER_GONE;
	/* A dispatcher that has seen the bit may have closed the inbox: it needs no marker. */
	result = ump__channel_push_eos(channel);
	return ump__channel_run(channel, result == UMP_SERVER_GONE ? UMP_OK : result);
}

struct ump__stop *ump__channel_end_stop(struct ump__channel *channel)
{
	if (!ump__stop_is_set(ump__attention_end(&channel->attention)))
		return NULL;
	ump__tools_acquire(&channel->stop);
	return &channel->stop;
}
