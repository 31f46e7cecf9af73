/* SPDX-License-Identifier: 0BSD */
/* Kept contexts that hold their server's loop: each counts as a strong client. */
#ifndef UMP_HOLD_H
#define UMP_HOLD_H

#include "channel/channel.h"

/* What a kept context holds of its channel; bits of one byte. */
enum ump__held {
	/* A weak reference, by which it is counted as kept. */
	UMP__HELD_WEAK = 1,
	/* A strong one: the loop does not drain before it is answered. */
	UMP__HELD_STRONG = 2
};

/* Values of a request's `kept`, apart from 0. */
enum ump__kept {
	UMP__KEPT_BY_HANDLER = 1,
	/* Received from a raw receiving end: it holds nothing by itself. */
	UMP__KEPT_BY_RECEIVER = 2
};

/* Give up what a context, which was consumed, holds: bits of enum ump__held.  May run a combining
 * server. */
void ump__hold_end(struct ump__channel *channel, unsigned held);

#endif
