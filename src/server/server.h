/* SPDX-License-Identifier: 0BSD */
/* The receiver, as the library's own dispatchers use it. */
#ifndef UMP_SERVER_END_H
#define UMP_SERVER_END_H

#include "call/request.h"
#include "channel/channel.h"

/* Open a channel.  UMP_OK, or UMP_NO_MEMORY, and then both are NULL. */
int ump__channel_open(ump_server **server, ump_client **client, const struct ump_config *config);

/* Return the next message (the EOS marker, too), which the caller owns then; the channel's `late`
 * once the deadline has passed.  Abandoned requests are skipped. */
struct ump__message *ump__server_next(ump_server *server, ump_time deadline);

/* The same, from the messages that were already taken from the inbox. */
struct ump__message *ump__server_batched(ump_server *server);

/* Wait for messages, and take them from the inbox; the batch must be empty.  false: the deadline
 * has passed. */
bool ump__server_await(ump_server *server, ump_time deadline);

/* Release the permit of a message that has left the queue.  Any thread of the receiver's. */
void ump__server_permit_back(ump_server *server);

/* Release a post.  Its memory is returned later, together with that of its neighbours: at the
 * latest before the receiver waits, becomes idle or ends. */
void ump__server_done(ump_server *server, struct ump__post *post);

/* Return that memory now. */
void ump__server_give_back(ump_server *server);

/* Prepare to become idle: move the messages of the inbox into the batch, if that is empty.  Returns
 * false if there are none.  An idle receiver may call this, too. */
bool ump__server_collect(ump_server *server);

/* Return whether there is a message in the inbox, perhaps after a brief spin.  The batch must be
 * empty. */
bool ump__server_linger(ump_server *server);

/* Free a request that was abandoned while it was queued, and count it. */
void ump__server_skip(ump_server *server, struct ump__message *message);

/* Return a message that was dequeued before; NULL if its requester has given up since, and then it
 * is skipped. */
struct ump__message *ump__server_unless_abandoned(ump_server *server, struct ump__message *message);

/* Start a request: from now on, dropping its context gives UMP_NO_REPLY. */
ump_reply_context *ump__server_start(ump_server *server, struct ump__request *request);

/* Close the inbox, and pass each undelivered message to `leftover` (with `self`), if there is one;
 * otherwise return it to its sender, or drop it as its type requires; [break]. */
void ump__server_close(ump_server *server,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self);

/* Complete the watches of a server whose handler, if there is one, was dropped.  `how` is the
 * outcome, or NULL. */
void ump__server_ended(ump_server *server, const struct ump_flow *how);

/* Drop the receiver's reference; the inbox must be closed.  As ump__server_ended without an
 * outcome, unless that was called. */
void ump__server_release(ump_server *server);

#endif
