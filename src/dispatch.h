/* SPDX-License-Identifier: 0BSD */
/* The dispatch loop: one message after the other, until one of its two endings. */
#ifndef UMP_DISPATCH_H
#define UMP_DISPATCH_H

#include "server.h"

#include <stdbool.h>

/* Whether `handler` has what a server with this configuration needs. */
bool ump__handler_is_complete(const struct ump_handler *handler, const struct ump_config *config);

/* Handle messages until the handler breaks or the goodbye comes up; then close the inbox, see to
 * the leftovers and call term.  Returns the outcome. */
struct ump_flow ump__dispatch(ump_server *server, const struct ump_handler *handler);

#endif
