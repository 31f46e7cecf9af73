/* SPDX-License-Identifier: 0BSD */
/* The waiter's side of an allocated request. */
#ifndef UMP_WAIT_REPLY_H
#define UMP_WAIT_REPLY_H

#include "call/request.h"

/* Move the reply of an answered request to `reply`, free the request and return its code. */
int ump__wait_reply_collect(struct ump__request *request, void *reply);

#endif
