/* SPDX-License-Identifier: 0BSD */
/* The receiving end, as the library's own dispatchers use it. */
#ifndef UMP_SERVER_END_H
#define UMP_SERVER_END_H

#include "channel.h"
#include "request.h"

/* Open a channel.  UMP_OK, or UMP_NO_MEMORY, and then both are NULL. */
int ump__channel_open(ump_server **server, ump_client **client, const struct ump_config *config);

/* The next message that somebody has to look at (the goodbye too), or NULL once the deadline has
 * passed.  Requests that were given up are skipped.  It is the caller's. */
struct ump__message *ump__server_next(ump_server *server, ump_time deadline);

/* The same, of what was taken from the inbox already. */
struct ump__message *ump__server_batched(ump_server *server);

/* A post is done with.  Its memory goes back a little later, together with that of its neighbours:
 * at the latest before the receiving end waits, rests or ends. */
void ump__server_done(ump_server *server, struct ump__post *post);

/* That memory goes back now. */
void ump__server_give_back(ump_server *server);

/* Before this end goes to rest: move what lies in the inbox into the batch, if that is empty.
 * false: nothing is there.  Also for an end that rests. */
bool ump__server_collect(ump_server *server);

/* Whether there is a message in the inbox; if not, wait a little, awake, and look again.  Nothing
 * is left of the batch. */
bool ump__server_linger(ump_server *server);

/* Free a request that was given up while it was queued, and count it. */
void ump__server_skip(ump_server *server, struct ump__message *message);

/* A request begins: from now on, to drop its context says UMP_NO_REPLY. */
ump_reply_context *ump__server_start(ump_server *server, struct ump__request *request);

/* Close the inbox, and give each message that is left to `leftover` (with `self`), if there is one,
 * or else back to its sender, or to its type's drop; [break]. */
void ump__server_close(ump_server *server,
	void (*leftover)(void *self, const void *msg, ump_reply_context **rc), void *self);

/* Give back the receiving end's reference; the inbox is closed. */
void ump__server_release(ump_server *server);

#endif
