/* SPDX-License-Identifier: 0BSD */
/* What all ways to send a request have in common. */
#ifndef UMP_SENDING_H
#define UMP_SENDING_H

#include "call/request.h"
#include "client/handle.h"
#include "wait/wait.h"

#include <stdbool.h>

/* Return whether these arguments allow a request. */
bool ump__client_can_request(const ump_client *client, const void *msg);

/* Send a request, for which there is capacity.  The caller begins to wait for it in `wait`, if that
 * is not NULL.  UMP_OK or UMP__RUN; or UMP_SERVER_GONE or UMP_DEADLOCK, and no wait has begun. */
int ump__client_send(struct ump__request *request, struct ump__wait *wait);

#endif
