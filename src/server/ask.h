/* SPDX-License-Identifier: 0BSD */
/* Requests and watches of a handler itself, whose callbacks its dispatcher calls. */
#ifndef UMP_SERVER_ASK_H
#define UMP_SERVER_ASK_H

#include "server/dispatch.h"

#include <stdbool.h>

/* Make the callback of a message of kind UMP__KIND_ANSWER that was not cancelled, and release the
 * message. */
struct ump_flow ump__ask_call(struct ump__dispatcher *dispatcher, struct ump__message *message);

/* Release such a message, if it was cancelled.  Else return false. */
bool ump__ask_was_cancelled(struct ump__dispatcher *dispatcher, struct ump__message *message);

/* A timer was taken for a call.  Returns false if it is the deadline of a request that is answered:
 * then there is no call. */
bool ump__ask_expires(struct ump__dispatcher *dispatcher);

#endif
